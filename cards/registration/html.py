"""The sheet as HTML, to be put into a page: headings and tables that a screen reader can walk."""

from html import escape

from cards.registration.model import RegistrationSheet, Section


def sheet_html(sheet: RegistrationSheet, *, level: int = 2) -> str:
    """Return the sections; ``level`` is that of their headings. Every value is escaped: it was typed in by somebody."""
    return "\n".join(_section(section, sheet, level) for section in sheet.sections)


def _section(section: Section, sheet: RegistrationSheet, level: int) -> str:
    heading = escape(section.heading)
    note = f"<p>{escape(section.note)}</p>\n" if section.note else ""
    rows = "".join(
        f'<tr><th scope="row">{escape(row.what)}</th><td>{"<br>".join(map(escape, row.values))}</td></tr>\n'
        for row in section.rows
    )
    head = f'<tr><th scope="col">{escape(sheet.what)}</th><th scope="col">{escape(sheet.value)}</th></tr>'
    caption = f'<caption class="visually-hidden">{heading}</caption>'
    table = f"<table>{caption}\n<thead>{head}</thead>\n<tbody>\n{rows}</tbody></table>"
    return f"<section>\n<h{level}>{heading}</h{level}>\n{note}{table}\n</section>"
