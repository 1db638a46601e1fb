"""The clients as the gate finds them, how often they may call, and the words of the reasons."""

import re
import tomllib

import pytest

from cds_service.clients import read_client
from cds_service.trust import Rates, Reason, Registry
from cds_service.trust.reasons import reason_text

from .signing import document


def client(**members):
    return read_client({"schema": 1, "id": "north", "name": "North", "auth": {"mode": "open"}, **members})


def test_what_all_clients_together_may_call_and_be_called_from():
    one = client(fhir={"servers": ["https://a.example/fhir"]}, cors_origins=["https://app.example"])
    other = read_client(document(key_urls=["https://b.example/jwks"]))
    off = client(id="off", active=False, fhir={"servers": ["https://c.example/fhir"]})
    registry = Registry.of([one, other, off])
    assert registry.fhir_servers == {"https://a.example/fhir"}
    assert registry.key_addresses == {"https://b.example/jwks"}
    assert registry.browser_origins == {"https://app.example"}
    assert registry.open == one
    assert [found.id for found in registry.clients] == ["north", "north"]


def test_a_client_may_call_as_often_as_its_registration_says_and_then_waits():
    clock = [0.0]
    rates = Rates(lambda: clock[0])
    limited = client(limits={"calls_per_minute": 30, "burst": 3})
    assert [rates.wait(limited) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert rates.wait(limited) == pytest.approx(2.0)
    clock[0] = 1.0
    assert rates.wait(limited) == pytest.approx(1.0)
    clock[0] = 2.0
    assert rates.wait(limited) == 0.0
    clock[0] = 3600.0
    assert [bool(rates.wait(limited)) for _ in range(4)] == [False, False, False, True]


def test_one_client_does_not_use_up_what_another_may():
    rates = Rates(lambda: 0.0)
    limits = {"calls_per_minute": 1, "burst": 1}
    assert [rates.wait(client(id=name, limits=limits)) for name in ("a", "b")] == [0.0, 0.0]


def test_a_registration_that_was_changed_counts_at_once():
    clock = [0.0]
    rates = Rates(lambda: clock[0])
    assert not rates.wait(client(limits={"burst": 300}))
    narrowed = client(limits={"calls_per_minute": 60, "burst": 1})
    assert [bool(rates.wait(narrowed)) for _ in range(2)] == [False, True]


@pytest.mark.parametrize("language", ["sv", "en"])
def test_every_reason_has_its_words_in_both_languages(language, repository):
    catalogue = tomllib.loads((repository / "cds_service/trust/reasons.toml").read_text("utf-8"))
    assert set(catalogue) == {reason.value for reason in Reason}
    for reason in Reason:
        words = reason_text(reason, language)
        assert words.endswith((".", "?"))
        assert words != reason.value
        assert not re.search(r"\{|\}", words)


def test_a_reason_of_another_version_is_shown_as_it_is():
    assert reason_text("something-new", "sv") == "something-new"
