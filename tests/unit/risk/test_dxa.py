"""Bone density scans: which score of which scan counts."""

import pytest

from cds_service.risk.assessment import Menopause
from cds_service.risk.dxa import exams, lowest_t, newest_exam, unusable_results, uses_t_score
from cds_service.risk.record import BodySite, Quantity, Range
from cds_service.rulesets.load import load_default
from tests.unit.risk.records import KVA, LOINC, SCT, age_of_years, case, observation, procedure, report

LEFT_HIP, RIGHT_HIP, HIP, SPINE = "80946-7", "80945-9", "38264-8", "38267-1"
RADIUS, HEEL, LEFT_HIP_BMD, LEFT_HIP_Z = "38265-5", "38266-3", "46278-8", "80938-4"


def score(code, value, on="2025-04-01", unit="{T-score}", **more):
    return observation("dxa-result-observation", value, unit, code=(LOINC, code), effective=on, **more)


def test_no_scan_recorded_is_no_exam():
    assert newest_exam(case()) is None
    assert lowest_t(case()) is None


def test_results_of_one_day_are_one_exam_and_its_lowest_site_decides():
    exam = newest_exam(case(score(LEFT_HIP, -1.2), score(RIGHT_HIP, -2.2), score(SPINE, 0.3)))
    assert exam is not None
    assert exam.when is not None
    assert exam.when.text == "2025-04-01"
    assert exam.hips == {"left", "right"}
    lowest = exam.lowest("T-score")
    assert lowest is not None
    assert (lowest.value, lowest.site, lowest.side) == (-2.2, "hip", "right")
    assert len(exam.evidence) == 3


def test_the_newest_exam_decides_even_when_an_older_one_was_lower():
    patient = case(score(SPINE, -2.6, "2015-01-01"), score(SPINE, -1.0, "2025-01-01"))
    assert [exam.when.text for exam in exams(patient) if exam.when] == ["2025-01-01", "2015-01-01"]
    lowest = lowest_t(patient)
    assert lowest is not None
    assert lowest.value == -1.0


def test_an_undated_exam_comes_last():
    patient = case(score(SPINE, -2.6, None), score(SPINE, -1.0, "2010"))
    assert [exam.when and exam.when.text for exam in exams(patient)] == ["2010", None]


@pytest.mark.parametrize("code", [HEEL, RADIUS])
def test_heel_and_forearm_do_not_diagnose(code):
    exam = newest_exam(case(score(code, -3.0)))
    assert exam is None or exam.lowest("T-score") is None


def test_the_forearm_counts_where_it_is_asked_for():
    exam = newest_exam(case(score(RADIUS, -3.0), score(SPINE, -1.0)))
    assert exam is not None
    with_forearm, without = exam.lowest("T-score", forearm=True), exam.lowest("T-score")
    assert with_forearm is not None
    assert with_forearm.value == -3.0
    assert without is not None
    assert without.value == -1.0


def test_density_without_a_score_is_a_scan_without_a_value():
    exam = newest_exam(case(score(LEFT_HIP_BMD, 0.71, unit="g/cm2")))
    assert exam is not None
    assert exam.lowest("T-score") is None
    assert exam.hips == {"left"}


def test_the_side_may_stand_in_the_body_site_but_two_sides_are_none():
    left = score(HIP, -1.0, sites=(BodySite("lower", "left"),))
    both = score(HIP, -1.0, "2024-01-01", sites=(BodySite("lower", "left"), BodySite("lower", "right")))
    found = exams(case(left, both))
    assert [set(exam.hips) for exam in found] == [{"left"}, set()]


def test_t_and_z_scores_are_kept_apart():
    exam = newest_exam(case(score(LEFT_HIP_Z, -2.1, unit="{Z-score}"), score(SPINE, -1.0)))
    assert exam is not None
    lowest = exam.lowest("Z-score")
    assert lowest is not None
    assert lowest.value == -2.1


@pytest.mark.parametrize(
    ("value", "unit", "usable"),
    [
        (-2.5, "", True),
        (-2.5, "1", True),
        (-2.5, "{T-score}", True),
        (-2.5, "g/cm2", False),
        (-8.0, "", True),
        (-8.1, "", False),
        (-25, "", False),
        (8.1, "", False),
        (Quantity(-2.5, "", "<"), "", True),
        (Quantity(-2.5, "", ">"), "", False),
        (Quantity(-2.5, "", ">="), "", False),
        (Range(Quantity(-2.5), Quantity(-1.0)), "", False),
        ("low", "", False),
        (None, "", False),
    ],
)
def test_only_a_plausible_plain_number_is_a_score(value, unit, usable):
    patient = case(score(SPINE, value, unit=unit))
    assert (lowest_t(patient) is not None) is usable
    assert [unknown.item for unknown in unusable_results(patient)] == ([] if usable else ["dxa-value"])
    assert newest_exam(patient) is not None, "a scan with an unreadable score is still a scan"


