"""Factors on the very value at which they change their mind, and the day and number that their sentence names."""

import re

import pytest

from cds_service.risk.assessment import BodySize, LimbStatus, MissingLimb, Status
from cds_service.risk.factors import (
    activity,
    alcohol,
    comorbidity,
    falls,
    fracture,
    heredity,
    hypogonadism,
    inflammatory,
    limb_class,
    nutrition,
    parathyroid,
    recorded_frax,
)
from cds_service.risk.limbs.status import limb_status
from cds_service.risk.record import Evidence, Quantity, Range
from cds_service.rulesets.load import default_text, load_text
from tests.unit.risk.drugs import drug
from tests.unit.risk.records import (
    AS_OF,
    CM,
    LOINC,
    SE,
    case,
    condition,
    flat,
    item,
    match,
    observation,
    on,
    patient,
    relative,
)

SCALE = (Evidence("Observation", "Observation/weight", when=on("2026-05-01")),)
UNLIKE = "2026-04-17"  # Not the day that the builders give an answer.


def only(module, *facts, **more):
    (found,) = module.evaluate(case(*facts, **more))
    return found


def of(module, rule, *facts, **more):
    return next(found for found in module.evaluate(case(*facts, **more)) if found.rule == rule)


def references(finding):
    return [piece.reference for piece in finding.evidence]


# ---------------------------------------------------------------- alcohol


def grams(value, **more):
    return item("alcohol-grams-per-week", value, "g/wk", **more)


def glasses(value, **more):
    return item("alcohol-glasses-per-week", value, **more)


def audit(score, **more):
    return observation("alcohol-high", score, "{score}", code=(LOINC, "75626-2"), **more)


def test_the_amount_of_alcohol_is_told_with_one_decimal_and_its_day():
    values = only(alcohol, grams(130.16, effective=UNLIKE)).values
    assert (values["grams_week"], values["on"]) == (130.2, UNLIKE)


def test_no_drinks_at_all_are_no_grams():
    none = observation("alcohol-high", 0, "{drinks}/d", code=(LOINC, "74013-4"), effective=UNLIKE)
    found = only(alcohol, none)
    assert (found.reason, found.values) == ("alc.low", {"grams_week": 0, "on": UNLIKE})


@pytest.mark.parametrize(
    ("amount", "status"),
    [
        (Quantity(10, "{glass}/wk", "<"), Status.ABSENT),
        (Quantity(10, "{glass}/wk", "<="), Status.UNKNOWN),
        (Quantity(14, "{glass}/wk", ">"), Status.PRESENT),
    ],
)
def test_fewer_glasses_than_the_cut_are_below_it_and_the_cut_itself_may_not_be(amount, status):
    (row,) = {glasses(1).value.unit}
    assert only(alcohol, glasses(Quantity(amount.value, row, amount.comparator))).status is status


def test_an_amount_that_straddles_the_cut_is_unusable_and_rests_on_the_answer():
    found = only(alcohol, grams(Quantity(100, "g/wk", ">"), ref="Observation/grams", effective=UNLIKE))
    assert (found.values, references(found)) == ({"why": "unusable", "on": UNLIKE}, ["Observation/grams"])


def test_the_newest_amount_is_taken_whichever_form_it_came_in():
    old = glasses(2, effective="2026-02-01", ref="Observation/z")
    new = grams(200, effective=UNLIKE, ref="Observation/a")
    assert only(alcohol, old, new).reason == only(alcohol, new, old).reason == "alc.high"
    newer = glasses(2, effective="2026-05-20", ref="Observation/z")
    assert only(alcohol, new, newer).reason == "alc.low"


def test_a_low_questionnaire_shows_what_it_was_held_against():
    found = only(alcohol, audit(2, effective=UNLIKE))
    assert (found.reason, found.values, len(found.evidence)) == ("alc.audit-c-low", {"score": 2, "on": UNLIKE}, 1)


def test_an_answer_without_a_status_says_nothing_of_alcohol():
    silent = observation("alcohol-high", code=(LOINC, "74013-4"), answers=(match("alcohol-high"),))
    assert only(alcohol, silent).reason == "alc.cannot-classify"


# ---------------------------------------------------------------- activity


def minutes(value, unit="min/wk", **more):
    return observation("physical-inactivity", value, unit, attributes={"role": "minutes-per-week"}, **more)


def part(role, value, unit="min/wk", **more):
    return observation("physical-inactivity", value, unit, attributes={"role": role}, ref=f"Observation/{role}", **more)


def test_minutes_are_told_with_their_day_and_rest_on_the_answers():
    found = only(activity, minutes(90, effective=UNLIKE, ref="Observation/minutes"))
    assert (found.values, references(found)) == ({"minutes": 90, "on": UNLIKE}, ["Observation/minutes"])


