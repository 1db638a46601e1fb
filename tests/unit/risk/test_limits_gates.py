"""Gates on the very day on which they open or close."""

from datetime import date

import pytest

from cds_service.risk.assessment import Finding, ScanPlan, Status
from cds_service.risk.dxa import newest_exam
from cds_service.risk.gates.eligibility import end_of_life_gate
from cds_service.risk.gates.paediatric import paediatric_gate
from cds_service.risk.gates.pregnancy import pregnancy_gate
from cds_service.risk.gates.scan import declined_gate, dxa_gate, order_gate
from cds_service.risk.record import BodySite
from tests.unit.risk.records import (
    AS_OF,
    KVA,
    LOINC,
    SCT,
    SE,
    case,
    condition,
    match,
    observation,
    order,
    patient,
    procedure,
)

PREGNANT = (SE, "Z33.9")
NO_MEANING = match("pregnancy")
NEGATIVE = (match("pregnancy", status="not-pregnant"),)
DXA = (SCT, "312681000")
DECLINED = (match("override-reason", meaning="patient-declined"),)


def seen_by_palliative_care(**more):
    seen = observation("palliative-hospice", code=(SCT, "305911006"), **more)
    return end_of_life_gate(case(seen)) is not None


@pytest.mark.parametrize(
    ("status", "counts"), [("final", True), ("amended", True), ("corrected", True), ("registered", False), ("", False)]
)
def test_a_corrected_observation_of_palliative_care_is_as_good_as_a_final_one(status, counts):
    assert seen_by_palliative_care(status=status) is counts


def test_palliative_care_was_seen_lately_up_to_twelve_months_ago():
    assert seen_by_palliative_care(effective="2025-06-01")
    assert not seen_by_palliative_care(effective="2025-05-31")


def test_a_refusal_of_today_counts():
    refused = order("order-dxa", code=DXA, authored=AS_OF, do_not_perform=True, reasons=DECLINED)
    assert declined_gate(case(refused)) is not None


@pytest.mark.parametrize(("onset", "gate"), [("2025-06-11", True), ("2025-06-10", False)])
def test_a_negative_status_ends_a_pregnancy_that_began_up_to_42_weeks_before(onset, gate):
    begun = condition("pregnancy", code=PREGNANT, onset=onset)
    negative = observation(
        "pregnancy",
        code=(LOINC, "82810-3"),
        answers=(match("pregnancy", status="not-pregnant"),),
        effective="2026-04-01",
    )
    assert (pregnancy_gate(case(begun, negative, age=32)) is not None) is gate


def test_an_answer_without_a_meaning_is_no_status():
    vague = observation("pregnancy", code=(LOINC, "82810-3"), answers=(NO_MEANING,), effective="2026-05-01")
    assert pregnancy_gate(case(vague, age=32)) is None


# ---------------------------------------------------------------- childhood


def fracture(*sides, onset="2020-01-01", code="S52.5"):
    sites = tuple(BodySite(side=side) for side in sides)
    return condition("fragility-fracture", code=(SE, code), onset=onset, sites=sites, ref=f"Condition/{sides}")


def triggers(*facts):
    gate = paediatric_gate(case(patient(*facts, birth="2014-01-01"), age=12), ())
    assert gate is not None
    return gate.remarks, gate.values


def test_the_two_wrists_of_one_day_are_two_fractures():
    young = ("long-bone-fractures-young",)
    assert triggers(fracture("left"), fracture("right")) == (young, {"fractures": 2})
    assert triggers(fracture("left"), fracture("left")) == ((), {})
    assert triggers(fracture("left", "right"), fracture("right", "left")) == ((), {})


def test_the_day_a_gate_closes_is_told():
    refused = order("order-dxa", code=DXA, authored="2025-06-02", do_not_perform=True, reasons=DECLINED)
    gate = declined_gate(case(refused))
    assert gate is not None
    assert gate.until == date(2026, 6, 3)


# ---------------------------------------------------------------- bone density scans


