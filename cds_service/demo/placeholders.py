"""Dates counted from today: ``{{today}}``, ``{{today-240d}}``, ``{{today-58y}}``, ``{{today-58y-131d}}``."""

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Final

# Two digits of years and four of days: never before the calendar begins.
_PLACEHOLDER: Final = re.compile(r"\{\{today(?:-(\d{1,2})y)?(?:-(\d{1,4})d)?\}\}")


def filled(text: str, today: date) -> str:
    """Return ``text`` with every placeholder replaced by its date (YYYY-MM-DD). Whatever else it holds is kept."""
    return _PLACEHOLDER.sub(lambda found: _day(today, int(found[1] or 0), int(found[2] or 0)).isoformat(), text)


def _day(today: date, years: int, days: int) -> date:
    """Return the day ``years`` and ``days`` before ``today``; 29 February is the 28th in years without one."""
    year = today.year - years
    day = min(today.day, monthrange(year, today.month)[1])
    return today.replace(year=year, day=day) - timedelta(days=days)
