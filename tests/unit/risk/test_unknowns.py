"""What is not known: missing is never absent."""

import pytest

from cds_service.risk.assessment import (
    Age,
    Band,
    BodySize,
    Finding,
    GateFinding,
    LimbStatus,
    Menopause,
    Status,
    Unknown,
)
from cds_service.risk.record import Area, Delivery
from cds_service.risk.unknowns import (
    CORE_FAMILIES,
    ITEMS,
    OTHER_FAMILIES,
    cohort_unknown,
    core_items,
    may_hide_more,
    unknowns,
)
from tests.unit.risk.records import LOINC, case, flat, observation, patient

KNOWN_BODY = BodySize(weight=flat(70), bmi=flat(23))


def found(family, status, rule="", **values):
    return Finding(rule=rule or f"R-{family}", family=family, status=status, reason="x", values=values)


ALL_ABSENT = tuple(found(family, Status.ABSENT) for family in (*CORE_FAMILIES.values(), *OTHER_FAMILIES))


def items(findings=ALL_ABSENT, **about):
    return {one.item: one for one in unknowns(case(**{"body": KNOWN_BODY, "age": 65, **about}), tuple(findings))}


def without(family, *instead):
    return tuple(finding for finding in ALL_ABSENT if finding.family != family) + instead


def test_nothing_is_unknown_when_everything_was_answered():
    assert items() == {}


@pytest.mark.parametrize(("item", "family"), list(CORE_FAMILIES.items()))
def test_a_core_item_is_known_only_when_something_says_so(item, family):
    assert item not in items(without(family, found(family, Status.PRESENT)))
    assert item not in items(without(family, found(family, Status.NOT_COUNTED)))
    silent = items(without(family))
    assert silent[item] == Unknown(item=item, core=True, why="not-recorded")
    blocked = items(without(family, found(family, Status.UNKNOWN, why="blocked")))
    assert blocked[item] == Unknown(item=item, core=True, why="blocked", rule=f"R-{family}")
    assert items(without(family, found(family, Status.POSSIBLE)))[item].core


@pytest.mark.parametrize("family", sorted(set(CORE_FAMILIES.values()) - {"HER"}))
def test_something_found_answers_the_question(family):
    both = found(family, Status.PRESENT), found(family, Status.UNKNOWN)
    assert items(without(family, *both)) == {}


def test_a_brother_does_not_answer_for_the_parents():
    both = found("HER", Status.PRESENT, "R-HER2"), found("HER", Status.UNKNOWN, "R-HER1")
    assert set(items(without("HER", *both))) == {"parental-hip-fracture"}


def test_whether_a_leg_is_loaded_is_not_the_question_of_activity():
    minutes_known = found("ACT", Status.ABSENT, "R-ACT1"), found("ACT", Status.UNKNOWN, "R-ACT2")
    assert items(without("ACT", *minutes_known)) == {}
    loading_known = found("ACT", Status.UNKNOWN, "R-ACT1"), found("ACT", Status.PRESENT, "R-ACT2")
    assert items(without("ACT", *loading_known)) == {}


@pytest.mark.parametrize(("family", "item"), list(OTHER_FAMILIES.items()))
def test_what_else_a_rule_could_not_decide_is_listed_but_is_not_core(family, item):
    listed = items(without(family, found(family, Status.UNKNOWN, why="outdated")))
    assert listed == {item: Unknown(item=item, why="outdated", rule=f"R-{family}")}
    assert items(without(family)) == {}


@pytest.mark.parametrize("family", ["BODY", "WT", "LD", "TOOL"])
def test_what_a_core_item_already_tells_is_not_listed_twice(family):
    assert items((*ALL_ABSENT, found(family, Status.UNKNOWN))) == {}


def test_a_local_rule_has_one_common_item():
    assert set(items((*ALL_ABSENT, found("MINE", Status.UNKNOWN, "L-X")))) == {"local-rule"}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (BodySize(refused="weight-missing"), "not-recorded"),
        (BodySize(weight=flat(70), height_refused="height-missing"), "not-recorded"),
        (BodySize(refused="weight-outdated"), "outdated"),
        (BodySize(refused="weight-before-amputation"), "outdated"),
        (BodySize(refused="mass-not-defined"), "unusable"),
        (BodySize(weight=flat(70), height_refused="height-on-prostheses"), "unusable"),
        (BodySize(weight=flat(70)), "not-recorded"),
        (BodySize(bmi=flat(23), refused="weight-outdated"), "outdated"),
    ],
)
def test_weight_and_height_are_both_needed(body, why):
    assert items(body=body)["weight-and-height"].why == why


