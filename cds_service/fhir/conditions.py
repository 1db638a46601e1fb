"""Condition -> ConditionFact."""

from collections.abc import Iterator
from typing import Final

from cds_service.fhir.body_sites import read_sites
from cds_service.fhir.quantities import in_unit
from cds_service.fhir.reading import Reading
from cds_service.fhir.shapes import CodeableConcept
from cds_service.fhir.shapes_clinical import Condition
from cds_service.risk.record import ConditionFact

# FHIR, constraint con-4 of Condition: what has abated is inactive, resolved or in remission.
_OVER: Final = "inactive"
# A diagnosis in words that is refuted, mistaken, provisional or one of several possible ones states nothing.
_STATED: Final = frozenset({"confirmed", "unconfirmed", ""})
ELEMENT: Final = "Condition-or-Observation"


def read_condition(condition: Condition, reading: Reading) -> Iterator[ConditionFact]:
    """Yield the fact of a Condition that some concept recognises."""
    found = reading.find_one(condition.code, ELEMENT)
    if not found:
        stated = status_code(condition.verification_status) in _STATED
        reading.note_text(condition, condition.code, stated=stated)
        return
    start, _ = reading.period(condition.onset_period, condition, "onsetPeriod")
    onset = reading.date(condition.onset_date_time, condition, "onsetDateTime") or start
    recorded = reading.date(condition.recorded_date or condition.asserted_date, condition, "recordedDate")
    yield ConditionFact(
        evidence=reading.evidence(condition, found, onset or recorded),
        hits=found.hits,
        clinical=status_code(condition.clinical_status) or (_OVER if _ended_some_time(condition) else ""),
        verification=status_code(condition.verification_status),
        onset=onset,
        onset_age=in_unit(condition.onset_age, "a"),
        abated=reading.date(condition.abatement_date_time, condition, "abatementDateTime")
        or reading.period(condition.abatement_period, condition, "abatementPeriod")[1],
        recorded=recorded,
        sites=read_sites(reading, condition.body_site, condition.code),
        encounter=_encounter(condition, reading),
    )


def _ended_some_time(condition: Condition) -> bool:
    """True when it is told to have ended, but not on which day."""
    return bool(condition.abatement_boolean or condition.abatement_age or condition.abatement_string)


def status_code(status: str | CodeableConcept | None) -> str:
    """Return a status code in lower case: a code in STU3, a concept since R4; empty when there is none."""
    if isinstance(status, CodeableConcept):
        status = next((coding.code for coding in status.coding if coding.code), status.text)
    return (status or "").strip().lower()


def _encounter(condition: Condition, reading: Reading) -> str:
    reference = condition.encounter or condition.context
    return reading.resolve(reference.reference) if reference else ""
