"""Sessions, known by the hash of what the browser holds. They end in the store: so one can be ended from outside."""

from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from cds_service.store.accounts import Account, Transaction, account_of_row, utc
from cds_service.store.admin_tables import ACCOUNTS, SESSIONS

# A session's last use is written at most this often: reading a page is no reason to write each time.
_SEEN_EVERY = timedelta(minutes=1)


class Session(msgspec.Struct, frozen=True):
    """One session, for the list of them; ``hash`` names it and opens nothing."""

    hash: str
    account: int
    way: str
    made: datetime
    seen: datetime
    ends: datetime


class SessionTable:
    """Sessions by hash. Every method is one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def begin(self, session: Session) -> None:
        """Remember a new session, and forget all whose time is over."""
        with self._transaction() as connection:
            connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.ends <= session.made))
            connection.execute(SESSIONS.insert().values(msgspec.structs.asdict(session)))

    def account_of(self, hashed: str, now: datetime, idle: timedelta) -> Account | None:
        """Return whose session this is, unless it has ended, was idle for too long or the account is disabled."""
        query = (
            sa.select(ACCOUNTS, SESSIONS.c.seen)
            .join(SESSIONS, SESSIONS.c.account == ACCOUNTS.c.id)
            .where(SESSIONS.c.hash == hashed, SESSIONS.c.ends > now, SESSIONS.c.seen > now - idle)
            .where(ACCOUNTS.c.disabled.is_(False))
        )
        with self._transaction() as connection:
            row = connection.execute(query).mappings().one_or_none()
            if row is None:
                return None
            found = dict(row)
            seen = utc(found.pop("seen"))
            if seen is None or seen <= now - _SEEN_EVERY:
                connection.execute(sa.update(SESSIONS).where(SESSIONS.c.hash == hashed).values(seen=now))
            return account_of_row(found)

    def end(self, hashed: str) -> None:
        """End one session."""
        with self._transaction() as connection:
            connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.hash == hashed))

    def end_all(self, account: int) -> int:
        """End every session of an account and return how many there were."""
        with self._transaction() as connection:
            return connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.account == account)).rowcount

    def all(self, now: datetime, idle: timedelta) -> tuple[Session, ...]:
        """Return the sessions that still open something, the latest used first."""
        lasting = sa.select(SESSIONS).where(SESSIONS.c.ends > now, SESSIONS.c.seen > now - idle)
        with self._transaction() as connection:
            rows = connection.execute(lasting.order_by(SESSIONS.c.seen.desc())).mappings()
            return tuple(_session(row) for row in rows)


def _session(row: sa.RowMapping) -> Session:
    moments = {name: utc(row[name]) for name in ("made", "seen", "ends")}
    return Session(**{**row, **moments})
