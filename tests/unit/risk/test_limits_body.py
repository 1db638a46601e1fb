"""Weight, BMI and menopause on the very value at which a rule changes its mind, and what they rest on."""

import pytest

from cds_service.risk.assessment import Age, Band, BodySize, Menopause, Status
from cds_service.risk.body.menopause import menopause
from cds_service.risk.body.weight import body_size
from cds_service.risk.dates import add_days
from cds_service.risk.factors import body, early_menopause, overweight
from cds_service.risk.limbs.status import limb_status
from cds_service.risk.record import Evidence
from cds_service.rulesets.load import load_default
from tests.unit.risk.records import AS_OF, CM, LOINC, case, condition, flat, item, observation, on, patient

RULES = load_default("se")
WEIGHED = AS_OF.replace(month=5, day=1)
LEG = condition(code=(CM, "Z89.511"), ref="Condition/leg")
HAND = condition(code=(CM, "Z89.112"))


def kg(value, effective=WEIGHED):
    return observation(value=value, unit="kg", code=(LOINC, "29463-7"), effective=effective, ref="Observation/weight")


def told(name, value, days=0, **more):
    """An answer about prostheses, ``days`` after the weighing."""
    return item(name, value, effective=add_days(WEIGHED, days), ref=f"Observation/{name}", **more)


def size(*facts):
    record = patient(*facts)
    return body_size(record, limb_status(record, RULES, AS_OF), RULES, AS_OF)


def scale(*facts):
    """W_O: the corrected weight with the missing share put back."""
    found = size(kg(70), *facts)
    return round(found.weight.high * (1 - found.missing_fraction.high), 6)


@pytest.mark.parametrize("days", [31, -31])
def test_an_answer_about_prostheses_speaks_of_a_weighing_within_31_days(days):
    assert scale(LEG, told("prosthesis-mass", 4, days)) == 66
    assert scale(LEG, told("prosthesis-mass", 4, days + (1 if days > 0 else -1))) == 70


def test_an_answer_that_only_may_lie_near_the_weighing_speaks_of_it():
    assert scale(LEG, item("prosthesis-mass", 4, effective="2026")) == 66
    assert scale(LEG, item("prosthesis-mass", 4, effective="2025")) == 70
    assert scale(LEG, item("prosthesis-mass", 4, effective=None)) == 66


def test_a_prosthesis_of_less_than_a_kilogram_is_subtracted_too():
    assert scale(HAND, told("prosthesis-mass", 0.6)) == 69.4


@pytest.mark.parametrize(
    ("answers", "names"),
    [
        ([told("weighed-with-prosthesis", False)], ["weighed-with-prosthesis"]),
        ([told("weighed-with-prosthesis", True)], ["weighed-with-prosthesis"]),
        ([told("prosthesis-mass", 4)], ["prosthesis-mass"]),
        (
            [told("weighed-with-prosthesis", True), told("prosthesis-mass", 4)],
            ["weighed-with-prosthesis", "prosthesis-mass"],
        ),
    ],
)
def test_a_weight_rests_on_the_weighing_and_on_the_answers_about_prostheses(answers, names):
    rests_on = {piece.reference for piece in size(kg(70), LEG, *answers).evidence}
    assert {f"Observation/{name}" for name in names} | {"Observation/weight"} <= rests_on


# ---------------------------------------------------------------- menopause


@pytest.mark.parametrize(("years", "state"), [(1, "postmenopausal"), (0.5, "postmenopausal"), (0, "premenopausal")])
def test_an_age_at_menopause_is_a_number_above_none(years, state):
    record = patient(item("age-at-menopause", years))
    assert menopause(record, Age(30, 30), "female", RULES, AS_OF).state == state


def test_the_menopause_may_have_come_at_the_age_of_today_and_no_later():
    def at(years):
        return menopause(patient(item("age-at-menopause", years)), Age(50, 50), "female", RULES, AS_OF)

    assert at(50).age_at == 50
    assert at(51).age_at is None


# ---------------------------------------------------------------- what the findings show

SCALE = (Evidence("Observation", "Observation/weight", when=on("2026-05-01")),)
ANSWER = (Evidence("Observation", "Observation/menopause", when=on("2026-05-01")),)


def sized(weight=60.0, bmi=22.0, **more):
    return BodySize(weight=flat(weight), bmi=bmi if isinstance(bmi, Band) else flat(bmi), evidence=SCALE, **more)


def of(rule, module=body, **more):
    return next(found for found in module.evaluate(case(**more)) if found.rule == rule)


@pytest.mark.parametrize("bmi", [15.0, 18.0, Band(19, 20, 21), 25.0])
def test_a_finding_about_bmi_rests_on_the_weighing(bmi):
    assert of("R-BMI-L", body=sized(bmi=bmi)).evidence == SCALE


def test_ost_shows_weight_and_age_and_rests_on_the_weighing():
    found = of("R-OST", age=70, body=sized(weight=58.0))
    assert (found.values["weight"], found.values["age"], found.evidence) == (58.0, 70, SCALE)


@pytest.mark.parametrize(
    ("bmi", "status", "reason", "remarks"),
    [
        (25.0, Status.PRESENT, "wt.overweight", ("contested",)),
        (24.9, Status.ABSENT, "wt.not-overweight", ()),
        (Band(24, 25, 26), Status.UNKNOWN, "wt.straddles", ()),
    ],
)
def test_overweight_is_told_with_the_weighing_and_only_then_called_contested(bmi, status, reason, remarks):
    found = of("R-WT", overweight, body=sized(bmi=bmi))
    assert (found.status, found.reason, found.remarks, found.evidence) == (status, reason, remarks, SCALE)
    assert found.values.get("why", "unusable") == "unusable"


def test_a_doubt_about_the_prosthesis_is_told_whatever_the_bmi_says():
    doubt = ("weight-may-include-prosthesis",)
    assert of("R-WT", overweight, body=sized(bmi=20.0, remarks=doubt)).remarks == doubt
    assert of("R-WT", overweight, body=sized(bmi=30.0, remarks=doubt)).remarks == ("contested", *doubt)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (Menopause(state="postmenopausal", age_at=44, evidence=ANSWER), "meno.early"),
        (Menopause(state="postmenopausal", age_at=39, evidence=ANSWER), "meno.premature"),
        (Menopause(state="postmenopausal", age_at=50, evidence=ANSWER), "meno.at-usual-age"),
        (Menopause(state="premenopausal", evidence=ANSWER), "meno.not-yet"),
    ],
)
def test_what_is_told_of_the_menopause_rests_on_what_was_recorded(state, reason):
    found = of("R-MENO-E", early_menopause, age=50, menopause=state)
    assert (found.reason, found.evidence, found.remarks) == (reason, ANSWER, ())


@pytest.mark.parametrize("state", ["postmenopausal", "premenopausal"])
def test_menopause_under_65_rests_on_what_was_recorded(state):
    assert of("R-MENO", age=50, menopause=Menopause(state=state, evidence=ANSWER)).evidence == ANSWER


def test_menopause_that_ost_holds_is_set_aside_with_what_was_recorded():
    state = Menopause(state="postmenopausal", assumed=True, evidence=ANSWER)
    found = of("R-MENO", age=57, menopause=state, body=sized(weight=90.0))
    assert (found.reason, found.evidence, found.remarks) == ("body.menopause-inside-ost", ANSWER, ("assumed-from-age",))


def test_ost_says_that_the_menopause_is_assumed():
    state = Menopause(state="postmenopausal", assumed=True)
    assert "assumed-from-age" in of("R-OST", age=57, menopause=state, body=sized(weight=50.0)).remarks
