"""Stretches of days on a drug: their union, their length, and which short gaps belong to one course.

A gap counts as treatment when it is at most as long as the rule set allows *and* no longer than the longer of its two
neighbours: a late refill is bridged, the pause between two bursts of a week is not. Adding days can only add days.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.dates import PartialDate, add_days

_ONE_DAY: Final = 1


class Span(msgspec.Struct, frozen=True, gc=False, order=True):
    """Days from ``start`` to ``end``, both included; never empty."""

    start: date
    end: date

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days + _ONE_DAY

    def within(self, first: date, last: date) -> "Span | None":
        """Return the part that lies from ``first`` to ``last``, or None when there is none."""
        return span(max(self.start, first), min(self.end, last))


def span(start: date, end: date) -> Span | None:
    """Return the days from ``start`` to ``end``, or None when ``end`` comes first."""
    return Span(start, end) if start <= end else None


class Period(msgspec.Struct, frozen=True, gc=False):
    """A stretch whose ends may be known only as a month or year.

    Attributes:
        certain: the days that belong to it whatever the unknown days are; None when there is no such day.
        possible: the days that may belong to it; None when nothing at all is known.
    """

    certain: Span | None
    possible: Span | None

    def until(self, day: date) -> "Period":
        """Return the part up to and including ``day``."""
        return Period(_until(self.certain, day), _until(self.possible, day))

    def inside(self, spans: Iterable[Span]) -> tuple["Period", ...]:
        """Return the parts that lie in ``spans`` (a union)."""
        return tuple(
            Period(_within(self.certain, one), _within(self.possible, one)) for one in spans if self._touches(one)
        )

    def _touches(self, other: Span) -> bool:
        return _within(self.possible, other) is not None


def _until(part: Span | None, day: date) -> Span | None:
    return part and part.within(date.min, day)


def _within(part: Span | None, other: Span) -> Span | None:
    return part and part.within(other.start, other.end)


def period(start: PartialDate, end: PartialDate) -> Period:
    """Return the period between two days, months or years: certain from the last possible start to the first end."""
    return Period(span(start.last, end.first), span(start.first, max(start.first, end.last)))


def period_of_days(start: PartialDate, days: int) -> Period:
    """Return the period of ``days`` days from ``start`` on (at least one)."""
    more = max(days, _ONE_DAY) - _ONE_DAY
    return period(start, PartialDate(add_days(start.first, more), add_days(start.last, more), ""))


def union(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Return the same days as stretches that neither overlap nor touch, in order."""
    return bridged(spans, 0)


def bridged(spans: Iterable[Span], gap_days: float) -> tuple[Span, ...]:
    """Return ``spans`` in order with overlaps joined and short gaps (see above) filled."""
    stack: list[Span] = []
    for one in sorted(spans):
        stack.append(one)
        while len(stack) > 1 and _one_course(stack[-2], stack[-1], gap_days):
            right, left = stack.pop(), stack.pop()
            stack.append(Span(left.start, max(left.end, right.end)))
    return tuple(stack)


def _one_course(left: Span, right: Span, gap_days: float) -> bool:
    gap = (right.start - left.end).days - _ONE_DAY
    return gap <= 0 or (gap <= gap_days and gap <= max(left.days, right.days))


def days_in(spans: Iterable[Span]) -> int:
    """Return the number of days in spans that do not overlap."""
    return sum(one.days for one in spans)
