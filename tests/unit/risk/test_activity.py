import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.assessment import LimbStatus, MissingLimb, Status
from cds_service.risk.factors.activity import REASONS, REMARKS, evaluate
from cds_service.risk.record import Area, Delivery, Quantity
from tests.unit.risk import records as r
from tests.unit.risk.records import LOINC, SCT, SE

LEG = LimbStatus(
    limbs=(MissingLimb(limb="lower", side="left", level="below-knee", origin="acquired"),), ld_class="LL-TT"
)
CODES = {"week": "82290-8", "days": "89555-7", "per_day": "68516-4", "moderate": "77592-4", "vigorous": "77593-2"}
UNITS = {"week": "min/wk", "days": "d/wk", "per_day": "min/d", "moderate": "min/wk", "vigorous": "min/wk"}


def told(kind, value, unit=None, effective="2026-05-01", **more):
    sent = UNITS[kind] if unit is None else unit
    code = (LOINC, CODES[kind])
    return r.observation(
        "physical-inactivity", value, sent, code=code, effective=effective, ref=f"O/{kind}/{effective}", **more
    )


def of(rule, *facts, **more):
    findings = evaluate(r.case(*facts, **more))
    for one in findings:
        assert set(one.values) == set(REASONS[one.reason])
        assert set(one.remarks) <= set(REMARKS)
    return next((one for one in findings if one.rule == rule), None)


@pytest.mark.parametrize(
    ("facts", "status", "reason", "minutes"),
    [
        ([told("week", 149)], Status.PRESENT, "act.too-little", 149),
        ([told("week", 150)], Status.ABSENT, "act.enough", 150),
        ([told("week", 20, "min/d")], Status.PRESENT, "act.too-little", 140),
        ([told("week", 2, "h/wk")], Status.PRESENT, "act.too-little", 120),
        ([told("week", Quantity(150, "min/wk", "<"))], Status.PRESENT, "act.too-little", 150),
        ([told("week", Quantity(200, "min/wk", "<"))], Status.UNKNOWN, "act.cannot-classify", None),
        ([told("week", 60, "")], Status.UNKNOWN, "act.cannot-classify", None),
        ([told("week", -5)], Status.UNKNOWN, "act.cannot-classify", None),
        ([told("days", 3), told("per_day", 40)], Status.PRESENT, "act.too-little", 120),
        ([told("days", 5), told("per_day", 30, "min")], Status.ABSENT, "act.enough", 150),
        ([told("days", 5)], Status.UNKNOWN, "act.cannot-classify", None),
        ([told("days", 5), told("per_day", 10, effective="2026-04-01")], Status.UNKNOWN, "act.cannot-classify", None),
        ([told("moderate", 40), told("vigorous", 60)], Status.ABSENT, "act.enough", 160),
        ([told("moderate", 40), told("vigorous", 50)], Status.PRESENT, "act.too-little", 140),
        ([told("moderate", 150)], Status.ABSENT, "act.enough", 150),
        ([told("vigorous", 75)], Status.ABSENT, "act.enough", 150),
        ([told("moderate", 100)], Status.UNKNOWN, "act.cannot-classify", None),
        ([told("week", 60, effective="2025-05-31")], Status.UNKNOWN, "act.outdated", None),
        ([told("week", 60), told("week", 200, effective="2026-05-20")], Status.ABSENT, "act.enough", 200),
        ([told("week", 60), told("week", 200, "", effective="2026-05-20")], Status.PRESENT, "act.too-little", 60),
        ([told("week", 60, status="preliminary")], Status.UNKNOWN, "act.unknown", None),
        ([], Status.UNKNOWN, "act.unknown", None),
    ],
)
def test_minutes_a_week_are_held_against_the_recommendation(facts, status, reason, minutes):
    found = of("R-ACT1", *facts)
    assert (found.status, found.reason, found.values.get("minutes")) == (status, reason, minutes)
    assert found.points == (1 if status is Status.PRESENT else 0)


