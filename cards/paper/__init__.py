"""Paper: how content of ours becomes an A4 PDF. Letter and leaflet hand over data; the templates here lay it out."""

from cards.paper.typesetting import typeset

__all__ = ["typeset"]
