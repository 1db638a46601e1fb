"""What the drug families say alike: the values of a sentence, what is planned or denied, and what silence means."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.drugs.exposure import Exposure
from cds_service.risk.filters import active, conditions, evidence_of, why_silent
from cds_service.risk.record import Area, Evidence
from cds_service.risk.silence import unknown

LONG_TERM_USE: Final = "long-term-use-condition"
_DECIMALS: Final = 2

EXPOSURE_VALUES: Final = ("drug", "days", "since", "until", "current")
"""Values of every drug finding: names, certain days, ISO dates (``until`` None: not ended or not known), yes/no."""


def told(exposure: Exposure, since: date | None = None) -> dict[str, Value]:
    """Return the values of :data:`EXPOSURE_VALUES`; ``days`` are counted after ``since``."""
    latest, ended = exposure.latest, exposure.ended_on
    return {
        "drug": exposure.drugs,
        "days": exposure.days(since),
        "since": latest.start.isoformat() if latest else None,
        "until": ended.isoformat() if ended else None,
        "current": exposure.current,
    }


def rounded(number: float | None) -> float | None:
    """Return a computed dose with as many decimals as a card can show."""
    return None if number is None else round(number, _DECIMALS)


def taken_since(exposure: Exposure, day: date) -> bool:
    """True when it is taken now, or certainly was on ``day`` or later."""
    ended = exposure.ended_on
    return exposure.current or (ended is not None and ended >= day)


def perhaps_taken_since(exposure: Exposure, day: date) -> bool:
    """True when it may have been taken on ``day`` or later: a period without a known end may reach that far."""
    until = exposure.possibly_until
    return until is not None and until >= day


def undated(exposure: Exposure) -> bool:
    """True when the drug is recorded as taken, but nothing says when."""
    return bool(exposure.taken) and exposure.possibly_until is None


def planned_or_denied(case: Case, rule: str, prefix: str, exposure: Exposure) -> tuple[Finding, ...]:
    """Return ``<prefix>.planned`` (intended, not begun) and ``<prefix>.not-taken`` (the patient says so): not counted.

    Both carry the value ``drug``.
    """
    found = []
    for key, courses in (("planned", exposure.planned), ("not-taken", exposure.denied)):
        if courses and not exposure.taken:
            values: dict[str, Value] = {"drug": ", ".join(sorted({one.label for one in courses}))}
            evidence = tuple(dict.fromkeys(one.evidence for one in courses))
            found.append(case.find(rule, Status.NOT_COUNTED, f"{prefix}.{key}", values=values, evidence=evidence))
    return tuple(found)


def long_term_use(case: Case, concept: str, *kinds: str) -> tuple[Evidence, ...]:
    """Return the evidence of active, confirmed conditions that say that a drug is used (``Z79.5`` and so on)."""
    hits = conditions(case.record, concept, case.as_of)
    return evidence_of(hit for hit in hits if hit.attribute("kind") in kinds and active(hit))


def closing(
    case: Case, rule: str, prefix: str, findings: Iterable[Finding], *, seen: bool = False
) -> tuple[Finding, ...]:
    """Return what is to be said of a family in which nothing is present.

    Absent (``<prefix>.not-listed``) only when the medication list arrived whole and holds nothing of the kind (``seen``
    False); unknown (``<prefix>.unknown``, value ``why``) when it did not; nothing more when the findings say it all.
    """
    statuses = {finding.status for finding in findings}
    if statuses & {Status.PRESENT, Status.UNKNOWN}:
        return ()
    if not case.record.complete(Area.MEDICATIONS):
        return (unknown(case, rule, f"{prefix}.unknown", why_silent(case.record, Area.MEDICATIONS)),)
    if seen or Status.POSSIBLE in statuses:
        return ()
    return (case.find(rule, Status.ABSENT, f"{prefix}.not-listed"),)