def test_minutes_that_straddle_the_cut_are_unusable():
    wide = Range(Quantity(100, "min/wk"), Quantity(200, "min/wk"))
    found = only(activity, minutes(wide, effective=UNLIKE, ref="Observation/minutes"))
    assert (found.reason, found.values) == ("act.cannot-classify", {"why": "unusable", "on": UNLIKE})
    assert references(found) == ["Observation/minutes"]


def test_no_minutes_at_all_are_too_little():
    found = only(activity, minutes(0))
    assert (found.reason, found.values["minutes"]) == ("act.too-little", 0)


def test_fewer_minutes_than_some_start_at_none():
    less = [part("minutes-moderate", Quantity(100, "min/wk", "<")), part("minutes-vigorous", 25)]
    assert only(activity, *less).reason == "act.cannot-classify"
    more = [part("minutes-moderate", Quantity(100, "min/wk", "<")), part("minutes-vigorous", 75)]
    assert only(activity, *more).reason == "act.enough"
    one_less = [part("minutes-moderate", Quantity(100, "min/wk", "<")), part("minutes-vigorous", 74.5)]
    assert only(activity, *one_less).reason == "act.cannot-classify"


# ---------------------------------------------------------------- falls


def falls_told(value, **more):
    return item("falls-12-months", value, "1", ref="Observation/falls", **more)


def injury(value):
    return item("fall-injury-12-months", value, ref="Observation/injury")


def test_a_number_of_falls_that_straddles_is_unusable():
    found = only(falls, falls_told(Quantity(3, "1", "<"), effective=UNLIKE))
    assert (found.values, references(found)) == ({"why": "unusable", "on": UNLIKE}, ["Observation/falls"])


@pytest.mark.parametrize(
    ("facts", "reason", "rests_on"),
    [
        ([falls_told(1)], "fall.once", ["Observation/falls"]),
        ([falls_told(0)], "fall.few", ["Observation/falls"]),
        ([falls_told(1), injury(False)], "fall.few", ["Observation/falls", "Observation/injury"]),
        ([falls_told(0), injury("maybe")], "fall.few", ["Observation/falls"]),
    ],
)
def test_few_falls_rest_on_the_number_and_on_the_answer_that_no_harm_was_done(facts, reason, rests_on):
    found = only(falls, *facts)
    assert (found.reason, references(found)) == (reason, rests_on)


# ---------------------------------------------------------------- nutrition

ANOREXIA = condition(code=(SE, "F50.0"), onset="2015-01-01", ref="Condition/anorexia")


def underweight():
    return BodySize(bmi=flat(16.0), evidence=SCALE)


def test_anorexia_with_a_low_weight_rests_on_the_weighing_too():
    found = of(nutrition, "R-AN", ANOREXIA, body=underweight())
    assert references(found) == ["Observation/weight", "Condition/anorexia"]


def test_anorexia_without_periods_is_told_with_the_months_and_rests_on_the_answer_not_on_the_weighing():
    body = BodySize(bmi=flat(22.0), evidence=SCALE)
    found = of(nutrition, "R-AN", ANOREXIA, item("amenorrhoea", 24, "mo", ref="Observation/periods"), body=body)
    assert (found.reason, [limit.name for limit in found.thresholds]) == (
        "nut.anorexia-amenorrhoea",
        ["amenorrhoea_months"],
    )
    assert references(found) == ["Observation/periods", "Condition/anorexia"]


@pytest.mark.parametrize("kg", [8, 1])
def test_a_told_weight_loss_names_its_day(kg):
    found = of(nutrition, "R-WL", item("involuntary-weight-loss", kg, "kg", effective=UNLIKE, ref="Observation/loss"))
    assert (found.values, references(found)) == ({"kg": kg, "on": UNLIKE}, ["Observation/loss"])


def weighed(kg, day):
    return observation(value=kg, unit="kg", code=(LOINC, "29463-7"), effective=day, ref=f"Observation/{day}")


def of_weights(*facts, since="2010-01-01"):
    leg = MissingLimb(limb="lower", side="left", level="below-knee", origin="acquired", since=on(since))
    return of(nutrition, "R-WL", *facts, limbs=LimbStatus(limbs=(leg,), ld_class="LL-TT", in_cohort=True))


@pytest.mark.parametrize(("kg", "plausible"), [(20, True), (19.9, False), (350, True), (350.1, False)])
def test_a_weight_counts_from_the_least_to_the_most_that_a_person_may_weigh(kg, plausible):
    found = of(nutrition, "R-WL", weighed(kg, "2025-12-01"), weighed(kg, "2026-05-01"))
    assert (found.reason == "nut.weight-steady") is plausible


