"""What became of the cards, one line for each."""

from datetime import timedelta

from cds_service.store import DecisionEntry, ShownCard
from tests.unit.store.test_acts import AT, answer


def show(store, uuid, kind="K1", *, at=AT, client="ehr", rules=("R-GC2",)):
    entry = DecisionEntry(
        at=at,
        hook="patient-view",
        rule_set="1.0.0",
        profile="se",
        tier="HIGH",
        points=7,
        gates=(),
        rules=rules,
        unknowns=(),
        cards=(ShownCard(uuid=uuid, kind=kind, reasons=(), facts="", limb_facts=""),),
        patient="",
        client=client,
    )
    store.record_decision(entry)


def test_cards_are_told_with_their_answer_or_that_there_was_none(store):
    show(store, "one")
    show(store, "two", "K2", client="", rules=())
    show(store, "three", at=AT + timedelta(hours=1))
    answer(store, "one", outcome="accepted", reason_system="", reason_code="")
    answer(store, "three", reason_system="s", reason_code="already-done")
    one, two, three = store.answers.since(AT)
    assert (one.outcome, one.client, one.kind, one.rules, one.rule_set) == (
        "accepted",
        "ehr",
        "K1",
        ("R-GC2",),
        "1.0.0",
    )
    assert (two.outcome, two.client, two.reason) == ("no-reply", "", ("", ""))
    assert (three.outcome, three.reason, three.shown) == ("overridden", ("s", "already-done"), AT + timedelta(hours=1))


def test_the_newest_answer_counts(store):
    show(store, "one")
    answer(store, "one", at="2026-06-01T09:00:00Z")
    answer(store, "one", at="2026-06-01T10:00:00Z", outcome="accepted")
    (card,) = store.answers.since(AT)
    assert card.outcome == "accepted"


def test_earlier_cards_and_answers_to_unknown_cards_are_left_out(store):
    show(store, "old", at=AT - timedelta(seconds=1))
    answer(store, "old")
    answer(store, "nowhere")
    assert list(store.answers.since(AT)) == []
