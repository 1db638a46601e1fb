"""R-HYPO from measured testosterone: two low values on different occasions, one is only possible."""

import pytest

from cds_service.risk.assessment import Status
from cds_service.risk.factors.hypogonadism import REASONS, evaluate
from cds_service.risk.record import Area, Delivery
from tests.unit.risk import records as r
from tests.unit.risk.records import ATC, LOINC, WHO

DIAGNOSIS = r.condition("hypogonadism", code=(WHO, "E29.1"))
KLINEFELTER = r.condition("hypogonadism", code=(WHO, "Q98.0"))


def value(level, day="2026-05-01", unit="nmol/L", **more):
    code = (LOINC, "2986-8" if unit == "ng/dL" else "14913-8")
    return r.observation("testosterone-lab", level, unit, code=code, effective=day, ref=f"O/{day}", **more)


def found(*facts, sex="male", **more):
    findings = evaluate(r.case(*facts, sex=sex, **more))
    for one in findings:
        assert set(one.values) == set(REASONS[one.reason])
    return findings


def reason(*facts, **more):
    return next((one.reason for one in found(*facts, **more)), None)


LOW, ONCE = "horm.testosterone-low", "horm.testosterone-low-once"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([value(7.9), value(5, "2026-04-03")], LOW),
        ([value(7.9), value(5, "2026-04-04")], ONCE),
        ([value(8.0), value(5, "2026-03-01")], None),
        ([value(7.9), value(8.0, "2026-03-01")], ONCE),
        ([value(7.9), value(8.0, "2026-03-01"), value(3, "2026-01-01")], ONCE),
        ([value(7.9), value(3, "2024-06-01")], LOW),
        ([value(7.9), value(3, "2024-05-31")], ONCE),
        ([value(230, unit="ng/dL"), value(5, "2026-03-01")], LOW),
        ([value(231, unit="ng/dL"), value(5, "2026-03-01")], None),
        ([value(7.9, unit=""), value(5, "2026-03-01")], ONCE),
        ([value(7.9, status="preliminary"), value(5, "2026-03-01")], ONCE),
        ([value(7.9, None), value(5, "2026-03-01")], ONCE),
        ([value(7.9, "2026-05"), value(5, "2026-03")], LOW),
        ([value(7.9, "2026-05"), value(5, "2026-04")], ONCE),
        ([value(7.9)], ONCE),
        ([], None),
    ],
)
def test_two_low_values_four_weeks_apart_with_none_higher_between_or_after(facts, expected):
    assert reason(*facts) == expected


def test_what_was_measured_is_shown():
    (twice,) = found(value(6.5), value(5, "2026-03-01"))
    assert (twice.status, twice.points) == (Status.PRESENT, 2)
    assert twice.values == {"level": 6.5, "before": 5, "on": "2026-05-01"}
    assert [piece.reference for piece in twice.evidence] == ["O/2026-05-01", "O/2026-03-01"]
    (once,) = found(value(6.5))
    assert (once.status, once.points, once.values) == (Status.POSSIBLE, 0, {"level": 6.5, "on": "2026-05-01"})
    assert [piece.reference for piece in once.evidence] == ["O/2026-05-01"]


def test_testosterone_as_a_drug_makes_low_values_treated():
    drug = r.medication("drug-testosterone", code=(ATC, "G03BA03"), authored="2026-04-01")
    low = value(6), value(5, "2026-03-01")
    assert reason(*low, drug) == "horm.hypogonadism-treated"
    assert reason(*low, areas={Area.MEDICATIONS: Delivery.FAILED}) == "horm.hypogonadism-treatment-unknown"


def test_the_diagnosis_is_told_before_the_values_and_these_before_what_is_only_possible():
    low = value(6), value(5, "2026-03-01")
    assert reason(DIAGNOSIS, *low) == "horm.hypogonadism"
    assert reason(KLINEFELTER, *low) == LOW
    assert [one.reason for one in found(KLINEFELTER, value(6))] == ["horm.hypogonadism-possible"]


def test_a_womans_testosterone_is_not_read():
    assert found(value(1), value(1, "2026-03-01"), sex="female") == ()