# ---------------------------------------------------------------- other families


def test_a_recorded_frax_is_told_with_its_day():
    frax = observation(value=25, unit="%", code=(LOINC, "90265-0"), effective=UNLIKE, ref="Observation/frax")
    found = only(recorded_frax, frax)
    assert (found.values["on"], references(found)) == (UNLIKE, ["Observation/frax"])


def test_a_recorded_frax_without_a_unit_is_unusable():
    found = only(recorded_frax, observation(value=25, code=(LOINC, "90265-0"), effective=UNLIKE, ref="Observation/f"))
    assert (found.reason, found.values, references(found)) == (
        "frax.unusable",
        {"why": "unusable", "on": UNLIKE},
        ["Observation/f"],
    )


def test_only_a_myeloma_asks_for_haematology():
    assert only(comorbidity, condition(code=(SE, "J44.9"))).remarks == ()
    assert only(comorbidity, condition(code=(SE, "C90.0"))).remarks == ("co.refer-haematology",)


def test_the_newest_end_of_an_overactive_parathyroid_is_told():
    ended = [
        condition(code=(SE, "E21.0"), clinical="resolved", abated=day, ref=f"Condition/{day}")
        for day in ("2026-01-15", "2025-11", "2026-02")
    ]
    assert only(parathyroid, *ended).values["ended"] == "2026-02"


@pytest.mark.parametrize(
    ("relationship", "kind", "present"),
    [
        ("mother", "hip-fracture", ["R-HER1"]),
        ("sibling", "hip-fracture", ["R-HER2"]),
        ("sibling", "osteoporosis", ["R-HER2"]),
        ("sibling", "musculoskeletal-any", []),
    ],
)
def test_a_hip_fracture_counts_once_and_other_diseases_of_bones_and_joints_do_not(relationship, kind, present):
    told = relative(heredity.FAMILY, relationship, attributes={"type": kind})
    assert [found.rule for found in heredity.evaluate(case(told)) if found.present] == present


def test_hypogonadism_that_is_treated_rests_on_the_diagnosis_and_the_treatment():
    low = condition(code=(SE, "E29.1"), ref="Condition/low")
    treatment = drug("G03BA03", source="statement", start="2026-01-01", ref="MedicationStatement/t")
    treated = only(hypogonadism, low, treatment, sex="male")
    assert (treated.status, references(treated)) == (Status.NOT_COUNTED, ["Condition/low", "MedicationStatement/t"])
    alone = only(hypogonadism, low, sex="male")
    assert (alone.status, references(alone)) == (Status.PRESENT, ["Condition/low"])


def test_a_benign_tumour_of_the_parathyroid_is_no_overactive_gland():
    found = parathyroid.evaluate(case(condition(parathyroid.DISEASE, attributes={"subtype": "adenoma"})))
    assert [one.reason for one in found if one.status is not Status.ABSENT] == ["pth.other-disease"]


def test_a_bowel_disease_without_a_type_adds_no_empty_word():
    both = [
        condition("inflammatory-bowel-disease", attributes={"type": kind}, ref=f"C/{kind}") for kind in ("", "crohn")
    ]
    found = next(one for one in inflammatory.evaluate(case(*both)) if one.present)
    assert found.values["types"] == "crohn"


@pytest.mark.parametrize("age", [70, 35])
def test_a_stated_fracture_is_told_with_its_day(age):
    stated = item("fracture-low-energy", True, effective=UNLIKE, ref="Observation/fracture")
    found = fracture.evaluate(case(stated, age=age))[0]
    assert (found.reason, references(found)) == ("fx.stated", ["Observation/fracture"])
    assert found.values == {"on": UNLIKE}


def absent_leg(code, levels):
    """The finding of a congenital absence under a rule set in which the acquired levels weigh as given."""
    text = default_text()
    for level, weight in levels.items():
        text = re.sub(rf'"{level}" = "\w+"', f'"{level}" = "{weight}"', text)
    rules = load_text(text)
    limbs = limb_status(patient(condition(code=(CM, code))), rules, AS_OF)
    return only(limb_class, limbs=limbs, rules=rules).points


def test_an_absent_leg_is_held_against_the_loss_of_its_own_level():
    assert absent_leg("Q72.02", {"LL-TF": "strong", "LL-TT": "weak"}) == 2
    assert absent_leg("Q72.22", {"LL-TF": "strong", "LL-TT": "weak"}) == 1
    assert absent_leg("Q72.22", {"LL-TF": "weak", "LL-TT": "strong"}) == 2


def test_below_a_loss_without_weight_there_is_no_step():
    assert absent_leg("Q72.22", {"LL-TT": "none", "LL-CONG": "none"}) == 0
