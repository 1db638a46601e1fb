"""The sheet as an A4 PDF, to be sent to the people at the other end."""

import re
from datetime import date
from typing import Any, Final

from cards.paper import typeset
from cards.registration.model import RegistrationSheet, Section
from cards.words import words

# As many signs as one line holds, without a place at which a line ends by itself.
_UNBROKEN: Final = re.compile(r"([^\s/-]{64})(?=[^\s/-])")


def sheet_pdf(sheet: RegistrationSheet, created: date) -> bytes:
    """Return the sheet as a PDF file (A4, PDF/A-2a and PDF/UA-1); the same sheet and day give the same bytes.

    Raises PaperError.
    """
    in_words = words(sheet.language)
    content = {
        "language": sheet.language,
        "region": in_words.say("registration.region"),
        "title": sheet.title,
        "description": in_words.say("registration.description", {"client": sheet.subtitle}),
        "page-word": in_words.say("registration.page"),
        "subtitle": sheet.subtitle,
        "sections": [_printed(section) for section in sheet.sections],
        "what": sheet.what,
        "value": sheet.value,
        "footer": f"{sheet.footer} {created.isoformat()}",
    }
    return typeset("registration", content, created)


def _printed(section: Section) -> dict[str, Any]:
    """Return the section with what no line can hold cut in two: a sign that may be broken at would be copied along."""
    rows = [{"what": row.what, "values": [line for one in row.values for line in _cut(one)]} for row in section.rows]
    return {"heading": section.heading, "note": section.note, "rows": rows}


def _cut(value: str) -> list[str]:
    return _UNBROKEN.sub(r"\1\n", value).split("\n")
