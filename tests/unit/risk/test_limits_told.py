"""What findings tell in numbers, days and names: each value is that of the rule's own window, and none is left out."""

import msgspec
import pytest

from cds_service.risk.assessment import BodySize, LimbStatus, Menopause, MissingLimb, Status
from cds_service.risk.factors import (
    activity,
    alcohol,
    body,
    comorbidity,
    falls,
    fracture,
    glucocorticoid,
    heparin,
    inflammatory,
    limb_class,
    recorded_frax,
    smoking,
    vitamin_d,
)
from cds_service.risk.record import Area, Delivery, Dosage, Evidence, Quantity
from tests.unit.risk.drugs import course, drug, prednisolone
from tests.unit.risk.records import LOINC, SE, WHO, case, condition, flat, item, observation


def of(module, rule, *facts, **more):
    return next(found for found in module.evaluate(case(*facts, **more)) if found.rule == rule)


def by_reason(module, reason, *facts, **more):
    return next(found for found in module.evaluate(case(*facts, **more)) if found.reason == reason)


def references(finding):
    return [piece.reference for piece in finding.evidence]


PRE = Menopause(state="premenopausal")


# ---------------------------------------------------------------- steroids


def test_a_steroid_tells_the_days_dose_and_grams_of_its_year_and_not_of_all_time():
    found = of(glucocorticoid, "R-GC2", course(10, 100, 40), course(20, 200, 500), age=40, menopause=PRE)
    assert found.values == {
        "drug": "prednisolone", "days": 100, "since": "2026-01-13", "until": "2026-04-22", "current": False,
        "dose_mg": 10.0, "cumulative_g": 1.0, "modifiers": "",
    }  # fmt: skip


def test_a_course_before_the_year_tells_its_own_dose_and_no_grams_of_the_year():
    found = of(glucocorticoid, "R-GC5", course(40, 130, 380))
    assert (found.values["days"], found.values["dose_mg"], found.values["cumulative_g"]) == (0, 40.0, 0.0)


def test_very_high_exposure_is_asked_of_the_last_year_only():
    assert not any(
        one.rule == "R-GC1" for one in glucocorticoid.evaluate(case(course(40, 200, 380), age=40, menopause=PRE))
    )
    assert not any(
        one.rule == "R-GC1"
        for one in glucocorticoid.evaluate(case(course(25, 250, 380), course(5, 60), age=40, menopause=PRE))
    )


def test_bursts_before_the_year_add_nothing_to_its_grams():
    bursts = [course(40, 13, 400 + 40 * n) for n in range(3)]
    assert not any(one.rule == "R-GC5" for one in glucocorticoid.evaluate(case(*bursts, course(40, 13, 100))))
    within = [course(40, 13, 40 + 60 * n) for n in range(2)]
    assert of(glucocorticoid, "R-GC5", *within).present


def test_a_mean_of_just_the_dose_counts():
    found = of(glucocorticoid, "R-GC2", course(4, 45, 45), course(6, 45), age=40, menopause=PRE)
    assert found.values["dose_mg"] == 5.0


def test_a_short_course_and_one_of_unknown_length_tell_what_is_known():
    short = by_reason(glucocorticoid, "gc.short", course(5, 10, 20))
    assert short.values == {
        "drug": "prednisolone", "days": 10, "since": "2026-05-03", "until": "2026-05-12", "current": False,
        "dose_mg": 5.0, "cumulative_g": 0.05,
    }  # fmt: skip
    unknown = by_reason(glucocorticoid, "gc.duration-unknown", prednisolone(5, status="completed"))
    assert set(unknown.values) == {"why", *short.values}
    assert unknown.values["drug"] == "prednisolone"


def inhaled(**more):
    return drug("R03BA02", **more)


def test_a_local_steroid_names_its_routes_and_is_held_against_the_inhaled_dose_only_when_inhaled():
    both = by_reason(glucocorticoid, "gc.local", inhaled(authored="2026-01-01"), drug("D07AC01", authored="2026-01-01"))
    assert both.values["routes"] == "inhaled, topical"
    assert [one.name for one in both.thresholds] == ["inhaled_high_dose", "inhaled_months"]
    skin = by_reason(glucocorticoid, "gc.local", drug("D07AC01", authored="2026-01-01"))
    assert (skin.values["routes"], skin.thresholds) == ("topical", ())


