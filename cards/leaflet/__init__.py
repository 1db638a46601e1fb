"""The patient leaflet: general advice chosen for a person's limbs and factors, as HTML and as PDF; no name, no tier.

``leaflet`` chooses the advice, ``leaflet_html`` and ``leaflet_pdf`` write it.
"""

from cards.leaflet.build import leaflet
from cards.leaflet.html import leaflet_html
from cards.leaflet.model import Advice, Leaflet, LeafletSection
from cards.leaflet.pdf import leaflet_pdf

__all__ = ["Advice", "Leaflet", "LeafletSection", "leaflet", "leaflet_html", "leaflet_pdf"]
