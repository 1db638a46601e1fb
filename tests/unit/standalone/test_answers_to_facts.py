"""Each kind of answer arrives as the fact it stands for, and nothing else does."""

import pytest

from cds_service.risk.assessment import Status
from cds_service.risk.record import Area, Delivery
from tests.unit.standalone.conftest import LIMB, TODAY


def item(asked, code):
    return next(hit.fact for hit in asked.record.observations["bone-health-item"] if hit.match.code == code)


def codes(groups):
    return {hit.fact.evidence.code for hits in groups.values() for hit in hits}


# ---------------------------------------------------------------- the person


def test_an_age_alone_is_that_age_and_no_made_up_birthday(ask):
    asked = ask(LIMB, sex="female", age="67")
    age = asked.assessment.age
    assert (age.low, age.high) == (67, 67)
    born = asked.record.demographics.birth_date
    assert (born.first.isoformat(), born.last.isoformat()) == ("1958-06-02", "1959-06-01")
    assert born.text == ""


@pytest.mark.parametrize("age", ["0", "1", "29", "104"])
def test_every_age_comes_back_as_it_was_typed(ask, age):
    found = ask(LIMB, age=age).assessment.age
    assert (found.low, found.high) == (int(age), int(age))


def test_a_month_of_birth_and_the_sex_are_kept(ask):
    asked = ask(LIMB, sex="male", born="1958-06")
    assert asked.record.demographics.birth_date.text == "1958-06"
    assert asked.assessment.sex == "male"
    assert (asked.assessment.age.low, asked.assessment.age.high) == (67, 68)


def test_age_and_month_of_birth_together_are_refused(ask):
    assert [problem.key for problem in ask(age="67", born="1958").problems] == ["age-and-born"]


# ---------------------------------------------------------------- yes, no, not known


@pytest.mark.parametrize(
    ("field", "rule", "yes", "no"),
    [
        ("smoking-now", "R-SMK", Status.PRESENT, Status.ABSENT),
        ("parental-hip-fracture", "R-HER1", Status.PRESENT, Status.ABSENT),
    ],
)
def test_yes_and_no_reach_their_rule_and_silence_stays_unknown(ask, field, rule, yes, no):
    person = LIMB | {"sex": "female", "age": "60"}
    assert ask(person, **{field: "yes"}).finding(rule).status is yes
    assert ask(person, **{field: "no"}).finding(rule).status is no
    assert ask(person).finding(rule).status is Status.UNKNOWN


def test_every_yes_no_item_is_written_as_a_boolean_of_its_own_code(ask, form):
    items = [field.key for field in form.fields() if field.kind == "answer"]
    assert len(items) > 10
    for code in items:
        assert item(ask(LIMB, **{code: "yes"}), code).value is True
        assert item(ask(LIMB, **{code: "no"}), code).value is False
        assert code not in codes(ask(LIMB).record.observations)


def test_every_number_item_keeps_its_number_and_unit(ask, form, place):
    for field in form.fields():
        if field.kind == "count":
            typed = 150 if field.bounds else 50
            value = item(ask(LIMB, **{field.key: str(typed)}), field.key).value
            assert (value.value, value.unit) == (typed, place.model.units[field.key]), field.key


def test_zero_is_an_answer(ask):
    assert item(ask(LIMB, **{"falls-12-months": "0"}), "falls-12-months").value.value == 0


def test_pregnant_is_told_either_way(ask):
    person = LIMB | {"sex": "female", "age": "30"}
    assert ask(person, pregnant="yes").assessment.gate("G-PREG") is not None
    assert ask(person, pregnant="no").assessment.gate("G-PREG") is None
    assert codes(ask(person, pregnant="no").record.observations), "the answer is a fact"


# ---------------------------------------------------------------- measures


@pytest.mark.parametrize(("typed", "value"), [("58,5", 58.5), ("58.5", 58.5), ("58", 58)])
def test_a_weight_may_have_a_comma_or_a_point_and_is_of_today_unless_told(ask, typed, value):
    asked = ask(LIMB, **{"weight.value": typed})
    fact = next(
        hit.fact for hit in asked.record.observations["bmi-observation"] if hit.match.attributes["role"] == "weight"
    )
    assert (fact.value.value, fact.value.unit) == (value, "kg")
    assert fact.effective.first == TODAY


@pytest.mark.parametrize(("unit", "nmol"), [("nmol/L", 18), ("ng/mL", 44.93)])
def test_vitamin_d_is_read_in_the_unit_chosen(ask, unit, nmol):
    person = LIMB | {"sex": "female", "age": "60"}
    found = ask(person, **{"vitamin-d.value": "18", "vitamin-d.unit": unit, "vitamin-d.on": "2026-03"})
    assert found.finding("R-VITD").values["nmol_l"] == pytest.approx(nmol, abs=0.01)


