"""The letter as plain text, to paste into a record that knows no attachments."""

import textwrap
from collections.abc import Iterator

from cards.formats import Block, Paragraph, Section, rendered
from cards.letter.form import form
from cards.letter.model import Letter, Row
from cards.words import Words, words

_BULLET = "- "
_LABEL_END = ": "


def letter_text(letter: Letter) -> str:
    """Return the letter as plain text: lines of at most 80 characters, no markup, nothing left to fill in by hand."""
    return "\n".join(_wrapped(line) for line in _lines(letter, words(letter.language))) + "\n"


def question_text(letter: Letter) -> str:
    """Return the question as the e-referral's field takes it: plain text of at most 8,192 characters."""
    return rendered(letter.question, "plain")


def history_text(letter: Letter) -> str:
    """Return the history as the e-referral's field takes it: plain text of at most 8,192 characters."""
    return rendered(letter.history, "plain")


def _lines(letter: Letter, in_words: Words) -> Iterator[str]:
    yield f"{letter.title}: {letter.subject}"
    yield f"{in_words.say('letter.field.date')}: {letter.written_on.isoformat()}"
    if letter.marker:
        yield letter.marker
    parties = {
        "recipient": (*letter.recipient, *filter(None, [letter.channel])),
        "sender": _filled(letter.sender),
        "patient": _filled(letter.patient),
        "diagnosis": tuple(entry.line for entry in letter.diagnoses),
        "action": tuple(entry.line for entry in letter.actions),
    }
    for key, lines in parties.items():
        yield from _field(in_words.say(f"letter.field.{key}"), lines)
    for key, blocks in (("question", letter.question), ("history", letter.history)):
        yield from _field(in_words.say(f"letter.field.{key}"), tuple(_block_lines(blocks)))
    yield ""
    yield letter.basis


def _filled(rows: tuple[Row, ...]) -> tuple[str, ...]:
    return tuple(f"{row.label}: {row.text}" for row in rows if row.text)


def _field(heading: str, lines: tuple[str, ...]) -> tuple[str, ...]:
    return ("", heading.upper(), *lines) if lines else ()


def _block_lines(blocks: tuple[Block, ...]) -> Iterator[str]:
    """A short item on the line of its label, others as a list: a note has no room to spare."""
    for block in blocks:
        if isinstance(block, Section) and len(block.items) == 1 and _LABEL_END not in block.items[0]:
            yield f"{block.label}: {block.items[0]}"
        else:
            yield from rendered((block,), "plain").split("\n")


def _wrapped(line: str) -> str:
    indent = " " * len(_BULLET) if line.startswith(_BULLET) else ""
    width = form().longest_line
    harmless = rendered((Paragraph(line),), "plain")
    return textwrap.fill(harmless, width, subsequent_indent=indent, break_on_hyphens=False)
