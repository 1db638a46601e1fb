"""Family HORM for women: aromatase inhibitors, ovarian suppression, tamoxifen by menopausal state; and silence."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cds_service.risk.assessment import Age, Finding, Menopause, Status
from cds_service.risk.drugs.exposure import REMARKS as EXPOSURE_REMARKS
from cds_service.risk.factors import hormone
from cds_service.risk.record import Area, MedicationFact
from tests.unit.risk.drugs import days_ago, drug
from tests.unit.risk.records import CM, WHO, case, condition

PRE = Menopause(state="premenopausal")
POST = Menopause(state="postmenopausal")
UNSURE = Menopause(state="unknown")
BREAST_CANCER = condition(code=(WHO, "C50.4"))


def evaluate(*facts: Any, **more: Any) -> tuple[Finding, ...]:
    return hormone.evaluate(case(*facts, **more))


def only(*facts: Any, **more: Any) -> Finding:
    (found,) = evaluate(*facts, **more)
    return found


def reasons(*facts: Any, **more: Any) -> list[str]:
    return [one.reason for one in evaluate(*facts, **more)]


def ended(atc: str, days: int, **more: Any) -> MedicationFact:
    return drug(atc, source="statement", status="completed", start=days_ago(days + 500), end=days_ago(days), **more)


# ---------------------------------------------------------------- aromatase inhibitors


@pytest.mark.parametrize("atc", ["L02BG03", "L02BG04", "L02BG06"])
def test_an_aromatase_inhibitor_is_strong_from_its_first_day(atc: str) -> None:
    found = only(drug(atc, authored="2026-06-01"))
    assert (found.rule, found.weight, found.points, found.status) == ("R-AI", "strong", 4, Status.PRESENT)
    assert (found.strong_since, found.at_risk_treatment) == (days_ago(0), True)
    assert found.values["days"] == 1


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        pytest.param(ended("L02BG04", 365), "horm.aromatase-inhibitor", id="ended twelve months ago"),
        pytest.param(ended("L02BG04", 366), "horm.ended", id="ended before that"),
        pytest.param(drug("L02BG04", status="stopped", authored="2020-01-01"), "horm.end-unknown", id="no end written"),
        pytest.param(drug("L02BG04", status="stopped"), "horm.end-unknown", id="no date at all"),
        pytest.param(drug("L02BG04"), "horm.aromatase-inhibitor", id="active without a date"),
        pytest.param(drug("L02BG04", source="dispense", status="completed", authored="2026-01-01"),
                     "horm.aromatase-inhibitor", id="dispensed for nobody knows how long"),
        pytest.param(drug("L02BG04", planned=True, status="draft"), "horm.planned", id="a draft"),
        pytest.param(drug("L02BG04", source="statement", status="not-taken"), "horm.not-taken", id="denied"),
    ],
)  # fmt: skip
def test_any_duration_counts_until_twelve_months_after_the_end(fact: MedicationFact, reason: str) -> None:
    assert reasons(fact)[0] == reason


def test_what_ended_is_no_treatment_at_risk_any_more() -> None:
    found = only(ended("L02BG04", 100))
    assert (found.points, found.at_risk_treatment) == (4, False)


def test_the_diagnosis_code_of_long_use_is_enough_where_neither_dose_nor_duration_matters() -> None:
    coded = condition(code=(CM, "Z79.811"))
    found = only(coded)
    assert (found.rule, found.reason, found.points) == ("R-AI", "horm.aromatase-inhibitor-coded", 4)
    assert found.at_risk_treatment
    assert reasons(coded, drug("L02BG04", authored="2026-01-01")) == ["horm.aromatase-inhibitor"]
    assert reasons(coded, ended("L02BG04", 900)) == ["horm.aromatase-inhibitor-coded", "horm.ended"]
    assert reasons(condition(code=(CM, "Z79.811"), clinical="resolved")) == ["horm.not-listed"]
    assert reasons(condition(code=(CM, "Z79.811"), verification="refuted")) == ["horm.not-listed"]


# ---------------------------------------------------------------- ovarian suppression


GOSERELIN = drug("L02AE03", authored="2026-01-01")


@pytest.mark.parametrize(
    ("more", "status", "remarks"),
    [
        pytest.param({"age": 40, "menopause": PRE}, Status.PRESENT, (), id="40"),
        pytest.param({"age": 49, "menopause": UNSURE}, Status.PRESENT, (), id="49"),
        pytest.param({"age": 50, "menopause": PRE}, Status.NOT_COUNTED, (), id="50"),
        pytest.param({"age": Age(49, 50), "menopause": PRE}, Status.POSSIBLE, (), id="49 or 50"),
        pytest.param({"age": None, "menopause": PRE}, Status.POSSIBLE, (), id="age not known"),
        pytest.param({"age": 45, "menopause": POST}, Status.NOT_COUNTED, (), id="after a recorded menopause"),
        pytest.param({"age": 45, "menopause": Menopause(state="postmenopausal", assumed=True)}, Status.PRESENT, (),
                     id="after an assumed menopause"),
        pytest.param({"age": 40, "menopause": UNSURE, "sex": ""}, Status.POSSIBLE, ("sex-not-recorded",),
                     id="sex not known"),
    ],
)  # fmt: skip
def test_ovarian_suppression_counts_below_fifty(more: dict[str, Any], status: Status, remarks: tuple[str, ...]) -> None:
    found = evaluate(GOSERELIN, BREAST_CANCER, **more)[0]
    assert (found.rule, found.status, found.remarks) == ("R-OFS", status, remarks)
    assert found.points == (4 if status is Status.PRESENT else 0)
    assert (found.strong_since is not None) is (status is Status.PRESENT)
    assert not found.at_risk_treatment


@pytest.mark.parametrize(
    ("facts", "status", "remarks"),
    [
        ([condition(code=(WHO, "Z85.3"))], Status.PRESENT, ()),
        ([], Status.POSSIBLE, ("indication-not-recorded",)),
        ([condition(code=(WHO, "C50.4"), verification="provisional")], Status.POSSIBLE, ("indication-not-recorded",)),
    ],
)
def test_without_breast_cancer_or_its_history_ovarian_suppression_is_possible(
    facts: list[Any], status: Status, remarks: tuple[str, ...]
) -> None:
    found = only(GOSERELIN, *facts, age=40, menopause=PRE)
    assert (found.rule, found.status, found.remarks) == ("R-OFS", status, remarks)


def test_ovarian_suppression_counts_while_it_goes_on() -> None:
    assert reasons(ended("L02AE03", 1), age=40, menopause=PRE)[0] == "horm.ended"
    stopped = drug("L02AE03", status="stopped", authored="2026-01-01")
    assert reasons(stopped, age=40, menopause=PRE) == ["horm.end-unknown"]
    assert reasons(drug("L02AE03", planned=True), age=40, menopause=PRE)[0] == "horm.planned"


def test_an_aromatase_inhibitor_with_ovarian_suppression_shows_both() -> None:
    found = evaluate(drug("L02BG04", authored="2026-01-01"), GOSERELIN, BREAST_CANCER, age=40, menopause=PRE)
    assert [(one.rule, one.points) for one in found] == [("R-AI", 4), ("R-OFS", 4)]


def test_a_code_that_does_not_name_the_drug_is_possible() -> None:
    coded = condition(code=(CM, "Z79.818"))
    found = only(coded, age=40, menopause=PRE)
    assert (found.rule, found.status, found.reason) == ("R-OFS", Status.POSSIBLE, "horm.recorded-long-term")
    assert reasons(coded, GOSERELIN, BREAST_CANCER, age=40, menopause=PRE) == ["horm.ovarian-suppression"]


# ---------------------------------------------------------------- tamoxifen


TAMOXIFEN = drug("L02BA01", 20, authored="2026-01-01")


@pytest.mark.parametrize(
    ("more", "reason", "status", "points"),
    [
        ({"menopause": PRE}, "horm.tamoxifen-before-menopause", Status.PRESENT, 2),
        ({"menopause": POST}, "horm.tamoxifen-after-menopause", Status.NOT_COUNTED, 0),
        ({"menopause": UNSURE}, "horm.tamoxifen-menopause-unknown", Status.PRESENT, 1),
        ({"sex": "male"}, "horm.tamoxifen-man", Status.NOT_COUNTED, 0),
    ],
)
@pytest.mark.parametrize("atc", ["L02BA01", "L02BA02"])
def test_tamoxifen_costs_bone_before_the_menopause_and_protects_it_after(
    atc: str, more: dict[str, Any], reason: str, status: Status, points: int
) -> None:
    found = evaluate(drug(atc, 20, authored="2026-01-01"), age=50, **more)[0]
    assert (found.rule, found.reason, found.status, found.points) == ("R-TAM", reason, status, points)


def test_an_assumed_state_is_said() -> None:
    assumed = Menopause(state="premenopausal", assumed=True)
    assert only(TAMOXIFEN, age=40, menopause=assumed).remarks == ("assumed-from-age",)
    assert only(TAMOXIFEN, age=40, menopause=PRE).remarks == ()


def test_tamoxifen_has_the_same_twelve_months() -> None:
    assert reasons(ended("L02BA01", 365), menopause=PRE) == ["horm.tamoxifen-before-menopause"]
    assert reasons(ended("L02BA01", 366), menopause=PRE)[0] == "horm.ended"


def test_fulvestrant_is_seen_and_not_counted() -> None:
    assert reasons(drug("L02BA03", authored="2026-01-01"), menopause=PRE) == ["horm.no-bone-effect", "horm.not-listed"]


@pytest.mark.parametrize(
    ("state", "expected"),
    [(PRE, ["horm.recorded-long-term"]), (UNSURE, ["horm.recorded-long-term"]), (POST, ["horm.not-listed"])],
)
def test_a_code_for_any_serm_may_be_tamoxifen(state: Menopause, expected: list[str]) -> None:
    assert reasons(condition(code=(CM, "Z79.810")), menopause=state) == expected
    assert reasons(condition(code=(CM, "Z79.810")), TAMOXIFEN, menopause=PRE) == ["horm.tamoxifen-before-menopause"]


# ---------------------------------------------------------------- silence, properties, keys


@pytest.mark.parametrize(("sex", "rule"), [("female", "R-AI"), ("male", "R-ADT"), ("", "R-AI")])
def test_nothing_found_is_absent_only_in_a_complete_list(sex: str, rule: str) -> None:
    absent, unknown = only(sex=sex), only(sex=sex, missing=[Area.MEDICATIONS])
    assert (absent.rule, absent.status, absent.reason) == (rule, Status.ABSENT, "horm.not-listed")
    assert (unknown.rule, unknown.status, unknown.values) == (rule, Status.UNKNOWN, {"why": "missing"})


FACTS = st.lists(
    st.one_of(
        st.builds(
            lambda atc, began: drug(atc, authored=days_ago(began), ref=f"MedicationRequest/{atc}-{began}"),
            st.sampled_from(["L02BG04", "L02BA01", "L02BA03", "L02AE02", "L02BB03", "L02BX03", "G03BA03"]),
            st.integers(-30, 900),
        ),
        st.builds(ended, st.sampled_from(["L02BG04", "L02BA01", "L02AE02", "L02BX03"]), st.integers(0, 900)),
        st.sampled_from([(WHO, "C50"), (WHO, "C61"), (WHO, "E29.1"), (CM, "Z79.811"), (CM, "Z79.818"), (CM, "Z79.810")])
        .map(lambda code: condition(code=code)),
    ),
    max_size=5,
)  # fmt: skip
PEOPLE = st.sampled_from(
    [
        {"age": 40, "sex": "female", "menopause": PRE},
        {"age": 60, "sex": "female", "menopause": POST},
        {"age": 50, "sex": "", "menopause": UNSURE},
        {"age": 71, "sex": "male"},
    ]
)


@settings(max_examples=80, deadline=None)
@given(FACTS, PEOPLE, st.booleans())
def test_every_key_and_its_values_are_listed(facts: list[Any], person: dict[str, Any], whole: bool) -> None:
    for found in evaluate(*facts, missing=() if whole else [Area.MEDICATIONS], **person):
        assert found.family == "HORM"
        assert set(found.values) == set(hormone.REASONS[found.reason])
        assert set(found.remarks) <= {*hormone.REMARKS, *EXPOSURE_REMARKS}
        assert whole or found.status is not Status.ABSENT


@settings(max_examples=60, deadline=None)
@given(FACTS, PEOPLE, st.randoms(use_true_random=False))
def test_order_duplication_and_errors_never_matter(facts: list[Any], person: dict[str, Any], random: Any) -> None:
    wrong = [replace(fact, status="entered-in-error") for fact in facts if isinstance(fact, MedicationFact)]
    mixed = [*facts, *facts, *wrong]
    random.shuffle(mixed)
    assert evaluate(*mixed, **person) == evaluate(*facts, **person)


@settings(max_examples=60, deadline=None)
@given(FACTS, FACTS, PEOPLE)
def test_more_treatment_never_lowers_the_points(some: list[Any], more: list[Any], person: dict[str, Any]) -> None:
    treated = [
        fact for fact in more if isinstance(fact, MedicationFact) and fact.hits[0].concept != "drug-testosterone"
    ]
    before, after = evaluate(*some, **person), evaluate(*some, *treated, **person)
    assert max(one.points for one in after) >= max(one.points for one in before)
