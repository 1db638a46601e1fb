"""FHIR dates: a year, a month, a day or a moment. The day is the one the sender wrote, in the sender's time zone."""

import re
from datetime import date
from functools import lru_cache
from typing import Final

from cds_service.risk.dates import PartialDate

_DAY_LENGTH: Final = 10
_REMEMBERED: Final = 8_192
# What may follow a day: nothing, or a time (FHIR says T; some write a space).
_SHAPE: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


def parse_date(text: str) -> PartialDate | None:
    """Return what a FHIR date, dateTime or instant means, or None when it is no date (``2024-02-31``, ``1/2/24``)."""
    if len(text) > _DAY_LENGTH and text[_DAY_LENGTH] not in "T ":
        return None
    return _partial(text[:_DAY_LENGTH])


@lru_cache(maxsize=_REMEMBERED)
def _partial(text: str) -> PartialDate | None:
    match = _SHAPE.fullmatch(text) if text.isascii() else None
    if match is None:
        return None
    year, month, day = match.groups()
    try:
        if day:
            return PartialDate.of_day(date(int(year), int(month), int(day)))
        return PartialDate.of_month(int(year), int(month)) if month else PartialDate.of_year(int(year))
    except ValueError:
        return None
