import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.assessment import Status
from cds_service.risk.factors.alcohol import REASONS, evaluate
from cds_service.risk.record import Area, Delivery, Quantity
from tests.unit.risk import records as r
from tests.unit.risk.records import CM, LOINC, SCT, SE


def grams(value, unit="g/wk", **more):
    return r.item("alcohol-grams-per-week", value, unit, **more)


def glasses(value, **more):
    return r.item("alcohol-glasses-per-week", value, **more)


def drinks(value, unit="{drinks}/d", **more):
    return r.observation("alcohol-high", value, unit, code=(LOINC, "74013-4"), **more)


def audit(score, unit="{score}", **more):
    return r.observation("alcohol-high", score, unit, code=(LOINC, "75626-2"), **more)


def diagnosis(code=(SE, "F10.2"), **more):
    return r.condition("alcohol-high", code=code, **more)


def finding(code, **more):
    return r.observation("alcohol-high", code=(SCT, code), **more)


def only(*facts, **more):
    (found,) = evaluate(r.case(*facts, **more))
    assert set(found.values) == set(REASONS[found.reason])
    return found


@pytest.mark.parametrize(
    ("facts", "status", "points", "reason"),
    [
        ([grams(168)], Status.PRESENT, 2, "alc.high"),
        ([grams(167.9)], Status.PRESENT, 0, "alc.risk-use"),
        ([grams(120)], Status.PRESENT, 0, "alc.risk-use"),
        ([grams(119.9)], Status.ABSENT, 0, "alc.low"),
        ([grams(24, "g/d")], Status.PRESENT, 2, "alc.high"),
        ([glasses(14)], Status.PRESENT, 2, "alc.high"),
        ([glasses(10)], Status.PRESENT, 0, "alc.risk-use"),
        ([glasses(9)], Status.ABSENT, 0, "alc.low"),
        ([glasses(16, unit="")], Status.UNKNOWN, 0, "alc.cannot-classify"),
        ([glasses(0, unit="")], Status.ABSENT, 0, "alc.low"),
        ([grams(Quantity(100, "g/wk", ">"))], Status.UNKNOWN, 0, "alc.cannot-classify"),
        ([grams(Quantity(150, "g/wk", ">"))], Status.PRESENT, 0, "alc.risk-use"),
        ([drinks(3)], Status.UNKNOWN, 0, "alc.unit-size-unknown"),
        ([drinks(0)], Status.ABSENT, 0, "alc.low"),
        ([drinks(Quantity(0, "{drinks}/d", "<="))], Status.ABSENT, 0, "alc.low"),
        ([drinks(Quantity(0, "{drinks}/d", ">"))], Status.UNKNOWN, 0, "alc.unit-size-unknown"),
        ([drinks(30, "g/d")], Status.PRESENT, 2, "alc.high"),
        ([drinks(None)], Status.UNKNOWN, 0, "alc.cannot-classify"),
        ([drinks(3, effective="2026-05-02"), glasses(16)], Status.PRESENT, 2, "alc.high"),
        ([glasses(16, effective="2026-05-02"), glasses(2)], Status.PRESENT, 2, "alc.high"),
        ([glasses(2, effective="2026-05-02"), glasses(16)], Status.ABSENT, 0, "alc.low"),
        ([glasses(16, effective="2024-05-31")], Status.UNKNOWN, 0, "alc.outdated"),
        ([glasses(16, effective=None)], Status.UNKNOWN, 0, "alc.outdated"),
        ([glasses(16, status="registered")], Status.UNKNOWN, 0, "alc.unknown"),
        ([diagnosis()], Status.PRESENT, 2, "alc.dependence"),
        ([diagnosis((SE, "F10.3"))], Status.PRESENT, 2, "alc.dependence"),
        ([diagnosis(), glasses(0)], Status.PRESENT, 2, "alc.dependence"),
        ([diagnosis(clinical="remission")], Status.UNKNOWN, 0, "alc.unknown"),
        ([diagnosis((CM, "F10.21"))], Status.UNKNOWN, 0, "alc.unknown"),
        ([diagnosis((SE, "Z72.1"))], Status.UNKNOWN, 0, "alc.unknown"),
        ([diagnosis((SE, "F10.1"))], Status.PRESENT, 0, "alc.risk-coded"),
        ([diagnosis((SE, "F10.1")), glasses(16)], Status.PRESENT, 2, "alc.high"),
        ([diagnosis((SE, "K70.3"))], Status.POSSIBLE, 0, "alc.possible"),
        ([diagnosis((SE, "K70.3")), glasses(0)], Status.ABSENT, 0, "alc.low"),
        ([diagnosis(verification="provisional")], Status.POSSIBLE, 0, "alc.possible"),
        ([finding("160578007")], Status.PRESENT, 2, "alc.heavy-drinking"),
        ([finding("160578007", value=False)], Status.UNKNOWN, 0, "alc.unknown"),
        ([finding("160578007", effective="2020")], Status.UNKNOWN, 0, "alc.unknown"),
        ([finding("160592001")], Status.PRESENT, 0, "alc.risk-coded"),
        ([r.item("alcohol-binge-monthly", True)], Status.PRESENT, 0, "alc.binge"),
        ([r.item("alcohol-binge-monthly", True, effective="2020")], Status.UNKNOWN, 0, "alc.unknown"),
        ([r.item("alcohol-binge-monthly", False)], Status.UNKNOWN, 0, "alc.unknown"),
        ([audit(5)], Status.PRESENT, 0, "alc.audit-c"),
        ([audit(5, "1")], Status.PRESENT, 0, "alc.audit-c"),
        ([audit(4)], Status.ABSENT, 0, "alc.audit-c-low"),
        ([audit(4), drinks(3)], Status.ABSENT, 0, "alc.audit-c-low"),
        ([audit("high")], Status.UNKNOWN, 0, "alc.unknown"),
        ([audit(9, effective="2020")], Status.UNKNOWN, 0, "alc.unknown"),
    ],
)
def test_grams_codes_and_questionnaires_give_the_grade(facts, status, points, reason):
    found = only(*facts)
    assert (found.status, found.points, found.reason) == (status, points, reason)


