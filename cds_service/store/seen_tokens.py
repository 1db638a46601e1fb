"""Tokens that were used, until they could not be used anyway: shared by all workers."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cds_service.store.trust_tables import SEEN_TOKENS


class SeenTokens:
    """Marks of tokens. Every method is one transaction and raises StoreError when it cannot be done."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[sa.Connection]]) -> None:
        self._transaction = transaction

    def first_use(self, mark: str, ends: datetime) -> bool:
        """Remember a mark until ``ends`` (aware); False when it was there. Of calls at one moment one gets True."""
        with self._transaction() as connection:
            dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
            insert = dialect.insert(SEEN_TOKENS).values(mark=mark, ends=ends.astimezone(UTC))
            written = connection.execute(insert.on_conflict_do_nothing().returning(SEEN_TOKENS.c.mark))
            return written.first() is not None

    def sweep(self, now: datetime) -> int:
        """Forget the marks whose time is over, and return how many those were."""
        with self._transaction() as connection:
            return connection.execute(sa.delete(SEEN_TOKENS).where(SEEN_TOKENS.c.ends <= now.astimezone(UTC))).rowcount
