"""The registration sheet of a client: what the people on both sides type in, on a page and on paper."""

from cards.registration.build import registration_sheet
from cards.registration.html import sheet_html
from cards.registration.model import RegistrationSheet, Row, Section, Site
from cards.registration.pdf import sheet_pdf
from cards.registration.text import sheet_text

__all__ = [
    "RegistrationSheet",
    "Row",
    "Section",
    "Site",
    "registration_sheet",
    "sheet_html",
    "sheet_pdf",
    "sheet_text",
]