def result(code, score, on="2025-12-01"):
    return observation(
        "dxa-result-observation", score, "1", code=(LOINC, code), effective=on, ref=f"Observation/{code}"
    )


def scan_gate(*facts, findings=(), plan=None, **about):
    patient_case = case(*facts, **{"age": 60, "sex": "male", **about})
    return dxa_gate(patient_case, findings, newest_exam(patient_case), plan or ScanPlan(hips=("left", "right")))


LEFT_HIP_T, LEFT_HIP_Z, FOREARM_Z = "80946-7", "80938-4", "80936-8"


def test_the_lowest_score_is_told_with_its_place():
    told = {"on": "2025-12-01", "months": 12, "score": -2.7, "kind": "T-score", "site": "hip", "side": "left"}
    assert scan_gate(result(LEFT_HIP_T, -2.7), result("38267-1", -1.0)).values == told


def test_a_low_z_score_from_50_on_is_told():
    values = scan_gate(result(LEFT_HIP_Z, -2.4)).values
    assert (values["score"], values["kind"]) == (-2.4, "Z-score")


def test_a_man_of_60_is_read_by_his_age():
    assert scan_gate(result(LEFT_HIP_Z, -1.0)).remarks == ("value-missing", "z-score-only")
    assert scan_gate(result(LEFT_HIP_Z, -1.0), age=40).remarks == ()


def test_the_z_score_of_the_forearm_counts_where_the_plan_wants_it():
    wanted = scan_gate(result(FOREARM_Z, -2.4), plan=ScanPlan(hips=(), forearm="left"), age=40)
    assert wanted.remarks == ("low-z-score",)
    unwanted = scan_gate(result(FOREARM_Z, -2.4), age=40)
    assert unwanted.remarks == ("value-missing",)


def test_of_two_newer_factors_the_one_that_began_last_is_named():
    def strong(rule, since):
        return Finding(rule=rule, family=rule, status=Status.PRESENT, reason="x", weight="strong", strong_since=since)

    newer = (strong("R-Z", date(2026, 1, 1)), strong("R-A", date(2026, 2, 1)))
    assert scan_gate(result(LEFT_HIP_T, -1.0), findings=newer).values["newer_rule"] == "R-A"


@pytest.mark.parametrize(
    ("role", "under_way"), [("primary", True), ("screening-encounter", False), ("FRAX-without-BMD", False)]
)
def test_a_visit_or_a_calculation_is_no_scan_under_way(role, under_way):
    planned = order("order-dxa", attributes={"role": role}, authored="2026-05-11")
    assert (order_gate(case(planned)) is not None) is under_way


@pytest.mark.parametrize(
    ("status", "counts"), [("final", True), ("", True), ("cancelled", False), ("entered-in-error", False)]
)
def test_a_result_that_was_declined_counts_unless_it_is_taken_back(status, counts):
    declined = observation(
        "dxa-result-observation", code=(LOINC, LEFT_HIP_T), status=status, absent_reason="asked-declined"
    )
    assert (declined_gate(case(declined)) is not None) is counts


def test_a_newer_scan_without_a_score_is_the_newest_scan():
    done = procedure("dxa-procedure", code=(KVA, "AN006"), performed="2026-03-01")
    gate = scan_gate(result(LEFT_HIP_T, -1.0, "2025-12-01"), done)
    assert (gate.values["on"], gate.remarks[:1]) == ("2026-03-01", ("value-missing",))


@pytest.mark.parametrize(("score", "usable"), [(8, True), (8.1, False), (-8, True), (-8.1, False)])
def test_a_score_is_plausible_up_to_eight_deviations(score, usable):
    assert ("score" in scan_gate(result(LEFT_HIP_T, score)).values) is usable


def test_a_bone_density_is_no_score():
    exam = newest_exam(case(result("46278-8", 0.8), result(LEFT_HIP_T, -1.0)))
    assert exam is not None
    assert [(score.kind, score.value) for score in exam.scores] == [("T-score", -1.0)]
