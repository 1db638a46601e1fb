"""Family ALC: high alcohol intake (R-ALC).

Only grams can be held against the cut: a drink is 8 g in one country and 14 g in another, so that a number of drinks
whose size is not told stays unknown, unless it is none. The project's own items speak of Swedish standard glasses.
"""

from collections.abc import Iterator
from typing import Final

from cds_service.risk.assessment import Finding, Status, Value
from cds_service.risk.case import Case
from cds_service.risk.filters import (
    ITEMS,
    active,
    conditions,
    evidence_of,
    item_answers,
    made_since,
    possible_conditions,
    results,
    strongest,
    why_silent,
)
from cds_service.risk.measured import Measured, measured
from cds_service.risk.record import Area, ConditionFact, Hit, ObservationFact, Quantity
from cds_service.risk.silence import OUTDATED, UNUSABLE, unknown

ALCOHOL: Final = "alcohol-high"
ITEM: Final = "alcohol"
BINGE: Final = "alcohol-binge"
AUDIT_C: Final = "audit-c-total"
INTAKE_ROLES: Final = ("drinks-per-day", "drinks-per-drinking-day", "alcohol-intake-observation")

REASONS: Final = {
    "alc.high": ("grade", "grams_week", "on"),
    "alc.dependence": ("grade",),
    "alc.heavy-drinking": ("grade",),
    "alc.risk-use": ("grade", "grams_week", "on"),
    "alc.risk-coded": ("grade",),
    "alc.audit-c": ("grade", "score", "on"),
    "alc.binge": ("grade", "on"),
    "alc.low": ("grams_week", "on"),
    "alc.audit-c-low": ("score", "on"),
    "alc.possible": (),
    "alc.cannot-classify": ("why", "on"),
    "alc.unit-size-unknown": ("why", "on"),
    "alc.outdated": ("why", "on"),
    "alc.unknown": ("why",),
}
REMARKS: Final = ()

_WEEK: Final = "g/wk"
_SCORE: Final = "{score}"
_DAYS: Final = 7
_CUTS: Final = ("high", "risk_week", "max_age_months")
# What coded statuses mean for the grade, gravest first. Former use, any use and unspecified use mean nothing.
_CODED: Final = (
    ("dependence", "alc.dependence", frozenset({"dependence", "dependence-complication"})),
    ("high", "alc.heavy-drinking", frozenset({"heavy-drinker"})),
    ("risk", "alc.risk-coded", frozenset({"harmful", "abuse", "above-limits", "problem-drinker", "hazardous"})),
)
# Harm that alcohol did: it tells of intake once, not of intake now.
_HARM: Final = frozenset({"alcohol-liver-disease", "alcohol-complication"})

Results = tuple[Hit[ObservationFact], ...]


def evaluate(case: Case) -> tuple[Finding, ...]:
    """Return the strongest that codes, amounts and questionnaires say, or what is known."""
    intake, audit = _of_intake(case), _of_audit(case)
    fired = [finding for finding in (intake, audit, _of_codes(case), _of_binge(case)) if finding and finding.present]
    present = strongest(fired)
    if present:
        return (present,)
    known = [finding for finding in (intake, audit) if finding]
    absent = next((finding for finding in known if finding.status is Status.ABSENT), None)
    open_question = next(iter(known), None) or _silent(case)
    return (absent or _suspected(case) or open_question,)


# ---------------------------------------------------------------- amounts


def _recent(hits: Results, case: Case) -> Results:
    day = case.months_ago(case.rules.factor("R-ALC")["max_age_months"])
    return tuple(hit for hit in hits if made_since(hit, day))


def _intake_results(case: Case) -> Results:
    coded = (hit for hit in results(case.record, ALCOHOL, case.as_of) if hit.attribute("role") in INTAKE_ROLES)
    return (*item_answers(case.record, ITEM, case.as_of), *coded)


def _of_intake(case: Case) -> Finding | None:
    """Return what the newest usable amount says."""
    every = _intake_results(case)
    recent = _recent(every, case)
    for hit in sorted(recent, key=_newest):
        week = _grams_a_week(hit, case)
        if week is not None:
            return _graded(case, hit, week)
    if recent:
        reason = "alc.unit-size-unknown" if _counts_drinks(recent) else "alc.cannot-classify"
        return unknown(case, "R-ALC", reason, UNUSABLE, evidence=evidence_of(recent), values=_on(recent[0]))
    if every:
        return unknown(case, "R-ALC", "alc.outdated", OUTDATED, evidence=evidence_of(every), values=_on(every[0]))
    return None


def _newest(hit: Hit[ObservationFact]) -> tuple[int, str]:
    when = hit.fact.effective
    return (-when.last.toordinal() if when else 0, hit.fact.evidence.reference)


def _counts_drinks(hits: Results) -> bool:
    return any(isinstance(hit.fact.value, Quantity) and hit.match.concept != ITEMS for hit in hits)


def _grams_a_week(hit: Hit[ObservationFact], case: Case) -> Measured | None:
    grams = measured(hit.fact, _WEEK)
    if grams is not None:
        return grams
    glasses = measured(hit.fact, hit.attribute("unit")) if hit.match.concept == ITEMS else None
    if glasses is not None:
        size = case.rules.number("quantities.standard_glass")
        return Measured(glasses.low * size, glasses.high * size, glasses.low_open, glasses.high_open)
    return _nothing(hit)


