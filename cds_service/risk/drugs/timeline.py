"""From courses to one dose a day: how several tellings of the same intake are counted once.

A prescription is often told three times: as an order, as its dispenses, as a line of the medication list. And one drug
is often taken from two strengths (a 5 mg and a 2.5 mg tablet). So, for each day and each drug:

- of all that is told of *one stated strength* the largest daily dose counts, once;
- different stated strengths add up, and so do different drugs;
- what is told without a strength is another telling of the same: it counts only where it says more than that sum;
- a telling without a dose makes the day's dose "at least", unless another telling of the same strength gives it.

Administrations of one day are single doses, not tellings of a day: those of one strength are summed first. A fact sent
twice is one fact. The rule depends neither on order nor on duplicates, and a larger dose can only raise the result. (A
dose that becomes known for what was told without one may turn out to be low: that is better knowledge, not less drug.)
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import Final

import msgspec

from cds_service.risk.drugs.courses import Course
from cds_service.risk.drugs.periods import Span, union

_DAY: Final = timedelta(days=1)
_NO_STRENGTH: Final = ""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """One telling: this drug from this strength at this dose a day (None: unknown) on these days."""

    span: Span
    drug: str
    strength: str
    amount: float | None


class Segment(msgspec.Struct, frozen=True, gc=False):
    """Days of one dose: ``dose`` is its known part, ``complete`` False when an unknown part comes on top."""

    span: Span
    dose: float
    complete: bool


def claims_of(courses: Iterable[Course]) -> tuple[Claim, ...]:
    """Return the certain tellings of the courses; what is taken only as needed is not certain on any day."""
    kept: list[Claim] = []
    shots: dict[tuple[Span, str, str], list[float | None]] = defaultdict(list)
    for course in courses:
        for step in _concurrent(course):
            if course.hit.fact.source == "administration":
                shots[step.span, step.drug, step.strength].append(step.amount)
            else:
                kept.append(step)
    summed = (Claim(*key, _sum(doses)) for key, doses in shots.items())
    return (*kept, *summed)


def _concurrent(course: Course) -> Iterator[Claim]:
    """Yield the claims of one course; dosages that hold on the same days of one order add up."""
    sure = [
        (step.period.certain, step.dose) for step in course.steps if not step.dose.as_needed and step.period.certain
    ]
    for days, group in _pieces([span for span, _ in sure]):
        yield Claim(days, course.drug, course.strength, _sum([sure[index][1].amount for index in group]))


def _sum(doses: Iterable[float | None]) -> float | None:
    """Add what is known: an instruction in words beside a structured one does not make the latter unknown."""
    known = [dose for dose in doses if dose is not None]
    return sum(known) if known else None


def _pieces(spans: Sequence[Span]) -> Iterator[tuple[Span, tuple[int, ...]]]:
    """Yield the stretches between which the set of covering spans changes, with the indexes of the covering spans."""
    changes: dict[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for index, one in enumerate(spans):
        changes[one.start.toordinal()][0].append(index)
        changes[one.end.toordinal() + 1][1].append(index)
    running: set[int] = set()
    previous = 0
    for day in sorted(changes):
        if running:
            yield Span(date.fromordinal(previous), date.fromordinal(day - 1)), tuple(sorted(running))
        begun, over = changes[day]
        running.update(begun)
        running.difference_update(over)
        previous = day


def _once(claims: Iterable[Claim]) -> list[Claim]:
    """Join claims that say the same on neighbouring or common days: long lists of renewed orders stay cheap."""
    same: dict[tuple[str, str, float | None], list[Span]] = defaultdict(list)
    for claim in claims:
        same[claim.drug, claim.strength, claim.amount].append(claim.span)
    return [Claim(one, *key) for key, spans in same.items() for one in union(spans)]


def timeline(claims: Iterable[Claim]) -> tuple[Segment, ...]:
    """Return the dose of every certain day, as stretches in order (adjacent stretches of one dose are joined)."""
    found: list[Segment] = []
    told = _once(claims)
    for days, group in _pieces([claim.span for claim in told]):
        dose, complete = _day_dose([told[index] for index in group])
        last = found[-1] if found else None
        if last and last.span.end + _DAY == days.start and (last.dose, last.complete) == (dose, complete):
            found[-1] = Segment(Span(last.span.start, days.end), dose, complete)
        else:
            found.append(Segment(days, dose, complete))
    return tuple(found)


def _day_dose(claims: Iterable[Claim]) -> tuple[float, bool]:
    by_drug: dict[str, dict[str, list[float | None]]] = defaultdict(lambda: defaultdict(list))
    for claim in claims:
        by_drug[claim.drug][claim.strength].append(claim.amount)
    doses = [_drug_dose(by_drug[drug]) for drug in sorted(by_drug)]
    return sum(dose for dose, _ in doses), all(complete for _, complete in doses)


def _drug_dose(by_strength: dict[str, list[float | None]]) -> tuple[float, bool]:
    best = {
        strength: max(known)
        for strength, amounts in by_strength.items()
        if (known := [amount for amount in amounts if amount is not None])
    }
    loose = best.get(_NO_STRENGTH, 0.0)
    stated = sum(best[strength] for strength in sorted(best) if strength != _NO_STRENGTH)
    told = _NO_STRENGTH in best
    missing = [strength for strength in by_strength if strength not in best and not told]
    unknown = any(strength != _NO_STRENGTH or not best for strength in missing)
    return max(stated, loose), not unknown
