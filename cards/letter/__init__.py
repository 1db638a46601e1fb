"""The referral letter: an assessment in the fields of the Swedish national e-referral, as text to paste and as PDF.

``letter`` builds it, ``letter_text`` and ``letter_pdf`` write it, ``referral_target`` names who receives it.
"""

from cards.letter.build import letter
from cards.letter.model import Entry, Letter, LetterDetails, Row
from cards.letter.pdf import letter_pdf
from cards.letter.targets import offered_targets, referral_target
from cards.letter.text import history_text, letter_text, question_text

__all__ = [
    "Entry",
    "Letter",
    "LetterDetails",
    "Row",
    "history_text",
    "letter",
    "letter_pdf",
    "letter_text",
    "offered_targets",
    "question_text",
    "referral_target",
]
