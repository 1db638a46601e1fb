"""Family NUT: anorexia nervosa (R-AN) and involuntary weight loss (R-WL).

Low body weight itself is scored in family BODY. Weights are compared only in the same state (with or without
prosthesis) and never across an amputation.
"""

from collections.abc import Iterator
from datetime import date
from itertools import takewhile
from typing import Final

import msgspec

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.body import menstruation
from cds_service.risk.body.weight import bmi_series
from cds_service.risk.case import Case
from cds_service.risk.dates import add_months
from cds_service.risk.filters import (
    active,
    began_on,
    conditions,
    evidence_of,
    first_began,
    item_answers,
    made_since,
    newest_evidence,
    possible_conditions,
    results,
    why_silent,
)
from cds_service.risk.measured import Measured, measured
from cds_service.risk.record import Area, ConditionFact, Evidence, Hit, ObservationFact
from cds_service.risk.silence import not_listed, suspected, unknown

EATING_DISORDER: Final = "eating-disorder"
BODY: Final = "bmi-observation"
WEIGHT_ROLES: Final = ("weight", "weight-measured")

REASONS: Final = {
    "nut.anorexia-underweight": ("grade", "since", "months"),
    "nut.anorexia-amenorrhoea": ("grade", "since", "months"),
    "nut.anorexia": ("grade", "since"),
    "nut.anorexia-resolved": ("grade", "since"),
    "nut.anorexia.possible": (),
    "nut.anorexia.not-listed": (),
    "nut.anorexia.unknown": ("why",),
    "nut.weight-loss": ("kg", "on"),
    "nut.no-weight-loss": ("kg", "on"),
    "nut.weight-falling": ("kg", "from", "to"),
    "nut.weight-steady": ("from", "to"),
    "nut.weight-loss-unknown": ("why",),
}
REMARKS: Final = ("nut.intent-not-recorded",)


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return what is known of anorexia nervosa, and of weight loss."""
    return (_anorexia(case), _weight_loss(case))


# ---------------------------------------------------------------- R-AN


def _anorexia(case: Case) -> Finding:
    hits = _of_anorexia(conditions(case.record, EATING_DISORDER, case.as_of))
    now = tuple(hit for hit in hits if active(hit))
    if now:
        return _active_anorexia(case, now)
    if hits:
        return _graded(case, "resolved", "nut.anorexia-resolved", hits)
    unsure = _of_anorexia(possible_conditions(case.record, EATING_DISORDER, case.as_of))
    return suspected(case, "R-AN", "nut.anorexia", unsure) or not_listed(case, "R-AN", "nut.anorexia", Area.CONDITIONS)


def _of_anorexia(hits: tuple[Hit[ConditionFact], ...]) -> tuple[Hit[ConditionFact], ...]:
    return tuple(hit for hit in hits if hit.attribute("type") == "anorexia")


def _active_anorexia(case: Case, hits: tuple[Hit[ConditionFact], ...]) -> Finding:
    weighings = _underweight_for_long(case, hits)
    if weighings is not None:
        return _graded(case, "long", "nut.anorexia-underweight", hits, "underweight_months", weighings)
    if periods := _without_periods(case):
        return _graded(case, "long", "nut.anorexia-amenorrhoea", hits, "amenorrhoea_months", periods)
    return _graded(case, "active", "nut.anorexia", hits)


def _underweight_for_long(case: Case, hits: tuple[Hit[ConditionFact], ...]) -> tuple[Evidence, ...] | None:
    """Return the weighings that show underweight for the rule's months (none: the diagnosis tells it), else None.

    Too light at every weighing over those months: the series proves it. Otherwise the length of the illness is taken
    for it, unless a weighing of those months says that the weight was certainly high enough.
    """
    rule = case.rules.factor("R-AN")
    cut, months = rule["underweight_bmi"], rule["underweight_months"]
    if case.body.bmi is None or not case.body.bmi.certainly_below(cut):
        return None
    series = bmi_series(case.record, case.limbs, case.rules, case.as_of)
    light = list(takewhile(lambda one: one.bmi.certainly_below(cut), reversed(series)))
    if light and add_months(light[-1].day, int(months)) <= light[0].day:
        return newest_evidence(one.evidence for one in light)
    day = case.months_ago(months)
    heavier = any(one.bmi.certainly_at_least(cut) for one in series if one.day > day)
    return () if not heavier and any(_ill_since(hit, day) for hit in hits) else None


def _ill_since(hit: Hit[ConditionFact], day: date) -> bool:
    """True when the illness certainly lasts since ``day``: underweight in between is taken from the diagnosis."""
    began = began_on(hit.fact)
    return began is not None and began.last <= day


def _without_periods(case: Case) -> tuple[Evidence, ...]:
    answer = menstruation.newest_answer(case.record, case.as_of)
    months = case.rules.factor("R-AN")["amenorrhoea_months"]
    lasting = answer is not None and menstruation.without_for(answer, months, more=True)
    return (answer.fact.evidence,) if answer and lasting else ()


def _graded(
    case: Case,
    grade: str,
    reason: str,
    hits: tuple[Hit[ConditionFact], ...],
    threshold: str = "",
    proof: tuple[Evidence, ...] = (),
) -> Finding:
    began = first_began(hits)
    values: dict[str, Value] = {"grade": grade, "since": began.text if began else None}
    if threshold:
        values["months"] = int(case.rules.factor("R-AN")[threshold])
    low_weight = ("underweight_bmi",) if threshold == "underweight_months" else ()
    return case.find(
        "R-AN",
        Status.PRESENT,
        reason,
        grade=grade,
        values=values,
        evidence=newest_evidence(evidence_of(hits), case.body.evidence if low_weight else (), proof),
        held_against=(threshold, *low_weight) if threshold else (),
        strong_since=began.first if began and threshold else None,
    )


# ---------------------------------------------------------------- R-WL


class Weighing(msgspec.Struct, frozen=True, gc=False):
    """One dated body weight in kg. ``prosthesis``: worn or not; None when nobody said."""

    hit: Hit[ObservationFact]
    day: date
    kg: float
    prosthesis: bool | None


def _weight_loss(case: Case) -> Finding:
    months = case.rules.factor("R-WL")["months"]
    for answer in item_answers(case.record, "involuntary-weight-loss", case.as_of):
        lost = measured(answer.fact, "kg")
        if lost is not None and made_since(answer, case.months_ago(months)):
            return _told(case, answer, lost)
    return _by_weighing(case)


def _told(case: Case, answer: Hit[ObservationFact], lost: Measured) -> Finding:
    much = lost.above(case.rules.factor("R-WL")["loss"])
    return case.find(
        "R-WL",
        Status.PRESENT if much else Status.ABSENT,
        "nut.weight-loss" if much else "nut.no-weight-loss",
        values={"kg": lost.number, "on": answer.fact.effective.text if answer.fact.effective else None},
        evidence=evidence_of((answer,)),
        held_against=("loss", "months"),
    )


def _by_weighing(case: Case) -> Finding:
    """Weights alone do not tell whether the loss was wanted: a clear loss is possible, never scored."""
    pairs = list(_pairs(case))
    if not pairs:
        why = why_silent(case.record, Area.OBSERVATIONS)
        return unknown(case, "R-WL", "nut.weight-loss-unknown", why)
    earlier, later = max(pairs, key=lambda pair: pair[0].kg - pair[1].kg - _margin(pair, case))
    lost = earlier.kg - later.kg
    much = lost > case.rules.factor("R-WL")["loss"] + _margin((earlier, later), case)
    span: dict[str, Value] = {"from": earlier.day.isoformat(), "to": later.day.isoformat()}
    return case.find(
        "R-WL",
        Status.POSSIBLE if much else Status.ABSENT,
        "nut.weight-falling" if much else "nut.weight-steady",
        values={"kg": round(lost, 1), **span} if much else span,
        evidence=evidence_of((later.hit, earlier.hit)),
        held_against=("loss", "months"),
        remarks=("nut.intent-not-recorded",) if much else (),
    )


def _margin(pair: tuple[Weighing, Weighing], case: Case) -> float:
    """Return what a prosthesis may weigh (kg) where a leg is missing and nobody said whether it was worn."""
    leg = any(limb.limb == "lower" for limb in case.limbs.limbs)
    return case.rules.number("weight.prosthesis_mass") if leg and pair[0].prosthesis is None else 0.0


def _pairs(case: Case) -> Iterator[tuple[Weighing, Weighing]]:
    """Yield weighings that may be compared, earlier first: the newest of each state with those of the months before."""
    months = int(case.rules.factor("R-WL")["months"])
    for states in _by_state(case).values():
        later = max(states, key=lambda one: (one.day, one.kg))
        if later.day < case.months_ago(months):
            continue
        for earlier in states:
            near = add_months(later.day, -months) <= earlier.day < later.day
            if near and not _amputated(case, earlier.day, later.day):
                yield earlier, later


def _by_state(case: Case) -> dict[bool | None, list[Weighing]]:
    worn = _worn(case)
    states: dict[bool | None, list[Weighing]] = {}
    for hit in results(case.record, BODY, case.as_of):
        weighing = _weighing(hit, worn, case) if hit.attribute("role") in WEIGHT_ROLES else None
        if weighing is not None:
            states.setdefault(weighing.prosthesis, []).append(weighing)
    return states


def _weighing(hit: Hit[ObservationFact], worn: dict[date, bool], case: Case) -> Weighing | None:
    """Return a weight with a known day, a plain number and a plausible size, or None."""
    kg, when = measured(hit.fact, "kg"), hit.fact.effective
    if kg is None or when is None or kg.low != kg.high or not when.exact:
        return None
    low, high = (case.rules.number(f"weight.plausible_weight_{end}") for end in ("low", "high"))
    return Weighing(hit, when.first, kg.low, worn.get(when.first)) if low <= kg.low <= high else None


def _worn(case: Case) -> dict[date, bool]:
    """Return on which days the patient was weighed with or without prosthesis."""
    return {
        answer.fact.effective.first: answer.fact.value
        for answer in reversed(item_answers(case.record, "weighed-with-prosthesis", case.as_of))
        if isinstance(answer.fact.value, bool) and answer.fact.effective is not None and answer.fact.effective.exact
    }


def _amputated(case: Case, earlier: date, later: date) -> bool:
    """True when a limb may have been lost between two weighings, or so near one that it explains the loss."""
    months = int(case.rules.factor("R-WL")["amputation_months"])
    return any(
        limb.since is not None
        and limb.since.last >= add_months(earlier, -months)
        and limb.since.first <= add_months(later, months)
        for limb in case.limbs.limbs
    )
