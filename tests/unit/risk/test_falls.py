import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.assessment import Status
from cds_service.risk.factors.falls import REASONS, REMARKS, evaluate
from cds_service.risk.record import Area, ConditionFact, Delivery, Quantity
from tests.unit.risk import records as r
from tests.unit.risk.records import CM, LOINC, SCT, SE

MORSE, PAST_YEAR = "59460-6", "52552-7"


def count(value, unit="1", **more):
    return r.item("falls-12-months", value, unit, **more)


def loinc(code, value, unit="1", **more):
    return r.observation("falls", value, unit, code=(LOINC, code), **more)


def harmed(value, **more):
    return r.item("fall-injury-12-months", value, **more)


def fall(onset="2026-01-10", code=(SE, "W01.9"), **more):
    return r.condition("falls", code=code, onset=onset, **more)


def coded(code, **more):
    return r.condition("falls", code=code, **more)


def fracture(onset="2026-01-10", **more):
    return r.condition("fragility-fracture", code=(SE, "S52.50"), onset=onset, **more)


def only(*facts, **more):
    (found,) = evaluate(r.case(*facts, **more))
    assert set(found.values) == set(REASONS[found.reason])
    assert set(found.remarks) <= set(REMARKS)
    return found


@pytest.mark.parametrize(
    ("facts", "status", "reason"),
    [
        ([count(2)], Status.PRESENT, "fall.several"),
        ([count(3, "{falls}")], Status.PRESENT, "fall.several"),
        ([count(Quantity(2, "1", ">="))], Status.PRESENT, "fall.several"),
        ([count(Quantity(3, "1", "<"))], Status.UNKNOWN, "fall.cannot-classify"),
        ([count(0)], Status.ABSENT, "fall.few"),
        ([count(1), harmed(False)], Status.ABSENT, "fall.few"),
        ([count(1)], Status.POSSIBLE, "fall.once"),
        ([count(1), harmed(True)], Status.PRESENT, "fall.injurious"),
        ([harmed(True)], Status.PRESENT, "fall.injurious"),
        ([harmed(True, effective="2025-05-31")], Status.UNKNOWN, "fall.unknown"),
        ([harmed(False)], Status.UNKNOWN, "fall.unknown"),
        ([count(2, effective="2025-06-01")], Status.PRESENT, "fall.several"),
        ([count(2, effective="2025-05-31")], Status.UNKNOWN, "fall.outdated"),
        ([count(2), count(0, effective="2026-05-20")], Status.ABSENT, "fall.few"),
        ([count(2, "")], Status.UNKNOWN, "fall.cannot-classify"),
        ([count(-2)], Status.UNKNOWN, "fall.cannot-classify"),
        ([loinc(PAST_YEAR, 2)], Status.PRESENT, "fall.several"),
        ([loinc(MORSE, 45)], Status.UNKNOWN, "fall.unknown"),
        ([fall(), fall("2026-03-02", ref="C/2")], Status.PRESENT, "fall.several"),
        ([fall(), fall("2026-01-10", ref="C/2")], Status.POSSIBLE, "fall.once"),
        ([fall(), fall("2026-01", ref="C/2")], Status.POSSIBLE, "fall.once"),
        ([fall(), fall("2025-05-31", ref="C/2")], Status.POSSIBLE, "fall.once"),
        ([fall(), fall(None, ref="C/2")], Status.POSSIBLE, "fall.once"),
        ([fall(), fall("2026-03-02", ref="C/2", verification="entered-in-error")], Status.POSSIBLE, "fall.once"),
        ([fall(None)], Status.UNKNOWN, "fall.unknown"),
        ([fall(), fracture()], Status.PRESENT, "fall.injurious"),
        ([fall(encounter="E/1"), fracture(None, encounter="E/1")], Status.PRESENT, "fall.injurious"),
        ([fall(), fracture(), fall("2026-03-02", ref="C/2")], Status.PRESENT, "fall.several"),
        ([fall(), fracture(), coded((SE, "R29.6"), recorded="2026-02-01")], Status.PRESENT, "fall.recurrent"),
        ([fall(), fracture("2026-01-11")], Status.POSSIBLE, "fall.once"),
        ([fall(), fracture(verification="refuted")], Status.POSSIBLE, "fall.once"),
        ([coded((SE, "R29.6"), recorded="2026-01-01")], Status.PRESENT, "fall.recurrent"),
        ([coded((SCT, "279992002"), onset="2026-01-01")], Status.PRESENT, "fall.recurrent"),
        ([coded((SE, "R29.6"), recorded="2020-01-01")], Status.POSSIBLE, "fall.history-coded"),
        ([coded((SE, "R29.6"))], Status.POSSIBLE, "fall.history-coded"),
        ([coded((CM, "Z91.81"))], Status.POSSIBLE, "fall.history-coded"),
        ([coded((SCT, "129839007")), count(0)], Status.ABSENT, "fall.few"),
        ([], Status.UNKNOWN, "fall.unknown"),
    ],
)
def test_two_falls_a_year_or_one_with_injury_count(facts, status, reason):
    found = only(*facts)
    assert (found.status, found.reason) == (status, reason)
    assert found.points == (1 if status is Status.PRESENT else 0)


def test_a_fall_and_a_fracture_in_one_entry_are_one_event():
    both = fall()
    hits = (*both.hits, *r.matches("fragility-fracture", (SE, "S52.50"), None))
    one = ConditionFact(evidence=both.evidence, hits=hits, onset=both.onset)
    assert only(one).reason == "fall.injurious"


def test_patient_30_a_fall_whose_fracture_is_scored_is_not_counted_twice():
    (found,) = evaluate(r.case(fall(), fracture(), age=70, birth="1955-06-01"))
    assert (found.status, found.reason, found.points) == (Status.NOT_COUNTED, "fall.counted-as-fracture", 0)
    assert set(found.values) == {"on"}
    told = evaluate(r.case(fall(), fracture(), harmed(True), age=70, birth="1955-06-01"))
    assert told[0].reason == "fall.injurious"


def test_patient_34_three_falls_are_told_with_number_and_day():
    assert only(count(3)).values == {"count": 3, "on": "2026-05-01"}
    assert only(fall(), fall("2026-03-02", ref="C/2")).values == {"count": 2, "on": "2026-03-02"}
    assert [one.name for one in only(count(3)).thresholds] == ["falls", "injurious", "months"]


def test_an_answer_that_harm_was_not_done_is_part_of_the_evidence():
    assert len(only(count(1), harmed(False)).evidence) == 2
    assert only(count(1)).remarks == ("fall.injury-not-recorded",)


def test_silence_is_explained():
    assert only(areas={Area.OBSERVATIONS: Delivery.PARTIAL}).values == {"why": "partial"}


@given(st.permutations([fall(), fall("2026-03-02", ref="C/2"), fall("2026-03-02", ref="C/3")]))
def test_order_and_repetition_never_matter(facts):
    assert only(*facts).values == only(*facts, *facts).values == {"count": 2, "on": "2026-03-02"}
