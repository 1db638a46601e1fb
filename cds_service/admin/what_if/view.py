"""What came out of a run, as the page shows it: names in the visitor's language, counts, and lengths of bars."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from cards.words import Words
from cds_service.simulation.effect import SETTINGS, Cause, Effect
from cds_service.simulation.tally import GROUPS, Group, Outcome

_TIERS: Final = ("HIGH", "ELEVATED", "WATCH", "INCOMPLETE", "NONE", "none-applies")
_STOPPED: Final = "stopped"
_MOST_ON_PAGE: Final = 60
Said = Mapping[str, str]


class Pair(msgspec.Struct, frozen=True):
    """A name with two counts and the lengths of their bars in whole percent of the longest."""

    name: str
    before: int
    after: int
    bar_before: int
    bar_after: int

    @property
    def more(self) -> int:
        """How many more there are afterwards."""
        return self.after - self.before


class GroupRow(msgspec.Struct, frozen=True):
    """One age band, sex or limb class: people, who has a card before and after, who gains and who loses one."""

    name: str
    counts: Group
    bar_before: int
    bar_after: int


class CauseRow(msgspec.Struct, frozen=True):
    """A factor, gate or setting, and for how many people it made the difference."""

    rule: str
    name: str
    people: int
    gained: int
    lost: int
    raised: int
    lowered: int
    bar: int


class ChangeRow(msgspec.Struct, frozen=True):
    """One person who changes, in words."""

    number: int
    who: str
    tier: tuple[str, str]
    points: tuple[int, int]
    cards: tuple[str, str]
    causes: tuple[str, ...]


class Result(msgspec.Struct, frozen=True):
    """The whole page."""

    tiers: tuple[Pair, ...]
    cards: tuple[Pair, ...]
    groups: tuple[tuple[str, tuple[GroupRow, ...]], ...]
    causes: tuple[CauseRow, ...]
    changes: tuple[ChangeRow, ...]


def result_of(outcome: Outcome, in_words: Words, said: Said) -> Result:
    """Return the outcome as rows and bars."""
    tiers = [tier for tier in _TIERS if tier in outcome.tiers_before or tier in outcome.tiers_after]
    kinds = sorted({*outcome.cards_before, *outcome.cards_after})
    return Result(
        tiers=_pairs(((tier_name(tier, said), tier) for tier in tiers), outcome.tiers_before, outcome.tiers_after),
        cards=_pairs(((card_name(kind, in_words), kind) for kind in kinds), outcome.cards_before, outcome.cards_after),
        groups=tuple((kind, _group_rows(kind, outcome.groups[kind], in_words, said)) for kind in GROUPS),
        causes=_causes(outcome, in_words, said),
        changes=tuple(_change(effect, in_words, said) for effect in outcome.changed[:_MOST_ON_PAGE]),
    )


# ---------------------------------------------------------------- names


def tier_name(tier: str, said: Said) -> str:
    """Return the name of a tier, or of there being none."""
    return said.get(f"tier.{tier}") or said[f"tier.{_STOPPED}"]


def card_name(kind: str, in_words: Words) -> str:
    """Return the kind of a card with what it is about: ``K1 Bone density test``."""
    return f"{kind} {in_words.word('topic', kind)}"


def cause_name(rule: str, in_words: Words, said: Said) -> str:
    """Return the name of a factor, gate or setting."""
    if rule == SETTINGS:
        return said["what-if.settings"]
    return in_words.word("rule" if in_words.has(f"rule.{rule}") else "gate", rule)


def group_name(kind: str, name: str, in_words: Words, said: Said) -> str:
    """Return the name of an age band, sex or limb class."""
    if kind == "limb_class" and in_words.has(f"ld-class.{name}"):
        return in_words.say(f"ld-class.{name}")
    return said.get(f"what-if.{kind}.{name}", name)


# ---------------------------------------------------------------- rows


def _pairs(names: Iterable[tuple[str, str]], before: Mapping[str, int], after: Mapping[str, int]) -> tuple[Pair, ...]:
    longest = max((*before.values(), *after.values()), default=0)
    return tuple(
        Pair(
            name=name,
            before=before.get(key, 0),
            after=after.get(key, 0),
            bar_before=_bar(before.get(key, 0), longest),
            bar_after=_bar(after.get(key, 0), longest),
        )
        for name, key in names
    )


def _group_rows(kind: str, groups: Mapping[str, Group], in_words: Words, said: Said) -> tuple[GroupRow, ...]:
    return tuple(
        GroupRow(
            name=group_name(kind, name, in_words, said),
            counts=counts,
            bar_before=_bar(counts.shown_before, counts.people),
            bar_after=_bar(counts.shown_after, counts.people),
        )
        for name, counts in groups.items()
    )


def _causes(outcome: Outcome, in_words: Words, said: Said) -> tuple[CauseRow, ...]:
    longest = max((count.people for count in outcome.causes.values()), default=0)
    return tuple(
        CauseRow(
            rule=rule,
            name=cause_name(rule, in_words, said),
            people=count.people,
            gained=count.gained,
            lost=count.lost,
            raised=count.raised,
            lowered=count.lowered,
            bar=_bar(count.people, longest),
        )
        for rule, count in outcome.causes.items()
    )


def _change(effect: Effect, in_words: Words, said: Said) -> ChangeRow:
    who = (
        group_name("sex", effect.sex, in_words, said),
        group_name("age_band", effect.age_band, in_words, said),
        group_name("limb_class", effect.limb_class, in_words, said),
    )
    return ChangeRow(
        number=effect.number,
        who=", ".join(who),
        tier=(tier_name(effect.tier_before, said), tier_name(effect.tier_after, said)),
        points=(effect.points_before, effect.points_after),
        cards=(_cards(effect.cards_before, said), _cards(effect.cards_after, said)),
        causes=tuple(_cause(cause, in_words, said) for cause in effect.causes),
    )


def _cards(kinds: tuple[str, ...], said: Said) -> str:
    return ", ".join(kinds) or said["what-if.no-card"]


def _cause(cause: Cause, in_words: Words, said: Said) -> str:
    name = cause_name(cause.rule, in_words, said)
    if cause.before == cause.after:
        return name
    return said["what-if.points"].format(name=name, before=cause.before, after=cause.after)


def _bar(count: int, longest: int) -> int:
    return round(100 * count / longest) if longest else 0
