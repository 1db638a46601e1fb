"""A letter from an assessment: who, to whom, what is wanted, what is known."""

from collections.abc import Iterable

from cards.formats import Block, Paragraph, Section, rendered
from cards.letter.codes import actions, diagnoses
from cards.letter.form import form
from cards.letter.history import history_blocks
from cards.letter.model import Letter, LetterDetails, Row
from cards.letter.question import question_blocks
from cards.options import ReferralTarget
from cards.untrusted import one_line
from cards.words import NO_TITLES, Titles, Words, words
from cds_service.risk.assessment import Assessment


def letter(
    assessment: Assessment,
    details: LetterDetails,
    target: ReferralTarget,
    language: str,
    local_titles: Titles = NO_TITLES,
) -> Letter:
    """Return the letter to ``target`` in ``language`` (``en`` | ``sv``); every text in it is made harmless.

    ``local_titles``: names of the rule set's local factors, see :func:`cards.words.local_titles`.
    Raises CatalogueError for another language.
    """
    in_words = words(language).with_titles(local_titles)
    basis = {"version": assessment.rule_set, "profile": assessment.profile, "date": assessment.as_of.isoformat()}
    return Letter(
        language=language,
        title=in_words.say("letter.title"),
        subject=in_words.say("letter.subject"),
        written_on=details.written_on or assessment.as_of,
        recipient=_recipient(target),
        channel=_channel(target, in_words),
        sender=_sender(details, in_words),
        patient=_patient(details, in_words),
        personal_number=one_line(details.personal_number),
        marker=in_words.say("letter.protected") if details.protected else "",
        diagnoses=diagnoses(assessment, in_words),
        actions=actions(assessment, target, in_words),
        question=fitted(question_blocks(assessment, target, in_words), in_words),
        history=fitted(history_blocks(assessment, in_words), in_words),
        basis=in_words.say("letter.basis", basis),
    )


def fitted(blocks: tuple[Block, ...], in_words: Words) -> tuple[Block, ...]:
    """Return ``blocks`` cut to the longest field, whole lines at a time from the end, and a line that says so."""
    limit = form().longest_field
    if len(rendered(blocks, "plain")) <= limit:
        return blocks
    cut = Paragraph(in_words.say("letter.cut"))
    kept = blocks
    while len(rendered((*kept, cut), "plain")) > limit:
        kept = _shorter(kept)
    return (*kept, cut)


def _shorter(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    *before, last = blocks
    if isinstance(last, Section) and len(last.items) > 1:
        return (*before, Section(last.label, last.items[:-1]))
    return tuple(before)


def _recipient(target: ReferralTarget) -> tuple[str, ...]:
    """The address as the target has it, led by the name unless the address tells it."""
    address = _lines(target.address)
    name = one_line(target.name)
    return address if any(line in name for line in address) else (name, *address)


def _channel(target: ReferralTarget, in_words: Words) -> str:
    if not target.channel:
        return ""
    return in_words.say("letter.channel", {"channel": target.channel, "unit": target.unit or target.name})


def _sender(details: LetterDetails, in_words: Words) -> tuple[Row, ...]:
    given = {
        "name": (details.sender_name,),
        "role": (details.sender_role,),
        "unit": (details.sender_unit, *details.sender_address),
        "phone": (details.sender_phone,),
    }
    return tuple(_row(key, lines, in_words) for key, lines in given.items())


def _patient(details: LetterDetails, in_words: Words) -> tuple[Row, ...]:
    number: dict[str, tuple[str, ...]] = {"personal-number": (details.personal_number,)}
    reached = {"address": details.patient_address, "phone": (details.patient_phone,)}
    given = number if details.protected else {"name": (details.patient_name,)} | number | reached
    return tuple(_row(key, lines, in_words) for key, lines in given.items())


def _row(key: str, lines: Iterable[str], in_words: Words) -> Row:
    return Row(in_words.say(f"letter.row.{key}"), ", ".join(_lines(lines)))


def _lines(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(filter(None, (one_line(line) for line in lines)))
