"""Feedback joined to its cards, and what a purge leaves."""

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from cds_service.store import Act, DecisionEntry, FeedbackEntry, ShownCard, Store
from cds_service.store.store import _utc

AT = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)
LATER = AT + timedelta(days=1)
MINE, OTHER = "a" * 64, "b" * 64


def show(store, *uuids, at=AT, patient=MINE, kind="K1"):
    cards = tuple(ShownCard(uuid=uuid, kind=kind, reasons=("r1", "r2"), facts="f", limb_facts="l") for uuid in uuids)
    store.record_decision(
        DecisionEntry(
            at=at,
            hook="patient-view",
            rule_set="1.0.0",
            profile="se",
            tier="HIGH",
            points=7,
            gates=(),
            rules=(),
            unknowns=(),
            cards=cards,
            patient=patient,
            silenced=("K4",),
        )
    )


def answer(store, card, *, received=LATER, at="2026-06-01T09:00:00Z", outcome="overridden", **changes):
    given: dict[str, Any] = {"reason_system": "s", "reason_code": "c"}
    entry = FeedbackEntry(
        received=received, service="svc", card=card, outcome=outcome, outcome_at=at, **(given | changes)
    )
    return store.record_feedback([entry])


def test_an_act_is_the_feedback_with_what_its_card_was_shown_for(store):
    show(store, "card-1")
    answer(store, "card-1")
    assert store.acts(MINE) == (
        Act(
            kind="K1", shown=AT, received=LATER, outcome="overridden", outcome_at="2026-06-01T09:00:00Z",
            reason_system="s", reason_code="c", reasons=("r1", "r2"), facts="f", limb_facts="l",
        ),
    )  # fmt: skip


def test_cards_without_feedback_and_other_patients_are_no_acts(store):
    show(store, "card-1", "card-2")
    show(store, "card-3", patient=OTHER)
    answer(store, "card-3")
    assert store.acts(MINE) == ()
    assert len(store.acts(OTHER)) == 1


def test_feedback_may_come_before_its_card_is_stored_and_on_cards_nobody_knows(store):
    answer(store, "card-1")
    answer(store, "unheard-of")
    assert store.acts(MINE) == ()
    show(store, "card-1")
    assert len(store.acts(MINE)) == 1


def test_acts_come_in_the_order_in_which_they_were_received(store):
    show(store, "card-1")
    answer(store, "card-1", at="2026-06-01T12:00:00Z")
    answer(store, "card-1", at="2026-06-01T09:00:00Z")
    answer(store, "card-1", at="2026-06-01T12:00:00Z")
    assert [act.outcome_at[11:13] for act in store.acts(MINE)] == ["12", "09"]


def test_cards_shown_without_a_patient_are_joined_to_nobody(store):
    show(store, "card-1", patient="")
    answer(store, "card-1")
    assert store.acts("") == ()


def test_which_cards_were_held_back_is_remembered_with_the_decision(store):
    show(store)
    assert store.decisions()[0]["silenced"] == ["K4"]


@pytest.mark.parametrize("moment", [AT, AT.replace(tzinfo=None), AT.astimezone(timezone(timedelta(hours=2)))])
def test_moments_are_read_in_utc_whatever_the_database_makes_of_the_zone(moment):
    assert _utc(moment) == AT
    assert _utc(moment).tzinfo is UTC


def test_the_look_up_uses_the_index(on_sqlite):
    with contextlib.closing(Store.open(on_sqlite)) as store, store._transaction() as connection:
        plan = connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT kind FROM shown_cards JOIN feedback ON feedback.card = shown_cards.uuid "
            "WHERE shown_cards.patient = 'x'"
        ).all()
    told = " ".join(str(row) for row in plan)
    assert "ix_shown_cards_patient" in told
    assert "SCAN" not in told


# ---------------------------------------------------------------- purge

MUCH_LATER = AT + timedelta(days=400)


def cards_left(store):
    with store._transaction() as connection:
        return {row[0] for row in connection.exec_driver_sql("SELECT uuid FROM shown_cards")}


def test_a_purge_takes_what_is_older_with_cards_and_feedback_and_leaves_the_rest(store):
    show(store, "old")
    show(store, "new", at=MUCH_LATER)
    answer(store, "old")
    answer(store, "new", received=MUCH_LATER)
    answer(store, "unheard-of")
    answer(store, "unheard-of-too", received=MUCH_LATER)
    assert store.purge(MUCH_LATER) == 1
    assert cards_left(store) == {"new"}
    assert [row["card"] for row in store.feedback()] == ["new", "unheard-of-too"]
    assert len(store.decisions()) == 1
    assert store.acts(MINE)[0].kind == "K1"


def test_an_old_card_that_was_answered_lately_stays_with_its_decision(store):
    show(store, "old", "beside")
    answer(store, "old", received=MUCH_LATER)
    assert store.purge(MUCH_LATER) == 0
    assert cards_left(store) == {"old", "beside"}
    assert len(store.acts(MINE)) == 1
    assert store.purge(MUCH_LATER + timedelta(seconds=1)) == 1
    assert (cards_left(store), store.feedback()) == (set(), [])


def test_a_silence_without_an_end_in_time_stays(store):
    show(store, "wrong-data")
    show(store, "other")
    answer(store, "wrong-data", reason_code="wrong")
    answer(store, "other", reason_code="wrong", reason_system="theirs")
    assert store.purge(MUCH_LATER, keep_overridden_for={("s", "wrong")}) == 1
    assert cards_left(store) == {"wrong-data"}


def test_a_purge_reads_its_moment_in_any_zone(store):
    show(store, "old")
    east = timezone(timedelta(hours=2))
    assert store.purge(AT.astimezone(east)) == 0
    assert store.purge((AT + timedelta(seconds=1)).astimezone(east)) == 1
