"""Family MENO: menopause before 45, or ovarian insufficiency before 40 (R-MENO-E) [76][77]."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.body.menopause import CONCEPT, PREMATURE
from cds_service.risk.case import Case
from cds_service.risk.filters import conditions, evidence_of, possible_conditions, why_silent
from cds_service.risk.record import Area, Evidence
from cds_service.risk.silence import unknown

RULE: Final = "R-MENO-E"
REASONS: Final = {
    "meno.premature": ("age_at_menopause",),
    "meno.premature-on-hrt": ("age_at_menopause",),
    "meno.early": ("age_at_menopause",),
    "meno.at-usual-age": ("age_at_menopause",),
    "meno.not-yet": (),
    "meno.possible": (),
    "meno.unknown": ("why",),
}
REMARKS: Final = ("assumed-from-age", "age-not-recorded")


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return whether the menopause came early; nothing for men and where sex is not recorded."""
    if case.sex != "female":
        return ()
    grade = _grade(case)
    if grade:
        return (_present(case, grade),)
    if case.menopause.age_at is not None:
        return (_absent(case, "meno.at-usual-age", {"age_at_menopause": case.menopause.age_at}),)
    suspected = [h for h in possible_conditions(case.record, CONCEPT, case.as_of) if h.attribute("status") in PREMATURE]
    if suspected:
        return (case.find(RULE, Status.POSSIBLE, "meno.possible", evidence=evidence_of(suspected)),)
    if case.menopause.state == "premenopausal" and (
        not case.menopause.assumed or case.record.complete(Area.CONDITIONS)
    ):
        return (_absent(case, "meno.not-yet", {}),)
    return (unknown(case, RULE, "meno.unknown", why_silent(case.record, Area.CONDITIONS, Area.OBSERVATIONS)),)


def _grade(case: Case) -> str:
    if _before(case, "premature"):
        return "premature_on_hrt" if case.menopause.on_hrt else "premature"
    return "early" if _before(case, "early") else ""


def _before(case: Case, limit: str) -> bool:
    """True when the menopause certainly came before the age ``limit``."""
    years = case.rules.factor(RULE)[limit]
    if case.menopause.age_at is not None:
        return case.menopause.age_at < years
    # Someone who is younger than the limit today and past the menopause reached it before the limit.
    still_younger = case.age is not None and case.age.below(years)
    recorded = case.menopause.post and not case.menopause.assumed
    return (recorded and still_younger) or bool(_premature(case))


def _premature(case: Case) -> tuple[Evidence, ...]:
    hits = conditions(case.record, CONCEPT, case.as_of)
    return evidence_of(hit for hit in hits if hit.attribute("status") in PREMATURE)


def _present(case: Case, grade: str) -> Finding:
    values: dict[str, Value] = {"age_at_menopause": case.menopause.age_at}
    return case.find(
        RULE,
        Status.PRESENT,
        f"meno.{grade.replace('_', '-')}",
        grade=grade,
        values=values,
        evidence=case.menopause.evidence,
        held_against=("early" if grade == "early" else "premature",),
        remarks=() if case.menopause.age_at is not None else ("age-not-recorded",),
        strong_since=_since(case.menopause.evidence),
    )


def _since(evidence: Iterable[Evidence]) -> date | None:
    """Return the first day told by a diagnosis or operation; the day an answer was given says nothing of the event."""
    dates = [piece.when.first for piece in evidence if piece.when and piece.resource_type != "Observation"]
    return min(dates, default=None)


def _absent(case: Case, reason: str, values: dict[str, Value]) -> Finding:
    return case.find(
        RULE,
        Status.ABSENT,
        reason,
        values=values,
        evidence=case.menopause.evidence,
        held_against=("early",),
        remarks=("assumed-from-age",) if case.menopause.assumed else (),
    )
