"""Family FALL: two falls in a year, or one with injury (R-FALL)."""

from datetime import date
from typing import Final

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.dates import PartialDate
from cds_service.risk.factors import fracture
from cds_service.risk.filters import (
    active,
    began_on,
    conditions,
    evidence_of,
    item_answers,
    known_by,
    made_since,
    newest_answer,
    newest_evidence,
    newest_first,
    results,
    stated,
    why_silent,
)
from cds_service.risk.measured import Measured, measured
from cds_service.risk.record import Area, ConditionFact, Evidence, Hit, ObservationFact
from cds_service.risk.silence import OUTDATED, UNUSABLE, unknown

FALLS: Final = "falls"
FRACTURE: Final = "fragility-fracture"
COUNT_ITEM: Final = "falls"
INJURY_ITEM: Final = "fall-injury"
COUNT_ROLE: Final = "falls-in-past-year"

REASONS: Final = {
    "fall.several": ("count", "on"),
    "fall.injurious": ("on",),
    "fall.recurrent": ("on",),
    "fall.counted-as-fracture": ("on",),
    "fall.once": ("on",),
    "fall.few": ("count", "on"),
    "fall.history-coded": (),
    "fall.cannot-classify": ("why", "on"),
    "fall.outdated": ("why", "on"),
    "fall.unknown": ("why",),
}
REMARKS: Final = ("fall.injury-not-recorded", "fall.count-not-recorded")

_EVENT: Final = "event"
# Kinds of row that say "falls again and again"; a history or a risk of falls does not say how often.
_RECURRENT: Final = frozenset({"tendency", "recurrent"})
_VAGUE: Final = frozenset({"history", "finding"})
_HELD: Final = ("falls", "injurious", "months")

