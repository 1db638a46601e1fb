"""What a finding says of several facts at once: which of them it names, and which it leaves out."""

from datetime import date

import msgspec
import pytest

from cds_service.risk.assessment import LimbStatus, MissingLimb, Status
from cds_service.risk.dates import add_months
from cds_service.risk.factors import fracture, heparin, local, nutrition, smoking, thyroid, vitamin_d
from cds_service.risk.measured import Measured, measured
from cds_service.risk.record import Quantity, Range
from cds_service.rulesets.load import load_default
from cds_service.rulesets.model import LocalFactor
from tests.unit.risk import records as r
from tests.unit.risk.drugs import drug
from tests.unit.risk.records import CM, LOINC, SE, case, condition, item, observation, on


def references(finding):
    return [piece.reference for piece in finding.evidence]


# ---------------------------------------------------------------- fractures


def broken(code="S52.50", onset="2025-03-01", **more):
    return condition("fragility-fracture", code=(SE, code), onset=onset, ref="Condition/fracture", **more)


def fall(onset="2025-03-01"):
    return condition("external-cause-low-energy", code=(SE, "W01.9"), onset=onset, ref="Condition/fall")


def grades(*facts, birth="1955-06-01", age=70):
    return [(one.rule, one.status, one.reason) for one in fracture.evaluate(case(*facts, age=age, birth=birth))]


def test_a_fragility_fracture_of_youth_is_not_counted_though_the_code_names_it():
    collapse = condition("fragility-fracture", code=(CM, "M48.56XA"), onset="1970-01-01")
    assert grades(collapse)[1] == ("R-FX3", Status.NOT_COUNTED, "fx.young")


def test_a_fragility_fracture_at_an_age_that_straddles_the_limit_is_not_graded_as_one():
    collapse = condition("fragility-fracture", code=(CM, "M48.56XA"), onset="2005")
    assert grades(collapse, birth="1955-06-01") == [("R-FX3", Status.PRESENT, "fx.adult")]
    assert grades(broken(onset="2005"), fall("2005"), birth="1955-06-01")[0][2] == "fx.adult"


def test_a_fracture_that_is_not_counted_is_told_with_site_age_and_day():
    seen = fracture.evaluate(case(broken(onset="1970-01-01"), age=70, birth="1955-06-01"))[1]
    assert seen.values == {"site": "wrist", "mechanism": "not-recorded", "age": 14, "on": "1970-01-01"}


# ---------------------------------------------------------------- heparin


def test_heparin_of_unknown_duration_is_told_with_what_is_known():
    unknown = heparin.evaluate(case(drug("B01AB05", status="stopped", authored="2026-03-01")))[0]
    assert (unknown.reason, unknown.values["why"], unknown.values["since"]) == (
        "hep.duration-unknown",
        "unusable",
        "2026-03-01",
    )


# ---------------------------------------------------------------- thyroid


def tsh(value, day):
    sent = Quantity(value, "m[IU]/L")
    return observation("drug-thyroid-hormone", sent, code=(LOINC, "3016-3"), effective=day, ref=f"Observation/{day}")


def test_of_three_low_results_the_newest_and_the_oldest_are_told():
    hormone = r.medication("drug-thyroid-hormone", ref="MedicationRequest/hormone")
    results = [tsh(0.03, "2026-05-01"), tsh(0.04, "2026-01-01"), tsh(0.05, "2025-10-01")]
    found = thyroid.evaluate(case(*results, hormone))[0]
    assert (found.values["tsh"], found.values["tsh_before"]) == (0.03, 0.05)
    assert set(references(found)) >= {"Observation/2026-05-01", "Observation/2025-10-01", "MedicationRequest/hormone"}


# ---------------------------------------------------------------- local factors


def of_local(*facts, kind="condition", concept="hiv", **more):
    factor = LocalFactor(
        id="L-1", family="LOCAL", title={"en": "x", "sv": "x"}, weight="weak", concept=concept, kind=kind
    )
    rules = msgspec.structs.replace(load_default("se"), local_factors=(factor,))
    (found,) = local.evaluate(case(*facts, rules=rules, **more))
    return found.status, references(found)


def test_a_local_factor_rests_on_what_was_found():
    assert of_local(condition("hiv", ref="Condition/hiv")) == (Status.PRESENT, ["Condition/hiv"])
    suspected = condition("hiv", ref="Condition/hiv", verification="provisional")
    assert of_local(suspected) == (Status.POSSIBLE, ["Condition/hiv"])