def test_what_is_open_about_a_local_steroid_is_told():
    found = by_reason(glucocorticoid, "gc.local", drug("D07AC01", authored="2023-01-01"))
    assert "not-confirmed-since" in found.remarks


# ---------------------------------------------------------------- heparin


def heparin_course(units, start, end):
    dosage = Dosage(dose=Quantity(units, "[IU]"), per_day=1)
    return drug("B01AB01", start=start, end=end, source="statement", status="completed", dosages=(dosage,))


def test_unfractionated_heparin_tells_days_and_dose_of_its_year():
    found = of(
        heparin,
        "R-UFH",
        heparin_course(20000, "2025-12-01", "2026-03-10"),
        heparin_course(30000, "2024-01-01", "2024-06-01"),
    )
    assert (found.values["days"], found.values["dose_iu"], found.values["drug"]) == (100, 20000.0, "heparin")


def test_low_molecular_heparin_tells_the_days_of_its_two_years():
    months = drug("B01AB05", start="2023-01-01", end="2025-12-01", source="statement", status="completed")
    found = of(heparin, "R-LMWH", months)
    assert found.values["days"] == 548
    assert found.values["drug"] == "enoxaparin"


# ---------------------------------------------------------------- falls, activity, smoking, alcohol


def test_repeated_falls_as_a_diagnosis_are_dated_by_their_recording_else_by_their_onset():
    told = condition("falls", code=(WHO, "R29.6"), recorded="2026-02-01", onset="2025-12-01")
    assert of(falls, "R-FALL", told).values == {"on": "2026-02-01"}
    onset = condition("falls", code=(WHO, "R29.6"), onset="2025-12-01")
    assert of(falls, "R-FALL", onset).values == {"on": "2025-12-01"}


@pytest.mark.parametrize(
    ("module", "rule", "name", "value"),
    [(falls, "R-FALL", "falls-12-months", 0), (vitamin_d, "R-VITD", None, 60)],
)
def test_of_several_outdated_answers_only_the_newest_is_shown(module, rule, name, value):
    def answer(day, ref):
        if name:
            return item(name, value, effective=day, ref=ref)
        return observation("vitamin-d-lab", value, "nmol/L", code=(LOINC, "14635-7"), effective=day, ref=ref)

    found = of(module, rule, answer("2023-05-01", "O/new"), answer("2022-05-01", "O/old"))
    assert (found.status, references(found)) == (Status.UNKNOWN, ["O/new"])


def minutes(value, day, ref="O/minutes"):
    attributes = {"role": "minutes-per-week"}
    return observation("physical-inactivity", value, "min/wk", attributes=attributes, effective=day, ref=ref)


def test_of_several_outdated_activity_answers_only_the_newest_is_shown():
    found = of(activity, "R-ACT1", minutes(200, "2023-05-01", "O/new"), minutes(200, "2022-05-01", "O/old"))
    assert (found.reason, references(found)) == ("act.outdated", ["O/new"])


SILENT = [
    (falls, "R-FALL", {}),
    (activity, "R-ACT1", {}),
    (smoking, "R-SMK", {}),
    (alcohol, "R-ALC", {}),
    (fracture, "R-FX1", {"birth": "1960-01-01"}),
]


@pytest.mark.parametrize(("module", "rule", "more"), SILENT)
@pytest.mark.parametrize("area", [Area.OBSERVATIONS, Area.CONDITIONS])
def test_a_question_is_silent_because_of_either_list_that_failed(module, rule, more, area):
    found = of(module, rule, areas={area: Delivery.FAILED}, **more)
    assert found.values["why"] == "failed"
    assert of(module, rule, **more).values["why"] == "not-recorded"


def leg_lost(**more):
    lost = MissingLimb(limb="lower", side="left", level="below-knee", origin="acquired")
    return LimbStatus(limbs=(lost,), ld_class="LL-TT", in_cohort=True, **more)


