"""Family ACT: too little physical activity (R-ACT1), a lower limb that bears no load (R-ACT2).

Steps are not counted, minutes are. Wheelchair sport is activity, but it does not load the hip: the two rules ask
different questions.
"""

import math
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.filters import (
    active,
    began_on,
    conditions,
    evidence_of,
    item_answers,
    made_since,
    newest_evidence,
    results,
    why_silent,
)
from cds_service.risk.measured import Measured, measured
from cds_service.risk.record import Area, ConditionFact, Evidence, Hit, ObservationFact
from cds_service.risk.silence import OUTDATED, UNUSABLE, unknown

ACTIVITY: Final = "physical-inactivity"
MOBILITY: Final = "immobility-wheelchair"
PROSTHESIS_USE: Final = "prosthesis-use"
AMBULANT: Final = "ambulant"
# Kinds of row that say that the legs bear no load; needing help to move, or owning a wheelchair, does not.
UNLOADED: Final = frozenset({"wheelchair", "bed-confinement", "immobility-syndrome", "immobile", "mobility"})

REASONS: Final = {
    "act.too-little": ("minutes", "on"),
    "act.recorded-inactive": ("on",),
    "act.enough": ("minutes", "on"),
    "act.cannot-classify": ("why", "on"),
    "act.outdated": ("why", "on"),
    "act.unknown": ("why",),
    "act.not-loaded": ("since",),
    "act.not-loaded-since-unknown": ("since",),
    "act.loaded": ("on",),
    "act.loading-unknown": ("why",),
}
REMARKS: Final = ("act.ask-about-loading",)

_WEEKLY: Final = "min/wk"
_INACTIVE: Final = "inactive"
_ROLES: Final = ("minutes-per-week", "days-per-week", "minutes-per-day", "minutes-moderate", "minutes-vigorous")

Results = tuple[Hit[ObservationFact], ...]


