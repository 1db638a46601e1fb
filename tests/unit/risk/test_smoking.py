import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.assessment import Status
from cds_service.risk.factors.smoking import REASONS, evaluate
from cds_service.risk.record import Area, Delivery
from tests.unit.risk import records as r
from tests.unit.risk.records import CM, LOINC, SCT, SE, WHO

CURRENT, FORMER, NEVER, UNKNOWN = "77176002", "8517006", "266919005", "266927001"


def status(code=CURRENT, effective="2026-05-01", **more):
    """72166-2 answered with a SNOMED code."""
    answers = r.matches("smoking", (SCT, code), None) if code else ()
    return r.observation("smoking", code=(LOINC, "72166-2"), answers=answers, effective=effective, **more)


def diagnosis(code=(SE, "Z72.0A"), recorded="2026-01-01", **more):
    return r.condition("smoking", code=code, recorded=recorded, **more)


def only(*facts, **more):
    (found,) = evaluate(r.case(*facts, **more))
    assert set(found.values) == set(REASONS[found.reason])
    return found


@pytest.mark.parametrize(
    ("facts", "result", "reason"),
    [
        ([status()], Status.PRESENT, "smk.current"),
        ([status(effective="2024-06-01")], Status.PRESENT, "smk.current"),
        ([status(effective="2024-05-31")], Status.UNKNOWN, "smk.outdated"),
        ([status(effective="2024")], Status.UNKNOWN, "smk.outdated"),
        ([status(effective=None)], Status.UNKNOWN, "smk.outdated"),
        ([status(FORMER)], Status.ABSENT, "smk.not-now"),
        ([status(NEVER)], Status.ABSENT, "smk.not-now"),
        ([status(UNKNOWN)], Status.UNKNOWN, "smk.unknown"),
        ([status(None)], Status.UNKNOWN, "smk.unknown"),
        ([status(status="preliminary")], Status.UNKNOWN, "smk.unknown"),
        ([status(status="entered-in-error")], Status.UNKNOWN, "smk.unknown"),
        ([status(), status(FORMER, effective="2026-05-20")], Status.ABSENT, "smk.not-now"),
        ([status(), status(FORMER)], Status.PRESENT, "smk.current"),
        ([r.item("smoking-now", True)], Status.PRESENT, "smk.current"),
        ([r.item("smoking-now", False)], Status.ABSENT, "smk.not-now"),
        ([r.item("smoking-now", "sometimes")], Status.UNKNOWN, "smk.unknown"),
        ([r.observation("smoking", code=(SCT, CURRENT))], Status.PRESENT, "smk.current"),
        ([r.observation("smoking", False, code=(SCT, CURRENT))], Status.ABSENT, "smk.not-now"),
        ([r.observation("smoking", False, code=(SCT, NEVER))], Status.UNKNOWN, "smk.unknown"),
        (
            [r.observation("smoking", code=(SCT, CURRENT), absent_reason="asked-declined")],
            Status.UNKNOWN,
            "smk.unknown",
        ),
        ([diagnosis()], Status.PRESENT, "smk.current"),
        ([diagnosis(onset="1990")], Status.PRESENT, "smk.current"),
        ([diagnosis(recorded=None, onset="1990")], Status.UNKNOWN, "smk.outdated"),
        ([diagnosis(recorded="2020-01-01")], Status.UNKNOWN, "smk.outdated"),
        ([diagnosis(clinical="resolved")], Status.ABSENT, "smk.not-now"),
        ([diagnosis(clinical="resolved", abated="2026-02")], Status.ABSENT, "smk.not-now"),
        ([diagnosis((WHO, "F17.2"))], Status.PRESENT, "smk.current"),
        ([diagnosis((SE, "F17.2"))], Status.POSSIBLE, "smk.possible"),
        ([diagnosis((SE, "F17.2"), clinical="resolved")], Status.UNKNOWN, "smk.unknown"),
        ([diagnosis((CM, "Z87.891"))], Status.ABSENT, "smk.not-now"),
        ([diagnosis(verification="unconfirmed")], Status.POSSIBLE, "smk.possible"),
        ([diagnosis(verification="refuted")], Status.UNKNOWN, "smk.unknown"),
        ([diagnosis(recorded="2026-06-02")], Status.UNKNOWN, "smk.unknown"),
        ([diagnosis((SE, "F17.2")), status(FORMER, effective="2026-01-01")], Status.POSSIBLE, "smk.possible"),
    ],
)
def test_the_newest_statement_about_smoking_decides(facts, result, reason):
    found = only(*facts)
    assert (found.status, found.reason) == (result, reason)
    assert found.points == (1 if result is Status.PRESENT else 0)


def test_snus_is_not_smoking():
    snus = r.condition("smoking", attributes={"status": "smokeless", "default": "exclude"}, recorded="2026-01-01")
    assert only(snus).values == {"status": "smokeless", "on": "2026-01-01"}


def test_nothing_said_is_unknown_even_when_all_lists_arrived():
    assert only().values == {"why": "not-recorded"}
    assert only(areas={Area.OBSERVATIONS: Delivery.BLOCKED}).values == {"why": "blocked"}


@given(
    st.permutations([status(), status(NEVER, "2026-05-02"), diagnosis(), r.item("smoking-now", True, effective="2025")])
)
def test_order_never_matters(facts):
    assert only(*facts).reason == "smk.not-now"
