"""FamilyMemberHistory -> FamilyFact, one per condition of the relative; one without hits for a relative without any."""

from collections.abc import Iterator
from typing import Final

from cds_service.fhir.conditions import status_code
from cds_service.fhir.procedures import NOT_DONE
from cds_service.fhir.reading import NOTHING, Found, Reading
from cds_service.fhir.shapes import CodeableConcept
from cds_service.fhir.shapes_clinical import FamilyMemberHistory
from cds_service.fhir.texts import concept_text
from cds_service.fhir.word_tables import relatives
from cds_service.risk.record import FamilyFact

ELEMENT: Final = "FamilyMemberHistory.condition.code"
OTHER: Final = "other"


def read_family(history: FamilyMemberHistory, reading: Reading) -> Iterator[FamilyFact]:
    """Yield a fact per recognised condition, or one fact without hits when no condition is recorded at all."""
    if not history.condition:
        yield _fact(history, NOTHING, reading)
    for condition in history.condition:
        found = reading.find_one(condition.code, ELEMENT)
        if found:
            yield _fact(history, found, reading)
        else:
            reading.note_text(history, condition.code)


def _fact(history: FamilyMemberHistory, found: Found, reading: Reading) -> FamilyFact:
    return FamilyFact(
        evidence=reading.evidence(history, found, reading.date(history.date, history, "date")),
        hits=found.hits,
        relationship=relationship_of(history.relationship, reading),
        status=NOT_DONE if history.not_done else (history.status or "").lower(),
        absent_reason=status_code(history.data_absent_reason or history.not_done_reason),
    )


def relationship_of(concept: CodeableConcept | None, reading: Reading) -> str:
    """Return ``mother`` | ``father`` | ``parent`` | ``sibling`` | ``child`` | ``other``; empty when nothing is said."""
    for coding in concept.coding if concept else ():
        system = reading.index.systems.resolve(coding.system)
        word = relatives().get((system.key, coding.code or "")) if system else None
        if word:
            return word
    text = concept_text(concept).strip().lower()
    return relatives().get(("text", text), OTHER if text else "")
