"""Periods that have stayed away: by months told, or by the day of the last one (R-MENO, R-AN)."""

import pytest

from cds_service.risk.assessment import Age
from cds_service.risk.body.menopause import menopause
from cds_service.risk.factors.nutrition import evaluate
from cds_service.risk.record import Quantity
from cds_service.rulesets.load import load_default
from tests.unit.risk import records as r
from tests.unit.risk.records import AS_OF, LOINC, SE, item, on, patient


def last_period(day, asked="2026-05-01", **more):
    told = on(day) if isinstance(day, str) else day
    return r.observation("last-menstrual-period", told, code=(LOINC, "8665-2"), effective=asked, ref="O/lmp", **more)


def state(*facts, age=50):
    return menopause(patient(*facts), Age(age, age), "female", load_default("se"), AS_OF)


@pytest.mark.parametrize(
    ("day", "asked", "age", "expected"),
    [
        ("2025-05-01", "2026-05-01", 50, "postmenopausal"),
        ("2025-05-02", "2026-05-01", 50, "unknown"),
        ("2025-05", "2026-05-31", 50, "postmenopausal"),
        ("2025-05", "2026-05-30", 50, "unknown"),
        ("2025-05-01", "2026-05", 50, "postmenopausal"),
        ("2025-05-02", "2026-05", 50, "unknown"),
        ("2020-05-01", "2020-06-01", 50, "unknown"),
        ("2020-05-01", "2021-06-01", 50, "postmenopausal"),
        ("2025-05-01", None, 50, "unknown"),
        ("2026-05-02", "2026-05-01", 50, "unknown"),
        ("2024-01-01", "2026-05-01", 45, "postmenopausal"),
        ("2024-01-01", "2026-05-01", 44, "premenopausal"),
        (Quantity(14, "mo"), "2026-05-01", 50, "postmenopausal"),
        ("not a date", "2026-05-01", 50, "unknown"),
    ],
)
def test_a_year_since_the_last_period_when_asked_is_the_menopause(day, asked, age, expected):
    told = day if day != "not a date" else Quantity(1, "kg")
    assert state(last_period(told, asked), age=age).state == expected


def test_the_last_period_is_the_evidence():
    found = state(last_period("2024-01-01"))
    assert [piece.reference for piece in found.evidence] == ["O/lmp"]
    assert (found.assumed, found.age_at) == (False, None)


def test_the_newest_answer_about_periods_decides():
    away, back = item("amenorrhoea-duration", 14, effective="2026-01-01"), last_period("2026-04-01", "2026-05-01")
    assert state(away).state == "postmenopausal"
    assert state(away, back).state == "unknown"
    assert state(item("amenorrhoea-duration", 2, effective="2026-05-20"), last_period("2024-01-01")).state == "unknown"
    assert state(item("amenorrhoea-duration", "long", effective="2026-05-20"), last_period("2024-01-01")).post


@pytest.mark.parametrize(("value", "post"), [(12, True), (11.9, False), (Quantity(12, "mo", ">"), True),
                                             (Quantity(14, "mo", "<"), False), (Quantity(1, "a"), True)])  # fmt: skip
def test_a_year_told_in_months_or_as_more_than_some(value, post):
    assert state(item("amenorrhoea-duration", value)).post is post


def anorexia(*facts):
    illness = r.condition("eating-disorder", code=(SE, "F50.0"), ref="Condition/illness")
    (found,) = (one for one in evaluate(r.case(illness, *facts, age=24)) if one.rule == "R-AN")
    return found


@pytest.mark.parametrize(
    ("day", "asked", "points"),
    [
        ("2025-10-31", "2026-05-01", 4),
        ("2025-11-01", "2026-05-01", 2),
        ("2025-10", "2026-05-01", 4),
        ("2025-10-31", "2026-05", 4),
        ("2025-11-01", "2026-05", 2),
    ],
)
def test_more_than_six_months_since_the_last_period_make_anorexia_strong(day, asked, points):
    found = anorexia(last_period(day, asked))
    assert found.points == points
    assert ("O/lmp" in {piece.reference for piece in found.evidence}) is (points == 4)


def test_the_illness_and_the_answer_are_the_evidence_newest_first():
    found = anorexia(last_period("2025-01-01"))
    assert [piece.reference for piece in found.evidence] == ["O/lmp", "Condition/illness"]