Conditions = tuple[Hit[ConditionFact], ...]
Results = tuple[Hit[ObservationFact], ...]


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return falls that count, or what is known of them."""
    day = case.months_ago(case.rules.factor("R-FALL")["months"])
    return (_counted(case, day) or _recurrent(case, day) or _injured(case, day) or _open(case, day),)


def _find(case: Case, status: Status, reason: str, values: dict[str, Value], evidence: tuple[Evidence, ...]) -> Finding:
    remarks = {"fall.once": ("fall.injury-not-recorded",), "fall.recurrent": ("fall.count-not-recorded",)}
    return case.find(
        "R-FALL",
        status,
        reason,
        values=values,
        evidence=evidence,
        held_against=_HELD,
        remarks=remarks.get(reason, ()),
    )


# ---------------------------------------------------------------- what counts


def _counted(case: Case, day: date) -> Finding | None:
    """Two or more, by a number told or by events on different days."""
    enough = case.rules.factor("R-FALL")["falls"]
    told = _number(case, day)
    if told and told[1].at_least(enough):
        hit, count = told
        return _find(case, Status.PRESENT, "fall.several", {"count": count.number, **_on(hit)}, evidence_of((hit,)))
    events = _events(case, day)
    days = _days(events)
    if len(days) >= enough:
        values: dict[str, Value] = {"count": len(days), "on": days[0].text}
        return _find(case, Status.PRESENT, "fall.several", values, evidence_of(events))
    return None


def _injured(case: Case, day: date) -> Finding | None:
    answer = newest_answer(case.record, INJURY_ITEM, case.as_of)
    if answer is not None and answer.fact.value is True and made_since(answer, day):
        return _find(case, Status.PRESENT, "fall.injurious", _on(answer), evidence_of((answer,)))
    hurt, counted = _with_fracture(case, day)
    if len(_days(hurt)) >= case.rules.factor("R-FALL")["injurious"]:
        return _find(case, Status.PRESENT, "fall.injurious", {"on": _days(hurt)[0].text}, evidence_of(hurt))
    if counted:
        on: dict[str, Value] = {"on": _days(counted)[0].text}
        return _find(case, Status.NOT_COUNTED, "fall.counted-as-fracture", on, evidence_of(counted))
    return None


def _with_fracture(case: Case, day: date) -> tuple[Conditions, Conditions]:
    """Return falls that broke a bone: those that count here, and those whose fracture family FX counts already.

    One event is not counted twice; a second fall is.
    """
    broken = [hit for hit in case.record.conditions.get(FRACTURE, ()) if stated(hit)]
    main = fracture.evaluate(case)[0]
    scored = [hit for hit in broken if main.present and hit.fact.evidence in main.evidence]
    hurt = [event for event in _events(case, day) if any(_together(event, hit) for hit in broken)]
    counted = tuple(event for event in hurt if any(_together(event, hit) for hit in scored))
    return tuple(event for event in hurt if event not in counted), counted


def _together(event: Hit[ConditionFact], injury: Hit[ConditionFact]) -> bool:
    if event.fact is injury.fact or (event.fact.encounter and event.fact.encounter == injury.fact.encounter):
        return True
    return began_on(event.fact) == began_on(injury.fact)


def _recurrent(case: Case, day: date) -> Finding | None:
    hits = tuple(
        hit
        for hit in conditions(case.record, FALLS, case.as_of)
        if hit.attribute("type") in _RECURRENT and active(hit) and _recorded_since(hit, day)
    )
    if not hits:
        return None
    when = hits[0].fact.recorded or hits[0].fact.onset
    return _find(case, Status.PRESENT, "fall.recurrent", {"on": when.text if when else None}, evidence_of(hits))


# ---------------------------------------------------------------- what is open


def _open(case: Case, day: date) -> Finding:
    events = _events(case, day)
    if events:
        return _find(case, Status.POSSIBLE, "fall.once", {"on": _days(events)[0].text}, evidence_of(events))
    told = _number(case, day)
    if told:
        return _few(case, *told)
    vague = newest_evidence(evidence_of(hit for hit in _stated(case) if hit.attribute("type") in _VAGUE | _RECURRENT))
    if vague:
        return _find(case, Status.POSSIBLE, "fall.history-coded", {}, vague)
    return _silent(case, day)


def _few(case: Case, hit: Hit[ObservationFact], count: Measured) -> Finding:
    """None is none. One is too few only when it is known that it did no harm."""
    rule = case.rules.factor("R-FALL")
    answer = newest_answer(case.record, INJURY_ITEM, case.as_of)
    unharmed = answer is not None and answer.fact.value is False
    if not count.below(rule["falls"]):
        return unknown(case, "R-FALL", "fall.cannot-classify", UNUSABLE, evidence=evidence_of((hit,)), values=_on(hit))
    if count.below(rule["injurious"]) or unharmed:
        evidence = evidence_of((hit, answer)) if answer is not None and unharmed else evidence_of((hit,))
        return _find(case, Status.ABSENT, "fall.few", {"count": count.number, **_on(hit)}, evidence)
    return _find(case, Status.POSSIBLE, "fall.once", _on(hit), evidence_of((hit,)))


def _silent(case: Case, day: date) -> Finding:
    every = _answers(case)
    if every:
        recent = made_since(every[0], day)
        why, reason = (UNUSABLE, "fall.cannot-classify") if recent else (OUTDATED, "fall.outdated")
        return unknown(case, "R-FALL", reason, why, evidence=evidence_of(every[:1]), values=_on(every[0]))
    return unknown(case, "R-FALL", "fall.unknown", why_silent(case.record, Area.OBSERVATIONS, Area.CONDITIONS))


# ---------------------------------------------------------------- reading


def _answers(case: Case) -> Results:
    told = (*item_answers(case.record, COUNT_ITEM, case.as_of), *results(case.record, FALLS, case.as_of, COUNT_ROLE))
    return newest_first(told)


def _number(case: Case, day: date) -> tuple[Hit[ObservationFact], Measured] | None:
    """Return the newest number of falls told since ``day``."""
    for hit in _answers(case):
        count = measured(hit.fact, "1")
        if count is not None and count.number >= 0 and made_since(hit, day):
            return hit, count
    return None


def _stated(case: Case) -> Conditions:
    """Return fall codes as stated: an external cause tells that somebody fell, however weak a sign of a tendency."""
    return newest_first(
        hit for hit in case.record.conditions.get(FALLS, ()) if stated(hit) and known_by(hit, case.as_of)
    )


def _events(case: Case, day: date) -> Conditions:
    """Return falls that certainly happened since ``day``."""
    return tuple(
        hit
        for hit in _stated(case)
        if hit.attribute("type") == _EVENT and (when := began_on(hit.fact)) and when.certainly_on_or_after(day)
    )


def _days(events: Conditions) -> list[PartialDate]:
    """Return the days of falls that cannot be one and the same, newest first."""
    days: list[PartialDate] = []
    for event in events:
        when = began_on(event.fact)
        if when is not None and all(when.last < other.first or other.last < when.first for other in days):
            days.append(when)
    return days


def _recorded_since(hit: Hit[ConditionFact], day: date) -> bool:
    when = hit.fact.recorded or hit.fact.onset
    return when is not None and when.certainly_on_or_after(day)


def _on(hit: Hit[ObservationFact]) -> dict[str, Value]:
    when = hit.fact.effective
    return {"on": when.text if when else None}
