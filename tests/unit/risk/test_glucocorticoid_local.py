"""R-GC0: steroids that act locally, high inhaled doses, and hydrocortisone as replacement."""

from typing import Any

import pytest

from cds_service.risk.assessment import Finding, Status
from cds_service.risk.factors import glucocorticoid
from cds_service.risk.record import Dosage, MedicationFact, Quantity
from tests.unit.risk.drugs import course, drug, prednisolone
from tests.unit.risk.records import WHO, case, condition, dosage, medication

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def evaluate(*facts: Any) -> tuple[Finding, ...]:
    return glucocorticoid.evaluate(case(*facts, age=45, sex="male"))


def only(*facts: Any) -> Finding:
    (found,) = evaluate(*facts)
    return found


def grade(*facts: Any) -> str:
    found = evaluate(*facts)[0]
    return found.rule if found.present else found.reason


# ---------------------------------------------------------------- local steroids


@pytest.mark.parametrize(
    ("atc", "route"),
    [
        ("R01AD05", "nasal"),
        ("R03BA02", "inhaled"),
        ("R03AK07", "inhaled"),
        ("R03AL09", "inhaled"),
        ("D07AC01", "topical"),
        ("S01BA01", "ophthalmic"),
        ("S02BA07", "otic"),
        ("A07EA06", "intestinal"),
        ("H02AB12", "intraarticular"),
    ],
)
def test_local_steroids_are_seen_and_not_counted(atc: str, route: str) -> None:
    aside, absent = evaluate(drug(atc, concept="drug-glucocorticoid-local", authored="2020-01-01"))
    assert (aside.rule, aside.status, aside.reason, aside.points) == ("R-GC0", Status.NOT_COUNTED, "gc.local", 0)
    assert aside.values["routes"] == route
    assert (absent.status, absent.reason) == (Status.ABSENT, "gc.not-listed")


@pytest.mark.parametrize("route", ["inhaled", "nasal", "topical", "ophthalmic", "intraarticular"])
def test_a_local_route_keeps_a_systemic_code_from_counting(route: str) -> None:
    found = evaluate(prednisolone(30, authored="2025-01-01", route=route))
    assert [one.reason for one in found] == ["gc.local", "gc.not-listed"]


@pytest.mark.parametrize(
    ("route", "expected"), [("oral", "R-GC1"), ("parenteral", "R-GC1"), ("rectal", "R-GC1"), ("", "R-GC1")]
)
def test_a_code_of_the_systemic_group_counts_unless_the_route_is_local(route: str, expected: str) -> None:
    assert grade(prednisolone(30, authored="2025-01-01", route=route)) == expected


@pytest.mark.parametrize(
    ("route", "expected"),
    [("oral", "R-GC1"), ("parenteral", "R-GC1"), ("", "gc.route-not-stated"), ("rectal", "gc.route-not-stated"),
     ("ophthalmic", "gc.local")],
)  # fmt: skip
def test_an_ingredient_code_needs_a_systemic_route(route: str, expected: str) -> None:
    fact = medication(code=(RXNORM, "8638"), route=route, authored="2025-01-01", dosages=(dosage(30),))
    assert grade(fact) == expected


def test_a_route_that_is_not_stated_is_possible_and_not_scored() -> None:
    found = only(medication(code=(RXNORM, "8638"), authored="2025-01-01", dosages=(dosage(30),)))
    assert (found.status, found.points) == (Status.POSSIBLE, 0)


def test_a_denial_needs_no_route() -> None:
    order = medication(code=(RXNORM, "312617"), authored="2025-10-01", dosages=(dosage(10),))
    denial = medication(code=(RXNORM, "8640"), source="statement", status="not-taken", authored="2026-05-20")
    assert grade(order) == "R-GC2"
    assert [one.reason for one in evaluate(order, denial)] == ["gc.not-taken", "gc.not-listed"]


def test_a_clinical_drug_for_the_mouth_counts_by_its_code() -> None:
    fact = medication(
        code=(RXNORM, "312617"), authored="2025-12-01", dosages=(Dosage(dose=Quantity(1, "{tablet}"), per_day=1),)
    )
    assert grade(fact) == "R-GC2"


def test_a_depot_combination_with_a_local_anaesthetic_is_only_possible() -> None:
    assert grade(drug("H02BX01", 40, authored="2025-01-01")) == "gc.route-not-stated"