@pytest.mark.parametrize("area", [Area.OBSERVATIONS, Area.CONDITIONS])
def test_whether_a_leg_is_loaded_may_stand_in_either_list(area):
    found = of(activity, "R-ACT2", areas={area: Delivery.FAILED}, limbs=leg_lost())
    assert found.values["why"] == "failed"


def test_a_recorded_inactivity_names_its_day():
    lazy = condition("physical-inactivity", code=(WHO, "Z72.3"), recorded="2026-02-01")
    assert by_reason(activity, "act.recorded-inactive", lazy).values == {"on": "2026-02-01"}


def audit(value, unit, day="2026-05-01", role="audit-c-total"):
    return observation("alcohol-high", value, unit, attributes={"role": role}, effective=day)


@pytest.mark.parametrize("unit", ["{score}", "1"])
def test_an_audit_c_score_is_read_with_either_unit_and_no_other_result_is_taken_for_one(unit):
    assert of(alcohol, "R-ALC", audit(9, unit)).present
    assert not of(alcohol, "R-ALC", audit(9, unit, role="something-else")).present


# ---------------------------------------------------------------- fractures


def test_an_adult_fracture_tells_site_mechanism_age_and_day():
    broken = condition("fragility-fracture", code=(SE, "S72.00"), onset="2025-03-01")
    found = of(fracture, "R-FX3", broken, birth="1955-06-01", age=70)
    assert found.values == {"site": "hip", "mechanism": "not-recorded", "age": 69, "on": "2025-03-01"}


def test_an_answer_about_fractures_tells_its_day_also_when_it_is_no_or_too_old():
    no = item("fracture-low-energy", False, effective="2026-02-01", ref="O/no")
    assert of(fracture, "R-FX1", no).values == {"on": "2026-02-01"}
    old = of(fracture, "R-FX1", item("fracture-low-energy", False, effective="2020-02-01", ref="O/old"))
    assert (old.values["why"], references(old)) == ("outdated", ["O/old"])


# ---------------------------------------------------------------- body


def test_the_menopause_tells_the_age_and_whether_it_was_assumed():
    assumed = of(body, "R-MENO", age=57, menopause=Menopause(state="postmenopausal", assumed=True))
    assert (assumed.values["age"], [one.name for one in assumed.thresholds]) == (57, ["assumed_age"])
    recorded = of(body, "R-MENO", age=57, menopause=Menopause(state="postmenopausal"))
    assert (recorded.values["age"], recorded.thresholds) == (57, ())


@pytest.mark.parametrize(("sex", "name"), [("female", "women_zero"), ("male", "men_zero")])
def test_ost_is_held_against_the_zero_of_the_sex(sex, name):
    state = Menopause(state="postmenopausal" if sex == "female" else "not-applicable")
    found = of(body, "R-OST", sex=sex, age=75, menopause=state, body=BodySize(weight=flat(45.0)))
    assert found.present
    assert [one.name for one in found.thresholds] == [name]


# ---------------------------------------------------------------- vitamin D, FRAX


def test_a_coded_vitamin_d_deficiency_names_its_day():
    coded = condition("vitamin-d-deficiency", code=(WHO, "E55.9"), onset="2026-02-01")
    found = next(one for one in vitamin_d.evaluate(case(coded)) if references(one))
    assert found.values["on"] == "2026-02-01"


def test_a_vitamin_d_result_on_its_way_makes_it_unknown_and_is_shown():
    sent = observation("vitamin-d-lab", 30, "nmol/L", code=(LOINC, "14635-7"), status="preliminary", ref="O/pending")
    found = of(vitamin_d, "R-VITD", sent)
    assert (found.values["why"], references(found)) == ("unusable", ["O/pending"])
    assert of(vitamin_d, "R-VITD").values["why"] == "not-recorded"


@pytest.mark.parametrize(("level", "reason"), [(1500, "read"), (1501, "vitd.unknown")])
def test_the_highest_plausible_vitamin_d_is_still_one(level, reason):
    sent = observation("vitamin-d-lab", level, "nmol/L", code=(LOINC, "14635-7"))
    assert (of(vitamin_d, "R-VITD", sent).status is Status.UNKNOWN) is (reason == "vitd.unknown")


