"""Family HORM for men: androgen deprivation, removal of the testes, hints of it, and low testosterone."""

from typing import Any

import pytest

from cds_service.risk.assessment import Finding, Menopause, Status
from cds_service.risk.factors import hormone
from cds_service.risk.record import Area, MedicationFact
from tests.unit.risk.drugs import days_ago, drug
from tests.unit.risk.records import CM, KVA, SCT, SE, WHO, case, condition, procedure

PROSTATE_CANCER = condition(code=(WHO, "C61"))
LEUPRORELIN = drug("L02AE02", authored="2026-01-01")


def evaluate(*facts: Any, **more: Any) -> tuple[Finding, ...]:
    found = hormone.evaluate(case(*facts, **{"age": 71, "sex": "male", **more}))
    assert all(set(one.values) == set(hormone.REASONS[one.reason]) for one in found)
    return found


def reasons(*facts: Any, **more: Any) -> list[str]:
    return [one.reason for one in evaluate(*facts, **more)]


def ended(atc: str, days: int) -> MedicationFact:
    return drug(atc, source="statement", status="completed", start=days_ago(days + 500), end=days_ago(days))


@pytest.mark.parametrize("atc", ["L02AE02", "L02AE03", "L02AE51", "L02BX01", "L02BX02", "L02BX04"])
def test_a_gnrh_drug_in_prostate_cancer_is_strong(atc: str) -> None:
    (found,) = evaluate(drug(atc, authored="2026-01-01"), PROSTATE_CANCER)
    assert (found.rule, found.weight, found.points, found.remarks) == ("R-ADT", "strong", 4, ())
    assert (found.strong_since, found.at_risk_treatment) == (days_ago(151), True)


@pytest.mark.parametrize("history", [condition(code=(CM, "Z85.46")), condition(code=(SE, "Z85.4J"))])
def test_a_history_of_the_cancer_explains_the_drug(history: Any) -> None:
    (found,) = evaluate(LEUPRORELIN, history)
    assert found.remarks == ()


def test_a_man_without_a_recorded_cancer_is_deprived_all_the_same() -> None:
    (found,) = evaluate(LEUPRORELIN)
    assert (found.points, found.remarks) == (4, ("indication-not-recorded",))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([ended("L02AE02", 365)], ["horm.androgen-deprivation"], id="ended twelve months ago"),
        pytest.param([ended("L02AE02", 366)], ["horm.ended", "horm.not-listed"], id="ended before that"),
        pytest.param([drug("L02AE02", status="stopped", authored="2020-01-01")], ["horm.end-unknown"], id="no end"),
        pytest.param([drug("L02AE02", source="administration", status="completed", start="2026-03-01")],
                     ["horm.androgen-deprivation"], id="one depot injection"),
        pytest.param([drug("L02AE02", planned=True, status="draft")], ["horm.androgen-deprivation-planned"],
                     id="a draft"),
        pytest.param([drug("L02AE02", start="2026-06-15", authored="2026-06-01")],
                     ["horm.androgen-deprivation-planned"], id="ordered to begin later"),
        pytest.param([ended("L02AE02", 800), drug("L02AE02", planned=True, status="draft")],
                     ["horm.androgen-deprivation-planned", "horm.ended"], id="to begin again"),
        pytest.param([drug("L02AE02", source="statement", status="not-taken")], ["horm.not-taken", "horm.not-listed"],
                     id="denied"),
    ],
)  # fmt: skip
def test_androgen_deprivation_counts_now_planned_and_twelve_months_after(facts: list[Any], expected: list[str]) -> None:
    assert reasons(*facts, PROSTATE_CANCER) == expected


def test_planned_deprivation_is_strong_from_today() -> None:
    (found,) = evaluate(drug("L02AE02", planned=True, status="draft"), PROSTATE_CANCER)
    assert (found.points, found.strong_since, found.at_risk_treatment) == (4, days_ago(0), True)
    assert found.values == {"drug": "leuprorelin"}


@pytest.mark.parametrize("code", [(KVA, "KFC10"), (KVA, "KFC15"), (SCT, "87375004"), (SCT, "34426006")])
def test_the_removal_of_both_testes_lasts_for_life(code: tuple[str, str]) -> None:
    (found,) = evaluate(procedure(code=code, performed="2001-05-04"), PROSTATE_CANCER)
    assert (found.reason, found.points, found.values) == ("horm.orchiectomy", 4, {"since": "2001-05-04"})
    assert found.at_risk_treatment
    assert found.strong_since is not None