@pytest.mark.parametrize(
    ("fact", "status"),
    [
        (r.condition("physical-inactivity", code=(SE, "Z72.3"), recorded="2026-01-01"), Status.PRESENT),
        (r.condition("physical-inactivity", code=(SE, "Z72.3"), onset="2026-01-01"), Status.PRESENT),
        (r.condition("physical-inactivity", code=(SE, "Z72.3"), recorded="2020-01-01"), Status.UNKNOWN),
        (r.condition("physical-inactivity", code=(SE, "Z72.3")), Status.UNKNOWN),
        (r.condition("physical-inactivity", code=(SE, "Z72.3"), recorded="2026", clinical="resolved"), Status.UNKNOWN),
        (r.observation("physical-inactivity", code=(SCT, "415510005")), Status.PRESENT),
        (r.observation("physical-inactivity", False, code=(SCT, "415510005")), Status.UNKNOWN),
        (r.observation("physical-inactivity", code=(SCT, "415510005"), effective="2020"), Status.UNKNOWN),
    ],
)
def test_a_recent_code_for_inactivity_counts_when_no_minutes_are_told(fact, status):
    assert of("R-ACT1", fact).status is status


def test_minutes_beat_a_code():
    coded = r.condition("physical-inactivity", code=(SE, "Z72.3"), recorded="2026-01-01")
    assert of("R-ACT1", coded, told("week", 300)).status is Status.ABSENT


def test_where_a_leg_is_missing_loading_is_asked_about():
    assert of("R-ACT1", told("week", 60), limbs=LEG).remarks == ("act.ask-about-loading",)
    assert of("R-ACT1", told("week", 60)).remarks == ()


def test_activity_that_could_not_be_read_is_unknown():
    assert of("R-ACT1", areas={Area.OBSERVATIONS: Delivery.BLOCKED}).values == {"why": "blocked"}


def wheelchair(code=(SE, "Z99.3"), **more):
    return r.condition("immobility-wheelchair", code=code, **more)


@pytest.mark.parametrize(
    ("facts", "status", "since"),
    [
        ([wheelchair(onset="2025-12-01")], Status.PRESENT, "2025-12-01"),
        ([wheelchair(onset="2025-12-02")], Status.POSSIBLE, "2025-12-02"),
        ([wheelchair(onset="2025")], Status.POSSIBLE, "2025"),
        ([wheelchair()], Status.POSSIBLE, None),
        ([wheelchair((SE, "Z74.0"), onset="2020")], Status.UNKNOWN, None),
        ([wheelchair(onset="2020", clinical="resolved")], Status.UNKNOWN, None),
        ([r.item("lower-limb-prosthesis-use", False, effective="2025-01-01")], Status.PRESENT, "2025-01-01"),
        ([r.item("lower-limb-prosthesis-use", False, effective="2026-05-01")], Status.POSSIBLE, "2026-05-01"),
        ([r.item("ambulant", False, effective="2025-01-01")], Status.PRESENT, "2025-01-01"),
        (
            [r.item("ambulant", False, effective="2025-01-01"), r.item("ambulant", "?", effective="2025-06-01")],
            Status.PRESENT,
            "2025-01-01",
        ),
        (
            [
                r.item("ambulant", False, effective="2025-01-01"),
                r.item("ambulant", True, effective="2025-06-01"),
                r.item("ambulant", False, effective="2026-05-01"),
            ],
            Status.POSSIBLE,
            "2026-05-01",
        ),
        ([r.item("ambulant", True)], Status.ABSENT, None),
        ([r.item("lower-limb-prosthesis-use", True)], Status.ABSENT, None),
        ([], Status.UNKNOWN, None),
    ],
)
def test_a_leg_without_load_for_half_a_year_is_moderate(facts, status, since):
    found = of("R-ACT2", *facts, limbs=LEG)
    assert (found.status, found.values.get("since")) == (status, since)
    assert found.points == (2 if status is Status.PRESENT else 0)


def test_loading_nobody_told_of_does_not_leave_a_known_activity_open():
    assert [one.rule for one in evaluate(r.case(told("week", 300), limbs=LEG))] == ["R-ACT1"]
    assert evaluate(r.case(told("week", 300), limbs=LEG))[0].remarks == ("act.ask-about-loading",)
    assert [one.rule for one in evaluate(r.case(told("week", 300), wheelchair(), limbs=LEG))] == ["R-ACT1", "R-ACT2"]


def test_loading_is_not_asked_where_both_legs_are_whole():
    assert of("R-ACT2", wheelchair(onset="2020")) is None


@given(st.floats(0, 600))
def test_the_unit_never_matters(minutes):
    if abs(minutes - 150) > 1e-6:
        assert of("R-ACT1", told("week", minutes)).reason == of("R-ACT1", told("week", minutes / 60, "h/wk")).reason
