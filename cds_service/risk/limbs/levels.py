"""Levels of limb deficiency: from the words of the code tables to the canonical ones of :class:`MissingLimb`.

A *sign* is what one coding says of one limb on one side. :func:`strongest` merges the signs of one limb: the most
proximal level that is certain wins, because a limb is only ever cut again higher up; codes that prove a stump but not
its height (stump complications) give the level only when nothing better is known.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from cds_service.risk.dates import PartialDate
from cds_service.risk.record import Evidence

UPPER: Final = "upper"
LOWER: Final = "lower"
UNSPECIFIED: Final = "unspecified"
LEFT: Final = "left"
RIGHT: Final = "right"
UNKNOWN: Final = "unknown"
LONGITUDINAL: Final = "longitudinal"
ACQUIRED: Final = "acquired"
CONGENITAL: Final = "congenital"

MINOR_LEVELS: Final = frozenset({"digit", "toe"})
PARTIAL_LEVELS: Final = frozenset({"partial-hand", "partial-foot"})

# Distal to proximal. A longitudinal deficiency, or a limb of which only "not just digits" is known, outranks a partial
# hand or foot and yields to a known transverse level.
_ORDER: Final = (
    (UNKNOWN,),
    ("digit", "toe"),
    ("partial-hand", "partial-foot"),
    (LONGITUDINAL,),
    ("wrist", "ankle"),
    ("below-elbow", "below-knee"),
    ("elbow", "knee"),
    ("above-elbow", "above-knee"),
    ("shoulder", "hip"),
    ("forequarter", "hemipelvectomy"),
)
_RANK: Final[Mapping[str, int]] = {level: rank for rank, levels in enumerate(_ORDER) for level in levels}

# The tables' words that differ from the canonical level. Absence of a whole forearm and hand is read as below the
# elbow: the code covers every transverse forearm deficiency, and its mass band then reaches up to the elbow.
_CANONICAL: Final[Mapping[str, str]] = {
    "hand-wrist": "wrist",
    "foot-ankle": "ankle",
    "forearm-and-hand": "below-elbow",
    "lower-leg-and-foot": "below-knee",
    "hemimelia": "below-elbow",
    "ectrodactyly": "digit",
    "hand-or-finger": "partial-hand",
    "cleft-hand": "partial-hand",
    "foot-or-toe": "partial-foot",
    "toe-or-foot": "partial-foot",
    "cleft-foot": "partial-foot",
    "phocomelia": LONGITUDINAL,
    "intercalary": LONGITUDINAL,
    "shortening-only": LONGITUDINAL,
    "longitudinal-radius": LONGITUDINAL,
    "longitudinal-ulna": LONGITUDINAL,
    "longitudinal-femur": LONGITUDINAL,
    "longitudinal-tibia": LONGITUDINAL,
    "longitudinal-fibula": LONGITUDINAL,
}
_WHOLE_LIMB: Final[Mapping[str, str]] = {UPPER: "shoulder", LOWER: "hip"}
# Words under which several levels hide; "mixed" codes of hand and foot may even be digits alone.
_VAGUE: Final = frozenset({"hemimelia", "hand-or-finger", "cleft-hand", "foot-or-toe", "toe-or-foot", "cleft-foot"})
_MIXED_AT: Final[Mapping[str, str]] = {"wrist": "partial-hand", "ankle": "partial-foot"}


class Sign(msgspec.Struct, frozen=True, kw_only=True):
    """What one coding says of one limb.

    Attributes:
        limb, side, level, origin: as in :class:`MissingLimb`.
        certain: the level is stated, not merely supported by a complication of the stump.
        major: surely more than digits, or a part of hand or foot, is missing.
        proof: False for codes that support but never suffice (``certainty=low``).
        since: when the part was lost, if this coding can tell.
    """

    limb: str
    side: str
    level: str
    origin: str
    certain: bool
    major: bool
    proof: bool
    since: PartialDate | None
    evidence: Evidence

    @property
    def rank(self) -> int:
        """Place from distal to proximal."""
        return rank_of(self.level, major=self.major)


def rank_of(level: str, *, major: bool) -> int:
    """Return the place of a level from distal to proximal; ``major`` tells what little is known of an unknown one."""
    return _RANK[LONGITUDINAL] if level == UNKNOWN and major else _RANK[level]


def more_than_partial(level: str) -> bool:
    """True for wrist or ankle and everything proximal, and for a longitudinal deficiency."""
    return _RANK[level] >= _RANK[LONGITUDINAL]


def knee_or_higher(level: str) -> bool:
    """True for a lower limb lost at the knee or above."""
    return level in ("knee", "above-knee", "hip", "hemipelvectomy")


def canonical(limb: str, word: str, minor: str) -> tuple[str, bool]:
    """Return the canonical level for a table's ``level`` and whether that level is certain.

    ``minor`` is the table's attribute: a ``mixed`` code of hand or foot is taken for a part of it.
    """
    if word == "whole-limb":
        level = _WHOLE_LIMB.get(limb, UNKNOWN)
        return level, level != UNKNOWN
    level = _CANONICAL.get(word, word)
    if level not in _RANK:
        return UNKNOWN, False
    if minor == "mixed":
        return _MIXED_AT.get(level, level), False
    return level, level != UNKNOWN and word not in _VAGUE


def strongest(signs: Sequence[Sign]) -> Sign:
    """Return the sign that decides the level of one limb: certain before uncertain, then the most proximal.

    A limb that is surely more than digits outranks certain digits even when its own level is unknown. Among equals the
    earliest dated sign is taken, so that ``since`` is when that level was reached.
    """
    return max(signs, key=_precedence)


def _precedence(sign: Sign) -> tuple[bool, int, int, str, str]:
    weighs = sign.certain or (sign.major and sign.level == UNKNOWN)
    dated = -sign.since.last.toordinal() if sign.since else -_NEVER
    return (weighs, sign.rank, dated, sign.evidence.reference, sign.evidence.code)


_NEVER: Final = 10_000_000  # later than the last day of the calendar
