"""An order is checked by its model unless it differs from a checked one only in words and references."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cards import requests
from cards.requests import Order, request_resource, validate
from cards.shapes import Checked, shape_of

VERSIONS = ("R4", "R4B", "R5", "STU3")
# Every kind of text, also those that a model refuses: blank, or halves of characters.
TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(["", " ", "\n", "\ud800", "a\ud800", "\u2028", "å"])


def order(text: str, reference: str = "Condition/1", kind: str = "order") -> Order:
    return Order(
        kind=kind,  # type: ignore[arg-type] # a parametrised literal
        code={"coding": [{"system": "urn:x", "code": "x", "display": text}], "text": text},
        subject="Patient/1",
        authored_on=date(2026, 6, 1),
        requester=reference,
        reasons=({"text": text},),
        evidence=(reference, "MedicationRequest/2"),
        sites=(text,),
        note=text,
        performer={"display": text},
    )


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=60, deadline=None)
@given(text=TEXTS, reference=TEXTS, kind=st.sampled_from(["order", "referral"]))
def test_whatever_passes_unchecked_the_model_would_have_passed(version, text, reference, kind):
    request_resource(order("checked", kind=kind), version)
    try:
        resource = request_resource(order(text, reference, kind), version)
    except ValidationError:
        return
    validate(resource, version)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"text": "a"}, {"text": "b"}, True),
        ({"text": "å"}, {"text": "b"}, True),
        ({"text": "a"}, {"text": " "}, False),
        ({"text": "a"}, {"text": "\ud800"}, False),
        ({"text": "a"}, {"text": 1}, False),
        ({"text": "a"}, {"display": "a"}, False),
        ({"code": "a"}, {"code": "b"}, False),
        ({"x": 1}, {"x": True}, False),
        ({"note": [{"text": "a"}]}, {"note": [{"text": "a"}, {"text": "b"}]}, False),
        ({"note": [{"text": "a"}]}, {"note": {"text": "a"}}, False),
    ],
)
def test_what_belongs_to_a_shape(one, other, same):
    assert (shape_of(one) == shape_of(other)) is same


def test_a_shape_is_checked_once_and_one_that_was_refused_each_time():
    seen: list[dict[str, Any]] = []

    def check(resource):
        seen.append(resource)
        if "bad" in resource:
            raise ValueError

    checked = Checked(check)
    checked({"text": "a"})
    checked({"text": "b"})
    for _ in range(2):
        with pytest.raises(ValueError):
            checked({"bad": 1})
    assert seen == [{"text": "a"}, {"bad": 1}, {"bad": 1}]


def test_the_memory_is_bounded(monkeypatch):
    monkeypatch.setattr("cards.shapes._MOST", 2)
    seen: list[dict[str, Any]] = []
    checked = Checked(seen.append)
    for code in ("a", "b", "c", "a"):
        checked({"code": code})
    assert [one["code"] for one in seen] == ["a", "b", "c", "a"]


def test_no_word_of_a_record_is_remembered():
    checked = requests._checked("R4", "ServiceRequest")
    request_resource(order("Anna Exempelsson", "Condition/secret"), "R4")
    assert "Exempelsson" not in repr(checked._shapes)
    assert "secret" not in repr(checked._shapes)
