"""How much of the body is missing: P of proposed-rules section 3, as a fraction with its uncertainty.

Segment shares are those of the rule set (Osterkamp as quoted in [25]). Between two joints the missing part of the
segment is taken from a recorded answer, and without one lies anywhere from nothing to the whole segment (evidence 1.6).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.assessment import Band, LimbStatus, MissingLimb
from cds_service.risk.body.measures import PER_CENT, amount
from cds_service.risk.filters import evidence_of, item_answers
from cds_service.risk.limbs.levels import LOWER, UPPER
from cds_service.risk.record import Evidence, Hit, ObservationFact, PatientRecord
from cds_service.rulesets.model import RuleSet

FRACTION_ITEM: Final = "segment-fraction"
MASS_ITEM: Final = "missing-mass"
_WHOLE: Final = 100.0  # per cent

# Distal to proximal.
_SEGMENTS: Final[Mapping[str, tuple[str, ...]]] = {
    UPPER: ("hand", "forearm", "upper_arm"),
    LOWER: ("foot", "calf", "thigh"),
}
# Level -> how many whole segments are gone, and whether part of the next one is.
_LOST: Final[Mapping[str, tuple[int, bool]]] = {
    "digit": (0, False),
    "toe": (0, False),
    "partial-hand": (0, True),
    "partial-foot": (0, True),
    "wrist": (1, False),
    "ankle": (1, False),
    "below-elbow": (1, True),
    "below-knee": (1, True),
    "elbow": (2, False),
    "knee": (2, False),
    "above-elbow": (2, True),
    "above-knee": (2, True),
    # The table has no share for shoulder girdle or half pelvis: above the joint the whole limb is a lower bound.
    "shoulder": (3, False),
    "hip": (3, False),
    "forequarter": (3, False),
    "hemipelvectomy": (3, False),
}
_NOTHING: Final = Band(0.0, 0.0, 0.0)

Answers = tuple[Hit[ObservationFact], ...]


class MissingMass(msgspec.Struct, frozen=True, kw_only=True):
    """P as a fraction (0 to 1) or why it is not used (``refused``, empty when it is), and the answers it rests on."""

    fraction: Band | None = None
    refused: str = ""
    evidence: tuple[Evidence, ...] = ()


def missing_mass(record: PatientRecord, limbs: LimbStatus, rules: RuleSet, as_of: date) -> MissingMass:
    """Return P of proposed-rules section 3.

    Refusals: ``mass-not-defined`` for longitudinal deficiency, ``level-unknown`` when not even arm or leg is known (a
    missing mass that a clinician entered settles both), ``too-much-missing`` when P may exceed the limit.
    """
    entered = _entered(record, as_of)
    if entered:
        share, hit = entered
        return _limited(Band(share, share, share), (hit.fact.evidence,), rules)
    if not limbs.mass_adjustable:
        return MissingMass(refused="mass-not-defined")
    if limbs.ld_class == "UNK":
        return MissingMass(refused="level-unknown")
    answers = item_answers(record, FRACTION_ITEM, as_of)
    known = [limb for limb in limbs.limbs if limb.limb in _SEGMENTS]
    used = {hit for hit in (_answer(limb, answers) for limb in known) if hit is not None}
    bands = [_limb_band(limb, answers, rules) for limb in known]
    return _limited(_sum(bands), evidence_of(hit for hit in answers if hit in used), rules)


def _sum(bands: Sequence[Band]) -> Band:
    """Return shares in per cent, added up, as a fraction."""
    low, mid, high = (
        sum(ends) / _WHOLE for ends in zip(*((b.low, b.mid, b.high) for b in (_NOTHING, *bands)), strict=True)
    )
    return Band(low, mid, high)


def _limited(fraction: Band, evidence: tuple[Evidence, ...], rules: RuleSet) -> MissingMass:
    too_much = fraction.high * _WHOLE > rules.number("weight.max_missing")
    return MissingMass(fraction=fraction, refused="too-much-missing" if too_much else "", evidence=evidence)


def _entered(record: PatientRecord, as_of: date) -> tuple[float, Hit[ObservationFact]] | None:
    for hit in item_answers(record, MASS_ITEM, as_of):
        share = amount(hit.fact, PER_CENT)
        if share is not None and 0 <= share < _WHOLE:
            return share / _WHOLE, hit
    return None


def _limb_band(limb: MissingLimb, answers: Answers, rules: RuleSet) -> Band:
    """Return the share of body weight (%) that one limb lacks."""
    shares = [rules.number(f"segments.{segment}") for segment in _SEGMENTS[limb.limb]]
    if limb.level not in _LOST:
        return _between(0.0, sum(shares))
    whole, part = _LOST[limb.level]
    gone = sum(shares[:whole])
    if not part:
        return Band(gone, gone, gone)
    hit = _answer(limb, answers)
    told = amount(hit.fact, PER_CENT) if hit else None
    if told is None:
        return _between(gone, gone + shares[whole])
    exact = gone + shares[whole] * told / _WHOLE
    return Band(exact, exact, exact)


def _between(low: float, high: float) -> Band:
    return Band(low, (low + high) / 2, high)


def _answer(limb: MissingLimb, answers: Answers) -> Hit[ObservationFact] | None:
    """Return the newest usable answer about the cut segment of this limb; an answer without a side is for either."""
    whole, part = _LOST.get(limb.level, (0, False))
    if not part:
        return None
    segment = _SEGMENTS[limb.limb][whole]
    for hit in answers:
        share = amount(hit.fact, PER_CENT)
        sides = {site.side for site in hit.fact.sites if site.side}
        fits = not sides or limb.side in sides or "bilateral" in sides
        if hit.attribute("segment") == segment and fits and share is not None and 0 <= share <= _WHOLE:
            return hit
    return None