def test_a_weight_that_was_not_delivered_says_so():
    about = {"body": BodySize(refused="weight-missing"), "areas": {Area.OBSERVATIONS: Delivery.FAILED}}
    assert items(**about)["weight-and-height"].why == "failed"


def test_the_limb_level_is_told_by_the_limbs():
    limbs = LimbStatus(ld_class="LL-UNK", in_cohort=True, level_unknown=True, side_unknown=True)
    listed = items(limbs=limbs)
    assert listed["limb-level"].core
    assert not listed["limb-side"].core


@pytest.mark.parametrize(
    ("state", "why"),
    [
        (Delivery.GIVEN, None),
        (Delivery.EMPTY, None),
        (Delivery.PARTIAL, "partial"),
        (Delivery.FAILED, "failed"),
        (Delivery.BLOCKED, "blocked"),
        (Delivery.MISSING, "missing"),
    ],
)
def test_the_medication_list_is_known_only_when_it_came_whole(state, why):
    listed = items(areas={Area.MEDICATIONS: state}).get("medication-list")
    assert (listed.why if listed else None) == why


@pytest.mark.parametrize(
    ("age", "sex", "asked"),
    [
        (39, "female", False),
        (40, "female", True),
        (60, "female", True),
        (61, "female", False),
        (Age(39, 40), "female", True),
        (Age(60, 61), "female", True),
        (50, "male", False),
        (None, "female", False),
    ],
)
def test_the_menopausal_state_is_asked_of_women_of_its_ages(age, sex, asked):
    about = case(age=age, sex=sex, menopause=Menopause(state="unknown"))
    assert ("menopausal-state" in core_items(about)) is asked
    assert ("menopausal-state" in items(age=age, sex=sex, menopause=Menopause(state="unknown"))) is asked


def test_a_known_menopausal_state_is_not_listed():
    assert "menopausal-state" not in items(age=50, menopause=Menopause(state="premenopausal"))


@pytest.mark.parametrize(
    ("age", "why"),
    [(None, "not-recorded"), (Age(19, 20), "unusable"), (Age(20, 21), None), (Age(18, 19), None)],
)
def test_an_age_that_does_not_tell_child_from_adult_is_unknown(age, why):
    listed = items(age=age, sex="male").get("birth-date")
    assert (listed.why if listed else None) == why


def test_an_unrecorded_sex_is_unknown():
    assert "sex" in items(sex="")


def test_a_wide_mass_band_asks_for_the_residual_length():
    wide = BodySize(weight=flat(70), bmi=flat(23), missing_fraction=Band(5.9, 11, 16))
    assert items(body=wide)["residual-length"].values == {"low": 5.9, "high": 16}
    exact = BodySize(weight=flat(70), bmi=flat(23), missing_fraction=flat(5.9))
    assert items(body=exact) == {}


def test_a_score_that_could_not_be_used_is_listed():
    bad = observation("dxa-result-observation", -25, "1", code=(LOINC, "38267-1"))
    assert items(record=patient(bad))["dxa-value"].why == "unusable"


def test_core_items_come_first_and_every_item_is_listed_for_the_words():
    everything = unknowns(
        case(age=None, sex="", limbs=LimbStatus(level_unknown=True, side_unknown=True), missing=list(Area)),
        tuple(found(family, Status.UNKNOWN) for family in (*OTHER_FAMILIES, "MINE")),
    )
    cores = [one.core for one in everything]
    assert cores == sorted(cores, reverse=True)
    assert {one.item for one in everything} <= set(ITEMS)
    assert len({one.item for one in everything}) == len(everything)


@pytest.mark.parametrize(
    ("unknown", "expected"),
    [
        ((), False),
        ((Unknown(item="vitamin-d"),), False),
        ((Unknown(item="vitamin-d", why="outdated"),), False),
        ((Unknown(item="vitamin-d", why="blocked"),), True),
        ((Unknown(item="smoking", core=True),), True),
    ],
)
def test_a_tier_is_at_least_what_it_is_when_something_may_be_hidden(unknown, expected):
    assert may_hide_more(unknown) is expected


def test_a_closed_cohort_gate_on_unread_lists_leaves_the_limb_level_unknown():
    gate = GateFinding(gate="G-COHORT", effect="silent", remarks=("limb-data-incomplete",))
    record = patient(areas={Area.CONDITIONS: Delivery.BLOCKED})
    assert cohort_unknown(record, [gate]) == (Unknown(item="limb-level", core=True, why="blocked"),)
    assert cohort_unknown(record, [GateFinding(gate="G-COHORT", effect="silent")]) == ()
