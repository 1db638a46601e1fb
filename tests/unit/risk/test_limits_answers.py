"""Answers and codes that decide nothing, or only their own question."""

from msgspec.structs import replace

from cds_service.risk.assessment import LimbStatus, MissingLimb, Status
from cds_service.risk.body.menstruation import newest_answer, without_for
from cds_service.risk.body.missing_mass import missing_mass
from cds_service.risk.factors import activity, comorbidity, falls, limb_class
from cds_service.risk.limbs.status import limb_status
from cds_service.risk.record import Hit
from cds_service.rulesets.load import default_text, load_default, load_text
from tests.unit.risk.records import AS_OF, SE, WHO, case, condition, observation, on, patient
from tests.unit.risk.test_activity import LEG
from tests.unit.risk.test_comorbidity import egfr
from tests.unit.risk.test_falls import fall, fracture
from tests.unit.risk.test_menstruation import last_period

# ---------------------------------------------------------------- periods


def test_a_period_that_begins_on_the_day_it_is_asked_for_is_the_last_one():
    today = last_period("2026-05-01", asked="2026-05-01")
    found = newest_answer(patient(today), AS_OF)
    assert found is not None
    assert found.fact.value == on("2026-05-01")


def test_an_answer_that_tells_no_time_proves_no_time_without_periods():
    vague = observation("amenorrhoea", "long")
    assert not without_for(Hit(vague, vague.hits[0]), 3)


# ---------------------------------------------------------------- limbs


def test_an_answer_about_a_segment_is_no_ground_where_the_level_is_not_known():
    leg = MissingLimb(limb="lower", side="left", level="unknown", origin="acquired")
    row = {"item": "segment-fraction", "segment": "foot", "unit": "%"}
    answer = observation("bone-health-item", 50, "%", attributes=row)
    found = missing_mass(patient(answer), LimbStatus(limbs=(leg,), ld_class="LL-UNK"), load_default(), AS_OF)
    assert found.evidence == ()
    known = replace(leg, level="partial-foot")
    used = missing_mass(patient(answer), LimbStatus(limbs=(known,), ld_class="PARTFOOT"), load_default(), AS_OF)
    assert used.evidence == (answer.evidence,)


def test_an_arm_gets_none_of_the_points_of_a_leg():
    rules = load_text(default_text().replace('"LL-TT" = "weak"', '"LL-TT" = "strong"'))
    limbs = limb_status(patient(condition(code=(SE, "Z89.2"))), rules, AS_OF)
    (found,) = limb_class.evaluate(case(limbs=limbs, rules=rules))
    assert (limbs.ld_class, rules.limb_weights["LL-TT"], found.points) == ("UL", "strong", 0)


def test_a_code_for_foot_or_ankle_is_taken_for_a_part_of_the_foot():
    limbs = limb_status(patient(condition(code=(WHO, "Z89.4"))), load_default(), AS_OF)
    assert [limb.level for limb in limbs.limbs] == ["partial-foot"]
    assert limbs.ld_class == "PARTFOOT"


# ---------------------------------------------------------------- factors


def test_whoever_is_called_inactive_and_lacks_a_leg_is_asked_about_loading():
    inactive = condition("physical-inactivity", attributes={"status": "inactive"}, recorded="2026-01-01")
    found = activity.evaluate(case(inactive, limbs=LEG))[0]
    assert (found.reason, found.remarks) == ("act.recorded-inactive", ("act.ask-about-loading",))


def test_kidney_function_counts_in_the_unit_that_laboratories_print():
    rates = egfr(29, unit="mL/min/1.73m2"), egfr(28, "2026-01-01", unit="mL/min/1.73m2")
    assert comorbidity.evaluate(case(*rates))[0].status is Status.PRESENT


def test_a_fall_with_a_fracture_counts_where_a_graver_fracture_gives_the_points():
    earlier = condition("fragility-fracture", code=(SE, "M80.0"), onset="2019-11-01", ref="Condition/earlier")
    (found,) = falls.evaluate(case(fall(), fracture(), earlier, age=70, birth="1955-06-01"))
    assert (found.status, found.reason) == (Status.PRESENT, "fall.injurious")
