"""Counts over a cohort, and the people who change: what a run leaves behind. It names nobody."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

import msgspec

from cds_service.simulation.effect import Effect

MOST_SHOWN: Final = 500
"""People who change are listed one by one up to here; all of them are counted."""
GROUPS: Final = ("age_band", "sex", "limb_class")


class Group(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One age band, sex or limb class: how many people, and for how many of them what changes."""

    people: int = 0
    shown_before: int = 0
    shown_after: int = 0
    gained: int = 0
    lost: int = 0


class CauseCount(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How many people change because one factor, gate or setting ended otherwise, and in which direction."""

    people: int = 0
    gained: int = 0
    lost: int = 0
    raised: int = 0
    lowered: int = 0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a run found.

    Attributes:
        people: all members, also those not assessed. unchecked: members whose record lacks what is needed.
        tiers_before, tiers_after: people by tier. cards_before, cards_after: cards by kind.
        moves: ``before>after`` tier -> people. groups: kind of group -> group -> counts.
        gained, lost: people with a card that they did not have, without one that they had (one may have both).
        raised, lowered: people with a higher or a lower tier.
        causes: factor, gate or ``settings`` -> counts; a person counts under each of theirs.
        changed: the first people who change.
    """

    people: int = 0
    unchecked: int = 0
    changing: int = 0
    gained: int = 0
    lost: int = 0
    raised: int = 0
    lowered: int = 0
    tiers_before: Mapping[str, int] = msgspec.field(default_factory=dict)
    tiers_after: Mapping[str, int] = msgspec.field(default_factory=dict)
    cards_before: Mapping[str, int] = msgspec.field(default_factory=dict)
    cards_after: Mapping[str, int] = msgspec.field(default_factory=dict)
    moves: Mapping[str, int] = msgspec.field(default_factory=dict)
    groups: Mapping[str, Mapping[str, Group]] = msgspec.field(default_factory=dict)
    causes: Mapping[str, CauseCount] = msgspec.field(default_factory=dict)
    changed: tuple[Effect, ...] = ()


class Tally:
    """Counts while a run goes on."""

    def __init__(self) -> None:
        self._sums: Counter[str] = Counter()
        self._named: dict[str, Counter[str]] = {
            name: Counter() for name in ("tiers_before", "tiers_after", "cards_before", "cards_after", "moves")
        }
        self._groups: dict[str, dict[str, Counter[str]]] = {kind: {} for kind in GROUPS}
        self._causes: dict[str, Counter[str]] = {}
        self._changed: list[Effect] = []

    def leave_out(self) -> None:
        """Count somebody who could not be assessed."""
        self._sums.update(people=1, unchecked=1)

    def add(self, effect: Effect) -> None:
        """Count one person."""
        self._sums["people"] += 1
        self._named["tiers_before"][effect.tier_before] += 1
        self._named["tiers_after"][effect.tier_after] += 1
        self._named["cards_before"].update(effect.cards_before)
        self._named["cards_after"].update(effect.cards_after)
        marks = _marks(effect)
        for kind in GROUPS:
            group = self._groups[kind].setdefault(getattr(effect, kind), Counter())
            group.update(people=1, shown_before=min(1, len(effect.cards_before)))
            group.update(shown_after=min(1, len(effect.cards_after)), gained=marks["gained"], lost=marks["lost"])
        if effect.changes:
            self._change(effect, marks)

    def _change(self, effect: Effect, marks: Mapping[str, int]) -> None:
        self._sums["changing"] += 1
        self._sums.update(marks)
        if effect.tier_before != effect.tier_after:
            self._named["moves"][f"{effect.tier_before}>{effect.tier_after}"] += 1
        for cause in effect.causes:
            self._causes.setdefault(cause.rule, Counter()).update({"people": 1, **marks})
        if len(self._changed) < MOST_SHOWN:
            self._changed.append(effect)

    def outcome(self) -> Outcome:
        """Return what was counted so far."""
        by_weight = sorted(self._causes.items(), key=lambda item: (-item[1]["people"], item[0]))
        counted = {
            **self._sums,
            **{name: dict(sorted(counts.items())) for name, counts in self._named.items()},
            "groups": {kind: dict(sorted(found.items())) for kind, found in self._groups.items()},
            "causes": dict(by_weight),
        }
        return msgspec.structs.replace(msgspec.convert(counted, Outcome), changed=tuple(self._changed))


def _marks(effect: Effect) -> dict[str, int]:
    return {
        "gained": int(bool(effect.gained)),
        "lost": int(bool(effect.lost)),
        "raised": int(effect.raised > 0),
        "lowered": int(effect.raised < 0),
    }
