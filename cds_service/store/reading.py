"""Reading decisions back, a few hundred at a time, each with the cards that were sent."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa

from cds_service.store.tables import DECISIONS, SHOWN_CARDS

_AT_ONCE: Final = 500


def decided(
    transaction: Callable[[], AbstractContextManager[sa.Connection]], since: datetime | None
) -> Iterator[dict[str, Any]]:
    """Yield every decision made at ``since`` (aware) or later, oldest first; ``cards`` are its kinds and uuids.

    The keyed hashes, which know a patient again, are not among what is handed out.
    """
    last = 0
    while True:
        query = sa.select(DECISIONS).where(DECISIONS.c.id > last).order_by(DECISIONS.c.id).limit(_AT_ONCE)
        if since is not None:
            query = query.where(DECISIONS.c.at >= since.astimezone(UTC))
        with transaction() as connection:
            # Plain text for names: a JSON writer refuses SQLAlchemy's own kind.
            rows = [{str(name): row[name] for name in row} for row in connection.execute(query).mappings()]
            cards = _cards(connection, [row["id"] for row in rows])
        if not rows:
            return
        last = rows[-1]["id"]
        yield from ({**row, "at": _utc(row["at"]), "cards": cards[row["id"]]} for row in rows)


def _cards(connection: sa.Connection, decisions: list[int]) -> dict[int, list[dict[str, str]]]:
    query = (
        sa.select(SHOWN_CARDS.c.decision, SHOWN_CARDS.c.kind, SHOWN_CARDS.c.uuid)
        .where(SHOWN_CARDS.c.decision.in_(decisions))
        .order_by(SHOWN_CARDS.c.kind)
    )
    found: dict[int, list[dict[str, str]]] = defaultdict(list)
    for row in connection.execute(query):
        found[row.decision].append({"kind": row.kind, "uuid": row.uuid})
    return found


def _utc(moment: datetime) -> datetime:
    """Return the moment in UTC, in which all were stored; SQLite forgets the zone."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
