"""Limb status (table 1a): which limbs are missing, how much of them, and what class that makes.

Evidence comes from conditions and amputations; prostheses and low-certainty codes only support. An amputation never
resolves: ``clinicalStatus`` does not matter. Sides are kept apart, and a code without a side is never added to known
ones, because it may speak of the same limb.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Final

import msgspec

from cds_service.risk.assessment import LimbStatus, MissingLimb
from cds_service.risk.dates import PartialDate
from cds_service.risk.filters import conditions, done, known_by, newest_answer, newest_evidence, possible, stated
from cds_service.risk.limbs.classes import class_of, is_multiple, more_than_partial
from cds_service.risk.limbs.levels import (
    LEFT,
    LONGITUDINAL,
    LOWER,
    MINOR_LEVELS,
    RIGHT,
    UNKNOWN,
    UNSPECIFIED,
    UPPER,
    Sign,
    strongest,
)
from cds_service.risk.limbs.signs import CONCEPTS, signs_of
from cds_service.risk.record import Evidence, PatientRecord
from cds_service.rulesets.model import RuleSet

LOADED_CONCEPT: Final = "limb-loaded-syndrome"
PROSTHESIS_CONCEPT: Final = "limb-prosthesis-device"
MULTIPLE_ITEM: Final = "multiple-limb-deficiency"
# Its limbs are misshapen or missing, but the code does not say which: neither level nor mass can be told from it.
_LIMBS_NOT_TOLD: Final = "thalidomide"

_SIDES: Final = (LEFT, RIGHT)
# Below the hip joint a hip remains that can be measured; above, it went with the limb.
_NO_HIP_LEFT: Final = frozenset({"hip", "hemipelvectomy"})
# At these levels both forearm bones are there for a 1/3 radius scan.
_FOREARM_LEFT: Final = frozenset({"digit", "partial-hand", "wrist"})
# FHIR device status that says the entry is wrong.
_NOT_A_DEVICE: Final = frozenset({"entered-in-error"})
_OUT_OF_SCOPE: Final = frozenset({"NONE", "MINOR"})

Groups = Mapping[tuple[str, str], Sequence[Sign]]


class _Limb(msgspec.Struct, frozen=True):
    """One limb: the sign that decides its level, and all signs of it."""

    decides: Sign
    signs: tuple[Sign, ...]


def limb_status(record: PatientRecord, rules: RuleSet, as_of: date) -> LimbStatus:
    """Return table 1a for one patient on ``as_of``: missing limbs, class, MULTI flag, and what cannot be told."""
    signs = signs_of(record, as_of)
    limbs, side_unclear = _limbs(_proven(signs))
    deciding = [limb.decides for limb in limbs]
    loaded = conditions(record, LOADED_CONCEPT, as_of)
    stated_multiple = newest_answer(record, MULTIPLE_ITEM, as_of)
    undescribed = any(hit.attribute("type") == _LIMBS_NOT_TOLD for hit in loaded)
    told_multiple = stated_multiple is not None and stated_multiple.fact.value is True
    name = _class(class_of(deciding), loaded=bool(loaded), told_multiple=told_multiple)
    evidence = newest_evidence(
        (sign.evidence for limb in limbs for sign in limb.signs),
        (hit.fact.evidence for hit in loaded),
        (stated_multiple.fact.evidence,) if stated_multiple and told_multiple else (),
    )
    return LimbStatus(
        limbs=tuple(_missing(limb) for limb in limbs),
        ld_class=name,
        multi=told_multiple or is_multiple(deciding),
        in_cohort=name not in _OUT_OF_SCOPE or (name == "MINOR" and rules.choice("cohort.include_minor") == "yes"),
        level_unknown=name == "UNK" or (undescribed and not limbs) or any(_level_open(sign) for sign in deciding),
        side_unknown=side_unclear,
        mass_adjustable=not undescribed
        and not any(sign.level == LONGITUDINAL for limb in limbs for sign in limb.signs),
        residual_hip_sides=_residual_hips(deciding),
        forearm_sides=_forearms(deciding),
        possible=_possible(record, as_of, signs, evidence),
        evidence=evidence,
    )


def _class(found: str, *, loaded: bool, told_multiple: bool) -> str:
    if found in _OUT_OF_SCOPE and told_multiple:
        return "UNK"
    return "LOADED" if found in _OUT_OF_SCOPE and loaded else found


# ---------------------------------------------------------------- from signs to limbs


def _proven(signs: Iterable[Sign]) -> Groups:
    """Group signs by limb and side, leaving out limbs for which nothing but supporting codes speak."""
    groups: dict[tuple[str, str], list[Sign]] = {}
    for sign in signs:
        groups.setdefault((sign.limb, sign.side), []).append(sign)
    return {key: found for key, found in groups.items() if any(sign.proof for sign in found)}


def _limbs(groups: Groups) -> tuple[tuple[_Limb, ...], bool]:
    """Return one entry per limb, upper before lower and left before right, and whether a side is unclear."""
    found: list[_Limb] = []
    side_unclear = False
    for name in (UPPER, LOWER):
        sided = [_limb(groups[name, side]) for side in _SIDES if (name, side) in groups]
        merged, unclear = _with_unsided(sided, groups.get((name, UNKNOWN), ()))
        found += merged
        side_unclear = side_unclear or unclear
    unnamed = [sign for (name, _), signs in groups.items() if name == UNSPECIFIED for sign in signs]
    if unnamed and not found:
        return (_limb(unnamed),), True
    return tuple(found), side_unclear


def _limb(signs: Sequence[Sign]) -> _Limb:
    # A supporting code may lend its level only to a limb that has no certain one.
    lowered = [sign if sign.proof else msgspec.structs.replace(sign, certain=False) for sign in signs]
    return _Limb(strongest(lowered), tuple(signs))


def _with_unsided(sided: list[_Limb], unsided: Sequence[Sign]) -> tuple[list[_Limb], bool]:
    """Fold codes without a side into the limbs with one.

    They may speak of the same limb or of the other one; both ways at least one limb has their level. So a certain level
    above all known ones raises the highest known limb, and everything else adds nothing.
    """
    if not unsided:
        return sided, False
    alone = _limb(unsided)
    if not sided:
        return [alone], True
    highest = max(sided, key=lambda limb: limb.decides.rank)
    if not alone.decides.certain or alone.decides.rank <= highest.decides.rank:
        return sided, False
    raised = _Limb(msgspec.structs.replace(alone.decides, side=highest.decides.side), (*highest.signs, *alone.signs))
    return [raised if limb is highest else limb for limb in sided], True


def _missing(limb: _Limb) -> MissingLimb:
    decides = limb.decides
    return MissingLimb(
        limb=decides.limb,
        side=decides.side,
        level=decides.level,
        origin=decides.origin,
        since=decides.since or _earliest(limb.signs),
        evidence=newest_evidence(sign.evidence for sign in limb.signs),
    )


def _earliest(signs: Iterable[Sign]) -> PartialDate | None:
    """Return the earliest day any sign of the limb tells of: it was missing by then."""
    dates = [sign.since for sign in signs if sign.since]
    return min(dates, key=lambda when: (when.last, when.first), default=None)


def _level_open(sign: Sign) -> bool:
    return sign.level not in MINOR_LEVELS and not sign.certain


# ---------------------------------------------------------------- what can be measured


def _residual_hips(limbs: Iterable[Sign]) -> tuple[str, ...]:
    sides = {
        sign.side for sign in limbs if sign.limb == LOWER and _above_the_foot(sign) and sign.level not in _NO_HIP_LEFT
    }
    return tuple(side for side in _SIDES if side in sides)


def _above_the_foot(sign: Sign) -> bool:
    return sign.level == UNKNOWN or more_than_partial(sign)


def _forearms(limbs: Iterable[Sign]) -> tuple[str, ...] | None:
    doubtful = [sign for sign in limbs if sign.limb != LOWER and sign.level not in _FOREARM_LEFT]
    if any(sign.side == UNKNOWN for sign in doubtful):
        return None
    return tuple(side for side in _SIDES if side not in {sign.side for sign in doubtful})


# ---------------------------------------------------------------- supporting evidence


def _possible(
    record: PatientRecord, as_of: date, signs: Iterable[Sign], proven: Sequence[Evidence]
) -> tuple[Evidence, ...]:
    """Return what speaks for a missing limb without proving it: unconfirmed, supporting codes and prostheses."""
    unconfirmed = (
        hit.fact.evidence
        for concept in CONCEPTS
        for hit in record.conditions.get(concept, ())
        if possible(hit) and not stated(hit) and known_by(hit, as_of)
    )
    supporting = (sign.evidence for sign in signs if not sign.proof)
    found = newest_evidence(unconfirmed, supporting, _prostheses(record, as_of))
    return tuple(evidence for evidence in found if evidence not in proven)


def _prostheses(record: PatientRecord, as_of: date) -> Iterable[Evidence]:
    conditions_ = (hit.fact.evidence for hit in conditions(record, PROSTHESIS_CONCEPT, as_of))
    procedures = (hit.fact.evidence for hit in done(record, PROSTHESIS_CONCEPT, as_of))
    devices = (
        hit.fact.evidence for hit in record.devices.get(PROSTHESIS_CONCEPT, ()) if hit.fact.status not in _NOT_A_DEVICE
    )
    return chain(conditions_, procedures, devices)
