"""What the store is handed: frozen entries without anything that identifies a patient."""

from datetime import datetime

import msgspec


class DecisionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One answered call: which rules said what, and which cards were sent. No identifier, no clinical value.

    ``rules`` are the rule ids that counted, ``cards`` pairs of (card uuid, card kind such as ``K1``).
    """

    at: datetime
    hook: str
    rule_set: str
    profile: str
    tier: str
    points: int
    gates: tuple[str, ...]
    rules: tuple[str, ...]
    unknowns: tuple[str, ...]
    cards: tuple[tuple[str, str], ...]


class FeedbackEntry(msgspec.Struct, frozen=True, kw_only=True):
    """What a clinician did with one card, as the client reported it.

    ``outcome`` is ``accepted`` or ``overridden``; ``outcome_at`` the client's own timestamp text. ``comment`` is free
    text a clinician typed: it is kept only where the site asks for it, since it may name someone.
    """

    received: datetime
    service: str
    card: str
    outcome: str
    outcome_at: str
    suggestions: tuple[str, ...] = ()
    reason_system: str = ""
    reason_code: str = ""
    reason_display: str = ""
    comment: str = ""
    comment_given: bool = False