@pytest.mark.parametrize("field", ["vitamin-d", "tsh", "egfr", "frax-mof", "frax-hip"])
def test_a_result_without_a_day_is_asked_about(ask, field):
    problems = ask(LIMB, **{f"{field}.value": "15"}).problems
    assert [(problem.field, problem.key) for problem in problems] == [(f"{field}.on", "when")]


def test_a_recorded_frax_reaches_its_rule(ask):
    person = LIMB | {"sex": "female", "age": "60", "frax-mof.value": "18", "frax-mof.on": "2026"}
    assert ask(person).finding("R-TOOL").status is Status.PRESENT


# ---------------------------------------------------------------- rows


def test_every_limb_on_offer_is_recognised_as_a_limb_deficiency(ask, place):
    for key, option in place.model.choices["limbs"].items():
        for side in ("left", "right"):
            limbs = ask({"limbs.0.what": key, "limbs.0.side": side, "limbs.0.since": "2010"}).assessment.limbs
            assert limbs.limbs, key
            assert {(one.limb, one.side) for one in limbs.limbs} == {(option.limb, side)}, key


def test_two_limbs_are_two_limbs(ask):
    second = {"limbs.1.what": "acquired-upper.below-elbow", "limbs.1.side": "right"}
    limbs = ask(LIMB, **second).assessment.limbs
    assert limbs.multi
    assert limbs.forearm_sides == ("left",)


def test_the_missing_share_narrows_the_weight_and_belongs_to_its_side(ask):
    person = LIMB | {"sex": "female", "age": "60", "weight.value": "60", "weighed-with-prosthesis": "no"}
    wide = ask(person).assessment.body.weight
    told = ask(person, **{"limbs.0.share": "50"}).assessment.body.weight
    assert wide.low < told.low <= told.high < wide.high


def test_a_share_of_a_joint_is_refused(ask):
    asked = ask({"limbs.0.what": "acquired-lower.knee", "limbs.0.share": "50"})
    assert [(one.field, one.key) for one in asked.problems] == [("limbs.0.share", "share")]


@pytest.mark.parametrize(("cause", "status"), [("low-energy", "R-FX2"), ("", "R-FX3"), ("high-energy", None)])
def test_what_broke_the_bone_decides_what_a_fracture_counts_for(ask, cause, status):
    row = {"fractures.0.what": "wrist", "fractures.0.on": "2022-02"}
    asked = ask(LIMB | row | ({"fractures.0.cause": cause} if cause else {}), sex="female", age="60")
    found = {one.rule for one in asked.assessment.findings if one.family == "FX" and one.present}
    assert found == ({status} if status else set())


def test_a_drug_is_taken_from_its_first_day_at_its_dose_until_now(ask):
    row = {"drugs.0.what": "H02AB06", "drugs.0.dose": "7,5", "drugs.0.unit": "mg", "drugs.0.since": "2025-12-01"}
    found = ask(LIMB | row, sex="female", age="60").finding("R-GC2")
    assert found.status is Status.PRESENT
    assert (found.values["dose_mg"], found.values["since"]) == (7.5, "2025-12-01")


def test_a_drug_with_a_last_day_is_over(ask):
    row = {"drugs.0.what": "H02AB06", "drugs.0.dose": "7.5", "drugs.0.unit": "mg", "drugs.0.since": "2018-01-01"}
    found = ask(LIMB | row | {"drugs.0.until": "2018-02-01"}, sex="female", age="60")
    assert found.finding("R-GC2") is None or not found.finding("R-GC2").present


def test_a_last_day_before_the_first_is_refused(ask):
    row = {"drugs.0.what": "H02AB06", "drugs.0.since": "2025", "drugs.0.until": "2024-12"}
    assert [one.key for one in ask(row).problems] == ["order"]


def test_every_drug_on_offer_is_one_the_rules_know(ask, place):
    for key, option in place.model.choices["drugs"].items():
        taken = ask(LIMB, **{"drugs.0.what": key, "drugs.0.since": "2025"}).record.medications
        assert option.group in taken, key


@pytest.mark.parametrize(
    ("diagnosis", "rule"),
    [("rheumatoid-arthritis", "R-RA"), ("coeliac", "R-COE"), ("anorexia", "R-AN"), ("hyperparathyroidism", "R-PTH")],
)
def test_an_active_diagnosis_is_found_and_a_suspected_one_only_possible(ask, diagnosis, rule):
    row = {"diagnoses.0.what": diagnosis, "diagnoses.0.since": "2020", "diagnoses.0.state": "active"}
    person = LIMB | {"sex": "female", "age": "60"}
    assert ask(person | row).finding(rule).status is Status.PRESENT
    suspected = row | {"diagnoses.0.state": "suspected"}
    assert ask(person | suspected).finding(rule).status is Status.POSSIBLE


