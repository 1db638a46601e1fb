"""Scans: the forearm that must be asked for, hips told by a report alone, and results that cannot be used."""

import msgspec

from cds_service.risk.assessment import BodySize, ScanPlan, Tier
from cds_service.risk.decisions.treat import treat
from cds_service.risk.dxa import exams, lowest_t, newest_exam, unusable_results
from cds_service.risk.factors import body
from tests.unit.risk.records import CM, LOINC, case, condition, report
from tests.unit.risk.situations import present, situation
from tests.unit.risk.test_dxa import LEFT_HIP, LEFT_HIP_BMD, RADIUS, SPINE, score


def test_the_forearm_diagnoses_only_where_it_is_asked_for():
    patient = case(score(RADIUS, -3.0), score(SPINE, -1.0))
    lowest = lowest_t(patient)
    assert lowest is not None
    assert (lowest.site, lowest.value) == ("lumbar-spine", -1.0)
    asked = lowest_t(patient, forearm=True)
    assert asked is not None
    assert asked.value == -3.0
    assert lowest_t(case(score(RADIUS, -3.0))) is None


def test_a_report_alone_tells_which_hip_was_measured():
    exam = newest_exam(case(report("dxa-procedure", code=(LOINC, "46278-8"), effective="2026-01-01")))
    assert exam is not None
    assert exam.hips == {"left"}


def test_how_many_scores_cannot_be_used_is_told():
    (found,) = unusable_results(case(score(LEFT_HIP, -30), score(SPINE, 40), score(SPINE, -1.0, "2024-01-01")))
    assert (found.item, found.why, found.values) == ("dxa-value", "unusable", {"count": 2})


def test_a_density_is_no_score_that_cannot_be_used():
    assert unusable_results(case(score(LEFT_HIP_BMD, 0.71, unit="g/cm2"))) == ()


def test_undated_results_are_one_exam():
    assert len(exams(case(score(LEFT_HIP, -1.0, None), score(SPINE, -2.0, None)))) == 1


def test_a_low_weight_by_code_says_that_it_is_not_adjusted_and_a_bmi_that_is_missing_says_why():
    (coded,) = (one for one in body.evaluate(case(condition(code=(CM, "Z68.1")))) if one.rule == "R-BMI-L")
    assert (coded.reason, coded.remarks) == ("body.low-weight-coded", ("not-adjusted",))
    for size, refused in (
        (BodySize(refused="weight-missing"), "weight-missing"),
        (BodySize(height_refused="height-missing"), "height-missing"),
    ):
        (silent,) = (one for one in body.evaluate(case(body=size)) if one.rule == "R-BMI-L")
        assert silent.values["refused"] == refused


def test_a_recorded_frax_goes_with_the_score_of_the_forearm_only_where_that_is_measured():
    frax = present("R-TOOL", family="FRAX", values={"mof": 25.0})
    patient = case(score(RADIUS, -2.8))
    for forearm, reasons in (("non-dominant", True), ("", False)):
        found = treat(msgspec.structs.replace(situation(Tier.HIGH, frax), case=patient, plan=ScanPlan(forearm=forearm)))
        assert bool(found and "frax-20" in found.reasons) is reasons