def test_an_operation_without_a_date_or_not_done() -> None:
    (found,) = evaluate(procedure(code=(KVA, "KFC10")), PROSTATE_CANCER)
    assert (found.values, found.strong_since) == ({"since": None}, None)
    assert reasons(procedure(code=(KVA, "KFC10"), status="not-done")) == ["horm.not-listed"]


def test_an_antiandrogen_alone_is_seen_and_abiraterone_hints_at_castration() -> None:
    bicalutamide, abiraterone = drug("L02BB03", authored="2026-01-01"), drug("L02BX03", authored="2026-01-01")
    assert reasons(bicalutamide) == ["horm.antiandrogen-alone", "horm.not-listed"]
    assert [one.status for one in evaluate(abiraterone)] == [Status.POSSIBLE]
    assert reasons(abiraterone) == ["horm.castration-likely"]
    assert reasons(abiraterone, LEUPRORELIN) == ["horm.androgen-deprivation"]
    assert reasons(ended("L02BB03", 800)) == ["horm.not-listed"]
    assert reasons(drug("L02BX03", status="stopped", authored="2020-01-01")) == ["horm.castration-likely"]


def test_a_code_that_does_not_name_the_drug_is_possible() -> None:
    (found,) = evaluate(condition(code=(CM, "Z79.818")))
    assert (found.rule, found.status, found.reason) == ("R-ADT", Status.POSSIBLE, "horm.recorded-long-term")


def test_nothing_of_a_man_is_read_in_a_woman() -> None:
    post = Menopause(state="postmenopausal")
    facts = (drug("L02BB03", authored="2026-01-01"), condition(code=(WHO, "E29.1")), procedure(code=(KVA, "KFC10")))
    assert reasons(*facts, sex="female", menopause=post) == ["horm.not-listed"]


def test_where_the_sex_is_not_recorded_prostate_cancer_tells() -> None:
    unsure = {"sex": "", "menopause": Menopause(state="unknown")}
    assert reasons(LEUPRORELIN, PROSTATE_CANCER, **unsure) == ["horm.androgen-deprivation"]
    assert [one.status for one in evaluate(LEUPRORELIN, age=45, sex="", menopause=Menopause())] == [Status.POSSIBLE]
    assert "horm.antiandrogen-alone" in reasons(drug("L02BB03", authored="2026-01-01"), **unsure)


# ---------------------------------------------------------------- low testosterone


@pytest.mark.parametrize(
    ("facts", "more", "expected"),
    [
        pytest.param([condition(code=(WHO, "E29.1"))], {}, "horm.hypogonadism", id="untreated"),
        pytest.param([condition(code=(WHO, "E89.5"))], {}, "horm.hypogonadism", id="after an operation"),
        pytest.param([condition(code=(WHO, "E29.1")), drug("G03BA03", authored="2026-01-01")], {},
                     "horm.hypogonadism-treated", id="treated"),
        pytest.param([condition(code=(WHO, "E29.1")), ended("G03BA03", 100)], {}, "horm.hypogonadism",
                     id="no longer treated"),
        pytest.param([condition(code=(WHO, "E29.1"))], {"missing": [Area.MEDICATIONS]},
                     "horm.hypogonadism-treatment-unknown", id="treatment not known"),
        pytest.param([condition(code=(WHO, "E23.0"))], {}, "horm.hypogonadism-possible", id="hypopituitarism"),
        pytest.param([condition(code=(WHO, "Q98.0"))], {}, "horm.hypogonadism-possible", id="Klinefelter"),
        pytest.param([condition(code=(WHO, "E29.1"), verification="provisional")], {}, "horm.hypogonadism-possible",
                     id="provisional"),
        pytest.param([condition(code=(WHO, "E29.1"), clinical="resolved")], {}, "horm.not-listed", id="resolved"),
        pytest.param([condition(code=(WHO, "E29.1"), verification="refuted")], {}, "horm.not-listed", id="refuted"),
        pytest.param([condition(code=(WHO, "Q96"))], {}, "horm.not-listed", id="Turner"),
    ],
)  # fmt: skip
def test_low_testosterone_counts_when_it_is_known_to_be_untreated(
    facts: list[Any], more: dict[str, Any], expected: str
) -> None:
    found = evaluate(*facts, **more)[0]
    assert found.reason == expected
    assert found.points == (2 if expected == "horm.hypogonadism" else 0)


def test_low_testosterone_says_nothing_of_the_medication_list() -> None:
    assert reasons(condition(code=(WHO, "E29.1"))) == ["horm.hypogonadism", "horm.not-listed"]
    unknown = reasons(condition(code=(WHO, "E29.1")), missing=[Area.MEDICATIONS])
    assert unknown == ["horm.hypogonadism-treatment-unknown", "horm.unknown"]
