"""Family HEP: unfractionated heparin by dose and days, low-molecular heparin by days (D6)."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cds_service.risk.assessment import Finding, Status
from cds_service.risk.drugs.exposure import REMARKS as EXPOSURE_REMARKS
from cds_service.risk.factors import heparin
from cds_service.risk.record import Area, Dosage, MedicationFact, Quantity
from tests.unit.risk.drugs import days_ago, drug
from tests.unit.risk.records import case, medication

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def given_for(atc: str, days: int, units: float | None = None, ended: int = 1, **more: Any) -> MedicationFact:
    """A completed course of ``days`` days at ``units`` IU a day."""
    dosages = () if units is None else (Dosage(dose=Quantity(units, "[IU]"), per_day=1),)
    start, end = days_ago(days + ended - 1), days_ago(ended)
    return drug(atc, source="statement", status="completed", start=start, end=end, dosages=dosages, **more)


def ufh(days: int, units: float | None = 15_000, ended: int = 1, **more: Any) -> MedicationFact:
    return given_for("B01AB01", days, units, ended, **more)


def lmwh(days: int, ended: int = 1, **more: Any) -> MedicationFact:
    return given_for("B01AB05", days, None, ended, **more)


def evaluate(*facts: Any, **more: Any) -> tuple[Finding, ...]:
    return heparin.evaluate(case(*facts, **more))


def only(*facts: Any, **more: Any) -> Finding:
    (found,) = evaluate(*facts, **more)
    return found


@pytest.mark.parametrize(
    ("fact", "reason", "status", "points"),
    [
        pytest.param(ufh(90), "hep.ufh-long", Status.PRESENT, 2, id="15,000 IU for 90 days"),
        pytest.param(ufh(89), "hep.ufh-medium", Status.PRESENT, 1, id="89 days"),
        pytest.param(ufh(30), "hep.ufh-medium", Status.PRESENT, 1, id="30 days"),
        pytest.param(ufh(29), "hep.ufh-short", Status.NOT_COUNTED, 0, id="29 days"),
        pytest.param(ufh(300, 14_999), "hep.ufh-short", Status.NOT_COUNTED, 0, id="a low dose for long"),
        pytest.param(ufh(90, None), "hep.ufh-dose-unknown", Status.PRESENT, 1, id="90 days at an unknown dose"),
        pytest.param(ufh(30, None), "hep.ufh-dose-unknown", Status.POSSIBLE, 0, id="30 days at an unknown dose"),
        pytest.param(ufh(29, None), "hep.ufh-short", Status.NOT_COUNTED, 0, id="29 days at an unknown dose"),
        pytest.param(ufh(90, ended=400), "hep.ufh-short", Status.NOT_COUNTED, 0, id="more than a year ago"),
        pytest.param(ufh(100, ended=340), "hep.ufh-short", Status.NOT_COUNTED, 0, id="mostly more than a year ago"),
        pytest.param(lmwh(365), "hep.lmwh-long", Status.PRESENT, 1, id="low-molecular for 12 months"),
        pytest.param(lmwh(364), "hep.lmwh-contested", Status.PRESENT, 0, id="low-molecular for less"),
        pytest.param(lmwh(90), "hep.lmwh-contested", Status.PRESENT, 0, id="low-molecular for 90 days"),
        pytest.param(lmwh(89), "hep.lmwh-short", Status.NOT_COUNTED, 0, id="low-molecular for 89 days"),
        pytest.param(lmwh(7), "hep.lmwh-short", Status.NOT_COUNTED, 0, id="prophylaxis"),
        pytest.param(lmwh(400, 800), "hep.lmwh-short", Status.NOT_COUNTED, 0, id="low-molecular long ago"),
    ],
)
def test_each_grade_begins_where_the_rule_set_says(
    fact: MedicationFact, reason: str, status: Status, points: int
) -> None:
    found = only(fact)
    assert (found.reason, found.status, found.points) == (reason, status, points)
    assert found.family == "HEP"
    assert found.thresholds
    assert found.evidence
    assert ("dose-unknown" in found.remarks) is (reason == "hep.ufh-dose-unknown")


def test_a_contested_heparin_counts_in_the_profile_of_the_sheet() -> None:
    assert only(lmwh(90)).weight == "contested"
    assert only(lmwh(90), profile="sheet").points == 1


def test_the_finding_tells_dose_and_days() -> None:
    found = only(ufh(90))
    assert found.values == {
        "drug": "heparin",
        "days": 90,
        "since": days_ago(90).isoformat(),
        "until": days_ago(1).isoformat(),
        "current": False,
        "dose_iu": 15_000,
    }


def test_an_order_coded_twice_over_is_one_drug() -> None:
    ingredient = medication(
        code=(RXNORM, "5224"),
        source="dispense",
        status="completed",
        start=days_ago(90),
        end=days_ago(1),
        dosages=(Dosage(dose=Quantity(10_000, "[IU]"), per_day=1),),
    )
    assert only(ufh(90, 10_000), ingredient).reason == "hep.ufh-short"


def test_both_kinds_are_shown() -> None:
    assert [one.rule for one in evaluate(ufh(90), lmwh(90))] == ["R-UFH", "R-LMWH"]


@pytest.mark.parametrize("atc", ["B01AB02", "B01AB09", "B01AB11"])
def test_what_is_no_heparin_is_not_in_the_table(atc: str) -> None:
    with pytest.raises(AssertionError, match="does not know"):
        drug(atc, concept="drug-heparin")


@pytest.mark.parametrize(
    ("fact", "status"),
    [
        (drug("B01AB05", status="completed", authored="2026-01-01"), Status.UNKNOWN),
        (drug("B01AB05", status="completed"), Status.UNKNOWN),
        (drug("B01AB01", status="stopped", authored="2025-12-01"), Status.UNKNOWN),
        (drug("B01AB05", source="statement", status="completed", start="2015", end="2015"), Status.NOT_COUNTED),
    ],
)
def test_an_unknown_duration_is_never_short(fact: MedicationFact, status: Status) -> None:
    found = only(fact)
    assert found.status is status
    assert (found.reason == "hep.duration-unknown") is (status is Status.UNKNOWN)
    assert ("why" in found.values) is (status is Status.UNKNOWN)


@pytest.mark.parametrize(
    ("facts", "missing", "reasons"),
    [
        ([], [], ["hep.not-listed"]),
        ([], [Area.MEDICATIONS], ["hep.unknown"]),
        ([lmwh(7)], [Area.MEDICATIONS], ["hep.lmwh-short", "hep.unknown"]),
        ([ufh(90)], [Area.MEDICATIONS], ["hep.ufh-long"]),
        ([drug("B01AB01", planned=True, status="draft")], [], ["hep.planned", "hep.not-listed"]),
        ([drug("B01AB05", source="statement", status="not-taken")], [], ["hep.not-taken", "hep.not-listed"]),
    ],
)
def test_silence_is_absence_only_in_a_complete_list(
    facts: list[MedicationFact], missing: list[Area], reasons: list[str]
) -> None:
    assert [one.reason for one in evaluate(*facts, missing=missing)] == reasons


COURSES = st.lists(
    st.builds(
        lambda make, days, ended, number: make(days, ended=ended, ref=f"MedicationStatement/{number}"),
        st.sampled_from([ufh, lmwh, lambda days, **more: ufh(days, None, **more)]),
        st.integers(1, 400),
        st.integers(1, 500),
        st.integers(1, 50),
    ),
    max_size=4,
)


def points(facts: list[MedicationFact]) -> int:
    return max(one.points for one in evaluate(*facts))


@settings(max_examples=60, deadline=None)
@given(COURSES, COURSES)
def test_more_heparin_never_lowers_the_points(some: list[MedicationFact], more: list[MedicationFact]) -> None:
    assert points([*some, *more]) >= points(some)


@settings(max_examples=40, deadline=None)
@given(COURSES, st.randoms(use_true_random=False))
def test_order_duplication_and_errors_never_matter(facts: list[MedicationFact], random: Any) -> None:
    mixed = [*facts, *facts, *(replace(fact, status="entered-in-error") for fact in facts)]
    random.shuffle(mixed)
    assert evaluate(*mixed) == evaluate(*facts)


@settings(max_examples=40, deadline=None)
@given(COURSES, st.booleans())
def test_every_key_and_its_values_are_listed(facts: list[MedicationFact], whole: bool) -> None:
    for found in evaluate(*facts, missing=() if whole else [Area.MEDICATIONS]):
        assert set(found.values) == set(heparin.REASONS[found.reason])
        assert set(found.remarks) <= {*heparin.REMARKS, *EXPOSURE_REMARKS}
