import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.assessment import Status
from cds_service.risk.factors.vitamin_d import REASONS, REMARKS, evaluate
from cds_service.risk.record import Area, Delivery, Quantity, Range
from tests.unit.risk import records as r
from tests.unit.risk.records import ATC, LOINC, SE

NPU = "http://npu-terminology.org"


def result(value, unit="nmol/L", day="2026-05-01", code=(NPU, "NPU10267"), **more):
    return r.observation("vitamin-d-lab", value, unit, code=code, effective=day, ref=f"Observation/{day}", **more)


def only(*facts, **more):
    (found,) = evaluate(r.case(*facts, **more))
    assert set(found.values) == {*REASONS[found.reason]}
    assert set(found.remarks) <= set(REMARKS)
    return found


@pytest.mark.parametrize(
    ("fact", "status", "points", "reason"),
    [
        (result(24.9), Status.PRESENT, 2, "vitd.deficient"),
        (result(25), Status.PRESENT, 1, "vitd.insufficient"),
        (result(49.9), Status.PRESENT, 1, "vitd.insufficient"),
        (result(50), Status.ABSENT, 0, "vitd.sufficient"),
        (result(250), Status.ABSENT, 0, "vitd.sufficient"),
        (result(251), Status.ABSENT, 0, "vitd.toxic"),
        (result(9.9, "ng/mL"), Status.PRESENT, 2, "vitd.deficient"),
        (result(19.9, "ug/L"), Status.PRESENT, 1, "vitd.insufficient"),
        (result(Quantity(10, "nmol/L", "<")), Status.PRESENT, 2, "vitd.deficient"),
        (result(Quantity(25, "nmol/L", "<")), Status.PRESENT, 2, "vitd.deficient"),
        (result(Quantity(30, "nmol/L", "<")), Status.PRESENT, 1, "vitd.insufficient"),
        (result(Quantity(60, "nmol/L", "<")), Status.UNKNOWN, 0, "vitd.cannot-classify"),
        (result(Quantity(30, "nmol/L", ">")), Status.UNKNOWN, 0, "vitd.cannot-classify"),
        (result(Quantity(150, "nmol/L", ">")), Status.ABSENT, 0, "vitd.sufficient"),
        (result(Range(Quantity(30, "nmol/L"), Quantity(40, "nmol/L"))), Status.PRESENT, 1, "vitd.insufficient"),
        (result(18, ""), Status.UNKNOWN, 0, "vitd.unusable"),
        (result(18, "mg"), Status.UNKNOWN, 0, "vitd.unusable"),
        (result(1501), Status.UNKNOWN, 0, "vitd.unusable"),
        (result(-1), Status.UNKNOWN, 0, "vitd.unusable"),
        (result(None, absent_reason="error"), Status.UNKNOWN, 0, "vitd.unusable"),
        (result(18, day="2025-05-31"), Status.UNKNOWN, 0, "vitd.outdated"),
        (result(18, day="2025"), Status.UNKNOWN, 0, "vitd.outdated"),
        (result(18, day=None), Status.UNKNOWN, 0, "vitd.outdated"),
        (result(18, status="preliminary"), Status.UNKNOWN, 0, "vitd.unknown"),
        (result(18, status="entered-in-error"), Status.UNKNOWN, 0, "vitd.unknown"),
    ],
)
def test_a_result_is_graded_in_nmol_per_litre(fact, status, points, reason):
    found = only(fact)
    assert (found.status, found.points, found.reason) == (status, points, reason)


def test_patients_16_and_17_the_unit_makes_the_difference():
    insufficient, deficient = only(result(18, "ng/mL")), only(result(18, "nmol/L"))
    assert (insufficient.weight, deficient.weight) == ("weak", "moderate")
    assert insufficient.values["nmol_l"] == pytest.approx(44.9, abs=0.05)
    assert [one.name for one in deficient.thresholds] == ["deficient", "insufficient", "max_age_months"]


def test_patient_18_an_erroneous_result_is_ignored_beside_the_corrected_one():
    wrong = result(12, status="entered-in-error", day="2026-05-20")
    assert only(wrong, result(68, status="corrected")).reason == "vitd.sufficient"


def test_the_newest_usable_result_decides_and_a_newer_unusable_one_is_told():
    assert only(result(60), result(12, day="2026-01-01")).reason == "vitd.sufficient"
    found = only(result(60, ""), result(12, day="2026-01-01"))
    assert (found.reason, found.remarks) == ("vitd.deficient", ("vitd.newer-unusable",))


def test_a_limit_of_detection_that_may_hide_a_deficiency_is_told():
    assert only(result(Quantity(30, "nmol/L", "<"))).remarks == ("vitd.may-be-deficient",)
    assert only(result(30)).remarks == ()


def test_a_test_of_d3_alone_is_told():
    assert only(result(18, "ng/mL", code=(LOINC, "1989-3"))).remarks == ("vitd.d3-only",)


@pytest.mark.parametrize(
    ("drugs", "areas", "treated"),
    [
        ([r.medication("drug-calcium-vitamin-d", code=(ATC, "A11CC05"))], {}, True),
        ([r.medication("drug-calcium-vitamin-d", attributes={"class": "active-vitamin-D"})], {}, True),
        ([r.medication("drug-calcium-vitamin-d", code=(ATC, "A12AX"))], {}, False),
        ([r.medication("drug-calcium-vitamin-d", code=(ATC, "A11CC05"), status="completed")], {}, False),
        ([], {Area.MEDICATIONS: Delivery.BLOCKED}, None),
        ([], {}, False),
    ],
)
def test_whether_a_deficiency_is_being_treated_is_told(drugs, areas, treated):
    assert only(result(18), *drugs, areas=areas).values["treated"] is treated


@pytest.mark.parametrize(
    ("more", "status", "reason"),
    [
        ({"onset": "2026-01-01"}, Status.POSSIBLE, "vitd.diagnosis-without-result"),
        ({}, Status.POSSIBLE, "vitd.diagnosis-without-result"),
        ({"onset": "2025-05-31"}, Status.UNKNOWN, "vitd.unknown"),
        ({"clinical": "resolved"}, Status.UNKNOWN, "vitd.unknown"),
        ({"verification": "refuted"}, Status.UNKNOWN, "vitd.unknown"),
    ],
)
def test_a_diagnosis_without_a_result_is_possible(more, status, reason):
    found = only(r.condition("vitamin-d-deficiency", code=(SE, "E55.9"), **more))
    assert (found.status, found.reason) == (status, reason)


def test_no_result_is_unknown_and_says_why():
    assert only().values == {"why": "not-recorded", "treated": False}
    assert only(areas={Area.OBSERVATIONS: Delivery.FAILED}).values["why"] == "failed"


@given(st.floats(0.5, 400), st.sampled_from(["ng/mL", "ug/L"]))
def test_the_unit_never_matters(ng, unit):
    assert only(result(ng, unit)).reason == only(result(ng * 2.496)).reason or abs(ng * 2.496 % 25) < 1e-6


@given(st.floats(0, 300), st.floats(0, 300))
def test_less_vitamin_d_never_gives_fewer_points(one, other):
    low, high = sorted((one, other))
    assert only(result(low)).points >= only(result(high)).points
