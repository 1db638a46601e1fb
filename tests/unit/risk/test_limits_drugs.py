"""Drugs on the very day on which a rule changes its mind."""

from datetime import date
from typing import Any

from cds_service.risk.drugs.current import current_drugs
from cds_service.risk.drugs.periods import Period, Span, union
from tests.unit.risk import records as r

INSULIN = "drug-insulin"


def taken(*facts):
    return len(current_drugs(r.case(*facts), INSULIN))


def test_a_drug_dispensed_on_the_first_of_the_recent_months_is_still_taken():
    given: dict[str, Any] = {"source": "dispense", "intent": "", "status": "completed"}
    assert taken(r.medication(INSULIN, authored="2025-06-01", **given)) == 1
    assert taken(r.medication(INSULIN, authored="2025-05-31", **given)) == 0


def test_a_refusal_on_the_day_of_the_request_is_the_newer_word():
    refused = r.medication(INSULIN, source="statement", intent="", status="not-taken", authored="2026-03-01")
    assert taken(r.medication(INSULIN, authored="2026-03-01"), refused) == 0
    assert taken(r.medication(INSULIN, authored="2026-03-02"), refused) == 1


def test_the_part_of_a_period_that_lies_in_a_window_keeps_its_possible_days():
    may, june = Span(date(2026, 5, 1), date(2026, 5, 31)), Span(date(2026, 6, 1), date(2026, 6, 30))
    whole = Period(Span(date(2026, 5, 20), date(2026, 5, 25)), Span(date(2026, 5, 10), date(2026, 6, 10)))
    assert whole.inside([may]) == (
        Period(Span(date(2026, 5, 20), date(2026, 5, 25)), Span(date(2026, 5, 10), date(2026, 5, 31))),
    )
    assert whole.inside([june]) == (Period(None, Span(date(2026, 6, 1), date(2026, 6, 10))),)


def test_two_courses_of_which_one_begins_on_the_day_after_the_other_are_one():
    first, second = Span(date(2026, 1, 1), date(2026, 1, 1)), Span(date(2026, 1, 2), date(2026, 1, 2))
    assert union([first, second]) == (Span(date(2026, 1, 1), date(2026, 1, 2)),)
