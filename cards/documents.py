"""The letter of a referral as a document for the record: a suggestion that creates a DocumentReference, where wanted.

The letter names nobody: whose it is, is said by the subject that the record files it under, and who signs by the
record's own signature. So a protected identity has nothing to leave out; the letter says that it is protected.
"""

import base64
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from cards.letter import Letter, LetterDetails, letter, letter_pdf, letter_text, referral_target
from cards.options import REFERENCE, CardOptions, built_in
from cards.orders import referrals
from cards.requests import Json, validate, without_empty
from cards.words import Words
from cds_service.risk.assessment import Assessment, Decision
from cds_service.terminology.load import load_default

RESOURCE: Final = "DocumentReference"
_PDF: Final = "application/pdf"
_TEXT: Final = "text/plain; charset=utf-8"
_OFF: Final = "off"
# Who may be the author of a document in STU3; later versions also allow a PractitionerRole.
_STU3_AUTHOR: Final = "Practitioner/"


def letter_documents(decision: Decision, assessment: Assessment, options: CardOptions, in_words: Words) -> list[Json]:
    """Return a suggestion for the letter of each referral that a card offers; none where the site wants no letters."""
    if options.document_reference == _OFF or not REFERENCE.match(options.patient):
        return []
    return [_suggestion(action, assessment, options, in_words) for action in referrals(decision, options)]


def _suggestion(action: str, assessment: Assessment, options: CardOptions, in_words: Words) -> Json:
    target = referral_target(action, options.language, options.targets)
    details = LetterDetails(protected=options.protected, written_on=options.as_of)
    made = letter(assessment, details, target, options.language, options.local_titles)
    label = in_words.say("document.label", {"target": target.name})
    return {
        "label": label,
        "uuid": options.new_uuid(),
        "actions": [{"type": "create", "description": label, "resource": document(made, options, in_words)}],
    }


def document(made: Letter, options: CardOptions, in_words: Words) -> Json:
    """Return the letter as a DocumentReference of the client's FHIR version, valid by its model.

    Raises pydantic.ValidationError when the model refuses it, and KeyError for an unknown version.
    """
    version = options.fhir_version
    resource = without_empty(
        {
            "resourceType": RESOURCE,
            "status": "current",
            "docStatus": "preliminary",
            "type": {"coding": list(_type()), "text": in_words.say("document.type")},
            "subject": {"reference": options.patient},
            "author": _author(options),
            "description": f"{made.title}: {made.subject}",
            "content": [{"attachment": one} for one in _attachments(made, options)],
            **_of_version(version, made.written_on, _encounter(options)),
        }
    )
    validate(resource, version)
    return resource


def _type() -> Iterator[Json]:
    entry = built_in().letter
    for row in load_default().preferred(entry.concept, entry.role):
        yield {"system": row.system, "code": row.code, "display": row.display}


def _author(options: CardOptions) -> list[Json]:
    allowed = options.fhir_version != "STU3" or options.requester.startswith(_STU3_AUTHOR)
    return [{"reference": options.requester}] if REFERENCE.match(options.requester) and allowed else []


def _encounter(options: CardOptions) -> Json:
    return {"reference": options.encounter} if REFERENCE.match(options.encounter) else {}


def _of_version(version: str, written: date, encounter: Json) -> dict[str, Any]:
    """What the versions spell differently. STU3 asks when the document was filed, which is not known to the minute."""
    if version == "STU3":
        indexed = f"{written.isoformat()}T00:00:00Z"
        return {"indexed": indexed, "created": written.isoformat(), "context": {"encounter": encounter}}
    return {"context": [encounter] if version == "R5" else {"encounter": [encounter]}}


def _attachments(made: Letter, options: CardOptions) -> Iterator[Json]:
    if options.document_reference in ("text", "both"):
        yield _attachment(_TEXT, letter_text(made).encode(), made)
    if options.document_reference in ("pdf", "both"):
        yield _attachment(_PDF, letter_pdf(made, made.written_on), made)


def _attachment(content_type: str, content: bytes, made: Letter) -> Json:
    return {
        "contentType": content_type,
        "language": made.language,
        "data": base64.b64encode(content).decode(),
        "title": made.title,
        "creation": made.written_on.isoformat(),
    }
