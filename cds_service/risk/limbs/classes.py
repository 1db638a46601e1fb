"""From missing limbs to a class of table 1a, and the MULTI flag."""

from collections.abc import Sequence
from typing import Final

from cds_service.risk.limbs.levels import CONGENITAL, LOWER, PARTIAL_LEVELS, UNKNOWN, UPPER, Sign, knee_or_higher
from cds_service.risk.limbs.levels import more_than_partial as _more_than_partial

_PAIR: Final = 2


def more_than_partial(sign: Sign) -> bool:
    """True for a limb lost at wrist or ankle or above, wherever that is, and for a longitudinal deficiency."""
    return _more_than_partial(sign.level) or (sign.level == UNKNOWN and sign.major)


def is_multiple(limbs: Sequence[Sign]) -> bool:
    """True when two or more limbs are deficient at wrist or ankle or above (one entry per limb)."""
    return sum(more_than_partial(sign) for sign in limbs) >= _PAIR


def class_of(limbs: Sequence[Sign]) -> str:
    """Return the class of table 1a for limbs, one entry each; a lower limb decides before an upper one.

    Where level or side is unknown it is the mildest plausible class. ``NONE`` when no limb is given.
    """
    lower = _lower_class([sign for sign in limbs if sign.limb == LOWER])
    upper = _upper_class([sign for sign in limbs if sign.limb == UPPER])
    other = _other_class([sign for sign in limbs if sign.limb not in (LOWER, UPPER)])
    found = {lower, upper, other}
    if lower.startswith("LL-"):
        return lower
    return next((name for name in ("UL", "PARTFOOT", "UL-UNK", "UNK", "MINOR") if name in found), "NONE")


def _lower_class(limbs: Sequence[Sign]) -> str:
    major = [sign for sign in limbs if more_than_partial(sign)]
    if major:
        return _major_lower_class(major)
    levels = {sign.level for sign in limbs}
    if UNKNOWN in levels:
        return "LL-UNK"
    return "PARTFOOT" if levels & PARTIAL_LEVELS else _minor(limbs)


def _major_lower_class(limbs: Sequence[Sign]) -> str:
    if all(sign.origin == CONGENITAL for sign in limbs):
        return "LL-CONG"
    high = any(knee_or_higher(sign.level) for sign in limbs)
    if len(limbs) >= _PAIR:
        return "LL-BI-TF" if high else "LL-BI-TT"
    if high:
        return "LL-TF"
    return "LL-UNK" if limbs[0].level == UNKNOWN else "LL-TT"


def _upper_class(limbs: Sequence[Sign]) -> str:
    # A part of the hand is more than fingers (table 1a has no class of its own for it), unless the code leaves it open
    if any(more_than_partial(sign) or (sign.level in PARTIAL_LEVELS and sign.certain) for sign in limbs):
        return "UL"
    open_levels = PARTIAL_LEVELS | {UNKNOWN}
    return "UL-UNK" if any(sign.level in open_levels for sign in limbs) else _minor(limbs)


def _other_class(limbs: Sequence[Sign]) -> str:
    return "UNK" if any(sign.level == UNKNOWN or more_than_partial(sign) for sign in limbs) else _minor(limbs)


def _minor(limbs: Sequence[Sign]) -> str:
    return "MINOR" if limbs else "NONE"
