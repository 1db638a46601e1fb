"""What was taken when, and the vitamin D results: the facts behind the plot, and its table."""

from collections.abc import Iterator
from datetime import date

import msgspec

from cds_service.risk.dates import PartialDate, add_months
from cds_service.risk.drugs.courses import Course
from cds_service.risk.drugs.exposure import drug_exposure
from cds_service.risk.drugs.periods import Span, union
from cds_service.risk.filters import results
from cds_service.risk.measured import measured
from cds_service.risk.record import ObservationFact, PatientRecord
from cds_service.rulesets.model import RuleSet
from cds_service.standalone.definition import LanePlan, TimelinePlan

_NO_UNIT = "mg"


class Bar(msgspec.Struct, frozen=True):
    """Days on a drug: ``certain``, or only possible. ``running``: it is taken on the day of assessment."""

    span: Span
    certain: bool
    running: bool


class Told(msgspec.Struct, frozen=True):
    """One line of the table: from when to when as recorded, and the dose a day where it is known."""

    since: str
    until: str
    running: bool
    dose: float | None
    unit: str


class Lane(msgspec.Struct, frozen=True):
    """One drug. ``drug`` is its language-neutral name."""

    concept: str
    drug: str
    bars: tuple[Bar, ...]
    told: tuple[Told, ...]


class Point(msgspec.Struct, frozen=True):
    """A result: the number to show, and ``<`` or ``>`` when it is only a bound."""

    on: PartialDate
    value: float
    sign: str


class Line(msgspec.Struct, frozen=True):
    """A threshold of the rule that reads the result."""

    name: str
    value: float


class Timeline(msgspec.Struct, frozen=True):
    """Everything the plot shows, from ``first`` to ``last``."""

    first: date
    last: date
    lanes: tuple[Lane, ...]
    points: tuple[Point, ...]
    lines: tuple[Line, ...]
    unit: str

    @property
    def empty(self) -> bool:
        """True when there is nothing to show."""
        return not (self.lanes or self.points)


def timeline_of(record: PatientRecord, rules: RuleSet, as_of: date, plan: TimelinePlan) -> Timeline:
    """Return the drugs and results of the last ``plan.months`` before ``as_of``."""
    first = add_months(as_of, -plan.months)
    lanes = [lane for wanted in plan.lanes for lane in _lanes(wanted, record, rules, as_of)]
    return Timeline(
        first=first,
        last=as_of,
        lanes=tuple(lane for lane in lanes if any(bar.span.end >= first for bar in lane.bars)),
        points=tuple(point for point in _points(record, as_of, plan) if first <= point.on.last <= as_of),
        lines=tuple(Line(name, rules.factor(plan.lab.rule)[name]) for name in plan.lab.lines),
        unit=plan.lab.unit,
    )


def _lanes(plan: LanePlan, record: PatientRecord, rules: RuleSet, as_of: date) -> Iterator[Lane]:
    hits = record.medications.get(plan.concept, ())
    taken = drug_exposure(hits, rules, as_of, unit=plan.unit or _NO_UNIT).taken
    for drug in sorted({course.label for course in taken}):
        courses = [course for course in taken if course.label == drug]
        yield Lane(plan.concept, drug, tuple(_bars(courses, as_of)), tuple(_told(one, plan.unit) for one in courses))


def _bars(courses: list[Course], as_of: date) -> Iterator[Bar]:
    periods = [step.period for course in courses for step in course.steps]
    running = any(course.running for course in courses)
    for certain in (False, True):
        spans = [one.certain if certain else one.possible for one in periods]
        for span in union([span for span in spans if span is not None]):
            yield Bar(span, certain, running and span.end >= as_of)


def _told(course: Course, unit: str) -> Told:
    fact = course.hit.fact
    amounts = [step.dose.amount for step in course.steps if step.dose.amount is not None]
    return Told(
        since=course.begin.text if course.begin else "",
        until=fact.end.text if fact.end and not course.running else "",
        running=course.running,
        dose=max(amounts, default=None) if unit else None,
        unit=unit,
    )


def _points(record: PatientRecord, as_of: date, plan: TimelinePlan) -> tuple[Point, ...]:
    """The final results in the order of their days; one that is coded twice is one result."""
    facts = [hit.fact for hit in results(record, plan.lab.concept, as_of)]
    found = [point for fact in facts if (point := _point(fact, plan)) is not None]
    return tuple(sorted(dict.fromkeys(found), key=lambda point: point.on.last))


def _point(fact: ObservationFact, plan: TimelinePlan) -> Point | None:
    level = measured(fact, plan.lab.unit, plan.lab.substance)
    if level is None or fact.effective is None:
        return None
    sign = "<" if level.low < 0 else ">" if level.high > level.number else ""
    return Point(fact.effective, level.number, sign)
