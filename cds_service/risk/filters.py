"""Which facts a rule may use: the data filters of proposed-rules, section 1c, shared by all factors.

Conditions: refuted and entered-in-error ones do not exist; unconfirmed ones, and codes that only support a diagnosis,
are *possible*; the rest are *confirmed*, either active or history. Observations: only final, amended or corrected ones
are results; preliminary ones say no more than that an answer is on its way. Nothing here depends on the order of facts.
"""

from collections.abc import Iterable
from datetime import date
from itertools import chain
from typing import Final, TypeVar

from cds_service.risk.assessment import Age, Finding
from cds_service.risk.dates import PartialDate, whole_years
from cds_service.risk.record import (
    Area,
    ConditionFact,
    Delivery,
    DeviceFact,
    Evidence,
    FamilyFact,
    Hit,
    MedicationFact,
    ObservationFact,
    OrderFact,
    PatientRecord,
    ProcedureFact,
    ReportFact,
)

F = TypeVar(
    "F", ConditionFact, ObservationFact, MedicationFact, ProcedureFact, FamilyFact, OrderFact, ReportFact, DeviceFact
)

ITEMS: Final = "bone-health-item"
LOW_CERTAINTY: Final = "low"

# FHIR condition-ver-status: what does not exist, and what is taken as a diagnosis (most senders omit the status).
_DENIED: Final = frozenset({"refuted", "entered-in-error"})
_STATED: Final = frozenset({"", "confirmed"})
# FHIR condition-clinical: no longer there.
_PAST: Final = frozenset({"inactive", "remission", "resolved"})
# FHIR observation-status: results, and answers on their way (a missing status tells nothing either).
_RESULT: Final = frozenset({"final", "amended", "corrected"})
_PENDING: Final = frozenset({"preliminary", "registered", ""})
# FHIR event-status of a procedure that was not carried out (or is not known to have been).
_NOT_DONE: Final = frozenset({"preparation", "not-done", "entered-in-error", "unknown"})

# Why an area is silent, worst first.
_SILENCE: Final = (
    (Delivery.BLOCKED, "blocked"),
    (Delivery.FAILED, "failed"),
    (Delivery.MISSING, "missing"),
    (Delivery.PARTIAL, "partial"),
)
NOT_RECORDED: Final = "not-recorded"


# ---------------------------------------------------------------- conditions


def stated(hit: Hit[ConditionFact]) -> bool:
    """True when the record states the condition as a fact, however sure its code is of the concept."""
    return hit.fact.verification in _STATED


def confirmed(hit: Hit[ConditionFact]) -> bool:
    """True when the condition is stated and its code proves the concept."""
    return stated(hit) and hit.match.certainty != LOW_CERTAINTY


def possible(hit: Hit[ConditionFact]) -> bool:
    """True when the condition is unconfirmed, or its code only supports the concept: shown, never scored."""
    return hit.fact.verification not in _DENIED and not confirmed(hit)


def active(hit: Hit[ConditionFact]) -> bool:
    """True unless the condition is over: inactive, in remission, resolved, or without a status but with an end.

    An explicit clinicalStatus wins over a stray abatement. A code that itself says "in remission" is not active.
    """
    fact = hit.fact
    if hit.attribute("status") == "remission":
        return False
    return fact.clinical not in _PAST if fact.clinical else fact.abated is None


def known_by(hit: Hit[ConditionFact], as_of: date) -> bool:
    """True unless the condition only began after ``as_of``."""
    began = began_on(hit.fact)
    return began is None or began.first <= as_of


def began_on(fact: ConditionFact) -> PartialDate | None:
    """Return the onset, or else the day it was recorded (which may be later)."""
    return fact.onset or fact.recorded


def first_began(hits: Iterable[Hit[ConditionFact]]) -> PartialDate | None:
    """Return the earliest known beginning of conditions, or None when none is dated."""
    known = (began_on(hit.fact) for hit in hits)
    return min((began for began in known if began), key=lambda began: (began.last, began.first), default=None)


def conditions(record: PatientRecord, concept: str, as_of: date) -> tuple[Hit[ConditionFact], ...]:
    """Return the confirmed conditions of a concept known on ``as_of``, newest first."""
    return newest_first(hit for hit in record.conditions.get(concept, ()) if confirmed(hit) and known_by(hit, as_of))


def possible_conditions(record: PatientRecord, concept: str, as_of: date) -> tuple[Hit[ConditionFact], ...]:
    """Return the unconfirmed conditions of a concept that may still hold on ``as_of``, newest first."""
    return newest_first(
        hit for hit in record.conditions.get(concept, ()) if possible(hit) and active(hit) and known_by(hit, as_of)
    )


# ---------------------------------------------------------------- procedures


def done(record: PatientRecord, concept: str, as_of: date) -> tuple[Hit[ProcedureFact], ...]:
    """Return the procedures of a concept that were carried out (or begun) by ``as_of``, newest first."""
    return newest_first(
        hit
        for hit in record.procedures.get(concept, ())
        if hit.fact.status not in _NOT_DONE and (hit.fact.performed is None or hit.fact.performed.first <= as_of)
    )


