"""Dosage instructions: one dose, doses a day, the bounds; nothing is computed that was not sent in structured form."""

from math import ceil
from typing import Final

from cds_service.fhir.quantities import in_unit, ratio, read_quantity, read_range
from cds_service.fhir.reading import Reading
from cds_service.fhir.shapes import Resource
from cds_service.fhir.shapes_medication import Dosage as DosageShape
from cds_service.fhir.shapes_medication import Repeat, Timing
from cds_service.fhir.word_tables import timing_codes
from cds_service.risk.record import Dosage, Quantity, Range
from cds_service.terminology.units import convert

DAY: Final = "d"
WEEK: Final = "wk"


def read_dosage(given: DosageShape, resource: Resource, reading: Reading) -> Dosage:
    """Return one dosage instruction as far as it is structured."""
    repeat = (given.timing.repeat if given.timing else None) or Repeat()
    start, end = reading.period(repeat.bounds_period, resource, "boundsPeriod")
    dose, per_day = _dose(given), doses_per_day(given.timing) or _once(repeat)
    most = _max_per_day(given)
    return Dosage(
        dose=dose,
        per_day=per_day,
        max_per_day=most,
        as_needed=_as_needed(given),
        start=start,
        end=end,
        days=in_unit(repeat.bounds_duration, DAY) or _days_of(repeat, per_day),
        text_only=bool(given.text) and dose is None and per_day is None and most is None,
    )


def _as_needed(given: DosageShape) -> bool:
    return bool(given.as_needed_boolean or given.as_needed or given.as_needed_codeable_concept or given.as_needed_for)


def _dose(given: DosageShape) -> Quantity | Range | None:
    """Return the first dose that has a number: R4's doseAndRate, else STU3's dose[x]."""
    for one in given.dose_and_rate:
        dose = read_quantity(one.dose_quantity) or read_range(one.dose_range)
        if dose is not None:
            return dose
    return read_quantity(given.dose_quantity) or read_range(given.dose_range)


def _max_per_day(given: DosageShape) -> Quantity | None:
    most = given.max_dose_per_period
    ratios = most if isinstance(most, tuple) else (most,)
    return next((found for one in ratios if (found := ratio(one, DAY)) is not None), None)


def doses_per_day(timing: Timing | None) -> float | None:
    """Return doses a day (0.5 = every other day), or None when the timing is not structured or is a range."""
    if timing is None:
        return None
    repeated = _repeated(timing.repeat) if timing.repeat else None
    if repeated is not None or timing.code is None:
        return repeated
    texts = (*(coding.code for coding in timing.code.coding), timing.code.text)
    known = (timing_codes().get(text.strip().upper()) for text in texts if text)
    return next((per_day for per_day in known if per_day is not None), None)


def _repeated(repeat: Repeat) -> float | None:
    if repeat.frequency_max is not None or repeat.period_max is not None:
        return None
    times = max(_named_times(repeat), repeat.frequency or 0)
    days = len([day for day in repeat.day_of_week if day])
    if repeat.period is None and repeat.period_unit is None:
        # Named times or weekdays alone mean every day, or every week.
        return _on_days(times, days) if _named_times(repeat) or days else None
    length = convert(repeat.period or 0, repeat.period_unit or "", DAY)
    if not length:
        return None
    if days and repeat.period_unit == WEEK:
        return max(days, times) / length
    per_day = (times or 1) / length
    return _on_days(per_day, days) if days else per_day


def _on_days(times: float, days: int) -> float:
    week = convert(1, WEEK, DAY) or 1
    return (times or 1) * (days / week if days else 1)


def _once(repeat: Repeat) -> float | None:
    """Return one dose a day for a single dose, such as an injection, that names no rhythm."""
    return 1.0 if repeat.count == 1 and repeat.count_max is None else None


def _days_of(repeat: Repeat, per_day: float | None) -> float | None:
    """Return the days that a stated number of doses lasts, or None when either is open."""
    if not repeat.count or repeat.count < 0 or repeat.count_max is not None or not per_day:
        return None
    return float(ceil(repeat.count / per_day))


def _named_times(repeat: Repeat) -> int:
    when = repeat.when if isinstance(repeat.when, tuple) else (repeat.when,)
    return max(len([one for one in when if one]), len([one for one in repeat.time_of_day if one]))
