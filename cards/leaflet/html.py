"""The leaflet as an HTML fragment: headings, lists, nothing inline; each advice carries the keys of its sources."""

from html import escape

from cards.leaflet.model import Advice, Leaflet, LeafletSection
from cards.words import Said, words


def leaflet_html(leaflet: Leaflet) -> str:
    """Return an ``article`` to set into a page: no script, no style, no address, ids prefixed ``leaflet-``.

    The page around it gives the heading of level 1's place; ``data-source`` names the sources of each advice.
    """
    sections = "".join(_section(section) for section in leaflet.sections)
    listed = Said("; ".join(leaflet.references))
    sources = words(leaflet.language).say("leaflet.sources", {"items": listed})
    return (
        f'<article class="leaflet" lang="{escape(leaflet.language)}" aria-labelledby="leaflet-title">'
        f'<header><h1 id="leaflet-title">{escape(leaflet.title)}</h1><p>{escape(leaflet.subtitle)}</p></header>'
        f"{sections}"
        f"<footer><p>{escape(leaflet.footer)}</p><p>{escape(sources)}</p></footer></article>"
    )


def _section(section: LeafletSection) -> str:
    name = f"leaflet-{escape(section.key)}"
    items = "".join(_item(advice) for advice in section.advice)
    return f'<section aria-labelledby="{name}"><h2 id="{name}">{escape(section.heading)}</h2><ul>{items}</ul></section>'


def _item(advice: Advice) -> str:
    return f'<li data-source="{escape(" ".join(advice.sources))}">{escape(advice.text)}</li>'
