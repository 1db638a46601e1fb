"""Forgetting: what lies past its use leaves the store, cards and feedback together."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from cds_service.store.tables import DECISIONS, FEEDBACK, SHOWN_CARDS


def purge(connection: sa.Connection, before: datetime, lasting: Collection[tuple[str, str]]) -> int:
    """Delete decisions made before ``before`` (UTC) with their cards and feedback; return how many decisions went.

    A decision stays while one of its cards has feedback received since, or was overridden for a reason (system, code)
    in ``lasting``. Feedback on cards that nobody remembers goes by when it was received.
    """
    in_use = [FEEDBACK.c.received >= before]
    if lasting:
        in_use.append(sa.tuple_(FEEDBACK.c.reason_system, FEEDBACK.c.reason_code).in_(list(lasting)))
    held = (
        sa.select(SHOWN_CARDS.c.decision).join(FEEDBACK, FEEDBACK.c.card == SHOWN_CARDS.c.uuid).where(sa.or_(*in_use))
    )
    gone = connection.execute(sa.delete(DECISIONS).where(DECISIONS.c.at < before, DECISIONS.c.id.not_in(held)))
    connection.execute(sa.delete(SHOWN_CARDS).where(SHOWN_CARDS.c.decision.not_in(sa.select(DECISIONS.c.id))))
    orphaned = FEEDBACK.c.card.not_in(sa.select(SHOWN_CARDS.c.uuid))
    connection.execute(sa.delete(FEEDBACK).where(FEEDBACK.c.received < before, orphaned))
    return gone.rowcount