def test_a_diagnosis_that_names_a_drug_does_not_make_the_drug_possible():
    suspected = condition("drug-ppi", verification="provisional")
    assert of_local(suspected, kind="medication", concept="drug-ppi") == (Status.ABSENT, [])


# ---------------------------------------------------------------- weight that falls


def weighed(kg, day, **more):
    return observation(value=kg, unit="kg", code=(LOINC, "29463-7"), effective=day, ref=f"Observation/{day}", **more)


def falling(*facts, since):
    leg = MissingLimb(limb="lower", side="left", level="below-knee", origin="acquired", since=on(since))
    limbs = LimbStatus(limbs=(leg,), ld_class="LL-TT", in_cohort=True)
    return next(one for one in nutrition.evaluate(case(*facts, limbs=limbs)) if one.rule == "R-WL")


EARLIER, LATER = weighed(80, "2026-01-15"), weighed(65, "2026-05-01")
AMPUTATION_MONTHS = int(load_default("se").factor("R-WL")["amputation_months"])


def test_an_amputation_explains_a_loss_of_weight_up_to_its_last_month():
    limit = add_months(date(2026, 1, 15), -AMPUTATION_MONTHS)
    assert falling(EARLIER, LATER, since=limit).reason == "nut.weight-loss-unknown"
    assert falling(EARLIER, LATER, since=limit.replace(day=14)).reason == "nut.weight-falling"


def test_weighings_with_a_prosthesis_need_no_margin_for_it():
    worn = [item("weighed-with-prosthesis", True, effective=day) for day in ("2026-01-15", "2026-05-01")]
    lost = weighed(73, "2026-05-01")
    assert falling(EARLIER, lost, since="2010-01-01").reason == "nut.weight-steady"
    assert falling(EARLIER, lost, *worn, since="2010-01-01").reason == "nut.weight-falling"


# ---------------------------------------------------------------- ranges


def test_the_ends_of_a_range_are_converted_as_what_was_measured():
    wide = Range(Quantity(10, "ng/mL"), Quantity(20, "ng/mL"))
    result = observation("vitamin-d-lab", wide)
    assert measured(result, "nmol/L", "25-OH vitamin D") == Measured(24.96, 49.92)
    same = Range(Quantity(30, "nmol/L"), Quantity(30, "nmol/L"))
    assert measured(observation("vitamin-d-lab", same), "nmol/L") == Measured(30, 30)


def test_a_newer_vitamin_d_without_a_unit_is_remarked_whatever_the_older_one_says():
    unusable = observation("vitamin-d-lab", 18, "", code=("http://npu-terminology.org", "NPU10267"))
    older = observation(
        "vitamin-d-lab", 80, "nmol/L", code=("http://npu-terminology.org", "NPU10267"), effective="2026-04-01"
    )
    (found,) = vitamin_d.evaluate(case(unusable, older))
    assert (found.reason, found.remarks) == ("vitd.sufficient", ("vitd.newer-unusable",))


def smoking_told(code, ref):
    answers = r.matches("smoking", (r.SCT, code), None)
    return observation("smoking", code=(LOINC, "72166-2"), answers=answers, ref=ref)


def test_of_two_answers_of_one_day_the_one_that_matters_more_is_believed():
    current, former, never = "77176002", "8517006", "266919005"
    for graver, milder in ((current, former), (current, never), (former, never)):
        for refs in (("Observation/a", "Observation/b"), ("Observation/b", "Observation/a")):
            (found,) = smoking.evaluate(case(smoking_told(graver, refs[0]), smoking_told(milder, refs[1])))
            assert references(found) == [refs[0]]


@pytest.mark.parametrize(("facts", "remarks"), [([broken()], ("fx.verify-mechanism",)), ([broken(), fall()], ())])
def test_a_mechanism_is_asked_for_only_where_none_is_known(facts, remarks):
    found = fracture.evaluate(case(*facts, age=45, birth="1980-06-01"))[0]
    assert (found.reason, found.remarks) == ("fx.adult", remarks)


@pytest.mark.parametrize("level", [20, 40, 80])
def test_a_vitamin_d_result_is_told_with_its_day(level):
    tested = observation(
        "vitamin-d-lab", level, "nmol/L", code=("http://npu-terminology.org", "NPU10267"), effective="2026-04-17"
    )
    (found,) = vitamin_d.evaluate(case(tested))
    assert (found.values["nmol_l"], found.values["on"]) == (level, "2026-04-17")
