"""Failed sign-ins under keyed hashes, shared by all workers: who fails again and again waits longer and longer."""

from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from cds_service.store.accounts import Transaction, utc
from cds_service.store.admin_tables import ATTEMPTS


class Patience(msgspec.Struct, frozen=True):
    """``free`` failures cost nothing; the next costs ``first`` of waiting, each one more twice that, up to ``most``.

    After ``forgotten`` without an attempt all is forgotten.
    """

    free: int
    first: timedelta
    most: timedelta
    forgotten: timedelta

    def wait(self, failures: int) -> timedelta:
        """Return how long the next attempt has to wait after so many failures."""
        doublings = failures - self.free - 1
        if doublings < 0:
            return timedelta(0)
        # From some power on the doubling exceeds every limit; larger powers would not fit a timedelta.
        waited: timedelta = self.first * (1 << min(doublings, 20))
        return min(waited, self.most)


class AttemptTable:
    """Counts by key. Every method is one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def begin(self, key: str, now: datetime, patience: Patience) -> datetime | None:
        """Count an attempt as failed until told otherwise, and return None; or the moment until which it must wait.

        Counted before the password is looked at: attempts that run beside one another cannot share a free one.
        """
        with self._transaction() as connection:
            connection.execute(sa.delete(ATTEMPTS).where(ATTEMPTS.c.last < now - patience.forgotten))
            failures = connection.execute(_count(connection, key, now)).scalar_one_or_none()
            if failures is None:
                return utc(connection.execute(sa.select(ATTEMPTS.c.until).where(ATTEMPTS.c.key == key)).scalar_one())
            until = now + patience.wait(failures)
            connection.execute(sa.update(ATTEMPTS).where(ATTEMPTS.c.key == key).values(until=until))
            return None

    def forget(self, key: str) -> None:
        """Forget all failures under a key."""
        with self._transaction() as connection:
            connection.execute(sa.delete(ATTEMPTS).where(ATTEMPTS.c.key == key))

    def take_back(self, key: str) -> None:
        """Take the latest attempt under a key back: it did not fail. The earlier ones stay."""
        fewer = sa.update(ATTEMPTS).where(ATTEMPTS.c.key == key, ATTEMPTS.c.failures > 0)
        with self._transaction() as connection:
            connection.execute(fewer.values(failures=ATTEMPTS.c.failures - 1, until=ATTEMPTS.c.last))


def _count(connection: sa.Connection, key: str, now: datetime) -> sa.Executable:
    """Return an insert or update that gives back the number of failures, or no row while there is waiting to do."""
    more = {"failures": ATTEMPTS.c.failures + 1, "last": now}
    first = {"key": key, "failures": 1, "last": now, "until": now}
    if connection.dialect.name == "postgresql":
        counted = postgresql.insert(ATTEMPTS).values(first)
        return counted.on_conflict_do_update(
            index_elements=["key"], set_=more, where=ATTEMPTS.c.until <= now
        ).returning(ATTEMPTS.c.failures)
    counted_here = sqlite.insert(ATTEMPTS).values(first)
    return counted_here.on_conflict_do_update(
        index_elements=["key"], set_=more, where=ATTEMPTS.c.until <= now
    ).returning(ATTEMPTS.c.failures)
