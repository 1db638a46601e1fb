"""Why calls were refused lately: fixed words and counts, so that an admin can see what a client does wrong.

The newest rows alone are kept: whoever knocks without end writes over himself, he does not fill the disk.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Final

import msgspec
import sqlalchemy as sa

from cds_service.store.trust_tables import REFUSALS

MOST_KEPT: Final = 1000


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """So many calls refused within about a second: when, whose they claimed to be (empty: unknown), why."""

    at: datetime
    client: str
    reason: str
    times: int


class RefusalTable:
    """The newest refusals. Every method is one transaction and raises StoreError when it cannot be done."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[sa.Connection]]) -> None:
        self._transaction = transaction

    def add(self, counted: Mapping[tuple[str, str], int], at: datetime) -> None:
        """Remember how often calls of a client were refused for a reason: ``{(client, reason): times}``."""
        rows = [
            {"at": at.astimezone(UTC), "client": client, "reason": reason, "times": times}
            for (client, reason), times in counted.items()
        ]
        with self._transaction() as connection:
            connection.execute(REFUSALS.insert(), rows)
            newest = sa.select(sa.func.max(REFUSALS.c.id)).scalar_subquery()
            connection.execute(sa.delete(REFUSALS).where(REFUSALS.c.id <= newest - MOST_KEPT))

    def latest(self, most: int = 100, *, client: str | None = None) -> tuple[Refusal, ...]:
        """Return the newest first; those of one ``client``, or of all. ``""`` are those of nobody we know."""
        query = sa.select(REFUSALS).order_by(REFUSALS.c.id.desc()).limit(most)
        if client is not None:
            query = query.where(REFUSALS.c.client == client)
        with self._transaction() as connection:
            return tuple(_refusal(row) for row in connection.execute(query).mappings())


def _refusal(row: sa.RowMapping) -> Refusal:
    at = row["at"]
    # SQLite forgets the zone, in which all were stored.
    aware = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return Refusal(at=aware, client=row["client"], reason=row["reason"], times=row["times"])
