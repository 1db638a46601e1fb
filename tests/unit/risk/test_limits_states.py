"""Pregnancy, menopause and missing limbs on their limits, and what each of them rests on."""

import pytest

from cds_service.risk.assess import assess, case_of
from cds_service.risk.assessment import Age
from cds_service.risk.body.menopause import menopause
from cds_service.risk.decisions.drafted_drugs import drug_effect
from cds_service.risk.gates.pregnancy import pregnancy_gate
from cds_service.risk.limbs.status import limb_status
from cds_service.risk.record import BodySite, Dosage, PatientRecord
from cds_service.rulesets.load import load_default
from tests.unit.risk.drugs import drug, mg, prednisolone
from tests.unit.risk.records import (
    AS_OF,
    CM,
    LOINC,
    SE,
    case,
    condition,
    item,
    match,
    observation,
    patient,
)

RULES = load_default("se")
POSITIVE = (match("pregnancy", status="pregnant"),)
NEGATIVE = (match("pregnancy", status="not-pregnant"),)


def references(evidence):
    return [one.reference for one in evidence]


# ---------------------------------------------------------------- pregnancy


def status(answers, day):
    return observation("pregnancy", code=(LOINC, "82810-3"), answers=answers, effective=day, ref=f"O/{day}")


def gate_of(*facts):
    gate = pregnancy_gate(case(*facts, age=32))
    assert gate is not None
    return gate


def test_a_pregnancy_holds_back_the_scan_and_names_what_tells_of_it():
    gate = gate_of(condition("pregnancy", code=(SE, "Z33.9"), onset="2026-01-01", ref="Condition/now"))
    assert (gate.effect, references(gate.evidence)) == ("suppress", ["Condition/now"])


def test_the_months_after_birth_hold_back_the_scan_as_well():
    gate = gate_of(condition("delivery", code=(SE, "O80.0"), onset="2026-04-02", ref="Condition/birth"))
    assert (gate.effect, references(gate.evidence)) == ("suppress", ["Condition/birth"])


@pytest.mark.parametrize(("positive", "counts"), [("2025-06-11", True), ("2025-06-10", False)])
def test_a_negative_status_ends_what_was_positive_at_most_42_weeks_before(positive, counts):
    found = pregnancy_gate(case(status(POSITIVE, positive), status(NEGATIVE, "2026-04-01"), age=32))
    assert (found is not None) is counts


# ---------------------------------------------------------------- menopause


def state(*facts, age=50, **more):
    return menopause(patient(*facts, **more), Age(age, age), "female", RULES, AS_OF)


def test_the_answer_not_yet_is_named_beside_replacement_that_is_taken():
    hormone = drug("G03CA03", 1, authored="2026-01-01", ref="M/hrt")
    found = state(item("postmenopausal", False, ref="O/no"), hormone)
    assert (found.state, found.on_hrt, references(found.evidence)) == ("premenopausal", True, ["O/no"])


def test_a_dated_diagnosis_and_the_birth_date_give_the_age_of_the_menopause():
    diagnosis = condition(code=(CM, "E28.310"), onset="2010-06-01")
    assert state(diagnosis, birth="1976-06-01").age_at == 34
    assert state(diagnosis).age_at is None


# ---------------------------------------------------------------- limbs


def limbs(*facts):
    return limb_status(patient(*facts), RULES, AS_OF)


def test_the_answer_that_several_limbs_are_missing_is_named():
    leg = condition(code=(SE, "Z89.5"), ref="Condition/leg")
    several = limbs(leg, item("multiple-limb-deficiency", True, ref="O/several"))
    assert several.multi
    assert set(references(several.evidence)) == {"Condition/leg", "O/several"}
    one = limbs(leg, item("multiple-limb-deficiency", False, ref="O/one"))
    assert references(one.evidence) == ["Condition/leg"]


def test_a_code_without_a_side_at_the_level_of_a_sided_one_leaves_no_side_open():
    left = condition(code=(SE, "Z89.5"), sites=(BodySite("lower", "left"),), ref="Condition/left")
    same = condition(code=(SE, "Z89.5"), ref="Condition/same")
    assert not limbs(left, same).side_unknown
    assert [one.side for one in limbs(left, same).limbs] == ["left"]
    assert limbs(left, condition(code=(SE, "Z89.6"), ref="Condition/higher")).side_unknown


def test_where_to_measure_reaches_the_answer_and_its_scan():
    cortisone = prednisolone(dosages=(Dosage(dose=mg(10), per_day=1),))
    found = assess(patient(condition(code=(SE, "Z89.6")), cortisone, birth="1955-01-01"), RULES, AS_OF)
    assert found.scan.hips == ("left", "right")
    told = {"kind": "status", "limb": "lower", "level": "hip", "laterality": "right", "minor": "no"}
    hip = condition("limb-deficiency-acquired-lower", attributes=told)
    lost = assess(patient(hip, cortisone, birth="1955-01-01"), RULES, AS_OF)
    assert (lost.limbs.limbs[0].level, lost.scan.hips) == ("hip", ("left",))


# ---------------------------------------------------------------- drafts


def test_a_fracture_lifts_the_cortisone_of_a_draft_as_it_lifts_what_is_taken():
    leg = condition(code=(SE, "Z89.5"))
    broken = condition(code=(SE, "S72.00"), onset="2025-01-01")
    record = patient(leg, broken, birth="1961-03-02")
    before = assess(record, RULES, AS_OF)
    dosage = Dosage(dose=mg(10), per_day=1, days=120)
    draft = prednisolone(dosages=(dosage,), authored=None, start=None, planned=True, status="draft")
    drafts = PatientRecord.of(record.demographics, medications=(draft,)).medications
    chosen = frozenset(hit.fact.evidence.reference for hits in drafts.values() for hit in hits)
    effect = drug_effect(before, case_of(record, RULES, AS_OF, before.limbs), drafts, chosen)
    assert [(one.rule, one.override) for one in effect.findings] == [("R-GC2", True)]
