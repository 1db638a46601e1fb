"""Concepts in words alone: text that may speak of something we look for, but carries no code we know."""

from cds_service.fhir.shapes import CodeableConcept
from cds_service.fhir.word_tables import limb_loss_words, text_hints
from cds_service.terminology.index import TerminologyIndex

MAX_TEXT = 200


def concept_text(concept: CodeableConcept | None) -> str:
    """Return what a concept says in words, else its first code."""
    if concept is None:
        return ""
    displays = (coding.display or coding.code for coding in concept.coding if coding.display or coding.code)
    return (concept.text or next(displays, None) or "")[:MAX_TEXT]


def uncoded_text(concept: CodeableConcept) -> str:
    """Return the words of a concept: its text, else its first display; empty when there are none."""
    return (concept.text or next((coding.display for coding in concept.coding if coding.display), ""))[:MAX_TEXT]


def relevant_texts(concept: CodeableConcept, index: TerminologyIndex) -> tuple[str, ...]:
    """Return the concepts that the words seem to speak of, when no coding is of a code system that we know.

    A coding without system or without code says nothing: what it means is never guessed.
    """
    text = uncoded_text(concept)
    if not text or any(index.look_up(one.system, one.code).recognised for one in concept.coding if one.code):
        return ()
    return text_hints().meanings(text)


def plainly_limb_loss(text: str) -> bool:
    """True when words say that this patient lacks a limb, and none of them denies, doubts or tells it of another.

    Fingers and toes are another word in doubt: their loss alone is out of scope.
    """
    said = set(limb_loss_words().meanings(text))
    return "doubt" not in said and ("loss-of-limb" in said or {"loss", "limb"} <= said)
