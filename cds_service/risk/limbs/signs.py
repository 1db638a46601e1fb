"""Signs of limb deficiency: what each coding of the record says of which limb, on which side.

A code's own laterality wins; without one the body site of the resource gives it. A code for both sides, or for two
limbs, becomes a sign for each.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from cds_service.risk.dates import PartialDate
from cds_service.risk.filters import LOW_CERTAINTY, done, known_by, stated
from cds_service.risk.limbs.levels import (
    ACQUIRED,
    CONGENITAL,
    LEFT,
    LOWER,
    RIGHT,
    UNKNOWN,
    UNSPECIFIED,
    UPPER,
    Sign,
    canonical,
)
from cds_service.risk.record import BodySite, ConditionFact, Hit, PatientRecord, ProcedureFact

CONCEPTS: Final = (
    "limb-deficiency-acquired-lower",
    "limb-deficiency-acquired-unspecified",
    "limb-deficiency-acquired-upper",
    "limb-deficiency-congenital",
)
_BOTH_SIDES: Final = (LEFT, RIGHT)
_TWO_LIMBS: Final = 2
_BOTH: Final = "both"
# Codes that tell of a stump: the limb is missing, but the height may be a region's name or not stated.
_STUMP_KINDS: Final = frozenset({"stump-complication", "stump-implant"})
# Begun but not known to have been finished: an amputation counts only when it was carried out.
_UNFINISHED: Final = frozenset({"stopped", "aborted", "suspended", "on-hold", "in-error"})


def signs_of(record: PatientRecord, as_of: date) -> tuple[Sign, ...]:
    """Return every sign of limb deficiency the record holds on ``as_of``, those of low certainty among them."""
    found: list[Sign] = []
    for concept in CONCEPTS:
        for condition in record.conditions.get(concept, ()):
            if stated(condition) and known_by(condition, as_of):
                found += _signs(condition, condition.fact.sites, _lost_by_condition(condition))
        for procedure in done(record, concept, as_of):
            if procedure.fact.status not in _UNFINISHED:
                found += _signs(procedure, procedure.fact.sites, procedure.fact.performed)
    return tuple(found)


def _lost_by_condition(hit: Hit[ConditionFact]) -> PartialDate | None:
    # The onset of an injury is the loss; that of a status code is the loss unless the sender means the day of coding.
    return None if hit.attribute("kind") == CONGENITAL else hit.fact.onset


def _signs(
    hit: Hit[ConditionFact] | Hit[ProcedureFact], sites: tuple[BodySite, ...], since: PartialDate | None
) -> Iterable[Sign]:
    for limb in _limbs(hit.attribute("limb"), sites):
        level, certain = canonical(limb, hit.attribute("level"), hit.attribute("minor"))
        for side in _sides(hit, limb, sites):
            yield Sign(
                limb=limb,
                side=side,
                level=level,
                origin=CONGENITAL if hit.attribute("kind") == CONGENITAL else ACQUIRED,
                certain=certain and hit.attribute("kind") not in _STUMP_KINDS,
                major=hit.attribute("minor") == "no" or _limb_count(hit) >= _TWO_LIMBS,
                proof=hit.match.certainty != LOW_CERTAINTY,
                since=since,
                evidence=hit.fact.evidence,
            )


def _limb_count(hit: Hit[ConditionFact] | Hit[ProcedureFact]) -> int:
    return int(hit.attribute("limb_count_min") or 1)


def _limbs(limb: str, sites: tuple[BodySite, ...]) -> tuple[str, ...]:
    if limb == _BOTH:
        return (UPPER, LOWER)
    if limb in (UPPER, LOWER):
        return (limb,)
    told = {site.limb for site in sites if site.limb}
    return tuple(sorted(told)) or (UNSPECIFIED,)


def _sides(hit: Hit[ConditionFact] | Hit[ProcedureFact], limb: str, sites: tuple[BodySite, ...]) -> tuple[str, ...]:
    laterality = hit.attribute("laterality")
    if laterality in _BOTH_SIDES:
        return (laterality,)
    several = _limb_count(hit) > _TWO_LIMBS if hit.attribute("limb") == _BOTH else _limb_count(hit) >= _TWO_LIMBS
    if several:
        return _BOTH_SIDES
    told = {site.side for site in sites if site.side and site.limb in ("", limb)}
    if "bilateral" in told:
        return _BOTH_SIDES
    return tuple(sorted(told)) or (UNKNOWN,)
