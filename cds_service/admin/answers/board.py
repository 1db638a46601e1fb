"""Counts of shown cards and of what was done with them. Pure: cards come from the store, words from the page."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import msgspec

from cds_service.store.answers import AnsweredCard

NO_CLIENT: Final = ""
UNKNOWN_REASON: Final = "other"
Meaning = Callable[[tuple[str, str]], str]
"""The meaning of an override reason given as (system, code)."""


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One card kind, rule, client or week, and what was done with its cards."""

    name: str
    shown: int = 0
    accepted: int = 0
    overridden: int = 0
    reasons: Mapping[str, int] = msgspec.field(default_factory=dict)

    @property
    def answered(self) -> int:
        """Cards that were accepted or overridden."""
        return self.accepted + self.overridden

    @property
    def no_reply(self) -> int:
        """Cards of which nothing was heard: ignored ones are never reported."""
        return self.shown - self.answered

    def share(self, reason: str) -> int:
        """Return how many of a hundred answered cards gave ``reason``."""
        return round(100 * self.reasons.get(reason, 0) / self.answered) if self.answered else 0

    def percent(self, count: int) -> int:
        """Return ``count`` in whole percent of the cards shown."""
        return round(100 * count / self.shown) if self.shown else 0


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """All of it, and by card, rule, client (empty: none registered) and week (its Monday, ISO date)."""

    total: Line
    cards: tuple[Line, ...]
    rules: tuple[Line, ...]
    clients: tuple[Line, ...]
    weeks: tuple[Line, ...]


def board_of(cards: Iterable[AnsweredCard], meaning: Meaning) -> Board:
    """Return the counts. A card counts under each rule that counted when it was shown."""
    total, by_card, by_rule, by_client, by_week = _Lines(), _Lines(), _Lines(), _Lines(), _Lines()
    for card in cards:
        reason = meaning(card.reason) if card.outcome == "overridden" else ""
        total.add("", card, reason)
        by_card.add(card.kind, card, reason)
        by_client.add(card.client, card, reason)
        by_week.add(_monday(card), card, reason)
        for rule in card.rules:
            by_rule.add(rule, card, reason)
    return Board(
        total=next(iter(total.sorted()), Line(name="")),
        cards=by_card.sorted(),
        rules=by_rule.by_count(),
        clients=by_client.sorted(),
        weeks=by_week.sorted(),
    )


def _monday(card: AnsweredCard) -> str:
    day = card.shown.date()
    return day.fromordinal(day.toordinal() - day.weekday()).isoformat()


class _Lines:
    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self._reasons: dict[str, Counter[str]] = {}

    def add(self, name: str, card: AnsweredCard, reason: str) -> None:
        self._counts.setdefault(name, Counter()).update(("shown", card.outcome))
        if reason:
            self._reasons.setdefault(name, Counter())[reason] += 1

    def sorted(self) -> tuple[Line, ...]:
        return tuple(self._line(name) for name in sorted(self._counts))

    def by_count(self) -> tuple[Line, ...]:
        return tuple(sorted(self.sorted(), key=lambda line: -line.shown))

    def _line(self, name: str) -> Line:
        counts = self._counts[name]
        reasons = dict(self._reasons.get(name, Counter()).most_common())
        return Line(
            name=name,
            shown=counts["shown"],
            accepted=counts["accepted"],
            overridden=counts["overridden"],
            reasons=reasons,
        )
