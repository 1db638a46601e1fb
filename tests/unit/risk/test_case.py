"""A case builds findings from the rule set, and the small types of an assessment answer their questions."""

from datetime import date

import pytest

from cds_service.risk.assessment import (
    Age,
    Assessment,
    Band,
    Finding,
    GateFinding,
    LimbStatus,
    Menopause,
    Status,
    Threshold,
)
from cds_service.risk.record import Evidence
from tests.unit.risk.records import AS_OF, case


def test_a_present_finding_takes_weight_points_and_thresholds_from_the_rule_set():
    evidence = (Evidence("MedicationRequest", "MedicationRequest/1"),)
    found = case().find(
        "R-GC2",
        Status.PRESENT,
        "x",
        values={"days": 243},
        evidence=evidence,
        held_against=("dose", "days"),
        override=True,
        remarks=("x",),
        strong_since=date(2025, 10, 1),
        at_risk_treatment=True,
    )
    assert (found.family, found.weight, found.points, found.present) == ("GC", "strong", 4, True)
    assert found.thresholds == (
        Threshold("dose", 5, "mg/d", "[43][44]"),
        Threshold("days", 90, "d", "[43]"),
    )
    assert (found.values, found.evidence, found.remarks) == ({"days": 243}, evidence, ("x",))
    assert (found.override, found.floor, found.at_risk_treatment) == (True, False, True)
    assert found.strong_since == date(2025, 10, 1)


@pytest.mark.parametrize("status", [Status.ABSENT, Status.UNKNOWN, Status.POSSIBLE, Status.NOT_COUNTED])
def test_only_a_present_finding_gives_points(status):
    found = case().find("R-GC2", status, "x")
    assert (found.weight, found.points, found.present) == ("none", 0, False)


def test_the_grade_chooses_the_weight():
    deficient = case().find("R-VITD", Status.PRESENT, "x", grade="deficient")
    insufficient = case().find("R-VITD", Status.PRESENT, "x", grade="insufficient")
    assert (deficient.points, insufficient.points) == (2, 1)


def test_a_grade_or_threshold_that_the_rule_set_lacks_is_an_error():
    with pytest.raises(KeyError):
        case().find("R-VITD", Status.PRESENT, "x", grade="middling")
    with pytest.raises(KeyError):
        case().find("R-VITD", Status.PRESENT, "x", grade="deficient", held_against=("nothing",))


def test_months_and_days_are_counted_back_from_the_day_of_assessment():
    assert case().months_ago(12) == date(2025, 6, 1)
    assert case().days_ago(1) == date(2026, 5, 31)


@pytest.mark.parametrize(
    ("band", "below", "at_least"),
    [(Band(17, 18, 18.4), True, False), (Band(18, 19, 20), False, False), (Band(18.5, 19, 20), False, True)],
)
def test_a_band_is_on_one_side_only_when_all_of_it_is(band, below, at_least):
    assert band.certainly_below(18.5) is below
    assert band.certainly_at_least(18.5) is at_least


@pytest.mark.parametrize(
    ("age", "at_least", "below"), [(Age(49, 49), False, True), (Age(49, 50), False, False), (Age(50, 51), True, False)]
)
def test_an_age_band_has_reached_a_year_only_when_all_of_it_has(age, at_least, below):
    assert age.at_least(50) is at_least
    assert age.below(50) is below


def test_only_postmenopausal_is_after_the_menopause():
    states = ("postmenopausal", "premenopausal", "unknown", "not-applicable")
    assert [Menopause(state=state).post for state in states] == [True, False, False, False]


def test_an_assessment_is_asked_by_rule_and_by_gate():
    found = Finding(rule="R-RA", family="INFL", status=Status.PRESENT, reason="x")
    gate = GateFinding(gate="G-ORDER", effect="suppress")
    made = Assessment(rule_set="1", profile="se", as_of=AS_OF, limbs=LimbStatus(), findings=(found,), gates=(gate,))
    assert made.finding("R-RA") is found
    assert made.finding("R-AI") is None
    assert made.gate("G-ORDER") is gate
    assert made.gate("G-DXA") is None
