"""Whether a drug is taken now, where neither dose nor duration matters (proposed-rules, section 1c; D20)."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from cds_service.risk.case import Case
from cds_service.risk.dates import PartialDate, add_days
from cds_service.risk.filters import newest_first
from cds_service.risk.record import Hit, MedicationFact

# FHIR request-intent: an order, not a plan or a proposal.
_ORDERED: Final = frozenset({"", "order", "original-order", "instance-order"})
_RUNNING: Final = {
    "request": frozenset({"active", "on-hold"}),
    # "recorded" is R5's word for a statement that simply holds.
    "statement": frozenset({"active", "intended", "recorded"}),
    "dispense": frozenset({"completed", "in-progress"}),
    "administration": frozenset({"completed", "in-progress"}),
}
_NOT_TAKEN: Final = frozenset({"not-taken", "stopped"})


def current_drugs(case: Case, concept: str) -> tuple[Hit[MedicationFact], ...]:
    """Return what says that a drug of ``concept`` is taken on the day of assessment, newest first.

    A request or statement runs until its end, for ever without one. What was dispensed lasts its days of supply, or
    ``exposure.recent_months`` when those are not told. A newer statement that it is not taken beats a request.
    """
    hits = case.record.medications.get(concept, ())
    refusals = [hit for hit in hits if hit.fact.source == "statement" and hit.fact.status in _NOT_TAKEN]
    return newest_first(hit for hit in hits if _runs(hit.fact, case) and not _refused(hit, refusals))


def _runs(fact: MedicationFact, case: Case) -> bool:
    if fact.do_not_perform or fact.planned or fact.intent not in _ORDERED:
        return False
    if fact.status not in _RUNNING.get(fact.source, frozenset()):
        return False
    begun = began(fact)
    if begun is not None and begun.first > case.as_of:
        return False
    return _lasts(fact, case)


def _lasts(fact: MedicationFact, case: Case) -> bool:
    if fact.end is not None:
        return fact.end.last >= case.as_of
    if fact.source in ("request", "statement"):
        return True
    given = began(fact)
    return given is not None and _used_until(fact, given, case) >= case.as_of


def _used_until(fact: MedicationFact, given: PartialDate, case: Case) -> date:
    if fact.days_supply is not None:
        return add_days(given.last, int(fact.days_supply))
    recent = case.months_ago(case.rules.number("exposure.recent_months"))
    return case.as_of if given.last >= recent else given.last


def began(fact: MedicationFact) -> PartialDate | None:
    """Return the start of the period, or else the day it was ordered, dispensed or stated."""
    return fact.start or fact.authored


def _refused(hit: Hit[MedicationFact], refusals: Iterable[Hit[MedicationFact]]) -> bool:
    return hit.fact.source == "request" and any(_same_or_newer(refusal.fact, hit.fact) for refusal in refusals)


def _same_or_newer(refusal: MedicationFact, request: MedicationFact) -> bool:
    said, asked = refusal.authored or refusal.start, began(request)
    return said is None or asked is None or said.last >= asked.first
