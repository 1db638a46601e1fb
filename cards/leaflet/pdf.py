"""The leaflet as an A4 PDF to hand over: large type, room for the clinic's number and the reader's questions."""

from datetime import date

from cards.leaflet.model import Leaflet
from cards.paper import typeset
from cards.words import Said, words


def leaflet_pdf(leaflet: Leaflet, created: date) -> bytes:
    """Return the leaflet as a PDF file (A4, PDF/A-2a and PDF/UA-1); the same leaflet and day give the same bytes.

    Raises PaperError.
    """
    in_words = words(leaflet.language)
    content = {
        "language": leaflet.language,
        "region": in_words.say("leaflet.region"),
        "title": leaflet.title,
        "description": in_words.say("leaflet.description"),
        "page-word": in_words.say("leaflet.page"),
        "subtitle": leaflet.subtitle,
        "sections": [
            {"heading": section.heading, "advice": [advice.text for advice in section.advice]}
            for section in leaflet.sections
        ],
        "contact": {key: in_words.say(f"leaflet.{key}") for key in ("contact", "contact-clinic", "contact-phone")},
        "notes": in_words.say("leaflet.notes"),
        "footer": leaflet.footer,
        "sources": in_words.say("leaflet.sources", {"items": Said("; ".join(leaflet.references))}),
    }
    return typeset("leaflet", content, created)
