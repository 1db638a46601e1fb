"""From the four medication resources to drug courses: who says what was taken, from when to when, at which dose.

Which facts count (data filters, proposed-rules 1c): orders (not proposals, plans or options) that are active,
completed, stopped or on hold; statements; dispenses that were handed over; administrations that were given. A statement
"not taken" beats every order of the same drug that began on or before it. Drafts count only as *planned*.

Which days (:mod:`.steps`): one that is over without a known end proves its first day only: its length is unknown, never
short. An order that dispenses or administrations answer (``based_on``) is believed for its dose, and they for its days.
Dispenses that name no order stand on their own beside the order: they may be of one pharmacy or one admission only.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.dates import PartialDate
from cds_service.risk.drugs.dose import strength_of
from cds_service.risk.drugs.periods import union
from cds_service.risk.drugs.steps import MedicationHit, Reading, State, Step, steps_of, whole_period
from cds_service.risk.record import Evidence, MedicationFact

COURSE_REMARKS: Final = ("dates-imprecise", "duration-unknown", "not-confirmed-since", "on-hold", "status-unclear")
"""Remark keys of this module: a date is only a month or year; the end is not known; D20; paused; no clear status."""


# FHIR status codes (STU3 to R5) by resource; a code that is not listed means that nothing was taken.
_GIVEN: Final = {"completed": State.GIVEN, "in-progress": State.GIVEN, "stopped": State.GIVEN, "on-hold": State.GIVEN}
_OVER: Final = {"completed": State.ENDED, "stopped": State.ENDED, "ended": State.ENDED, "on-hold": State.HELD}
_UNCLEAR: Final = {"": State.UNCLEAR, "unknown": State.UNCLEAR}
_STATES: Final = {
    "request": {"active": State.RUNNING, **_OVER, **_UNCLEAR},
    "statement": {
        "active": State.RUNNING,
        "recorded": State.RUNNING,
        "intended": State.PLANNED,
        "not-taken": State.DENIED,
        **_OVER,
        **_UNCLEAR,
    },
    "dispense": {**_GIVEN, **_UNCLEAR},
    "administration": {**_GIVEN, **_UNCLEAR},
}
_ORDERS: Final = frozenset({"", "order", "original-order", "instance-order"})
# A draft of an ordering hook that is still meant.
_MEANT: Final = frozenset({"", "draft", "active"})


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """What one resource tells of one drug.

    Attributes:
        drug: key of the drug within the exposure; label: its language-neutral name.
        strength: text of the strength of one unit of the form, empty when not stated.
        steps: stretches at one dose, clipped to the day of assessment.
        running: True when it says that the drug is taken now. planned: only intended, or not begun.
        duration_known: False when the steps prove less than was taken.
        given: True for a dispense or administration. begin: first day as recorded.
    """

    hit: MedicationHit
    drug: str
    label: str
    strength: str
    state: State
    steps: tuple[Step, ...] = ()
    running: bool = False
    planned: bool = False
    duration_known: bool = True
    begin: PartialDate | None = None
    remarks: tuple[str, ...] = ()

    @property
    def evidence(self) -> Evidence:
        """Where the record says so."""
        return self.hit.fact.evidence

    @property
    def given(self) -> bool:
        """True for a dispense or an administration."""
        return self.state is State.GIVEN


def ingredient(hit: MedicationHit) -> str:
    """Return the ingredient of a hit, language-neutral: the attribute of its row, else the row's display."""
    named = hit.attribute("ingredient")
    return named if named and named != "any" else hit.match.display.lower()


def state_of(fact: MedicationFact) -> State | None:
    """Return what the status says, or None when the resource tells of no intake (cancelled, refuted, a proposal)."""
    if fact.do_not_perform:
        return None
    if fact.planned:
        return State.PLANNED if fact.status in _MEANT else None
    if fact.source == "request" and fact.intent not in _ORDERS:
        return None
    return _STATES[fact.source].get(fact.status)


def distinct(hits: Iterable[MedicationHit]) -> tuple[MedicationHit, ...]:
    """Return one hit per fact (the row that knows most), equal facts once, in an order that depends on content only."""
    best: dict[str, MedicationHit] = {}
    for hit in sorted(hits, key=_knowledge):
        best[repr(hit.fact)] = hit
    return tuple(best[key] for key in sorted(best))


def _knowledge(hit: MedicationHit) -> tuple[int, int, str, str]:
    return (len(hit.match.attributes), len(hit.match.code), hit.match.system, hit.match.code)


