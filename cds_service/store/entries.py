"""What the store is handed and hands back: frozen entries without anything that identifies a patient."""

from datetime import datetime
from uuid import uuid4

import msgspec


class ShownCard(msgspec.Struct, frozen=True, kw_only=True):
    """One card that was sent: its uuid and kind (such as ``K1``).

    ``reasons`` are keyed marks of why it was shown, ``facts`` a keyed hash of the data it stood on, ``limb_facts`` one
    of what was recorded of the limbs. Empty where no silence can follow.
    """

    uuid: str
    kind: str
    reasons: tuple[str, ...] = ()
    facts: str = ""
    limb_facts: str = ""


class DecisionEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One answered call: which rules said what, and which cards were sent. No identifier, no clinical value.

    ``rules`` are the rule ids that counted. ``silenced`` are the kinds of cards held back after feedback. ``patient``
    is the keyed hash of server and patient id, empty where nothing shall be joined to later calls. ``client`` is the id
    of who called, empty where there are no clients. ``silent``: the client is called but shows nothing; ``withheld``
    are the kinds of the cards that were not sent to it therefore. ``uuid`` is ours alone: by it a decision that is
    written twice is kept once.
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
    cards: tuple[ShownCard, ...]
    silenced: tuple[str, ...] = ()
    patient: str = ""
    client: str = ""
    silent: bool = False
    withheld: tuple[str, ...] = ()
    uuid: str = msgspec.field(default_factory=lambda: str(uuid4()))


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


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """Feedback joined to the card it is about: what was done with a card of this kind, and why it had been shown.

    ``shown`` and ``received`` are ours (UTC); ``outcome_at`` is the client's text.
    """

    kind: str
    shown: datetime
    received: datetime
    outcome: str
    outcome_at: str
    reason_system: str
    reason_code: str
    reasons: tuple[str, ...]
    facts: str
    limb_facts: str


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is written at once: a decision, or the feedback of one call."""

    decision: DecisionEntry | None = None
    feedback: tuple[FeedbackEntry, ...] = ()
