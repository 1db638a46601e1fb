"""R-DRUG: antiepileptics, proton pump inhibitors, SSRI, glitazones and ciclosporin for a year or more."""

from typing import Any

import pytest

from cds_service.risk.assessment import Finding, Status
from cds_service.risk.factors import bone_drugs
from cds_service.risk.record import Area, MedicationFact
from tests.unit.risk.drugs import days_ago, drug
from tests.unit.risk.records import case


def taken(atc: str, days: int, ended: int = 1, **more: Any) -> MedicationFact:
    start, end = days_ago(days + ended - 1), days_ago(ended)
    return drug(atc, source="statement", status="completed", start=start, end=end, **more)


def evaluate(*facts: Any, **more: Any) -> tuple[Finding, ...]:
    return bone_drugs.evaluate(case(*facts, **more))


def only(*facts: Any, **more: Any) -> Finding:
    (found,) = evaluate(*facts, **more)
    return found


@pytest.mark.parametrize(
    "atc", ["N03AF01", "N03AB02", "N03AG01", "A02BC01", "A02BC05", "N06AB04", "N06AB10", "A10BG03", "L04AD01"]
)
def test_a_year_of_any_of_the_groups_is_weak(atc: str) -> None:
    found = only(drug(atc, authored="2025-01-01"))
    assert (found.rule, found.family, found.weight, found.points) == ("R-DRUG", "OTHER", "weak", 1)
    assert (found.reason, found.values["current"]) == ("drug.long", True)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        pytest.param([taken("A02BC01", 365)], "drug.long", id="365 days"),
        pytest.param([taken("A02BC01", 364)], "drug.short", id="364 days"),
        pytest.param([taken("A02BC01", 365, 365)], "drug.long", id="ended a year ago"),
        pytest.param([taken("A02BC01", 365, 366)], "drug.short", id="ended before that"),
        pytest.param([taken("A02BC01", 200, 185), taken("A02BC05", 180)], "drug.long", id="two drugs of one group"),
        pytest.param([taken("A02BC01", 200), taken("N06AB04", 200, 201)], "drug.short", id="two groups do not add up"),
        pytest.param([taken("N06AB04", 200), taken("A10BG03", 200, 201)], "drug.short", id="nor do two classes"),
        pytest.param(
            [drug("A02BC01", status="completed", authored="2025-01-01")], "drug.duration-unknown", id="no end"
        ),
        pytest.param([drug("A02BC01", status="completed")], "drug.duration-unknown", id="no date"),
        pytest.param([taken("A02BC01", 10, 3000)], "drug.short", id="long ago"),
        pytest.param([drug("A02BC01", planned=True, status="draft")], "drug.planned", id="a draft"),
        pytest.param([drug("A02BC01", source="statement", status="not-taken")], "drug.not-taken", id="denied"),
    ],
)
def test_days_of_one_group_decide(facts: list[MedicationFact], reason: str) -> None:
    found = evaluate(*facts)[0]
    assert found.reason == reason
    assert found.points == (1 if reason == "drug.long" else 0)
    assert set(found.values) == set(bone_drugs.REASONS[reason])


def test_a_past_use_of_unknown_length_that_ended_long_ago_is_not_counted() -> None:
    fact = drug("A02BC01", source="statement", status="completed", start="2015", end="2015")
    assert only(fact).reason == "drug.short"


def test_all_that_count_are_named_once_in_one_finding() -> None:
    found = only(drug("A02BC01", authored="2024-01-01"), drug("N06AB04", authored="2024-06-01"), taken("A10BG03", 30))
    assert found.values["drug"] == "omeprazole, selective serotonin reuptake inhibitors"
    assert found.values["since"] == "2024-01-01"
    assert len(found.evidence) == 2
    assert "not-confirmed-since" in found.remarks


@pytest.mark.parametrize(
    ("facts", "missing", "reasons"),
    [
        ([], [], ["drug.not-listed"]),
        ([], [Area.MEDICATIONS], ["drug.unknown"]),
        ([taken("A02BC01", 30)], [], ["drug.short"]),
        ([taken("A02BC01", 30)], [Area.MEDICATIONS], ["drug.short", "drug.unknown"]),
        ([taken("A02BC01", 400)], [Area.MEDICATIONS], ["drug.long"]),
        ([drug("A02BC01", status="completed")], [Area.MEDICATIONS], ["drug.duration-unknown"]),
    ],
)
def test_silence_is_absence_only_in_a_complete_list(
    facts: list[MedicationFact], missing: list[Area], reasons: list[str]
) -> None:
    found = evaluate(*facts, missing=missing)
    assert [one.reason for one in found] == reasons
    assert all(set(one.values) == set(bone_drugs.REASONS[one.reason]) for one in found)
    assert not [one for one in found if one.status is Status.ABSENT and missing]


def test_helicobacter_packs_do_not_count() -> None:
    with pytest.raises(AssertionError, match="does not know"):
        drug("A02BD04", concept="drug-ppi")
