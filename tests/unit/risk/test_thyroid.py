import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.assessment import Status
from cds_service.risk.factors.thyroid import REASONS, REMARKS, evaluate
from cds_service.risk.record import Area, Quantity
from tests.unit.risk import records as r
from tests.unit.risk.records import ATC, LOINC, SE

THYROXINE = r.medication("drug-thyroid-hormone", code=(ATC, "H03AA01"), authored="2024-01-01")


def graves(**more):
    return r.condition("thyroid-disease", code=(SE, "E05.0"), **more)


def hypo(**more):
    return r.condition("thyroid-disease", attributes={"subtype": "hypo", "default": "exclude"}, **more)


def tsh(value, day="2026-05-01", unit="m[IU]/L"):
    sent = value if isinstance(value, Quantity) else Quantity(value, unit)
    return r.observation("drug-thyroid-hormone", sent, code=(LOINC, "3016-3"), effective=day, ref=f"Observation/{day}")


def found(*facts, **more):
    findings = evaluate(r.case(*facts, **more))
    for one in findings:
        assert set(one.values) == set(REASONS[one.reason])
        assert set(one.remarks) <= set(REMARKS)
    return findings


def summary(findings):
    return [(one.rule, one.status, one.reason) for one in findings]


@pytest.mark.parametrize(
    ("fact", "reason"),
    [
        (graves(onset="2020"), "thyr.hyperthyroidism"),
        (graves(), "thyr.hyperthyroidism"),
        (graves(clinical="resolved", onset="2020", abated="2025-06-01"), "thyr.hyperthyroidism-treated"),
        (graves(clinical="resolved", onset="2025-12-01"), "thyr.hyperthyroidism-treated"),
    ],
)
def test_hyperthyroidism_counts_while_active_and_for_a_year_after(fact, reason):
    (only,) = found(fact)
    assert (only.rule, only.points, only.reason) == ("R-THY1", 2, reason)


@pytest.mark.parametrize(
    "fact",
    [
        graves(clinical="resolved", abated="2025-05-31"),
        graves(clinical="resolved", abated="2025"),
        graves(clinical="resolved", onset="2009"),
        graves(clinical="resolved"),
    ],
)
def test_hyperthyroidism_long_over_is_seen_and_not_scored(fact):
    assert summary(found(fact)) == [
        ("R-THY1", Status.ABSENT, "thyr.not-listed"),
        ("R-THY0", Status.NOT_COUNTED, "thyr.seen-not-scored"),
    ]


def test_patient_20_resolved_graves_on_thyroxine_with_a_normal_tsh_is_not_scored():
    main, seen = found(graves(clinical="resolved", onset="2009", abated="2010"), THYROXINE, tsh(2.1))
    assert main.status is Status.ABSENT
    assert seen.values == {"tsh": 2.1, "on": "2026-05-01"}
    assert seen.remarks == ()
    assert [one.resource_type for one in seen.evidence] == ["Observation", "MedicationRequest", "Condition"]


def test_patient_21_two_suppressed_results_half_a_year_apart_count_and_ask_for_the_dose():
    (only,) = found(THYROXINE, tsh(0.03), tsh(0.05, "2025-11-01"), age=57)
    assert (only.rule, only.points, only.reason) == ("R-THY2", 2, "thyr.tsh-suppressed")
    assert only.values == {"grade": "suppressed", "tsh": 0.03, "tsh_before": 0.05, "on": "2026-05-01"}
    assert only.remarks == ("thyr.review-dose",)


def test_patient_22_hypothyroidism_with_a_normal_tsh_is_not_scored():
    main, seen = found(hypo(), tsh(1.8))
    assert (main.status, seen.status, seen.points) == (Status.ABSENT, Status.NOT_COUNTED, 0)


@pytest.mark.parametrize(
    ("results", "points", "status", "reason"),
    [
        ([tsh(0.09), tsh(0.09, "2026-02-01")], 2, Status.PRESENT, "thyr.tsh-suppressed"),
        ([tsh(0.09), tsh(0.09, "2026-02-02")], 0, Status.POSSIBLE, "thyr.tsh-low-once"),
        ([tsh(0.10), tsh(0.09, "2026-02-01")], 1, Status.PRESENT, "thyr.tsh-low"),
        ([tsh(0.45), tsh(0.09, "2026-02-01")], 0, Status.POSSIBLE, "thyr.tsh-low-once"),
        ([tsh(0.44), tsh(0.44, "2025-02-01")], 1, Status.PRESENT, "thyr.tsh-low"),
        ([tsh(0.03), tsh(0.03, "2024-05-31")], 0, Status.POSSIBLE, "thyr.tsh-low-once"),
        ([tsh(Quantity(0.1, "m[IU]/L", "<")), tsh(0.05, "2025-06-01")], 2, Status.PRESENT, "thyr.tsh-suppressed"),
        ([tsh(Quantity(0.4, "m[IU]/L", "<")), tsh(0.05, "2025-06-01")], 1, Status.PRESENT, "thyr.tsh-low"),
        ([tsh(0.03), tsh(0.03, None)], 0, Status.POSSIBLE, "thyr.tsh-low-once"),
        ([tsh(0.03, unit=""), tsh(0.03, "2025-06-01", "")], 0, Status.ABSENT, "thyr.not-listed"),
        ([tsh(1.0)], 0, Status.ABSENT, "thyr.not-listed"),
    ],
)
def test_excess_hormone_needs_two_low_results_months_apart(results, points, status, reason):
    main = found(*results)[0]
    assert (main.points, main.status, main.reason) == (points, status, reason)


def test_a_tsh_that_has_recovered_is_told():
    (only,) = found(tsh(1.2), tsh(0.03, "2026-01-01"), tsh(0.04, "2025-06-01"))
    assert only.remarks == ("thyr.newest-tsh-not-low",)


def test_thyroxine_without_a_recent_tsh_leaves_the_question_open():
    for facts in ([THYROXINE], [THYROXINE, tsh(2.0, "2024-11-30")]):
        assert summary(found(*facts)) == [
            ("R-THY2", Status.UNKNOWN, "thyr.tsh-unknown"),
            ("R-THY0", Status.NOT_COUNTED, "thyr.seen-not-scored"),
        ]
        assert found(*facts)[1].remarks == ("thyr.tsh-missing",)
    assert found(THYROXINE, tsh(2.0, "2024-12-01"))[0].status is Status.ABSENT


def test_a_suspected_hyperthyroidism_is_possible_and_a_suspected_hypothyroidism_is_nothing():
    assert found(graves(verification="provisional"))[0].reason == "thyr.possible"
    assert found(hypo(verification="provisional"))[0].status is Status.ABSENT


def test_an_end_that_is_not_told_is_remarked():
    assert found(graves(clinical="resolved"))[1].remarks == ("thyr.end-not-recorded",)


def test_what_counts_needs_no_second_word_about_thyroid_disease():
    assert [one.rule for one in found(graves(), hypo(), THYROXINE)] == ["R-THY1"]


def test_without_the_list_of_conditions_it_is_unknown():
    assert found(missing=[Area.CONDITIONS])[0].values == {"why": "missing"}


@given(st.floats(0.001, 2), st.floats(0.001, 2), st.sampled_from(["mIU/L", "u[IU]/mL", "uIU/mL", "mU/L"]))
def test_the_unit_of_a_tsh_never_matters(newer, older, unit):
    plain = found(tsh(newer), tsh(older, "2025-06-01"))
    other = found(tsh(newer, unit=unit), tsh(older, "2025-06-01", unit))
    assert summary(plain) == summary(other)
