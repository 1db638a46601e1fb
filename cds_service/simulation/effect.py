"""What a change of the rules does to one person: tier, points and cards before and after, and which factor did it."""

from collections.abc import Iterator
from typing import Final

import msgspec

from cds_service.risk.assessment import Assessment, Finding, GateFinding

NO_TIER: Final = "none-applies"
"""Stands for "no tier": a gate decided."""
SETTINGS: Final = "settings"
"""The cause of a change that no factor and no gate explains: a cut between tiers, a rule for cards."""

# From nothing to most. INCOMPLETE may hide more than NONE.
_ORDER: Final = ("NONE", "INCOMPLETE", "WATCH", "ELEVATED", "HIGH")
_AGE_BANDS: Final = ((0, "0-19"), (20, "20-49"), (50, "50-64"), (65, "65-79"), (80, "80+"))


class Cause(msgspec.Struct, frozen=True, gc=False):
    """A factor or gate that ended otherwise: its id, its points before and after. A gate has no points.

    ``lifts``: 1 when it adds to the risk that is shown, -1 when it takes away, 0 when it only changed its kind.
    """

    rule: str
    before: int = 0
    after: int = 0
    lifts: int = 0


class Effect(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One person under two rule sets. Nothing in it tells who it is.

    Attributes:
        number: place in the cohort. age_band, sex, limb_class: groups that the counts are told by.
        tier_before, tier_after: a Tier's value, or ``none-applies`` where a gate decided.
        cards_before, cards_after: kinds of cards (``K1``), as a hook would show them.
        causes: what ended otherwise, the weightiest first; empty when nothing differs.
    """

    number: int
    age_band: str
    sex: str
    limb_class: str
    multi: bool
    tier_before: str
    tier_after: str
    points_before: int
    points_after: int
    cards_before: tuple[str, ...]
    cards_after: tuple[str, ...]
    causes: tuple[Cause, ...] = ()

    @property
    def gained(self) -> tuple[str, ...]:
        """Kinds of cards that only the changed rules show."""
        return tuple(card for card in self.cards_after if card not in self.cards_before)

    @property
    def lost(self) -> tuple[str, ...]:
        """Kinds of cards that only the present rules show."""
        return tuple(card for card in self.cards_before if card not in self.cards_after)

    @property
    def raised(self) -> int:
        """1 when the tier is higher afterwards, -1 when it is lower, 0 when it is the same or not to be compared."""
        if NO_TIER in (self.tier_before, self.tier_after):
            return 0
        before, after = _ORDER.index(self.tier_before), _ORDER.index(self.tier_after)
        return (after > before) - (after < before)

    @property
    def changes(self) -> bool:
        """True when tier or cards differ: what a clinician would see."""
        return self.tier_before != self.tier_after or self.cards_before != self.cards_after


def effect_of(number: int, before: Assessment, after: Assessment) -> Effect:
    """Return the effect on one person, assessed twice from the same data on the same day."""
    effect = Effect(
        number=number,
        age_band=age_band(after),
        sex=after.sex or "unknown",
        limb_class=after.limbs.ld_class,
        multi=after.limbs.multi,
        tier_before=_tier(before),
        tier_after=_tier(after),
        points_before=before.points,
        points_after=after.points,
        cards_before=_cards(before),
        cards_after=_cards(after),
    )
    return msgspec.structs.replace(effect, causes=_causes(before, after)) if effect.changes else effect


def age_band(assessment: Assessment) -> str:
    """Return the band of the person's age; ``unknown`` where the age is not known within a band."""
    if assessment.age is None:
        return "unknown"
    low, high = _band(assessment.age.low), _band(assessment.age.high)
    return low if low == high else "unknown"


def _band(years: int) -> str:
    return next(name for start, name in reversed(_AGE_BANDS) if years >= start or start == 0)


def _tier(assessment: Assessment) -> str:
    return assessment.tier.value if assessment.tier else NO_TIER


def _cards(assessment: Assessment) -> tuple[str, ...]:
    return tuple(decision.card for decision in assessment.decisions)


def _causes(before: Assessment, after: Assessment) -> tuple[Cause, ...]:
    found = (*_factors(before, after), *_gates(before.gates, after.gates))
    weightiest = sorted(found, key=lambda cause: (-abs(cause.after - cause.before), -abs(cause.lifts), cause.rule))
    return tuple(weightiest) or (Cause(SETTINGS),)


def _factors(before: Assessment, after: Assessment) -> Iterator[Cause]:
    """Yield each rule whose strongest finding gives other points, overrides otherwise, or was not present before."""
    old, new = _strongest(before.findings), _strongest(after.findings)
    for rule in sorted(old.keys() | new.keys()):
        was, now = _weight(old.get(rule)), _weight(new.get(rule))
        if was != now:
            yield Cause(rule, was[1], now[1], (now > was) - (now < was))


def _strongest(findings: tuple[Finding, ...]) -> dict[str, Finding]:
    best: dict[str, Finding] = {}
    for finding in findings:
        known = best.get(finding.rule)
        if known is None or _weight(finding) > _weight(known):
            best[finding.rule] = finding
    return best


def _weight(finding: Finding | None) -> tuple[bool, int, bool, bool]:
    """Order findings of one rule: an override above all, then points, then a floor, then mere presence."""
    if finding is None:
        return False, 0, False, False
    return finding.override, finding.points, finding.floor, finding.present


def _gates(before: tuple[GateFinding, ...], after: tuple[GateFinding, ...]) -> Iterator[Cause]:
    old, new = {(gate.gate, gate.effect) for gate in before}, {(gate.gate, gate.effect) for gate in after}
    for gate, _ in sorted(old ^ new):
        yield Cause(gate, lifts=-1 if gate in {name for name, _ in new} else 1)
