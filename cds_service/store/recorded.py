"""What was read of limb-deficient patients, without the patients: kept only where a site wants to try rules on it.

No day stands beside it, so that it cannot be joined to the decisions; the oldest goes when a new one comes.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager

import sqlalchemy as sa

from cds_service.store.tables import RECORDED_FACTS


class RecordedTable:
    """Facts as bytes. Every method is one transaction and raises StoreError when it cannot be done."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[sa.Connection]]) -> None:
        self._transaction = transaction

    def add(self, facts: bytes, most: int) -> None:
        """Keep ``facts``, and of all kept the newest ``most``."""
        number = RECORDED_FACTS.c.number
        with self._transaction() as connection:
            connection.execute(RECORDED_FACTS.insert().values(facts=facts))
            kept = sa.select(number).order_by(number.desc()).limit(1).offset(most).scalar_subquery()
            connection.execute(sa.delete(RECORDED_FACTS).where(number <= kept))

    def all(self) -> tuple[bytes, ...]:
        """Return all that is kept, the oldest first."""
        query = sa.select(RECORDED_FACTS.c.facts).order_by(RECORDED_FACTS.c.number)
        with self._transaction() as connection:
            return tuple(connection.execute(query).scalars())

    def count(self) -> int:
        """Return how many are kept."""
        with self._transaction() as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(RECORDED_FACTS)).scalar_one()

    def clear(self) -> None:
        """Forget all of it."""
        with self._transaction() as connection:
            connection.execute(sa.delete(RECORDED_FACTS))
