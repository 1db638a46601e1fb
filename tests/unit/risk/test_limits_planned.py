"""Drafted drugs: when they would be taken, for how long, and what is offered; small and doubtful doses of others."""

import msgspec
import pytest

from cds_service.risk.dates import add_days
from cds_service.risk.decisions.scan_plan import scan_plan
from cds_service.risk.drugs.courses import state_of
from cds_service.risk.drugs.dose import amount_of, single_dose
from cds_service.risk.factors import hormone
from cds_service.risk.record import Dosage, Quantity, Range
from tests.unit.risk.drugs import drug, mg, prednisolone, tablets
from tests.unit.risk.records import AS_OF, case, on
from tests.unit.risk.test_drafted_drugs import chart, draft, effect_of, named
from tests.unit.risk.test_exposure_courses import dispense, exposure, order


def reaches(*drafts):
    return any(one.rule == "R-GC2" for one in effect_of(chart(), *drafts)[0].findings)


def ordered(**more):
    """A draft of 10 mg a day without a length of its own."""
    return named(prednisolone(dosages=(Dosage(dose=mg(10), per_day=1),), **{"authored": None, **more}), "1")


# ---------------------------------------------------------------- when


@pytest.mark.parametrize(("day", "expected"), [(89, True), (88, False)])
def test_an_undated_draft_begins_today_and_its_last_day_is_kept(day, expected):
    assert reaches(ordered(end=add_days(AS_OF, day))) is expected


@pytest.mark.parametrize(("day", "expected"), [(89, True), (88, False)])
def test_a_draft_of_today_is_not_moved(day, expected):
    assert reaches(ordered(start=AS_OF, end=add_days(AS_OF, day))) is expected


@pytest.mark.parametrize(("day", "expected"), [(275, True), (276, False)])
def test_a_draft_that_begins_later_counts_from_its_own_day_until_the_year_is_over(day, expected):
    assert reaches(ordered(start=add_days(AS_OF, day))) is expected


@pytest.mark.parametrize("intent", ["order", "plan", "proposal", ""])
def test_a_draft_counts_as_the_order_it_will_be(intent):
    assert reaches(msgspec.structs.replace(draft(10, 120), intent=intent))


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "completed"])
def test_a_draft_that_is_not_meant_is_no_course(status):
    assert state_of(msgspec.structs.replace(draft(10, 120), status=status)) is None


# ---------------------------------------------------------------- what is offered


def test_the_raised_answer_says_where_to_measure():
    raised = effect_of(chart(), draft(10, 120))[1]
    assert raised is not None
    assert raised.scan == scan_plan(raised.limbs, raised.findings)
    assert raised.scan.hips == ("left", "right")


# ---------------------------------------------------------------- doses


def test_a_weak_tablet_is_half_of_what_two_are():
    assert amount_of(Quantity(2, "{tablet}"), mg(0.5), "mg") == 1
    assert amount_of(Quantity(2, "{tablet}"), mg(0), "mg") is None


def test_both_ends_of_a_range_in_tablets_need_the_strength():
    one_or_two = Dosage(dose=Range(Quantity(1, "{tablet}"), Quantity(2, "{tablet}")), per_day=1)
    found = single_dose(one_or_two, mg(5), "mg")
    assert (found.amount, found.at_most) == (5, None)
    up_to_two = single_dose(Dosage(dose=Range(None, Quantity(2, "{tablet}")), per_day=1), mg(5), "mg")
    assert (up_to_two.amount, up_to_two.at_most) == (None, 10)
    assert single_dose(tablets(1), mg(5), "mg").remarks == ()


def test_a_mean_of_less_than_a_milligram_is_a_mean():
    found = exposure(prednisolone(0.5, source="statement", start="2026-01-01", end="2026-05-31", status="completed"))
    assert found.highest_mean(90) == pytest.approx(0.5)


# ---------------------------------------------------------------- answered orders


def test_an_order_whose_dispenses_are_known_has_a_known_length():
    taken = order(ref="MedicationRequest/1")
    answer = dispense("2026-02-01", 30, based_on="MedicationRequest/1")
    found = exposure(taken, answer)
    assert [one.duration_known for one in found.courses if one.hit.fact.source == "request"] == [True]


def test_a_planned_order_is_not_answered_by_dispenses_of_before():
    planned = order(ref="MedicationRequest/1", authored="2026-07-01")
    answer = dispense("2026-02-01", 30, based_on="MedicationRequest/1")
    (found,) = (one for one in exposure(planned, answer).courses if one.hit.fact.source == "request")
    assert (found.planned, found.steps) == (True, ())
    assert on("2026-07-01") == found.begin


def test_tablets_that_were_given_or_dispensed_count_by_their_strength():
    given = prednisolone(
        dosages=(tablets(2, None),), source="administration", status="completed", start="2026-05-31", strength=mg(5)
    )
    assert exposure(given).mean() == pytest.approx(10)
    bottle = dispense("2026-03-01", amount=Quantity(300, "mg"), dosages=(tablets(2),), strength=mg(5))
    assert exposure(bottle).days() == 30
    assert exposure(bottle).mean() == pytest.approx(10)


def test_half_a_milligram_a_day_has_a_mean():
    low = prednisolone(0.5, source="statement", start="2026-01-01", end="2026-05-31", status="completed")
    assert exposure(low).mean() == pytest.approx(0.5)


def test_what_a_draft_reaches_tells_no_course_and_where_it_would_be_measured():
    loose = msgspec.structs.replace(ordered(), start=on("2026-06"))
    (found,) = effect_of(chart(), loose)[0].findings
    assert (found.remarks, found.strong_since) == ((), None)


def test_several_planned_drugs_are_named_one_after_the_other():
    later = [drug(code, 1, authored="2026-09-01", ref=f"M/{code}") for code in ("L02BG03", "L02BG04")]
    (planned,) = (one for one in hormone.evaluate(case(*later, age=60)) if one.reason.endswith(".planned"))
    assert planned.values["drug"] == "anastrozole, letrozole"
