import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.assessment import Status
from cds_service.risk.factors.comorbidity import REASONS, REMARKS, evaluate
from cds_service.risk.record import Area, Delivery
from tests.unit.risk import records as r
from tests.unit.risk.records import ATC, CM, KVA, LOINC, SE, WHO

INSULIN = r.medication("drug-insulin", code=(ATC, "A10AE04"))
TYPE_2 = r.condition("diabetes", code=(SE, "E11.9"))


def sick(concept, code=None, **more):
    return r.condition(concept, code=(SE, code) if code else None, **more)


def brittle(**more):
    return r.condition("other-secondary-osteoporosis", attributes={"type": "osteogenesis-imperfecta"}, **more)


def egfr(value, day="2026-05-01", unit="mL/min/{1.73_m2}"):
    return r.observation(
        "chronic-kidney-disease", value, unit, code=(LOINC, "62238-1"), effective=day, ref=f"Observation/{day}"
    )


def found(*facts, **more):
    findings = evaluate(r.case(*facts, **more))
    for one in findings:
        assert set(one.values) == set(REASONS[one.reason])
        assert set(one.remarks) <= set(REMARKS)
    return findings


@pytest.mark.parametrize(
    ("facts", "points", "grade"),
    [
        ([sick("diabetes", "E10.9")], 2, "diabetes_1"),
        ([sick("diabetes", "E10.9"), INSULIN], 2, "diabetes_1"),
        ([TYPE_2, INSULIN], 1, "diabetes_2_insulin"),
        ([TYPE_2, r.condition("drug-insulin", code=(CM, "Z79.4"))], 1, "diabetes_2_insulin"),
        ([r.condition("diabetes", code=(WHO, "E14.9")), INSULIN], 1, "diabetes_2_insulin"),
        ([sick("chronic-kidney-disease", "N18.4")], 2, "ckd"),
        ([sick("chronic-kidney-disease", "N18.5")], 2, "ckd"),
        ([r.condition("chronic-kidney-disease", code=(CM, "N18.6"))], 2, "ckd"),
        ([egfr(29), egfr(28, "2026-02-01")], 2, "ckd"),
        ([sick("chronic-liver-disease", "K74.6")], 2, "liver"),
        ([sick("transplant", "Z94.0")], 4, "transplant"),
        ([sick("transplant", "Z94.0", clinical="inactive")], 4, "transplant"),
        ([r.procedure("transplant", code=(KVA, "KAS10"), performed="2001")], 4, "transplant"),
        ([sick("cushing", "E24.0")], 4, "cushing"),
        ([brittle()], 4, "osteogenesis_imperfecta"),
        ([brittle(clinical="resolved")], 4, "osteogenesis_imperfecta"),
        ([sick("copd", "J44.9")], 1, "copd"),
        ([sick("multiple-myeloma", "C90.0")], 4, "myeloma"),
        ([r.condition("stroke-paresis", code=(CM, "I69.351"))], 1, "stroke_paresis"),
        ([sick("stroke-paresis", "G81.9"), sick("stroke-paresis", "I63.9", clinical="resolved")], 1, "stroke_paresis"),
    ],
)
def test_each_disease_has_its_grade(facts, points, grade):
    (only,) = found(*facts)
    assert (only.status, only.points) == (Status.PRESENT, points)
    assert only.reason == f"co.{grade.replace('_', '-')}"
    assert only.values == {"grade": grade, "kinds": grade}


@pytest.mark.parametrize(
    "facts",
    [
        [TYPE_2],
        [INSULIN],
        [r.condition("diabetes", code=(WHO, "E13.9")), INSULIN],
        [sick("diabetes", "E10.9", clinical="resolved")],
        [sick("chronic-kidney-disease", "N18.3")],
        [egfr(30), egfr(20, "2026-01-01")],
        [egfr(20, "2024-05-31"), egfr(20, "2024-01-01")],
        [egfr(20, unit="mL/min")],
        [egfr(-3)],
        [egfr(20, None)],
        [sick("copd", "J44.9", clinical="inactive")],
        [sick("cushing", "E24.0", verification="refuted")],
        [r.procedure("transplant", code=(KVA, "KAS10"), status="not-done")],
        [sick("stroke-paresis", "G81.9")],
        [sick("stroke-paresis", "I63.9")],
        [],
    ],
)
def test_what_is_mild_over_or_of_another_cause_is_not_there(facts):
    (only,) = found(*facts)
    assert (only.status, only.reason) == (Status.ABSENT, "co.not-listed")


@pytest.mark.parametrize(
    ("facts", "kinds"),
    [
        ([egfr(20)], "ckd"),
        ([egfr(29), egfr(28, "2026-02-02")], "ckd"),
        ([sick("chronic-kidney-disease", "N18.9")], "ckd"),
        ([sick("chronic-kidney-disease", "N18.5", verification="provisional")], "ckd"),
        ([sick("diabetes", "E10.9", verification="differential")], "diabetes_1"),
        ([sick("diabetes", "E11.9", verification="differential"), INSULIN], None),
        ([brittle(verification="provisional")], "osteogenesis_imperfecta"),
        ([sick("cushing", verification="unconfirmed"), sick("copd", verification="provisional")], "cushing copd"),
        ([sick("transplant", "Z94.8")], "transplant"),
    ],
)  # fmt: skip
def test_what_is_unconfirmed_or_incomplete_is_possible(facts, kinds):
    only = found(*facts)[0]
    assert (only.status, only.values.get("kinds")) == ((Status.POSSIBLE if kinds else Status.ABSENT), kinds)


def test_patient_27_kidney_disease_stage_five_among_others_all_are_named_gravest_first():
    present, possible = found(
        sick("copd", "J44.9"),
        sick("chronic-kidney-disease", "N18.5"),
        sick("multiple-myeloma", "C90.0"),
        sick("cushing", "E24.0", verification="provisional"),
        egfr(12),
    )
    assert present.values == {"grade": "myeloma", "kinds": "myeloma ckd copd"}
    assert present.remarks == ("co.refer-haematology",)
    assert [one.name for one in present.thresholds] == ["ckd_stage", "egfr", "egfr_apart_months"]
    assert len(present.evidence) == 3
    assert possible.values == {"kinds": "cushing"}


def test_without_the_list_of_conditions_it_is_unknown():
    assert found(areas={Area.CONDITIONS: Delivery.PARTIAL})[0].values == {"why": "partial"}
    assert found(sick("copd", "J44.9"), areas={Area.CONDITIONS: Delivery.PARTIAL})[0].present


@given(st.permutations([egfr(20), egfr(20, "2025-12-01"), egfr(90, "2025-01-01"), TYPE_2, INSULIN]))
def test_order_and_repetition_never_matter(facts):
    assert (
        found(*facts)[0].values
        == found(*facts, *facts)[0].values
        == {"grade": "ckd", "kinds": "ckd diabetes_2_insulin"}
    )