@pytest.mark.parametrize("status", ["preliminary", "registered", "entered-in-error", "cancelled", "unknown", ""])
def test_only_final_results_count(status):
    assert newest_exam(case(score(SPINE, -3.0, status=status))) is None


def test_a_result_that_was_asked_for_and_not_obtained_is_no_scan():
    assert newest_exam(case(score(SPINE, None, absent_reason="not-performed"))) is None


def test_results_of_tomorrow_are_not_known_today():
    assert newest_exam(case(score(SPINE, -3.0, "2026-06-02"))) is None


def test_a_report_gives_its_results_its_day():
    result = score(SPINE, -1.0, None, ref="Observation/spine")
    done = report("dxa-procedure", code=(LOINC, "38268-9"), effective="2024-02-02", results=("Observation/spine",))
    (exam,) = exams(case(result, done))
    assert exam.when is not None
    assert exam.when.text == "2024-02-02"
    lowest = exam.lowest("T-score")
    assert lowest is not None
    assert lowest.value == -1.0


def test_a_report_of_tomorrow_and_an_undated_one_give_no_day():
    result = score(SPINE, -1.0, "2024-01-01", ref="Observation/spine")
    code = (LOINC, "38268-9")
    undated = report("dxa-procedure", code=code, results=("Observation/spine",))
    tomorrow = report("dxa-procedure", code=code, effective="2026-06-02", results=("Observation/spine",))
    found = exams(case(result, undated, tomorrow))
    assert [exam.when and exam.when.text for exam in found] == ["2024-01-01", None]


def test_a_report_of_today_is_known_today():
    patient = case(report("dxa-procedure", code=(SCT, "312681000"), effective="2026-06-01"))
    assert newest_exam(patient) is not None


@pytest.mark.parametrize("status", ["final", "amended", "available"])
def test_a_finished_report_is_a_scan(status):
    patient = case(report("dxa-procedure", code=(SCT, "312681000"), effective="2025-01-01", status=status))
    assert newest_exam(patient) is not None


@pytest.mark.parametrize("status", ["registered", "partial", "cancelled", "entered-in-error"])
def test_an_unfinished_report_is_none(status):
    patient = case(report("dxa-procedure", code=(SCT, "312681000"), effective="2025-01-01", status=status))
    assert newest_exam(patient) is None


def test_a_completed_hip_and_spine_scan_measured_both_hips():
    exam = newest_exam(case(procedure("dxa-procedure", code=(KVA, "AN006"), performed="2025-01-01")))
    assert exam is not None
    assert exam.hips == {"left", "right"}
    assert exam.scores == ()


def test_a_one_sided_hip_scan_measured_that_hip():
    exam = newest_exam(case(procedure("dxa-procedure", code=(LOINC, "46278-8"), performed="2025-01-01")))
    assert exam is not None
    assert exam.hips == {"left"}


@pytest.mark.parametrize("status", ["in-progress", "not-done", "preparation", "stopped", "entered-in-error", ""])
def test_a_scan_that_was_not_completed_is_none(status):
    patient = case(procedure("dxa-procedure", code=(KVA, "AN006"), performed="2025-01-01", status=status))
    assert newest_exam(patient) is None


@pytest.mark.parametrize("code", ["AN003", "AN005", "AN004", "AN076"])
def test_arm_heel_whole_body_and_isotope_scans_do_not_count(code):
    assert newest_exam(case(procedure("dxa-procedure", code=(KVA, code), performed="2025-01-01"))) is None


@pytest.mark.parametrize(
    ("years", "state", "expected"),
    [
        (50, "not-applicable", True),
        (49, "not-applicable", False),
        (44, "postmenopausal", True),
        (49, "premenopausal", False),
        (None, "unknown", False),
        (None, "postmenopausal", True),
    ],
)
def test_t_scores_diagnose_from_50_or_after_the_menopause(years, state, expected):
    age = age_of_years(years)
    assert uses_t_score(age, Menopause(state=state), load_default()) is expected


def test_of_two_reports_that_name_a_result_one_gives_the_day():
    result = score(SPINE, -1.0, None, ref="Observation/spine")
    code = (LOINC, "38268-9")
    reports = [
        report("dxa-procedure", code=code, effective=day, results=("Observation/spine",))
        for day in ("2024-01-01", "2024-01-05")
    ]
    assert {len(exam.scores) for exam in exams(case(result, *reports))} == {0, 1}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("-2.7", -2.7),
        ("-2,7", -2.7),
        (" \u22122,7 SD", -2.7),
        ("\u2013 2.75SD", -2.75),
        ("+0.4", 0.4),
        ("1", 1.0),
        ("-2.7 till -1.0", None),
        ("osteoporos -2,7", None),
        ("<-2.5", None),
        ("-2.7 g/cm2", None),
        ("-27", None),
        ("-9.5", None),
        ("", None),
    ],
)
def test_a_score_written_as_text_counts_when_it_is_nothing_but_the_number(text, number):
    patient = case(score(LEFT_HIP, text, unit=""))
    lowest = lowest_t(patient)
    assert (lowest.value if lowest else None) == number
    assert bool(unusable_results(patient)) is (number is None)