@pytest.mark.parametrize(("percent", "read"), [(0, True), (0.5, True), (100, True), (100.1, False), (-0.1, False)])
def test_a_recorded_frax_lies_between_none_and_certain(percent, read):
    sent = observation("frax-result", percent, "%", attributes={"role": "mof"})
    assert (of(recorded_frax, "R-TOOL", sent).status is not Status.UNKNOWN) is read


# ---------------------------------------------------------------- other diseases


def test_inflammation_that_is_over_names_its_day_or_its_types():
    arthritis = condition("rheumatoid-arthritis", code=(SE, "M05.9"), clinical="resolved", onset="2010-02-01")
    assert [one.values for one in inflammatory.evaluate(case(arthritis)) if one.rule == "R-RA" and one.values] == [
        {"on": "2010-02-01"}
    ]
    crohn = condition("inflammatory-bowel-disease", code=(SE, "K50.0"), clinical="resolved", onset="2010-02-01")
    over = [one for one in inflammatory.evaluate(case(crohn)) if one.rule == "R-INFL" and references(one)]
    assert [set(one.values) for one in over] == [{"types"}]


def egfr(value, day, ref=None, unit="mL/min/{1.73_m2}", role="eGFR"):
    attributes = {"role": role}
    return observation(
        "chronic-kidney-disease", value, unit, attributes=attributes, effective=day, ref=ref or f"O/{day}"
    )


def kidney(*facts):
    return [one for one in comorbidity.evaluate(case(*facts)) if "ckd" in str(one.values) or one.evidence]


def test_two_low_kidney_values_three_months_apart_rest_on_the_newest_and_the_oldest_of_them():
    found = kidney(egfr(20, "2026-05-01"), egfr(22, "2026-03-01"), egfr(25, "2026-01-01"), egfr(80, "2025-06-01"))
    assert [references(one) for one in found if one.present] == [["O/2026-05-01", "O/2026-01-01"]]


def test_an_unusable_value_between_low_ones_is_passed_over_and_zero_is_a_value():
    facts = egfr(0.5, "2026-05-01"), egfr(22, "2026-03-01", unit="furlong"), egfr(0, "2026-01-01")
    assert [references(one) for one in kidney(*facts) if one.present] == [["O/2026-05-01", "O/2026-01-01"]]


def test_another_kidney_value_is_no_filtration_rate():
    assert not any(one.present for one in kidney(egfr(20, "2026-05-01"), egfr(22, "2026-01-01", role="creatinine")))


def test_one_low_kidney_value_is_shown_alone_as_possible():
    found = kidney(egfr(20, "2026-05-01"), egfr(22, "2026-04-01"))
    assert [(one.status, references(one)) for one in found] == [(Status.POSSIBLE, ["O/2026-05-01"])]


INSULIN = drug("A10AB01", concept="drug-insulin", authored="2026-01-01")


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        (["1"], "diabetes_1"),
        (["1", "2"], "diabetes_1"),
        (["2"], "diabetes_2_insulin"),
        (["any"], "diabetes_2_insulin"),
        (["unspecified"], "diabetes_2_insulin"),
        (["gestational"], None),
    ],
)
def test_insulin_makes_diabetes_of_type_2_or_of_no_told_type_count(kinds, told):
    sugar = [condition("diabetes", attributes={"type": kind}) for kind in kinds]
    found = [one for one in comorbidity.evaluate(case(*sugar, INSULIN)) if one.present]
    assert [one.values["kinds"] for one in found] == ([told] if told else [])


# ---------------------------------------------------------------- limb class


def test_only_a_congenital_class_steps_down_from_its_level():
    high = MissingLimb(limb="lower", side="left", level="above-knee", origin="acquired")
    seen = (Evidence("Condition", "Condition/leg"),)
    unknown = LimbStatus(limbs=(high,), ld_class="LL-UNK", in_cohort=True, evidence=seen)
    assert of(limb_class, "R-LD", limbs=unknown).points == 1
    born = msgspec.structs.replace(
        unknown, limbs=(msgspec.structs.replace(high, origin="congenital"),), ld_class="LL-CONG"
    )
    assert of(limb_class, "R-LD", limbs=born).points == 1