def read_courses(hits: Iterable[MedicationHit], reading: Reading) -> tuple[Course, ...]:
    """Return the courses that ``hits`` of one concept tell of (see the module's text), in a stable order."""
    read = [_course(hit, state, reading) for hit in distinct(hits) if (state := state_of(hit.fact)) is not None]
    denials = [course for course in read if course.state is State.DENIED]
    kept = [course for course in read if not any(_denies(denial, course) for denial in denials)]
    answers, newest = _answers(kept), _newest_by_drug(kept)
    return tuple(_confirmed(_answered(course, answers), newest, reading) for course in kept)


def _denies(denial: Course, course: Course) -> bool:
    if denial.drug != course.drug or course.hit.fact.source != "request":
        return False
    if denial.begin is None or course.begin is None:
        return True
    end = denial.hit.fact.end
    if end is None:
        return course.begin.first <= denial.begin.last
    # A denial of one past period says nothing of orders from before or after it.
    return denial.begin.first <= course.begin.last and course.begin.first <= end.last


# ---------------------------------------------------------------- one resource


def _course(hit: MedicationHit, state: State, reading: Reading) -> Course:
    fact, begin = hit.fact, hit.fact.start or hit.fact.authored
    future = begin is not None and begin.first > reading.as_of
    planned = state is State.PLANNED or (future and state is not State.DENIED)
    silent = planned or state is State.DENIED
    whole, known = whole_period(hit, state, begin, reading)
    steps, bounded = ((), True) if silent else steps_of(hit, state, whole, begin, reading)
    known = silent or bounded or known
    certain = [step for step in steps if step.period.certain]
    strength = strength_of(hit)
    return Course(
        hit=hit,
        drug=reading.drug(hit),
        label=ingredient(hit),
        strength=f"{strength.value:g} {strength.unit}" if strength else "",
        state=state,
        steps=steps,
        running=state is State.RUNNING and not silent and _reaches(steps, reading.as_of),
        planned=planned,
        duration_known=silent or (known and bool(certain)),
        begin=begin,
        remarks=_remarks(fact, state, begin, known=known),
    )


def _remarks(fact: MedicationFact, state: State, begin: PartialDate | None, *, known: bool) -> tuple[str, ...]:
    inexact = any(day is not None and not day.exact for day in (begin, fact.end))
    told = {
        "dates-imprecise": inexact,
        "duration-unknown": not known,
        "on-hold": state is State.HELD,
        "status-unclear": state is State.UNCLEAR,
    }
    return tuple(key for key, holds in told.items() if holds)


def _reaches(steps: Iterable[Step], day: date) -> bool:
    return any(part is not None and part.end >= day for step in steps for part in (step.period.possible,))


# ---------------------------------------------------------------- resources together


def _answers(courses: Iterable[Course]) -> dict[str, list[Course]]:
    """Return, by reference of an order, the dispenses and administrations that answer it and whose days are known."""
    found: dict[str, list[Course]] = {}
    for course in courses:
        if course.given and course.duration_known:
            found.setdefault(course.hit.fact.based_on, []).append(course)
    return found


def _answered(course: Course, answers: Mapping[str, Sequence[Course]]) -> Course:
    """Return an order whose days are those of the dispenses or administrations that answer it, if known."""
    reference = course.evidence.reference
    if course.hit.fact.source != "request" or not reference or course.planned or reference not in answers:
        return course
    given = union(part for one in answers[reference] for step in one.steps if (part := step.period.certain) is not None)
    steps = tuple(Step(part, step.dose) for step in course.steps for part in step.period.inside(given))
    return msgspec.structs.replace(course, steps=steps, duration_known=True)


def _newest_by_drug(courses: Iterable[Course]) -> dict[str, date]:
    """Return the last day on which something tells that a drug is or was taken."""
    found: dict[str, date] = {}
    for course in courses:
        if not course.planned and course.state is not State.DENIED:
            found[course.drug] = max(found.get(course.drug, date.min), _newest(course))
    return found


def _confirmed(course: Course, newest: Mapping[str, date], reading: Reading) -> Course:
    """Return the course with the remark of D20 when it runs on without an end and nothing newer confirms it."""
    fact, begin = course.hit.fact, course.begin
    open_ended = course.running and fact.end is None and fact.days_supply is None
    if not open_ended or begin is None or newest[course.drug] >= reading.stale_before:
        return course
    return msgspec.structs.replace(course, remarks=(*course.remarks, "not-confirmed-since"))


def _newest(course: Course) -> date:
    fact = course.hit.fact
    return max((day.last for day in (fact.start, fact.authored, fact.end) if day is not None), default=date.min)
