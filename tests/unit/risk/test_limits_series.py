"""Series of weights and of hormones: which of several are compared, and what the finding shows of them."""

import pytest

from cds_service.risk.assess import assess
from cds_service.risk.assessment import LimbStatus, MissingLimb, Status
from cds_service.risk.drugs.exposure import drug_exposure
from cds_service.risk.factors import heredity, hypogonadism, thyroid
from cds_service.risk.factors.nutrition import evaluate
from cds_service.risk.record import Area, Delivery, NotCoded
from cds_service.rulesets.load import load_default
from tests.unit.risk import records as r
from tests.unit.risk.records import AS_OF, ATC, LOINC, SE, condition, on, patient

RULES = load_default("se")
THYROXINE = r.medication("drug-thyroid-hormone", code=(ATC, "H03AA01"), authored="2024-01-01")
LEG = LimbStatus(
    limbs=(MissingLimb(limb="lower", side="left", level="below-knee", origin="acquired", since=on("2010-01-01")),),
    ld_class="LL-TT",
    in_cohort=True,
)


def kg(value, day, code="29463-7"):
    return r.observation("bmi-observation", value, "kg", code=(LOINC, code), effective=day, ref=f"O/{day}")


def worn(*days):
    return [r.item("weighed-with-prosthesis", True, effective=day, ref=f"O/worn-{day}") for day in days]


def loss(*facts, **more):
    (found,) = (one for one in evaluate(r.case(*facts, **more)) if one.rule == "R-WL")
    return found


# ---------------------------------------------------------------- weights


def test_the_weighing_of_twelve_months_before_the_newest_belongs_to_the_pair_and_older_ones_do_not():
    assert loss(kg(80, "2025-05-01"), kg(74, "2026-05-01")).status is Status.POSSIBLE
    assert loss(kg(80, "2025-04-30"), kg(74, "2026-05-01")).status is Status.UNKNOWN


def test_a_newest_weighing_of_twelve_months_ago_is_still_one_of_the_last_year():
    assert AS_OF.isoformat() == "2026-06-01"
    assert loss(kg(80, "2024-12-01"), kg(74, "2025-06-01")).status is Status.POSSIBLE
    assert loss(kg(80, "2024-12-01"), kg(74, "2025-05-31")).status is Status.UNKNOWN


def test_an_outdated_state_does_not_hide_the_other():
    outdated = [kg(99, "2024-05-01"), kg(90, "2024-09-01")]
    recent = [kg(80, "2025-08-01"), kg(74, "2026-05-01")]
    assert loss(*outdated, *recent, *worn("2025-08-01", "2026-05-01")).values["to"] == "2026-05-01"
    assert loss(*outdated, *recent, *worn("2024-05-01", "2024-09-01")).values["to"] == "2026-05-01"


@pytest.mark.parametrize(
    ("with_it", "without"),
    [
        (((50, "2025-08-01"), (40, "2026-05-01")), ((90, "2025-09-01"), (89, "2026-05-02"))),
        (((90, "2025-08-01"), (80, "2026-05-02")), ((50, "2025-09-01"), (49, "2026-05-01"))),
    ],
)
def test_the_greatest_loss_of_all_pairs_is_told(with_it, without):
    facts = [kg(*one) for one in (*with_it, *without)]
    found = loss(*facts, *worn(with_it[0][1], with_it[1][1]))
    assert (found.values["kg"], found.values["from"], found.values["to"]) == (10, with_it[0][1], with_it[1][1])


def test_of_an_amputee_the_greatest_loss_beyond_what_a_prosthesis_may_weigh_is_told():
    facts = [kg(80, "2025-08-01"), kg(72, "2026-05-01"), kg(80, "2025-09-01"), kg(69, "2026-05-02")]
    found = loss(*facts, *worn("2025-08-01", "2026-05-01"), limbs=LEG)
    assert (found.values["kg"], found.values["to"]) == (8, "2026-05-01")


def test_a_height_sent_in_kilograms_is_no_weighing():
    assert loss(kg(80, "2025-08-01", "8302-2"), kg(74, "2026-05-01")).status is Status.UNKNOWN


# ---------------------------------------------------------------- hormones


def tsh(value, day):
    return r.observation("drug-thyroid-hormone", value, "m[IU]/L", code=(LOINC, "3016-3"), effective=day, ref=day)


def graves(**more):
    return condition("thyroid-disease", code=(SE, "E05.0"), **more)


def main(*facts):
    return thyroid.evaluate(r.case(*facts))[0]


def test_hyperthyroidism_says_since_when_and_until_when():
    assert main(graves(onset="2020")).values == {"on": "2020"}
    assert main(graves()).values == {"on": None}
    over = graves(clinical="resolved", onset="2020", abated="2025-07-01")
    assert main(over).values == {"on": "2020", "ended": "2025-07-01"}
    assert main(graves(clinical="resolved", onset="2025-07-02")).values == {"on": "2025-07-02", "ended": None}


def test_the_running_illness_gives_the_day_not_one_that_is_over():
    over = graves(clinical="resolved", onset="2026-01-01", abated="2026-03-01")
    assert main(over, graves(onset="2020")).values == {"on": "2020"}


def test_what_is_not_told_of_an_antithyroid_drug_is_remarked():
    drug = r.medication("drug-antithyroid", code=(ATC, "H03BB02"), authored="2026-01", status="active")
    exposure = drug_exposure(r.case(drug).record.medications["drug-antithyroid"], RULES, AS_OF)
    assert main(drug).remarks == exposure.remarks == ("dates-imprecise",)


def test_thyroxine_without_a_tsh_says_that_none_is_recorded():
    found = main(THYROXINE)
    assert (found.reason, found.values) == ("thyr.tsh-unknown", {"why": "not-recorded"})


def test_what_is_seen_and_not_scored_rests_on_the_newest_tsh_alone():
    facts = (graves(clinical="resolved", abated="2010"), tsh(2.1, "2026-05-01"), tsh(2.2, "2026-01-01"))
    seen = thyroid.evaluate(r.case(*facts))[1]
    assert [one.reference for one in seen.evidence if one.resource_type == "Observation"] == ["2026-05-01"]


def nmol(value, day):
    return r.observation("testosterone-lab", value, "nmol/L", code=(LOINC, "14913-8"), effective=day, ref=day)


def test_of_several_low_testosterone_values_the_newest_and_the_oldest_are_told():
    facts = (nmol(6, "2026-05-01"), nmol(5, "2026-01-01"), nmol(4, "2025-09-01"))
    (found,) = hypogonadism.evaluate(r.case(*facts, sex="male"))
    assert (found.values["level"], found.values["before"]) == (6, 4)


# ---------------------------------------------------------------- silence


def test_when_observations_are_missing_the_fracture_of_a_parent_is_unknown_because_of_them():
    found = heredity.evaluate(r.case(areas={Area.OBSERVATIONS: Delivery.FAILED}))[0]
    assert (found.rule, found.values["why"]) == ("R-HER1", "failed")


def test_the_reason_of_a_finding_opened_again_keeps_its_first_part():
    facts = (condition(code=(SE, "Z89.6")),)
    text = NotCoded("drug-glucocorticoid-systemic", "MedicationRequest/1", "x")
    found = assess(patient(*facts, not_coded=(text,)), RULES, AS_OF).findings
    assert next(one.reason for one in found if one.rule == "R-GC2") == "gc.unknown"