def _nothing(hit: Hit[ObservationFact]) -> Measured | None:
    """Return none at all, which needs no unit size; any other number of drinks is unusable."""
    value = hit.fact.value
    none = isinstance(value, Quantity) and value.value == 0 and value.comparator in ("", "<=")
    return Measured(0, 0) if none else None


def _graded(case: Case, hit: Hit[ObservationFact], week: Measured) -> Finding:
    rule = case.rules.factor("R-ALC")
    high, risk = rule["high"] * _DAYS, rule["risk_week"]
    values: dict[str, Value] = {"grams_week": round(week.number, 1), **_on(hit)}
    evidence = evidence_of((hit,))
    if week.below(risk):
        return case.find("R-ALC", Status.ABSENT, "alc.low", values=values, evidence=evidence, held_against=_CUTS)
    if not week.at_least(risk):
        return unknown(case, "R-ALC", "alc.cannot-classify", UNUSABLE, evidence=evidence, values=_on(hit))
    grade, reason = ("high", "alc.high") if week.at_least(high) else ("risk", "alc.risk-use")
    return _present(case, grade, reason, (hit,), values, _CUTS)


def _on(hit: Hit[ObservationFact]) -> dict[str, Value]:
    when = hit.fact.effective
    return {"on": when.text if when else None}


def _present(
    case: Case, grade: str, reason: str, hits: Results, values: dict[str, Value], held_against: tuple[str, ...]
) -> Finding:
    return case.find(
        "R-ALC",
        Status.PRESENT,
        reason,
        grade=grade,
        values={"grade": grade, **values},
        evidence=evidence_of(hits),
        held_against=held_against,
    )


# ---------------------------------------------------------------- questionnaires


def _of_audit(case: Case) -> Finding | None:
    for hit in _recent(results(case.record, ALCOHOL, case.as_of, AUDIT_C), case):
        score = measured(hit.fact, _SCORE)
        if score is not None:
            return _audit_grade(case, hit, score)
    return None


def _audit_grade(case: Case, hit: Hit[ObservationFact], score: Measured) -> Finding | None:
    """Hold the score against the cut of the sex; when the sex is not known, only what is certain for both counts."""
    rule = case.rules.factor("R-ALC")
    cuts = {"female": ("audit_c_women",), "male": ("audit_c_men",)}.get(case.sex, ("audit_c_women", "audit_c_men"))
    values: dict[str, Value] = {"score": score.number, **_on(hit)}
    held = (*cuts, "max_age_months")
    if all(score.at_least(rule[cut]) for cut in cuts):
        return _present(case, "risk", "alc.audit-c", (hit,), values, held)
    if all(score.below(rule[cut]) for cut in cuts):
        return case.find(
            "R-ALC", Status.ABSENT, "alc.audit-c-low", values=values, evidence=evidence_of((hit,)), held_against=held
        )
    return None


def _of_binge(case: Case) -> Finding | None:
    answers = _recent(item_answers(case.record, BINGE, case.as_of), case)
    answer = next((hit for hit in answers if isinstance(hit.fact.value, bool)), None)
    if answer is None or answer.fact.value is False:
        return None
    return _present(case, "risk", "alc.binge", (answer,), _on(answer), ("max_age_months",))


# ---------------------------------------------------------------- codes


def _of_codes(case: Case) -> Finding | None:
    """Return the gravest coded pattern of drinking: active diagnoses, and findings observed recently."""
    diagnosed = [hit for hit in conditions(case.record, ALCOHOL, case.as_of) if active(hit)]
    observed = _recent(results(case.record, ALCOHOL, case.as_of), case)
    for grade, reason, statuses in _CODED:
        named = tuple(hit for hit in diagnosed if hit.attribute("status") in statuses)
        seen = tuple(hit for hit in observed if hit.attribute("status") in statuses and hit.fact.value is not False)
        seen += tuple(hit for hit in observed if _answers(hit) & statuses)
        if named or seen:
            evidence = (*evidence_of(named), *evidence_of(seen))
            return case.find("R-ALC", Status.PRESENT, reason, grade=grade, values={"grade": grade}, evidence=evidence)
    return None


def _answers(hit: Hit[ObservationFact]) -> frozenset[str]:
    found = (answer for answer in hit.fact.answers if answer.concept == ALCOHOL)
    return frozenset(answer.attributes.get("status", "") for answer in found)


def _suspected(case: Case) -> Finding | None:
    graver = frozenset[str]().union(*(statuses for _, _, statuses in _CODED))
    unsure = _with_status(possible_conditions(case.record, ALCOHOL, case.as_of), graver | _HARM)
    harm = _with_status(conditions(case.record, ALCOHOL, case.as_of), _HARM)
    evidence = evidence_of((*unsure, *harm))
    return case.find("R-ALC", Status.POSSIBLE, "alc.possible", evidence=evidence) if evidence else None


def _with_status(hits: tuple[Hit[ConditionFact], ...], statuses: frozenset[str]) -> Iterator[Hit[ConditionFact]]:
    return (hit for hit in hits if hit.attribute("status") in statuses)


def _silent(case: Case) -> Finding:
    return unknown(case, "R-ALC", "alc.unknown", why_silent(case.record, Area.OBSERVATIONS, Area.CONDITIONS))