def test_every_diagnosis_on_offer_is_one_the_rules_know(ask, place):
    for key, option in place.model.choices["diagnoses"].items():
        record = ask({"diagnoses.0.what": key, "diagnoses.0.since": "2020"}).record
        assert option.row.concept in {*record.conditions, *record.procedures}, key


def test_a_scan_arrives_at_its_site_and_side_with_its_score(ask, place):
    for number, key in enumerate(("spine", "hip-left", "hip-right", "femur-left", "forearm-right")):
        for score in ("T", "Z"):
            row = {"what": key, "value": "−1,4", "score": score, "on": "2025-05"}
            asked = ask({f"scans.{number}.{name}": text for name, text in row.items()})
            (hit,) = asked.record.observations["dxa-result-observation"]
            offered = place.model.choices["scan-sites"][key].row.attributes
            assert hit.fact.value.value == -1.4
            assert (hit.attribute("site"), hit.attribute("laterality")) == (offered["site"], offered["laterality"])
            assert hit.attribute("property") == f"{score}-score"


def test_a_recent_scan_of_hips_and_spine_silences(ask):
    places = ("spine", "hip-left", "hip-right")
    rows = {
        f"scans.{number}.{name}": text
        for number, key in enumerate(places)
        for name, text in {"what": key, "value": "-1.0", "on": "2026-01"}.items()
    }
    person = {"sex": "female", "age": "60"}
    before = {gate.gate for gate in ask(LIMB, **person).assessment.gates}
    after = {gate.gate for gate in ask(LIMB | rows, **person).assessment.gates}
    assert after - before == {"G-DXA"}


def test_a_scan_without_its_value_is_asked_about_unless_only_the_scan_is_known(ask):
    asked = ask({"scans.0.what": "spine", "scans.0.on": "2025"})
    assert [(one.field, one.key) for one in asked.problems] == [("scans.0.value", "needed")]
    assert ask({"scans.0.what": "done", "scans.0.on": "2025"}).record.procedures["dxa-procedure"]


def test_an_order_is_known(ask):
    asked = ask(LIMB, **{"orders.0.what": "dxa", "orders.0.on": "2026-05-01"})
    assert asked.record.orders["order-dxa"]


# ---------------------------------------------------------------- what is not told


def test_nothing_answered_makes_nothing_absent(ask):
    for person in ({}, LIMB, LIMB | {"sex": "female", "age": "60"}, LIMB | {"sex": "male", "age": "75"}):
        findings = ask(person).assessment.findings
        told = [one.rule for one in findings if one.status is Status.ABSENT]
        assert [rule for rule in told if not rule.startswith(("R-AGE", "R-MENO"))] == []


@pytest.mark.parametrize(
    ("question", "area"), [("drugs-complete", Area.MEDICATIONS), ("diagnoses-complete", Area.CONDITIONS)]
)
def test_a_list_is_whole_only_when_someone_says_so(ask, question, area):
    assert ask(LIMB).record.delivery(area).state is Delivery.PARTIAL
    assert ask(LIMB, **{question: "no"}).record.delivery(area).state is Delivery.PARTIAL
    assert ask(LIMB, **{question: "yes"}).record.complete(area)


def test_the_form_asks_for_nothing_that_names_a_person(form):
    asked = " ".join(field.key for field in form.fields())
    assert not {"name", "address", "identifier", "phone", "personnummer"} & set(asked.replace("-", " ").split())


def test_a_row_that_is_begun_needs_what_it_is_about(ask):
    assert [(one.field, one.key) for one in ask({"drugs.0.dose": "5", "drugs.0.unit": "mg"}).problems] == [
        ("drugs.0.what", "needed")
    ]
    assert ask({"drugs.0.unit": "mg"}).problems == [], "a unit alone is a default, not a row"


@pytest.mark.parametrize(
    ("name", "typed", "key"),
    [
        ("age", "old", "whole"),
        ("age", "200", "bounds"),
        ("age", "60.5", "whole"),
        ("weight.value", "9", "bounds"),
        ("weight.value", "1e9", "number"),
        ("weight.value", "-5", "number"),
        ("born", "2026-13", "day"),
        ("born", "1958-02-30", "day"),
        ("born", "2027", "future"),
        ("weight.on", "yesterday", "day"),
    ],
)
def test_what_cannot_be_read_is_said_beside_its_field(ask, name, typed, key):
    asked = ask({name: typed})
    assert [(one.field, one.key) for one in asked.problems] == [(name, key)]
    assert asked.record is None


def test_an_option_that_is_not_on_the_list_is_refused(ask):
    assert [one.key for one in ask({"limbs.0.what": "head"}).problems] == ["choice"]
