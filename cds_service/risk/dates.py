"""Dates as records hold them: sometimes only a month or a year.

A :class:`PartialDate` keeps both ends of what was written, so that a rule can ask "is it certain that this was
within the window?" instead of inventing a day. Time of day never matters to a rule, so a FHIR ``dateTime`` is kept
as the calendar day the sender wrote, in the sender's own time zone.
"""

import calendar
from datetime import date, timedelta
from functools import lru_cache
from typing import Self

import msgspec

_MONTHS_PER_YEAR = 12
# The same few days are asked for by rule after rule.
_REMEMBERED = 2_000


class PartialDate(msgspec.Struct, frozen=True, gc=False, order=False):
    """A calendar day, month or year, as the days it may mean.

    Attributes:
        first: the earliest day it can be.
        last: the latest day it can be (equal to ``first`` for a full date).
        text: the date as written, cut to the precision given: ``2024``, ``2024-05`` or ``2024-05-17``.
    """

    first: date
    last: date
    text: str

    @classmethod
    def of_day(cls, day: date) -> Self:
        """Return the exact day."""
        return cls(day, day, day.isoformat())

    @classmethod
    def of_month(cls, year: int, month: int) -> Self:
        """Return a whole month; raises ValueError for a month that does not exist."""
        last = calendar.monthrange(year, month)[1]
        return cls(date(year, month, 1), date(year, month, last), f"{year:04d}-{month:02d}")

    @classmethod
    def of_year(cls, year: int) -> Self:
        """Return a whole year; raises ValueError outside 1-9999."""
        return cls(date(year, 1, 1), date(year, 12, 31), f"{year:04d}")

    @property
    def exact(self) -> bool:
        """True when the day itself is known."""
        return self.first == self.last

    def certainly_before(self, day: date) -> bool:
        """True when every day it may mean lies before ``day``."""
        return self.last < day

    def certainly_on_or_after(self, day: date) -> bool:
        """True when every day it may mean is ``day`` or later."""
        return self.first >= day

    def possibly_on_or_after(self, day: date) -> bool:
        """True when some day it may mean is ``day`` or later."""
        return self.last >= day


@lru_cache(maxsize=_REMEMBERED)
def add_months(day: date, months: int) -> date:
    """Return the same day of another month, or that month's last day when it is shorter (31 May - 3 mo = 28/29 Feb).

    Days outside the calendar (year < 1 or > 9999) are held at its ends, so that hostile dates never raise.
    """
    index = day.year * _MONTHS_PER_YEAR + (day.month - 1) + months
    year, month0 = divmod(index, _MONTHS_PER_YEAR)
    if year < date.min.year:
        return date.min
    if year > date.max.year:
        return date.max
    last = calendar.monthrange(year, month0 + 1)[1]
    return date(year, month0 + 1, min(day.day, last))


def add_days(day: date, days: int) -> date:
    """Return ``day`` moved by ``days``, held inside the calendar."""
    ordinal = min(max(day.toordinal() + days, date.min.toordinal()), date.max.toordinal())
    return day + timedelta(days=ordinal - day.toordinal())


def whole_years(birth: date, on: date) -> int:
    """Return the completed years from ``birth`` to ``on``.

    Someone born on 29 February ages on 1 March in common years.
    """
    return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))


def whole_months(start: date, end: date) -> int:
    """Return the completed calendar months from ``start`` to ``end`` (negative when ``end`` comes first)."""
    months = (end.year - start.year) * _MONTHS_PER_YEAR + end.month - start.month
    return months - (end.day < start.day and end != add_months(start, months))
