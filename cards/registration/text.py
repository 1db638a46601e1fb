"""The sheet as plain text, for a terminal or a message."""

from collections.abc import Iterator

from cards.registration.model import RegistrationSheet

_INDENT = 26


def sheet_text(sheet: RegistrationSheet) -> str:
    """Return the sheet, each value on a line of its own."""
    return "\n".join(_lines(sheet)) + "\n"


def _lines(sheet: RegistrationSheet) -> Iterator[str]:
    yield f"{sheet.title}: {sheet.subtitle}"
    for section in sheet.sections:
        yield from ("", section.heading.upper())
        if section.note:
            yield section.note
        for row in section.rows:
            first, *rest = row.values
            yield f"{row.what:<{_INDENT}} {first}"
            yield from (f"{'':<{_INDENT}} {value}" for value in rest)
    yield from ("", sheet.footer)