def test_an_intake_answered_with_a_code_counts():
    heavy = r.matches("alcohol-high", (SCT, "160578007"), None)
    intake = r.observation("alcohol-high", code=(SCT, "160573003"), answers=heavy)
    assert only(intake).reason == "alc.heavy-drinking"


@pytest.mark.parametrize(
    ("sex", "score", "status"),
    [
        ("male", 5, Status.ABSENT),
        ("male", 6, Status.PRESENT),
        ("", 6, Status.PRESENT),
        ("", 5, Status.UNKNOWN),
        ("", 4, Status.ABSENT),
    ],
)
def test_the_questionnaire_has_a_cut_for_each_sex(sex, score, status):
    assert only(audit(score), sex=sex).status is status


def test_patients_36_and_37_sixteen_glasses_count_and_eleven_are_contested():
    many, some = only(glasses(16), sex="male"), only(glasses(11))
    assert (many.weight, many.values["grams_week"]) == ("moderate", 192)
    assert (some.weight, some.points, some.values["grams_week"]) == ("contested", 0, 132)
    assert only(glasses(11), profile="sheet").points == 1


def test_nothing_told_is_unknown():
    assert only().values == {"why": "not-recorded"}
    assert only(areas={Area.CONDITIONS: Delivery.FAILED}).values == {"why": "failed"}


@given(st.floats(0, 60))
def test_the_unit_never_matters_and_more_never_gives_fewer_points(daily):
    by_day, by_week = only(grams(daily, "g/d")), only(grams(daily * 7))
    if all(abs(daily * 7 - cut) > 1e-6 for cut in (120, 168)):
        assert by_day.reason == by_week.reason
    assert only(grams(daily + 1, "g/d")).points >= by_day.points
