"""What may be concluded when a rule found nothing: absence only from a list that arrived whole, else unknown."""

from collections.abc import Iterable

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.filters import evidence_of, why_silent
from cds_service.risk.record import Area, ConditionFact, Evidence, Hit

UNUSABLE = "unusable"
OUTDATED = "outdated"


def unknown(  # noqa: PLR0913 - an unknown has these parts; naming them at the call reads best
    case: Case,
    rule: str,
    reason: str,
    why: str,
    *,
    evidence: tuple[Evidence, ...] = (),
    values: dict[str, Value] | None = None,
    held_against: tuple[str, ...] = (),
) -> Finding:
    """Return that it is not known, and why: one of the words of :class:`~cds_service.risk.assessment.Unknown`."""
    return case.find(
        rule,
        Status.UNKNOWN,
        reason,
        values={"why": why, **(values or {})},
        evidence=evidence,
        held_against=held_against,
    )


def not_listed(case: Case, rule: str, prefix: str, *areas: Area) -> Finding:
    """Return absence of something that would be coded when ``areas`` arrived whole, else that it is unknown.

    Reasons: ``<prefix>.not-listed`` and ``<prefix>.unknown`` (value ``why``).
    """
    if case.record.complete(*areas):
        return case.find(rule, Status.ABSENT, f"{prefix}.not-listed")
    return unknown(case, rule, f"{prefix}.unknown", why_silent(case.record, *areas))


def suspected(case: Case, rule: str, prefix: str, hits: Iterable[Hit[ConditionFact]]) -> Finding | None:
    """Return that a diagnosis is possible but not confirmed (``<prefix>.possible``), or None without any."""
    evidence = evidence_of(hits)
    return case.find(rule, Status.POSSIBLE, f"{prefix}.possible", evidence=evidence) if evidence else None
