"""Pregnancy and the months after it (gate G-PREG): no DXA while it lasts.

A diagnosis counts while it is active and not older than a pregnancy lasts. A status observation counts for as long,
until a later negative one or a delivery. After the end (delivery, abatement, or the negative status) the post-partum
months follow.
"""

from collections.abc import Iterator
from datetime import date
from typing import Final

import msgspec

from cds_service.risk.assessment import GateFinding
from cds_service.risk.case import Case
from cds_service.risk.dates import add_days, add_months
from cds_service.risk.filters import active, began_on, conditions, done, newest_evidence, results
from cds_service.risk.record import ConditionFact, Evidence, Hit, ObservationFact

CONCEPT: Final = "pregnancy"
DELIVERY: Final = "delivery"
GATE: Final = "G-PREG"
REMARKS: Final = ("pregnant", "post-partum")

_WEEK_DAYS: Final = 7


class Sign(msgspec.Struct, frozen=True):
    """Pregnant (True) or not (False) as stated on a day, or undated."""

    pregnant: bool
    on: date | None
    evidence: Evidence


def pregnancy_gate(case: Case) -> GateFinding | None:
    """Return the gate when she is pregnant or it ended a short time ago, else None. Never for a man."""
    if case.sex == "male":
        return None
    negative = _last_negative(case)
    over = max((day for day in (negative, *(day for day, _ in _deliveries(case))) if day), default=None)
    signs = [sign for sign in _current_signs(case) if over is None or sign.on is None or sign.on > over]
    if signs:
        return GateFinding(
            gate=GATE, effect="suppress", remarks=("pregnant",), evidence=newest_evidence(s.evidence for s in signs)
        )
    return _post_partum(case, negative)


def _current_signs(case: Case) -> Iterator[Sign]:
    for hit in conditions(case.record, CONCEPT, case.as_of):
        began = began_on(hit.fact)
        if active(hit) and (began is None or began.last >= _oldest(case)):
            yield Sign(True, began.last if began else None, hit.fact.evidence)
    yield from (sign for sign in _statuses(case) if sign.pregnant and sign.on and sign.on >= _oldest(case))


def _oldest(case: Case) -> date:
    return case.days_ago(case.rules.number("gates.pregnancy_observation_weeks") * _WEEK_DAYS)


def _statuses(case: Case) -> Iterator[Sign]:
    for hit in results(case.record, CONCEPT, case.as_of):
        stated = _stated(hit)
        if stated is not None:
            yield Sign(stated, hit.fact.effective.last if hit.fact.effective else None, hit.fact.evidence)


def _stated(hit: Hit[ObservationFact]) -> bool | None:
    """Return what a status says: its coded answer, or yes/no to a code that itself means pregnant."""
    answers = {match.attributes.get("status") for match in hit.fact.answers if match.concept == CONCEPT}
    if answers & {"pregnant", "not-pregnant"}:
        return "not-pregnant" not in answers
    return hit.fact.value if isinstance(hit.fact.value, bool) else None


def _last_negative(case: Case) -> date | None:
    return max((sign.on for sign in _statuses(case) if not sign.pregnant and sign.on), default=None)


def _post_partum(case: Case, negative: date | None) -> GateFinding | None:
    ends = [(end, evidence) for end, evidence in _ends(case, negative) if end <= case.as_of]
    if not ends:
        return None
    ended = max(end for end, _ in ends)
    until = add_months(ended, int(case.rules.number("gates.post_partum_months")))
    if until <= case.as_of:
        return None
    evidence = newest_evidence(evidence for end, evidence in ends if end == ended)
    return GateFinding(gate=GATE, effect="suppress", until=until, remarks=("post-partum",), evidence=evidence)


def _ends(case: Case, negative: date | None) -> Iterator[tuple[date, Evidence]]:
    """Yield the latest day on which each recorded pregnancy may have ended."""
    yield from _deliveries(case)
    for hit in conditions(case.record, CONCEPT, case.as_of):
        if hit.fact.abated:
            yield hit.fact.abated.last, hit.fact.evidence
        elif negative and _ended_by(hit, negative, case):
            yield negative, hit.fact.evidence
    for sign in _statuses(case):
        if negative and sign.pregnant and sign.on and _oldest_for(negative, case) <= sign.on < negative:
            yield negative, sign.evidence


def _deliveries(case: Case) -> Iterator[tuple[date, Evidence]]:
    """Yield each recorded delivery with the latest day on which it may have been."""
    for condition in conditions(case.record, DELIVERY, case.as_of):
        when = began_on(condition.fact)
        if when:
            yield min(when.last, case.as_of), condition.fact.evidence
    for procedure in done(case.record, DELIVERY, case.as_of):
        if procedure.fact.performed:
            yield min(procedure.fact.performed.last, case.as_of), procedure.fact.evidence


def _ended_by(hit: Hit[ConditionFact], negative: date, case: Case) -> bool:
    began = began_on(hit.fact)
    return began is not None and _oldest_for(negative, case) <= began.last < negative


def _oldest_for(day: date, case: Case) -> date:
    return add_days(day, -int(case.rules.number("gates.pregnancy_observation_weeks") * _WEEK_DAYS))
