"""The feedback endpoint's body: what clinicians did with cards (CDS Hooks 2.0, section Feedback)."""

from datetime import datetime

import msgspec

from cds_service.errors import MalformedRequest
from cds_service.store import FeedbackEntry

MOST_ENTRIES = 1000
LONGEST_ID = 64
LONGEST_TEXT = 255
LONGEST_COMMENT = 4000


class _Reason(msgspec.Struct, gc=False):
    code: str = ""
    system: str = ""
    display: str = ""


class _Override(msgspec.Struct, rename="camel", gc=False):
    reason: _Reason | None = None
    user_comment: str = ""


class _Suggestion(msgspec.Struct, gc=False):
    id: str


class _Feedback(msgspec.Struct, rename="camel", gc=False):
    card: str
    outcome: str
    outcome_timestamp: str
    accepted_suggestions: list[_Suggestion] = []
    override_reason: _Override | None = None


class _Body(msgspec.Struct):
    feedback: list[_Feedback]


_DECODER = msgspec.json.Decoder(_Body)


def read_feedback(body: bytes, *, service: str, received: datetime, keep_comments: bool) -> list[FeedbackEntry]:
    """Return the entries of a feedback request.

    Raises MalformedRequest when the body is not JSON, holds no ``feedback`` array, or an entry lacks its card, outcome
    or timestamp; the text names the place, never a value. A free-text comment is kept only when ``keep_comments``.
    """
    try:
        entries = _DECODER.decode(body).feedback
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedRequest(f"feedback is not usable: {_place(error)}") from None
    if len(entries) > MOST_ENTRIES:
        raise MalformedRequest(f"feedback holds more than {MOST_ENTRIES} entries")
    return [_entry(i, item, service, received, keep_comments) for i, item in enumerate(entries)]


def _place(error: Exception) -> str:
    """Return msgspec's own words, which name the expected type and the path; other errors by their kind alone."""
    return str(error) if isinstance(error, msgspec.ValidationError) else "not valid JSON"


def _entry(index: int, item: _Feedback, service: str, received: datetime, keep_comments: bool) -> FeedbackEntry:
    if "\0" in item.card or "\0" in item.outcome_timestamp:
        raise MalformedRequest(f"feedback[{index}] holds a character that is none")
    if item.outcome not in ("accepted", "overridden"):
        raise MalformedRequest(f"feedback[{index}].outcome must be 'accepted' or 'overridden'")
    if not 0 < len(item.card) <= LONGEST_ID or not 0 < len(item.outcome_timestamp) <= LONGEST_ID:
        raise MalformedRequest(
            f"feedback[{index}] needs a card and an outcomeTimestamp of at most {LONGEST_ID} characters"
        )
    override = item.override_reason or _Override()
    reason = override.reason or _Reason()
    comment = _text(override.user_comment, LONGEST_COMMENT)
    return FeedbackEntry(
        received=received,
        service=service,
        card=item.card,
        outcome=item.outcome,
        outcome_at=item.outcome_timestamp,
        suggestions=tuple(_text(suggestion.id, LONGEST_ID) for suggestion in item.accepted_suggestions),
        reason_system=_text(reason.system, LONGEST_TEXT),
        reason_code=_text(reason.code, LONGEST_ID),
        reason_display=_text(reason.display, LONGEST_TEXT),
        comment=comment if keep_comments else "",
        comment_given=bool(comment),
    )


def _text(text: str, longest: int) -> str:
    """Return the text as every database can hold it: PostgreSQL knows no NUL."""
    return text.replace("\0", "")[:longest]
