"""The letter as an A4 PDF: the fields of the paper referral, tagged, with lines to fill in what was not typed."""

from datetime import date

from cards.formats import Block, Paragraph
from cards.letter.model import Entry, Letter, Row
from cards.paper import typeset
from cards.words import words

_FIELDS = ("recipient", "sender", "patient", "diagnosis", "action", "question", "history", "date", "signature")


def letter_pdf(letter: Letter, created: date) -> bytes:
    """Return the letter as a PDF file (A4, PDF/A-2a and PDF/UA-1); the same letter and day give the same bytes.

    Nothing of the patient stands in the file's title or other metadata. Raises PaperError.
    """
    in_words = words(letter.language)
    content = {
        "language": letter.language,
        "region": in_words.say("letter.region"),
        "title": f"{letter.title}: {letter.subject}",
        "description": in_words.say("letter.description"),
        "page-word": in_words.say("letter.page"),
        "heading": letter.title,
        "subject": letter.subject,
        "fields": {key: in_words.say(f"letter.field.{key}") for key in _FIELDS},
        "date": letter.written_on.isoformat(),
        "running": _running(letter),
        "marker": letter.marker,
        "recipient": list(letter.recipient),
        "channel": letter.channel,
        "sender": _rows(letter.sender),
        "patient": _rows(letter.patient),
        "diagnoses": _entries(letter.diagnoses),
        "actions": _entries(letter.actions),
        "question": [_block(block) for block in letter.question],
        "history": [_block(block) for block in letter.history],
        "basis": letter.basis,
    }
    return typeset("letter", content, created)


def _running(letter: Letter) -> str:
    """What stands on top of further pages: the letter, its day, and the personal number; never a name."""
    return " · ".join(filter(None, [letter.title, letter.written_on.isoformat(), letter.personal_number]))


def _rows(rows: tuple[Row, ...]) -> list[dict[str, str]]:
    return [{"label": row.label, "text": row.text} for row in rows]


def _entries(entries: tuple[Entry, ...]) -> list[dict[str, str]]:
    return [{"text": entry.text, "code": f"{entry.system} {entry.code}".strip()} for entry in entries]


def _block(block: Block) -> dict[str, object]:
    if isinstance(block, Paragraph):
        return {"kind": "paragraph", "text": block.text}
    return {"kind": "section", "label": block.label, "items": list(block.items)}
