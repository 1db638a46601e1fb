"""Sessions, known by the hash of what the browser holds. They end in the store: so one can be ended from outside."""

from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa

from cds_service.store.accounts import Account, Transaction, account_of_row, utc
from cds_service.store.admin_tables import ACCOUNTS, SESSIONS
from cds_service.store.audit import AuditEntry, AuditTrail

# A session's last use is written at most this often: reading a page is no reason to write each time.
_SEEN_EVERY = timedelta(minutes=1)


class Session(msgspec.Struct, frozen=True):
    """One session. ``hash`` names it and opens nothing; ``way``: how it was begun (``password``, ``oidc``)."""

    hash: str
    account: int
    way: str
    made: datetime
    seen: datetime
    ends: datetime


class SessionTable:
    """Sessions by hash. Every method is one transaction."""

    def __init__(self, transaction: Transaction, audit: AuditTrail) -> None:
        self._transaction = transaction
        self._audit = audit

    def begin(self, session: Session, act: AuditEntry) -> None:
        """Remember a new session and when its account was last signed in to; forget all sessions that are over."""
        with self._transaction() as connection:
            connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.ends <= session.made))
            connection.execute(SESSIONS.insert().values(msgspec.structs.asdict(session)))
            whose = sa.update(ACCOUNTS).where(ACCOUNTS.c.id == session.account)
            connection.execute(whose.values(signed_in=session.made))
            self._audit.append(connection, act)

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

    def end(self, hashed: str, act: AuditEntry) -> None:
        """End one session; nothing happens when there is none."""
        self._end(SESSIONS.c.hash == hashed, act)

    def end_all(self, account: int, act: AuditEntry) -> None:
        """End every session of an account."""
        self._end(SESSIONS.c.account == account, act)

    def end_others(self, account: int, but: str, act: AuditEntry) -> None:
        """End every session of an account but the one with the hash ``but``."""
        self._end(sa.and_(SESSIONS.c.account == account, SESSIONS.c.hash != but), act)

    def lasting(self, now: datetime, idle: timedelta) -> tuple[Session, ...]:
        """Return the sessions that still open something, the latest used first."""
        query = sa.select(SESSIONS).where(SESSIONS.c.ends > now, SESSIONS.c.seen > now - idle)
        with self._transaction() as connection:
            rows = connection.execute(query.order_by(SESSIONS.c.seen.desc())).mappings()
            return tuple(_session(row) for row in rows)

    def _end(self, which: sa.ColumnElement[bool], act: AuditEntry) -> None:
        with self._transaction() as connection:
            if connection.execute(sa.delete(SESSIONS).where(which)).rowcount:
                self._audit.append(connection, act)


def _session(row: sa.RowMapping) -> Session:
    moments = {name: utc(row[name]) for name in ("made", "seen", "ends")}
    return Session(**{**row, **moments})
