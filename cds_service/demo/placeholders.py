"""Dates counted from today: ``{{today}}``, ``{{today-240d}}``, ``{{today-58y}}``, ``{{today-58y-131d}}``."""

import re
from datetime import date, timedelta
from typing import Final

# Two digits of years and four of days: never before the calendar begins.
_PLACEHOLDER: Final = re.compile(r"\{\{today(?:-(\d{1,2})y)?(?:-(\d{1,4})d)?\}\}")


def filled(text: str, today: date) -> str:
    """Return ``text`` with every placeholder replaced by its date (YYYY-MM-DD). Whatever else it holds is kept."""
    return _PLACEHOLDER.sub(lambda found: _day(today, int(found[1] or 0), int(found[2] or 0)).isoformat(), text)


def _day(today: date, years: int, days: int) -> date:
    """Return the day ``years`` and ``days`` before ``today``; 29 February counts as the 28th in other years."""
    day = 28 if (today.month, today.day) == (2, 29) else today.day
    return today.replace(year=today.year - years, day=day) - timedelta(days=days)
