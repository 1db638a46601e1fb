"""When one resource says the drug was taken, and at which dose: bounds, ends, days of supply, tapers.

An order or statement runs by its dosage bounds, else to its stated end, else for its days of supply, else (active, D20)
until the day of assessment. One that is over without a known end proves its first day only.
"""

import math
from collections.abc import Callable
from datetime import date
from enum import Enum, auto

import msgspec

from cds_service.risk.dates import PartialDate, add_days
from cds_service.risk.drugs.dose import UNKNOWN_DOSE, DailyDose, daily_dose, single_dose, strength_of
from cds_service.risk.drugs.periods import Period, Span, period, period_of_days
from cds_service.risk.record import Dosage, Hit, MedicationFact

MedicationHit = Hit[MedicationFact]


class State(Enum):
    """What a resource's status says of the intake."""

    RUNNING = auto()
    ENDED = auto()
    HELD = auto()
    GIVEN = auto()
    PLANNED = auto()
    DENIED = auto()
    UNCLEAR = auto()


class Step(msgspec.Struct, frozen=True, gc=False):
    """A stretch of one course at one dose."""

    period: Period
    dose: DailyDose


class Reading(msgspec.Struct, frozen=True):
    """How to read one concept: the day, the unit of its dose, when an open end is stale, and what is one drug."""

    as_of: date
    stale_before: date
    unit: str
    drug: Callable[[MedicationHit], str]
    factor: Callable[[MedicationHit], float | None]


def whole_period(hit: MedicationHit, state: State, begin: PartialDate | None, reading: Reading) -> tuple[Period, bool]:
    """Return the period of the whole resource before dosage bounds, and whether its length is known."""
    today = PartialDate.of_day(reading.as_of)
    begin_or_today = begin or today
    if state is State.UNCLEAR:
        return Period(None, _possible(begin, reading.as_of)), False
    end = _end(hit, begin)
    if end is not None and (state in (State.RUNNING, State.GIVEN) or end.last <= reading.as_of):
        return period(begin or end, end), begin is not None
    if state is State.RUNNING:
        return period(begin_or_today, today), begin is not None
    first = begin if begin is not None and begin.exact else None
    day = Span(first.first, first.first) if first else None
    return Period(day, _possible(begin, reading.as_of)), False


def _possible(begin: PartialDate | None, as_of: date) -> Span | None:
    return Span(begin.first, as_of) if begin and begin.first <= as_of else None


def _end(hit: MedicationHit, begin: PartialDate | None) -> PartialDate | None:
    fact = hit.fact
    if fact.end is not None or begin is None:
        return fact.end
    if fact.source == "administration":
        return begin
    days = fact.days_supply if fact.days_supply is not None else _days_of_amount(hit, hit.fact.dosages)
    return _after(begin, days)


def _after(begin: PartialDate, days: float | None) -> PartialDate | None:
    if days is None or not math.isfinite(days) or days < 1:
        return None
    more = int(days) - 1
    return PartialDate(add_days(begin.first, more), add_days(begin.last, more), "")


def _days_of_amount(hit: MedicationHit, dosages: tuple[Dosage, ...]) -> float | None:
    """Return how long the dispensed amount lasts at the one dosage given, when both count the same thing."""
    amount = hit.fact.amount
    if hit.fact.source != "dispense" or amount is None or len(dosages) != 1 or dosages[0].as_needed:
        return None
    daily = daily_dose(dosages[0], strength_of(hit), amount.unit).amount
    return amount.value / daily if daily else None


def steps_of(
    hit: MedicationHit, state: State, whole: Period, begin: PartialDate | None, reading: Reading
) -> tuple[tuple[Step, ...], bool]:
    """Return the stretches at one dose, and whether their length follows from the dosages' own bounds."""
    fact, as_of = hit.fact, reading.as_of
    if fact.source == "administration":
        return (Step(whole.until(as_of), _given_dose(hit, whole, reading)),), False
    if not fact.dosages:
        return (Step(whole.until(as_of), _amount_dose(hit, whole, reading)),), False
    stretches = _stretches(fact.dosages, whole, begin or PartialDate.of_day(as_of))
    bounded = all(_is_bounded(dosage, begin) for dosage in fact.dosages)
    if state not in (State.RUNNING, State.GIVEN) and not (bounded and all(_is_past(one, as_of) for one in stretches)):
        # Ended, paused or unclear on a day that nobody wrote down: the plan is no longer what was taken.
        stretches, bounded = tuple(whole for _ in stretches), False
    steps = (
        Step(stretch.until(as_of), _dose(hit, dosage, reading))
        for dosage, stretch in zip(fact.dosages, stretches, strict=True)
        if stretch.possible is None or stretch.possible.start <= as_of
    )
    return tuple(steps), bounded


def _is_bounded(dosage: Dosage, begin: PartialDate | None) -> bool:
    return (dosage.start or begin) is not None and (dosage.end is not None or _days(dosage) is not None)


def _is_past(stretch: Period, as_of: date) -> bool:
    return stretch.possible is not None and stretch.possible.end <= as_of


def _days(dosage: Dosage) -> int | None:
    return int(dosage.days) if dosage.days is not None and math.isfinite(dosage.days) and dosage.days >= 1 else None


def _stretches(dosages: tuple[Dosage, ...], whole: Period, begin: PartialDate) -> tuple[Period, ...]:
    """Return when each dosage holds.

    Its own bounds decide. Several bounded by a number of days alone follow one another in the order given (a taper);
    one without bounds after such ones goes on from there; without any bounds they hold side by side and add up.
    """
    found: list[Period] = []
    cursor: PartialDate | None = None
    for dosage in dosages:
        days = _days(dosage)
        if dosage.start or dosage.end:
            found.append(_bounded(dosage, whole, begin))
        elif days is not None:
            step = cursor or begin
            found.append(period_of_days(step, days))
            cursor = PartialDate(add_days(step.first, days), add_days(step.last, days), "")
        else:
            found.append(_from(whole, cursor) if cursor else whole)
    return tuple(found)


def _bounded(dosage: Dosage, whole: Period, begin: PartialDate) -> Period:
    start = dosage.start or begin
    end = dosage.end or _after(start, dosage.days)
    return period(start, end) if end is not None else _from(whole, start)


def _from(whole: Period, start: PartialDate) -> Period:
    certain = whole.certain and whole.certain.within(start.last, date.max)
    return Period(certain, whole.possible and whole.possible.within(start.first, date.max))


def _dose(hit: MedicationHit, dosage: Dosage, reading: Reading) -> DailyDose:
    return daily_dose(dosage, strength_of(hit), reading.unit).times(reading.factor(hit))


def _given_dose(hit: MedicationHit, whole: Period, reading: Reading) -> DailyDose:
    """Return what an administration gave, spread over the days it lasted."""
    fact = hit.fact
    given = (Dosage(dose=fact.amount),) if fact.amount is not None else fact.dosages
    if len(given) != 1:
        return UNKNOWN_DOSE
    dose = single_dose(given[0], strength_of(hit), reading.unit)
    days = whole.possible.days if whole.possible else 1
    return dose.times(reading.factor(hit)).times(1 / days)


def _amount_dose(hit: MedicationHit, whole: Period, reading: Reading) -> DailyDose:
    """Return the dispensed amount spread over its days of supply, where both are stated."""
    fact = hit.fact
    days = fact.days_supply
    if fact.source != "dispense" or fact.amount is None or days is None or not whole.certain or days < 1:
        return UNKNOWN_DOSE
    total = single_dose(Dosage(dose=fact.amount), strength_of(hit), reading.unit)
    return total.times(1 / days).times(reading.factor(hit))
