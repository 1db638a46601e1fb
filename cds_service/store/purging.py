"""Forgetting: what lies past its use leaves the store, cards and feedback together."""

from collections.abc import Collection
from datetime import UTC, datetime

import msgspec
import sqlalchemy as sa

from cds_service.store.tables import DECISIONS, FEEDBACK, SHOWN_CARDS
from cds_service.store.trust_tables import REFUSALS


class KeepFrom(msgspec.Struct, frozen=True, kw_only=True):
    """From which moments (aware) on what is kept.

    ``lasting`` are override reasons (system, code) whose silence has no end in time: a card that was overridden for one
    of them stays, with its decision.
    """

    decisions: datetime
    feedback: datetime
    refusals: datetime
    lasting: Collection[tuple[str, str]] = ()


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """How much went."""

    decisions: int
    feedback: int
    refusals: int


def purge(connection: sa.Connection, keep: KeepFrom) -> Purged:
    """Delete decisions from before their moment with their cards and feedback.

    A decision stays while one of its cards has feedback that is kept, or was overridden for a lasting reason. Feedback
    on cards that nobody remembers goes by when it was received.
    """
    received_from = keep.feedback.astimezone(UTC)
    in_use = [FEEDBACK.c.received >= received_from]
    if keep.lasting:
        in_use.append(sa.tuple_(FEEDBACK.c.reason_system, FEEDBACK.c.reason_code).in_(list(keep.lasting)))
    held = (
        sa.select(SHOWN_CARDS.c.decision).join(FEEDBACK, FEEDBACK.c.card == SHOWN_CARDS.c.uuid).where(sa.or_(*in_use))
    )
    old = (DECISIONS.c.at < keep.decisions.astimezone(UTC), DECISIONS.c.id.not_in(held))
    decisions = connection.execute(sa.delete(DECISIONS).where(*old)).rowcount
    connection.execute(sa.delete(SHOWN_CARDS).where(SHOWN_CARDS.c.decision.not_in(sa.select(DECISIONS.c.id))))
    orphaned = FEEDBACK.c.card.not_in(sa.select(SHOWN_CARDS.c.uuid))
    feedback = connection.execute(sa.delete(FEEDBACK).where(FEEDBACK.c.received < received_from, orphaned)).rowcount
    refusals = connection.execute(sa.delete(REFUSALS).where(REFUSALS.c.at < keep.refusals.astimezone(UTC))).rowcount
    return Purged(decisions=decisions, feedback=feedback, refusals=refusals)