def inhaler(ug_per_day: float, since: str = "2025-06-01", atc: str = "R03BA05", **more: Any) -> MedicationFact:
    one = Dosage(dose=Quantity(ug_per_day / 2, "ug"), per_day=2)
    return drug(atc, dosages=(one,), authored=since, **more)


@pytest.mark.parametrize(
    ("fact", "present"),
    [
        pytest.param(inhaler(1600), True, id="1,600 ug fluticasone for a year"),
        pytest.param(inhaler(1500), False, id="not more than 1,500 ug"),
        pytest.param(inhaler(1600, "2025-06-02"), True, id="twelve months to the day"),
        pytest.param(inhaler(1600, "2025-06-03"), False, id="a day short of twelve months"),
        pytest.param(inhaler(1600, atc="R03BA02"), False, id="budesonide is weaker"),
        pytest.param(inhaler(2402, atc="R03BA02"), True, id="very much budesonide"),
        pytest.param(inhaler(1600, atc="R03BA09"), False, id="no source compares fluticasone furoate"),
        pytest.param(inhaler(1600, "2023-01-01", status="completed", end="2025-06-01"), True, id="ended a year ago"),
        pytest.param(inhaler(1600, "2023-01-01", status="completed", end="2025-05-31"), False, id="ended before that"),
    ],
)
def test_a_high_inhaled_dose_for_a_year_is_weak(fact: MedicationFact, present: bool) -> None:
    found = evaluate(fact)[0]
    assert found.rule == "R-GC0"
    assert (found.reason, found.points) == (("gc.inhaled-high-dose", 1) if present else ("gc.local", 0))


def test_the_inhaled_dose_is_told_in_beclometasone() -> None:
    assert evaluate(inhaler(400, atc="R03BA02"))[0].values["dose_ug"] == 250
    assert evaluate(inhaler(1600))[0].values["dose_ug"] == 1600
    assert evaluate(inhaler(400, atc="R03BA09"))[0].values["dose_ug"] is None


def test_a_systemic_steroid_comes_before_an_inhaled_one_and_both_are_shown() -> None:
    found = evaluate(course(5, 90), inhaler(1600))
    assert [(one.rule, one.reason) for one in found] == [("R-GC2", "gc.dose-and-days"), ("R-GC0", "gc.local")]


def test_a_systemic_steroid_that_is_not_known_well_stands_beside_a_high_inhaled_dose() -> None:
    found = evaluate(prednisolone(5, status="completed", authored="2026-01-01"), inhaler(1600))
    assert [one.reason for one in found] == ["gc.inhaled-high-dose", "gc.duration-unknown"]


# ---------------------------------------------------------------- replacement


def hydrocortisone(value: float | None, **more: Any) -> MedicationFact:
    return drug("H02AB09", value, authored="2025-01-01", **more)


ADDISON = condition(code=(WHO, "E27.1"))


@pytest.mark.parametrize(
    ("facts", "reasons"),
    [
        pytest.param([hydrocortisone(15)], ["gc.replacement", "gc.not-listed"], id="15 mg replaces"),
        pytest.param([hydrocortisone(20)], ["gc.dose-and-days"], id="20 mg does not"),
        pytest.param([hydrocortisone(20), ADDISON], ["gc.replacement", "gc.not-listed"], id="unless it is needed"),
        pytest.param([hydrocortisone(None)], ["gc.replacement-dose-unknown"], id="an unknown dose must be asked for"),
        pytest.param([hydrocortisone(None), ADDISON], ["gc.replacement", "gc.not-listed"], id="or not, when needed"),
        pytest.param(
            [hydrocortisone(15), course(5, 90)], ["gc.dose-and-days", "gc.replacement"], id="beside prednisolone"
        ),
    ],
)
def test_hydrocortisone_as_replacement_is_not_a_risk(facts: list[Any], reasons: list[str]) -> None:
    assert [one.reason for one in evaluate(*facts)] == reasons


@pytest.mark.parametrize(
    "wrong",
    [condition(code=(WHO, "E27.1"), verification="refuted"), condition(code=(WHO, "E27.1"), clinical="resolved")],
)
def test_an_adrenal_insufficiency_that_is_not_there_excuses_nothing(wrong: Any) -> None:
    assert grade(hydrocortisone(20), wrong) == "R-GC2"


def test_prednisolone_in_addison_counts() -> None:
    assert grade(course(5, 90), ADDISON) == "R-GC2"