class Week(msgspec.Struct, frozen=True, gc=False):
    """Minutes of activity a week, from the results of one day."""

    minutes: Measured
    hits: Results


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return what is known of activity; and, where a lower limb is missing, of whether it bears load.

    Activity is the family's question: loading that nobody told of does not leave it open, it is asked for in a remark.
    """
    lower = any(limb.limb == "lower" for limb in case.limbs.limbs)
    activity = _inactivity(case, lower=lower)
    loading = _loading(case) if lower else None
    settled = activity.status is not Status.UNKNOWN and loading is not None and loading.status is Status.UNKNOWN
    return (activity,) if loading is None or settled else (activity, loading)


# ---------------------------------------------------------------- R-ACT1


def _inactivity(case: Case, *, lower: bool) -> Finding:
    every = tuple(hit for hit in results(case.record, ACTIVITY, case.as_of) if hit.attribute("role") in _ROLES)
    day = case.months_ago(case.rules.factor("R-ACT1")["max_age_months"])
    recent = tuple(hit for hit in every if made_since(hit, day))
    week = _newest_week(recent, case)
    remarks = ("act.ask-about-loading",) if lower else ()
    if week is not None:
        return _by_minutes(case, week, remarks)
    stated = _stated_inactive(case, day)
    if stated:
        values: dict[str, Value] = {"on": stated[0].when.text if stated[0].when else None}
        return case.find(
            "R-ACT1",
            Status.PRESENT,
            "act.recorded-inactive",
            values=values,
            evidence=stated,
            held_against=("max_age_months",),
            remarks=remarks,
        )
    return _not_told(case, recent, every)


def _by_minutes(case: Case, week: Week, remarks: tuple[str, ...]) -> Finding:
    enough = case.rules.factor("R-ACT1")["minutes"]
    values: dict[str, Value] = {"minutes": _shown(week.minutes), **_on(week.hits[0])}
    evidence = evidence_of(week.hits)
    little = week.minutes.below(enough)
    if little or week.minutes.at_least(enough):
        return case.find(
            "R-ACT1",
            Status.PRESENT if little else Status.ABSENT,
            "act.too-little" if little else "act.enough",
            values=values,
            evidence=evidence,
            held_against=("minutes", "vigorous_factor", "max_age_months"),
            remarks=remarks,
        )
    return unknown(case, "R-ACT1", "act.cannot-classify", UNUSABLE, evidence=evidence, values=_on(week.hits[0]))


def _shown(minutes: Measured) -> float:
    """Return the most that it may be; where that is not known, the least."""
    return minutes.high if minutes.high < math.inf else minutes.low


def _not_told(case: Case, recent: Results, every: Results) -> Finding:
    if recent:
        values = _on(recent[0])
        return unknown(case, "R-ACT1", "act.cannot-classify", UNUSABLE, evidence=evidence_of(recent), values=values)
    if every:
        return unknown(case, "R-ACT1", "act.outdated", OUTDATED, evidence=evidence_of(every[:1]), values=_on(every[0]))
    why = why_silent(case.record, Area.OBSERVATIONS, Area.CONDITIONS)
    return unknown(case, "R-ACT1", "act.unknown", why)


def _on(hit: Hit[ObservationFact]) -> dict[str, Value]:
    when = hit.fact.effective
    return {"on": when.text if when else None}


def _newest_week(recent: Results, case: Case) -> Week | None:
    """Return the minutes of the newest day whose answers add up to a week; answers of different days are not mixed."""
    for day in dict.fromkeys(hit.fact.effective for hit in recent):
        of_day = tuple(hit for hit in recent if hit.fact.effective == day)
        minutes = _minutes(of_day, case)
        if minutes is not None:
            return Week(minutes, of_day)
    return None


def _minutes(of_day: Results, case: Case) -> Measured | None:
    """Minutes a week: as told; or days times minutes a day; or moderate plus twice the vigorous ones [89]."""
    told = _first(of_day, "minutes-per-week", _WEEKLY)
    if told is not None:
        return told
    days, minutes = _first(of_day, "days-per-week", "d/wk"), _first(of_day, "minutes-per-day", "min/d", "min")
    if days is not None and minutes is not None:
        return Measured(days.low * minutes.low, days.high * minutes.high)
    moderate, vigorous = _first(of_day, "minutes-moderate", _WEEKLY), _first(of_day, "minutes-vigorous", _WEEKLY)
    return _weighted(moderate, vigorous, case.rules.factor("R-ACT1")["vigorous_factor"])


def _weighted(moderate: Measured | None, vigorous: Measured | None, factor: float) -> Measured | None:
    """One part alone is only the least that it may be."""
    if moderate is None and vigorous is None:
        return None
    known = [part for part in (moderate, _times(vigorous, factor)) if part is not None]
    most = sum(part.high for part in known) if moderate and vigorous else math.inf
    return Measured(sum(part.low for part in known), most)


def _times(part: Measured | None, factor: float) -> Measured | None:
    return Measured(part.low * factor, part.high * factor) if part else None


def _first(of_day: Results, role: str, *units: str) -> Measured | None:
    named = [hit.fact for hit in of_day if hit.attribute("role") == role]
    found = (measured(fact, unit) for fact in named for unit in units)
    known = (one for one in found if one is not None and one.number >= 0)
    # Nobody is active for less than no minutes: "<150" starts at none.
    return next((msgspec.structs.replace(one, low=max(one.low, 0)) for one in known), None)


def _stated_inactive(case: Case, day: date) -> tuple[Evidence, ...]:
    """Return what calls the patient inactive, recorded since ``day``."""
    named = (
        hit
        for hit in conditions(case.record, ACTIVITY, case.as_of)
        if hit.attribute("status") == _INACTIVE and active(hit) and _recorded_since(hit, day)
    )
    seen = (
        hit
        for hit in results(case.record, ACTIVITY, case.as_of)
        if hit.attribute("status") == _INACTIVE and made_since(hit, day) and hit.fact.value is not False
    )
    return newest_evidence(evidence_of(named), evidence_of(seen))


def _recorded_since(hit: Hit[ConditionFact], day: date) -> bool:
    when = hit.fact.recorded or hit.fact.onset
    return when is not None and when.certainly_on_or_after(day)


# ---------------------------------------------------------------- R-ACT2


def _loading(case: Case) -> Finding:
    day = case.months_ago(case.rules.factor("R-ACT2")["months"])
    bound = _wheelchair(case)
    refused = [run for run in (_noes(case, PROSTHESIS_USE), _noes(case, AMBULANT)) if run]
    starts = [began_on(hit.fact) for hit in bound] + [run[-1].fact.effective for run in refused]
    evidence = newest_evidence(evidence_of(bound), *(evidence_of(run) for run in refused))
    if evidence:
        known = sorted((start for start in starts if start), key=lambda start: (start.last, start.first))
        long = bool(known) and known[0].last <= day
        return case.find(
            "R-ACT2",
            Status.PRESENT if long else Status.POSSIBLE,
            "act.not-loaded" if long else "act.not-loaded-since-unknown",
            values={"since": known[0].text if known else None},
            evidence=evidence,
            held_against=("months",),
        )
    return _loaded(case)


def _wheelchair(case: Case) -> tuple[Hit[ConditionFact], ...]:
    hits = conditions(case.record, MOBILITY, case.as_of)
    return tuple(hit for hit in hits if hit.attribute("type") in UNLOADED and active(hit))


def _noes(case: Case, item: str) -> Results:
    """Return the unbroken run of newest answers "no", newest first; empty when the newest is not "no"."""
    run = []
    for answer in item_answers(case.record, item, case.as_of):
        if answer.fact.value is True:
            break
        if answer.fact.value is False:
            run.append(answer)
    return tuple(run)


def _loaded(case: Case) -> Finding:
    answers = (*item_answers(case.record, PROSTHESIS_USE, case.as_of), *item_answers(case.record, AMBULANT, case.as_of))
    yes = [answer for answer in answers if answer.fact.value is True]
    if yes:
        return case.find("R-ACT2", Status.ABSENT, "act.loaded", values=_on(yes[0]), evidence=evidence_of(yes))
    why = why_silent(case.record, Area.OBSERVATIONS, Area.CONDITIONS)
    return unknown(case, "R-ACT2", "act.loading-unknown", why)
