"""Silence after feedback (D18): whom and what is remembered (``marks``), and what an answer silences (``weighing``)."""

from cds_service.silence.marks import CardMarks, card_marks, patient_mark
from cds_service.silence.weighing import Silence, Silenced, Terms, Verdict, lasting_reasons

__all__ = [
    "CardMarks",
    "Silence",
    "Silenced",
    "Terms",
    "Verdict",
    "card_marks",
    "lasting_reasons",
    "patient_mark",
]
