"""Exposure to a drug (or a group of drugs that count together): courses, days, doses, sums.

:func:`drug_exposure` reads the four medication resources (:mod:`.courses`), counts what is told twice once
(:mod:`.timeline`) and answers what rules ask: how many days, at which dose, how much in all, is it taken now.
Only certain days count. Days and doses never fall when a longer or stronger exposure is recorded.
"""

from collections.abc import Callable, Iterable
from datetime import date

import msgspec

from cds_service.risk.dates import add_days, add_months
from cds_service.risk.drugs.courses import COURSE_REMARKS, Course, ingredient, read_courses
from cds_service.risk.drugs.dose import DOSE_REMARKS
from cds_service.risk.drugs.periods import Span, bridged, days_in
from cds_service.risk.drugs.steps import MedicationHit, Reading, State
from cds_service.risk.drugs.timeline import Segment, claims_of, timeline
from cds_service.risk.record import Evidence
from cds_service.rulesets.model import RuleSet

REMARKS = (*COURSE_REMARKS, *DOSE_REMARKS, "dose-unknown")
"""Every remark key an exposure can carry (no values)."""


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one drug or group up to ``as_of``.

    Attributes:
        courses: every telling that counts, also planned and denied ones. segments: dose of each certain day, in the
            unit asked for (mg prednisolone, ``[IU]``). gap_days: gap that is bridged (see :mod:`.periods`).
    """

    as_of: date
    gap_days: float
    courses: tuple[Course, ...] = ()
    segments: tuple[Segment, ...] = ()

    @property
    def taken(self) -> tuple[Course, ...]:
        """Courses that were or are taken, newest first."""
        told = [one for one in self.courses if not one.planned and one.state is not State.DENIED]
        return tuple(sorted(told, key=_newest_first))

    @property
    def planned(self) -> tuple[Course, ...]:
        """Courses that are only intended: drafts, and orders that begin later."""
        return tuple(one for one in self.courses if one.planned)

    @property
    def denied(self) -> tuple[Course, ...]:
        """Statements that the drug was not taken."""
        return tuple(one for one in self.courses if one.state is State.DENIED)

    @property
    def current(self) -> bool:
        """True when it is taken now: an order or statement runs, or a dispense lasts until today."""
        return any(one.running for one in self.courses) or self._last_segment_day == self.as_of

    @property
    def _last_segment_day(self) -> date | None:
        return self.segments[-1].span.end if self.segments else None

    @property
    def ended_on(self) -> date | None:
        """Last certain day, None while it is current or when no day is certain."""
        return None if self.current else self._last_segment_day

    @property
    def latest(self) -> Span | None:
        """The newest course, short gaps bridged; None when no day is certain."""
        spans = self.spans()
        return spans[-1] if spans else None

    @property
    def possibly_until(self) -> date | None:
        """Last day on which it may have been taken, counting unknown ends as open; None when nothing is dated."""
        ends = [step.period.possible.end for one in self.taken for step in one.steps if step.period.possible]
        return self.as_of if self.current else max(ends, default=None)

    @property
    def duration_known(self) -> bool:
        """False when some course may have been longer than its certain days."""
        return all(one.duration_known for one in self.taken)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Caveats of the courses and their doses, each once, in alphabetical order."""
        told = {key for one in self.taken for key in one.remarks}
        told |= {key for one in self.taken for step in one.steps for key in step.dose.remarks}
        return tuple(sorted(told))

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Evidence of what was taken, newest first, each once."""
        return tuple(dict.fromkeys(one.evidence for one in self.taken))

    @property
    def drugs(self) -> str:
        """Language-neutral names of what was taken, in alphabetical order, comma separated."""
        return ", ".join(sorted({one.label for one in self.taken}))

    def spans(self, since: date | None = None, at_least: float = 0.0, *, or_unknown: bool = False) -> tuple[Span, ...]:
        """Return the stretches, short gaps bridged, after ``since`` (excluded) with ``at_least`` this dose a day.

        ``or_unknown`` also takes days whose dose is not wholly known.
        """
        first = date.min if since is None else add_days(since, 1)
        chosen = (
            part
            for one in self.segments
            if (one.dose >= at_least or (or_unknown and not one.complete))
            and (part := one.span.within(first, self.as_of)) is not None
        )
        return bridged(chosen, self.gap_days)

    def days(self, since: date | None = None, at_least: float = 0.0, *, or_unknown: bool = False) -> int:
        """Return the number of days in :meth:`spans`."""
        return days_in(self.spans(since, at_least, or_unknown=or_unknown))

    def total(self, since: date | None = None) -> float:
        """Return the sum of the known doses after ``since``; bridged gaps add nothing."""
        return sum(dose * days for dose, days in self._doses(since))

    def mean(self, since: date | None = None) -> float | None:
        """Return the mean known dose over the days with a known dose after ``since``; None without such days."""
        known = [(dose, days) for dose, days in self._doses(since) if dose > 0]
        return sum(dose * days for dose, days in known) / sum(days for _, days in known) if known else None

    def highest_mean(self, days: float, since: date | None = None) -> float | None:
        """Return the mean over the ``days`` days of highest dose after ``since``; None when fewer have a known dose.

        More than a mean over all days, it cannot fall when a further low-dose stretch is recorded.
        """
        left, total = int(days), 0.0
        for dose, length in sorted(self._doses(since), reverse=True):
            taken = min(left, length) if dose > 0 else 0
            total, left = total + dose * taken, left - taken
        return total / int(days) if left <= 0 else None

    def _doses(self, since: date | None) -> list[tuple[float, int]]:
        first = date.min if since is None else add_days(since, 1)
        parts = ((one.dose, one.span.within(first, self.as_of)) for one in self.segments)
        return [(dose, part.days) for dose, part in parts if part is not None]


def _newest_first(course: Course) -> tuple[bool, int, str]:
    begin = course.begin.last.toordinal() if course.begin else 0
    # Courses alike in these stay as read, which depends on content only.
    return (not course.running, -begin, course.evidence.reference)


def _whole_factor(_hit: MedicationHit) -> float | None:
    return 1.0


def drug_exposure(
    hits: Iterable[MedicationHit],
    rules: RuleSet,
    as_of: date,
    *,
    unit: str = "mg",
    drug: Callable[[MedicationHit], str] = ingredient,
    factor: Callable[[MedicationHit], float | None] = _whole_factor,
) -> Exposure:
    """Return the exposure that ``hits`` tell of.

    Args:
        hits: the medication facts of one or more concepts, already narrowed to what counts (route, class).
        rules: gives ``exposure.merge_gap_days`` and ``exposure.open_end_stale_months``.
        as_of: the day of assessment; nothing after it is exposure.
        unit: UCUM unit of the dose.
        drug: key by which tellings are of the same drug.
        factor: equivalence factor by which a dose is multiplied; None makes it unknown.
    """
    hits, gap_days = tuple(hits), rules.number("exposure.merge_gap_days")
    if not hits:
        # Most drugs are not in most records.
        return Exposure(as_of=as_of, gap_days=gap_days)
    stale = add_months(as_of, -int(rules.number("exposure.open_end_stale_months")))
    reading = Reading(as_of=as_of, stale_before=stale, unit=unit, drug=drug, factor=factor)
    courses = read_courses(hits, reading)
    return Exposure(
        as_of=as_of,
        gap_days=gap_days,
        courses=courses,
        segments=timeline(claims_of(courses)),
    )
