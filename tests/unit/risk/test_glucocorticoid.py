"""Family GC: every grade at its edges, what lifts it to HIGH, and what is not known."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from cds_service.risk.assessment import Age, Finding, Menopause, Status
from cds_service.risk.case import Case
from cds_service.risk.drugs.exposure import REMARKS as EXPOSURE_REMARKS
from cds_service.risk.factors import glucocorticoid, local_steroid
from cds_service.risk.factors.glucocorticoid import steroid_override
from cds_service.risk.record import Area, MedicationFact
from cds_service.rulesets.load import load_default
from tests.unit.risk.drugs import course, days_ago, drug, mg, prednisolone
from tests.unit.risk.records import CM, WHO, case, condition, dosage

MAN: dict[str, Any] = {"age": 45, "sex": "male"}


def evaluate(*facts: Any, **more: Any) -> tuple[Finding, ...]:
    return glucocorticoid.evaluate(case(*facts, **{**MAN, **more}))


def only(*facts: Any, **more: Any) -> Finding:
    (found,) = evaluate(*facts, **more)
    return found


def grade(*facts: Any, **more: Any) -> str:
    found = evaluate(*facts, **more)[0]
    return found.rule if found.present else found.reason


# ---------------------------------------------------------------- grades


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param([course(30, 31)], "R-GC1", id="30 mg for more than 30 days"),
        pytest.param([course(30, 30)], "gc.below-threshold", id="30 mg for 30 days is not more than 30 and 0.9 g"),
        pytest.param([course(29.9, 31)], "gc.below-threshold", id="just under 30 mg for a month"),
        pytest.param([course(100, 50)], "R-GC1", id="5 g in a year"),
        pytest.param([course(250, 5, n, ref=f"s/{n}") for n in (10, 100, 200, 300)], "R-GC1", id="5 g by pulses"),
        pytest.param([course(250, 5, n, ref=f"s/{n}") for n in (10, 100, 200)], "R-GC5", id="3.75 g by pulses"),
        pytest.param([course(5, 90)], "R-GC2", id="5 mg for 90 days"),
        pytest.param([course(5, 89)], "gc.below-threshold", id="5 mg for 89 days"),
        pytest.param([course(4.9, 90)], "R-GC3", id="just under 5 mg for 90 days"),
        pytest.param([course(5, 45, 100), course(5, 45, ref="s/2")], "R-GC2", id="90 days in two halves"),
        pytest.param([course(5, 40, 60), course(5, 40, ref="s/2")], "R-GC2", id="a late refill is bridged"),
        pytest.param([course(5, 40, 50), course(5, 40, ref="s/2")], "R-GC2", id="90 days with a bridged gap"),
        pytest.param([course(5, 40, 49), course(5, 40, ref="s/2")], "gc.below-threshold", id="89 with a bridged gap"),
        pytest.param([course(20, 20, 70), course(2.5, 70, ref="s/2")], "R-GC2", id="the mean of the days reaches 5 mg"),
        pytest.param([course(2.5, 90)], "R-GC3", id="2.5 mg for 90 days"),
        pytest.param([course(2.4, 400)], "gc.below-threshold", id="under 2.5 mg for ever"),
        pytest.param([course(None, 90)], "R-GC4", id="90 days at an unknown dose"),
        pytest.param([course(None, 89)], "gc.below-threshold", id="89 days at an unknown dose"),
        pytest.param([course(None, 45, 45), course(3, 45, ref="s/2")], "R-GC4", id="partly unknown"),
        pytest.param([course(None, 45, 45), course(1, 45, ref="s/2")], "gc.below-threshold", id="partly too low"),
        pytest.param([course(5, 90, 366)], "R-GC5", id="90 days, ended more than a year ago"),
        pytest.param([course(5, 100, 300)], "R-GC5", id="90 days, of which 65 in the last year"),
        pytest.param([course(None, 90, 3000)], "R-GC5", id="90 days long ago at an unknown dose"),
        pytest.param([course(2, 90, 400)], "gc.short", id="a past low dose"),
        pytest.param([course(5, 89, 400)], "gc.short", id="a past short course"),
        pytest.param([course(40, 5, n, ref=f"s/{n}") for n in (10, 80, 150, 220, 290)], "R-GC5", id="1 g by bursts"),
        pytest.param([course(40, 5, n, ref=f"s/{n}") for n in (10, 80, 150, 220)], "gc.below-threshold", id="0.8 g"),
        pytest.param([course(30, 7, n, ref=f"s/{n}") for n in (0, 35, 70, 105)], "gc.below-threshold", id="4 bursts"),
        pytest.param([course(30, 14)], "gc.short", id="a burst of 14 days"),
        pytest.param([course(30, 15)], "gc.below-threshold", id="15 days"),
        pytest.param([], "gc.not-listed", id="nothing in a complete list"),
    ],
)
def test_each_grade_begins_where_the_rule_set_says(facts: list[MedicationFact], expected: str) -> None:
    assert grade(*facts) == expected


@pytest.mark.parametrize(
    ("rule", "weight", "points", "override"),
    [("R-GC1", "strong", 4, True), ("R-GC2", "strong", 4, False), ("R-GC3", "moderate", 2, False),
     ("R-GC4", "moderate", 2, False), ("R-GC5", "weak", 1, False)],
)  # fmt: skip
def test_each_grade_has_its_weight(rule: str, weight: str, points: int, override: bool) -> None:
    facts = {"R-GC1": course(30, 31), "R-GC2": course(5, 90), "R-GC3": course(2.5, 90), "R-GC4": course(None, 90)}
    found = only(facts.get(rule, course(5, 90, 400)))
    assert (found.rule, found.weight, found.points, found.override) == (rule, weight, points, override)
    assert found.family == "GC"
    assert found.thresholds


def test_the_finding_says_drug_dose_days_and_since_when() -> None:
    found = only(course(7.5, 100, 20))
    assert found.values == {
        "drug": "prednisolone",
        "days": 100,
        "since": days_ago(119).isoformat(),
        "until": days_ago(20).isoformat(),
        "current": False,
        "dose_mg": 7.5,
        "cumulative_g": 0.75,
        "modifiers": "",
    }
    assert found.evidence[0].code == "H02AB06"
    assert (found.strong_since, found.at_risk_treatment) == (days_ago(119), False)


def test_only_a_strong_exposure_that_goes_on_is_a_treatment_at_risk() -> None:
    assert only(course(5, 90)).at_risk_treatment
    assert only(course(30, 40)).at_risk_treatment
    assert not only(course(2.5, 90)).at_risk_treatment
    assert only(course(2.5, 90)).strong_since is None


def test_a_course_that_ended_longer_ago_than_an_edited_rule_allows_is_past() -> None:
    fact = course(5, 100, 200)
    rules = load_default()
    rule = rules.factors["R-GC2"]
    ended = {"ended_months": replace(rule.thresholds["ended_months"], value=3)}
    edited = replace(rules, factors={**rules.factors, "R-GC2": replace(rule, thresholds={**rule.thresholds, **ended})})
    assert only(fact).rule == "R-GC2"
    assert only(fact, rules=edited).rule == "R-GC5"


@pytest.mark.parametrize(
    ("atc", "value", "expected"),
    [
        ("H02AB04", 4, "R-GC2"),
        ("H02AB04", 3.9, "R-GC3"),
        ("H02AB02", 0.75, "R-GC2"),
        ("H02AB01", 0.5, "R-GC3"),
        ("H02AB09", 20, "R-GC2"),
        ("H02AB10", 25, "R-GC2"),
        ("H02AB13", 6.1, "R-GC2"),
        ("H02AB03", 20, "R-GC4"),
    ],
)
def test_doses_are_compared_as_prednisolone(atc: str, value: float, expected: str) -> None:
    assert grade(drug(atc, value, authored="2025-12-01")) == expected


def test_an_open_order_that_nothing_confirms_is_present_with_its_caveat() -> None:
    found = only(prednisolone(5, authored="2024-01-01"))
    assert found.rule == "R-GC2"
    assert "not-confirmed-since" in found.remarks


def test_a_very_high_exposure_that_is_also_a_long_one_says_both_and_the_higher_first() -> None:
    found = evaluate(course(30, 100), age=70)
    assert [(one.rule, one.override) for one in found] == [("R-GC1", True), ("R-GC2", True)]
    assert [one.rule for one in evaluate(course(30, 60))] == ["R-GC1"]


# ---------------------------------------------------------------- lifted to HIGH


def plain(**more: Any) -> Case:
    return case(course(5, 90), **{**MAN, **more})


@pytest.mark.parametrize(
    ("patient_case", "modifiers"),
    [
        (plain(age=64), ""),
        (plain(age=65), "age"),
        (plain(age=Age(64, 65)), ""),
        (plain(age=None), ""),
        (plain(menopause=Menopause(state="postmenopausal"), sex="female"), "menopause"),
        (plain(menopause=Menopause(state="unknown"), sex="female"), ""),
        (plain(age=70, menopause=Menopause(state="postmenopausal", assumed=True), sex="female"), "age, menopause"),
    ],
)
def test_age_and_menopause_lift_r_gc2(patient_case: Case, modifiers: str) -> None:
    (found,) = glucocorticoid.evaluate(patient_case)
    assert (found.values["modifiers"], found.override) == (modifiers, bool(modifiers))


def test_a_menopause_assumed_from_age_is_said_when_it_alone_lifts() -> None:
    assumed = Menopause(state="postmenopausal", assumed=True)
    found = only(course(5, 90), age=58, sex="female", menopause=assumed)
    assert found.remarks == ("assumed-from-age",)
    again = steroid_override(case(age=58, sex="female", menopause=assumed), found)
    assert again.remarks == ("assumed-from-age",)
    assert only(course(5, 90), age=66, sex="female", menopause=assumed).remarks == ()


def fracture(rule: str, status: Status = Status.PRESENT) -> Finding:
    return Finding(rule=rule, family="FX", status=status, reason="fx")


@pytest.mark.parametrize(
    ("fractures", "lowest_t", "modifiers"),
    [
        ([fracture("R-FX1")], None, "fracture"),
        ([fracture("R-FX2")], None, "fracture"),
        ([fracture("R-FX3")], None, ""),
        ([fracture("R-FX1", Status.POSSIBLE)], None, ""),
        ([], -1.1, "t-score"),
        ([], -1.0, ""),
        ([fracture("R-FX2")], -2.0, "fracture, t-score"),
    ],
)
def test_a_fracture_or_a_low_t_score_lifts_r_gc2(
    fractures: list[Finding], lowest_t: float | None, modifiers: str
) -> None:
    (found,) = glucocorticoid.evaluate(plain())
    lifted = steroid_override(plain(), found, fractures, lowest_t)
    assert (lifted.values["modifiers"], lifted.override) == (modifiers, bool(modifiers))


def test_nothing_but_a_present_r_gc2_is_lifted() -> None:
    lower = only(course(2.5, 90), age=80)
    absent = replace(lower, rule="R-GC2", status=Status.ABSENT)
    for finding in (lower, absent):
        assert steroid_override(plain(age=80), finding, [fracture("R-FX1")], -3.0) is finding


# ---------------------------------------------------------------- not known, possible, planned, denied


def test_taken_as_needed_is_possible() -> None:
    found = only(prednisolone(authored="2025-01-01", dosages=(dosage(30, as_needed=True),)))
    assert (found.rule, found.status, found.reason) == ("R-GC4", Status.POSSIBLE, "gc.as-needed")


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (prednisolone(5, status="completed", authored="2026-01-01"), Status.UNKNOWN),
        (prednisolone(5, status="completed", authored="2015-01-01"), Status.UNKNOWN),
        (prednisolone(5, status="completed"), Status.UNKNOWN),
        (prednisolone(5, status="unknown"), Status.UNKNOWN),
        (prednisolone(5, source="statement", status="completed", start="2020", end="2020"), Status.NOT_COUNTED),
    ],
)
def test_an_unknown_duration_is_never_short(fact: MedicationFact, expected: Status) -> None:
    found = only(fact)
    assert found.status is expected
    assert found.reason == ("gc.duration-unknown" if expected is Status.UNKNOWN else "gc.short")


def test_a_past_course_is_not_doubted_for_a_further_one_of_unknown_length() -> None:
    found = evaluate(course(5, 100, 400), prednisolone(5, status="completed", authored="2026-01-01"))
    assert [one.reason for one in found] == ["gc.past-or-repeated"]


@pytest.mark.parametrize("code", [(CM, "Z79.52"), (WHO, "E24.2")])
def test_a_diagnosis_that_speaks_of_long_use_is_possible(code: tuple[str, str]) -> None:
    found = only(condition("drug-glucocorticoid-systemic", code=code))
    assert (found.status, found.reason, found.points) == (Status.POSSIBLE, "gc.recorded-long-term", 0)
    assert grade(condition("drug-glucocorticoid-systemic", code=code, clinical="resolved")) == "gc.not-listed"
    assert [one.rule for one in evaluate(condition("drug-glucocorticoid-systemic", code=code), course(5, 90))] == [
        "R-GC2"
    ]


def test_long_term_inhaled_steroids_are_seen() -> None:
    found = evaluate(condition(code=(CM, "Z79.51")))
    assert (found[0].reason, found[0].values["routes"]) == ("gc.local", "inhaled")


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (prednisolone(5, status="draft", planned=True), "gc.planned"),
        (prednisolone(5, start="2026-07-01"), "gc.planned"),
        (prednisolone(5, source="statement", status="not-taken"), "gc.not-taken"),
    ],
)
def test_planned_and_denied_steroids_are_seen_beside_absence(fact: MedicationFact, reason: str) -> None:
    aside, absent = evaluate(fact)
    assert (aside.reason, aside.status, aside.values) == (reason, Status.NOT_COUNTED, {"drug": "prednisolone"})
    assert absent.status is Status.ABSENT


@pytest.mark.parametrize(
    "facts", [[], [drug("R03BA02")], [course(30, 7)], [prednisolone(5, status="draft", planned=True)]]
)
def test_an_incomplete_list_is_unknown_whatever_else_was_seen(facts: list[MedicationFact]) -> None:
    found = evaluate(*facts, missing=[Area.MEDICATIONS])
    assert [one.reason for one in found if one.status is Status.UNKNOWN] == ["gc.unknown"]
    assert not [one for one in found if one.status is Status.ABSENT]


def test_a_steroid_that_was_found_is_present_in_an_incomplete_list_too() -> None:
    assert only(course(5, 90), missing=[Area.MEDICATIONS]).rule == "R-GC2"
    possible = prednisolone(authored="2025-01-01", dosages=(dosage(30, as_needed=True),))
    assert [one.status for one in evaluate(possible, missing=[Area.MEDICATIONS])] == [Status.POSSIBLE, Status.UNKNOWN]


# ---------------------------------------------------------------- properties and keys


COURSES = st.lists(
    st.builds(
        lambda value, days, ended, atc, strength: drug(
            atc,
            value,
            source="statement",
            status="completed",
            start=days_ago(days + ended),
            end=days_ago(ended),
            ref=f"MedicationStatement/{atc}-{days}-{ended}-{value}",
            strength=strength,
        ),
        st.none() | st.sampled_from([1.0, 2.5, 5.0, 7.5, 40.0]),
        st.integers(0, 200),
        st.integers(0, 500),
        st.sampled_from(["H02AB06", "H02AB06", "H02AB02"]),
        st.none() | st.just(mg(5)),
    ),
    max_size=4,
)


def points(facts: list[MedicationFact], **more: Any) -> tuple[bool, int]:
    return max((one.override, one.points) for one in evaluate(*facts, **more))


@settings(max_examples=80, deadline=None)
@given(COURSES, COURSES)
def test_a_longer_exposure_never_lowers_the_points(some: list[MedicationFact], more: list[MedicationFact]) -> None:
    # A dose found for what was told without one is not more of the drug, only better known; it may turn out low.
    dosed = [fact for fact in some if fact.dosages]
    assert points([*dosed, *more]) >= points(dosed)


def test_a_dose_that_becomes_known_may_lower_the_points() -> None:
    order = prednisolone(authored="2025-12-01")
    assert grade(order) == "R-GC4"
    assert grade(order, prednisolone(1, source="statement", authored="2025-12-01")) == "gc.below-threshold"


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from([1.0, 2.4, 2.5, 4.9, 5.0, 29.0, 30.0]), st.floats(1, 10), st.integers(1, 400), st.integers(0, 500)
)
def test_a_stronger_exposure_never_lowers_the_points(value: float, times: float, days: int, ended: int) -> None:
    assert points([course(value * times, days, ended)]) >= points([course(value, days, ended)])


@settings(max_examples=50, deadline=None)
@given(COURSES, st.randoms(use_true_random=False))
def test_order_and_duplication_never_matter(facts: list[MedicationFact], random: Any) -> None:
    mixed = [*facts, *facts]
    random.shuffle(mixed)
    assert evaluate(*mixed) == evaluate(*facts)


@settings(max_examples=50, deadline=None)
@given(COURSES, COURSES)
def test_what_was_entered_in_error_never_matters(some: list[MedicationFact], wrong: list[MedicationFact]) -> None:
    erroneous = [replace(fact, status="entered-in-error") for fact in wrong]
    assert evaluate(*some, *erroneous) == evaluate(*some)


@settings(max_examples=50, deadline=None)
@given(COURSES)
def test_losing_the_list_never_makes_anything_absent(facts: list[MedicationFact]) -> None:
    found = evaluate(*facts, missing=[Area.MEDICATIONS])
    assert all(one.status is not Status.ABSENT for one in found)
    assert any(one.present or one.status is Status.UNKNOWN for one in found)


@settings(max_examples=60, deadline=None)
@given(COURSES)
def test_every_key_and_its_values_are_listed(facts: list[MedicationFact]) -> None:
    reasons = {**glucocorticoid.REASONS, **local_steroid.REASONS}
    for found in evaluate(*facts, drug("R03BA02", 0.2, 2), drug("H02AB09", 15, authored="2025-01-01")):
        assert set(found.values) == set(reasons[found.reason])
        assert set(found.remarks) <= {*glucocorticoid.REMARKS, *EXPOSURE_REMARKS}