# ---------------------------------------------------------------- observations


def valid_results(hits: Iterable[Hit[ObservationFact]], as_of: date) -> tuple[Hit[ObservationFact], ...]:
    """Return final, amended and corrected observations made by ``as_of``, newest first by effective time, undated last.

    A result whose value is absent for a stated reason stays: it says that the question was asked and not answered.
    """
    return newest_first(hit for hit in hits if hit.fact.status in _RESULT and _made_by(hit, as_of))


def pending_results(hits: Iterable[Hit[ObservationFact]], as_of: date) -> tuple[Hit[ObservationFact], ...]:
    """Return preliminary and registered observations, and those without a status: unknown, not absent."""
    return newest_first(hit for hit in hits if hit.fact.status in _PENDING and _made_by(hit, as_of))


def results(record: PatientRecord, concept: str, as_of: date, role: str = "") -> tuple[Hit[ObservationFact], ...]:
    """Return the valid results of a concept, newest first; with ``role`` only codes of that role."""
    hits = record.observations.get(concept, ())
    return valid_results((hit for hit in hits if not role or hit.attribute("role") == role), as_of)


def item_answers(record: PatientRecord, item: str, as_of: date) -> tuple[Hit[ObservationFact], ...]:
    """Return the valid answers to one of our own items (table ``bone-health-item``), newest first."""
    hits = record.observations.get(ITEMS, ())
    return valid_results((hit for hit in hits if hit.attribute("item") == item), as_of)


def newest_answer(record: PatientRecord, item: str, as_of: date) -> Hit[ObservationFact] | None:
    """Return the newest yes/no answer to one of our own items, or None when nobody answered yes or no."""
    return next((hit for hit in item_answers(record, item, as_of) if isinstance(hit.fact.value, bool)), None)


def made_since(hit: Hit[ObservationFact], day: date) -> bool:
    """True when the result is certainly from ``day`` or later; False for an undated one."""
    return hit.fact.effective is not None and hit.fact.effective.certainly_on_or_after(day)


def _made_by(hit: Hit[ObservationFact], as_of: date) -> bool:
    return hit.fact.effective is None or hit.fact.effective.first <= as_of


# ---------------------------------------------------------------- order, evidence, age, silence


def newest_first(hits: Iterable[Hit[F]]) -> tuple[Hit[F], ...]:
    """Sort by date, newest first, undated last; ties are settled by reference and content, never by arrival."""
    found = tuple(hits)
    # Of most concepts a record holds nothing, or one thing.
    return found if len(found) <= 1 else tuple(sorted(found, key=_order))


def _order(hit: Hit[F]) -> tuple[int, int, str, str, str]:
    evidence = hit.fact.evidence
    when = _when(hit.fact)
    last, first = (-when.last.toordinal(), -when.first.toordinal()) if when else (0, 0)
    return (last, first, evidence.reference, evidence.code, evidence.value)


def _when(fact: F) -> PartialDate | None:
    if isinstance(fact, ConditionFact):
        return began_on(fact)
    if isinstance(fact, ObservationFact):
        return fact.effective
    if isinstance(fact, ProcedureFact):
        return fact.performed
    return fact.evidence.when


def evidence_of(hits: Iterable[Hit[F]]) -> tuple[Evidence, ...]:
    """Return the evidence of hits in their order, each piece once."""
    return tuple(dict.fromkeys(hit.fact.evidence for hit in hits))


def newest_evidence(*groups: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return evidence of several kinds newest first, undated last, each piece once."""
    return tuple(sorted(dict.fromkeys(chain.from_iterable(groups)), key=_evidence_order))


def _evidence_order(evidence: Evidence) -> tuple[int, str, str, str]:
    newest = -evidence.when.last.toordinal() if evidence.when else 0
    return (newest, evidence.reference, evidence.code, evidence.value)


def age_at(event: PartialDate, birth: PartialDate) -> Age:
    """Return the completed years at an event; low and high differ where a date is only a month or a year."""
    return Age(max(whole_years(birth.last, event.first), 0), max(whole_years(birth.first, event.last), 0))


def age_at_onset(fact: ConditionFact, birth: PartialDate | None) -> Age | None:
    """Return the age at onset in completed years: ``onsetAge``, else from dates (onset, recorded), else None."""
    if fact.onset_age is not None:
        return Age(int(fact.onset_age), int(fact.onset_age))
    began = began_on(fact)
    return age_at(began, birth) if began and birth else None


def why_silent(record: PatientRecord, *areas: Area) -> str:
    """Return why ``areas`` are silent, worst first: blocked, failed, missing, partial, else ``not-recorded``."""
    states = {record.delivery(area).state for area in areas}
    return next((word for state, word in _SILENCE if state in states), NOT_RECORDED)


def strongest(findings: Iterable[Finding]) -> Finding | None:
    """Return the finding with the most points (overrides first), the first given of equals; None when none is given."""
    return max(findings, key=lambda finding: (finding.override, finding.points), default=None)
