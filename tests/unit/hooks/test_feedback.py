import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import MalformedRequest
from cds_service.hooks.feedback import MOST_ENTRIES, read_feedback

AT = datetime(2026, 6, 1, tzinfo=UTC)
ACCEPTED = {
    "card": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": "e56e1945-20b3-4393-8503-a1a20fd73152"}],
    "outcomeTimestamp": "2026-06-01T09:00:00Z",
}
OVERRIDDEN = {
    "card": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
    "outcome": "overridden",
    "overrideReason": {
        "reason": {"code": "already-done", "system": "urn:x", "display": "Done"},
        "userComment": "asked for by Test-Alva",
    },
    "outcomeTimestamp": "2026-06-01T09:01:00Z",
}


def read(*entries, keep=False, **body):
    return read_feedback(
        json.dumps({"feedback": list(entries)} | body).encode(), service="s", received=AT, keep_comments=keep
    )


def test_an_accepted_suggestion_is_read():
    [entry] = read(ACCEPTED)
    assert (entry.card, entry.outcome, entry.outcome_at) == (
        ACCEPTED["card"], "accepted", "2026-06-01T09:00:00Z",
    )  # fmt: skip
    assert entry.suggestions == ("e56e1945-20b3-4393-8503-a1a20fd73152",)
    assert not entry.comment_given


def test_an_override_keeps_its_reason_and_drops_the_comment_unless_asked():
    [entry] = read(OVERRIDDEN)
    assert (entry.reason_code, entry.reason_system, entry.reason_display) == ("already-done", "urn:x", "Done")
    assert entry.comment_given
    assert entry.comment == ""
    [kept] = read(OVERRIDDEN, keep=True)
    assert kept.comment == "asked for by Test-Alva"


def test_an_override_without_reason_is_fine():
    [entry] = read({k: v for k, v in OVERRIDDEN.items() if k != "overrideReason"})
    assert entry.reason_code == ""


def test_an_override_with_a_comment_only_is_fine():
    [entry] = read(OVERRIDDEN | {"overrideReason": {"userComment": "x"}}, keep=True)
    assert (entry.reason_code, entry.comment) == ("", "x")


def test_batches_and_unknown_members_are_fine():
    assert len(read(ACCEPTED | {"extension": {"a": 1}}, OVERRIDDEN, extension={"b": 2})) == 2
    assert read() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"feedback": {}}',
        b'{"feedback": [1]}',
        b'{"feedback": [{"card": "a"}]}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_what_is_not_feedback_is_refused(body):
    with pytest.raises(MalformedRequest):
        read_feedback(body, service="s", received=AT, keep_comments=False)


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "ignored"},
        {"card": ""},
        {"card": "x" * 65},
        {"outcomeTimestamp": ""},
        {"outcomeTimestamp": "9" * 65},
    ],
)
def test_an_entry_that_says_nothing_usable_is_refused_by_its_place(change):
    with pytest.raises(MalformedRequest, match=r"feedback\[1\]"):
        read(ACCEPTED, ACCEPTED | change)


def test_a_flood_is_refused():
    with pytest.raises(MalformedRequest):
        read(*[ACCEPTED] * (MOST_ENTRIES + 1))
    assert len(read(*[ACCEPTED] * MOST_ENTRIES)) == MOST_ENTRIES


def test_a_wrong_type_is_named_by_its_place_and_not_by_its_value():
    with pytest.raises(MalformedRequest) as caught:
        read(ACCEPTED | {"card": {"secret": "Test-Alva"}})
    assert "feedback[0].card" in str(caught.value)
    assert "Alva" not in str(caught.value)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_callers_error(body):
    with suppress(MalformedRequest):
        read_feedback(body, service="s", received=AT, keep_comments=True)
