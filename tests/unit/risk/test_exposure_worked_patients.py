"""The worked patients of the proposed rules, as far as drugs decide: points and rule of each drug family."""

from types import ModuleType

import pytest

from cds_service.risk.assessment import Finding, Menopause, Status
from cds_service.risk.case import Case
from cds_service.risk.factors import glucocorticoid, heparin, hormone
from cds_service.risk.record import Dosage, Quantity
from tests.unit.risk.drugs import drug, prednisolone
from tests.unit.risk.records import WHO, case, condition, dosage

PRE = Menopause(state="premenopausal")
POST = Menopause(state="postmenopausal")


def scored(findings: tuple[Finding, ...]) -> list[tuple[str, str, int]]:
    return [(one.rule, one.weight, one.points) for one in findings if one.present]


WORKED: dict[str, tuple[ModuleType, Case, list[tuple[str, str, int]]]] = {
    "1: 7.5 mg for 8 months after the menopause": (
        glucocorticoid,
        case(prednisolone(7.5, authored="2025-10-01"), age=58, menopause=POST),
        [("R-GC2", "strong", 4)],
    ),
    "2: inhaled budesonide 400 ug a day": (
        glucocorticoid,
        case(drug("R03BA02", 0.2, 2, authored="2020-01-01"), age=45, sex="male"),
        [],
    ),
    "3: one burst of 30 mg for 7 days": (
        glucocorticoid,
        case(
            prednisolone(status="completed", authored="2026-03-01", dosages=(dosage(30, days=7),)),
            age=62,
        ),
        [],
    ),
    "8: tamoxifen before the menopause": (
        hormone,
        case(drug("L02BA01", 20, authored="2026-01-01"), condition(code=(WHO, "C50.9")), age=44, menopause=PRE),
        [("R-TAM", "moderate", 2)],
    ),
    "9: tamoxifen after the menopause": (
        hormone,
        case(drug("L02BA01", 20, authored="2026-01-01"), age=61, menopause=POST),
        [],
    ),
    "10: letrozole for 2 months": (
        hormone,
        case(drug("L02BG04", 2.5, authored="2026-04-01"), age=59, menopause=POST),
        [("R-AI", "strong", 4)],
    ),
    "11: leuprorelin every third month for prostate cancer": (
        hormone,
        case(drug("L02AE02", authored="2025-01-10"), condition(code=(WHO, "C61")), age=71, sex="male"),
        [("R-ADT", "strong", 4)],
    ),
    "15: 10 mg since 5 months": (
        glucocorticoid,
        case(prednisolone(10, authored="2026-01-01"), age=52, sex="male"),
        [("R-GC2", "strong", 4)],
    ),
    "23: a boy on 10 mg for 6 months": (
        glucocorticoid,
        case(prednisolone(10, authored="2025-12-01"), age=12, sex="male"),
        [("R-GC2", "strong", 4)],
    ),
    "24: low-molecular heparin for 5 months": (
        heparin,
        case(drug("B01AB04", authored="2026-01-01"), age=32),
        [("R-LMWH", "contested", 0)],
    ),
    "26: enoxaparin for 7 days": (
        heparin,
        case(drug("B01AB05", status="completed", start="2026-04-01", end="2026-04-07"), age=60, sex="male"),
        [],
    ),
    "27: unfractionated heparin 15,000 IU a day for 5 months": (
        heparin,
        case(
            drug("B01AB01", authored="2026-01-01", dosages=(Dosage(dose=Quantity(7500, "[IU]"), per_day=2),)),
            age=63,
            sex="male",
        ),
        [("R-UFH", "moderate", 2)],
    ),
    "33: exemestane": (
        hormone,
        case(drug("L02BG06", 25, authored="2025-06-01"), age=60, menopause=POST),
        [("R-AI", "strong", 4)],
    ),
}


@pytest.mark.parametrize(("family", "patient", "expected"), WORKED.values(), ids=WORKED)
def test_worked_patients_get_the_points_that_were_agreed(
    family: ModuleType, patient: Case, expected: list[tuple[str, str, int]]
) -> None:
    assert scored(family.evaluate(patient)) == expected


def test_worked_patient_1_is_lifted_to_high_by_the_menopause_and_15_is_not_lifted() -> None:
    lifted = glucocorticoid.evaluate(WORKED["1: 7.5 mg for 8 months after the menopause"][1])[0]
    plain = glucocorticoid.evaluate(WORKED["15: 10 mg since 5 months"][1])[0]
    assert (lifted.override, lifted.values["modifiers"]) == (True, "menopause")
    assert (plain.override, plain.values["modifiers"]) == (False, "")
    assert plain.at_risk_treatment
    assert plain.strong_since is not None
    assert plain.strong_since.isoformat() == "2026-01-01"


@pytest.mark.parametrize(
    ("number", "reasons"),
    [
        ("2", ["gc.local"]),
        ("3", ["gc.short"]),
        ("9", ["horm.tamoxifen-after-menopause"]),
        ("26", ["hep.lmwh-short"]),
    ],
)
def test_what_is_seen_and_not_counted_is_shown_with_its_reason(number: str, reasons: list[str]) -> None:
    family, patient, _ = next(row for name, row in WORKED.items() if name.split(":")[0] == number)
    assert [one.reason for one in family.evaluate(patient) if one.status is Status.NOT_COUNTED] == reasons
