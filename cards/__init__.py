"""What clinicians and patients read: an assessment in a language, as cards, as text, later as letter and leaflet.

``cards_for`` gives CDS Hooks cards, ``plain_text`` the whole assessment to read or paste, ``explain`` one finding.
"""

from cards.build import cards_for, warm_up
from cards.findings import explain
from cards.options import CardOptions, Links, OrderCode, ReferralTarget
from cards.plain import plain_text
from cards.summary import summary_sentence
from cards.words import local_titles

__all__ = [
    "CardOptions",
    "Links",
    "OrderCode",
    "ReferralTarget",
    "cards_for",
    "explain",
    "local_titles",
    "plain_text",
    "summary_sentence",
    "warm_up",
]
