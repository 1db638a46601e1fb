"""Accounts of those who may change the rules. What a role allows and what a password must be is decided above.

Whatever changes an account is audited in the same transaction: both are kept or neither.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cds_service.errors import Conflict
from cds_service.store.admin_tables import ACCOUNTS, LINKS, SESSIONS, TOKENS
from cds_service.store.audit import AuditEntry, AuditTrail

_OPTIONAL: Final = frozenset({"password", "issuer", "subject"})
Transaction = Callable[[], AbstractContextManager[sa.Connection]]


class Account(msgspec.Struct, frozen=True):
    """One person. ``password``: its Argon2 hash, or empty; ``subject``: how an identity provider knows the person."""

    id: int
    name: str
    shown: str
    role: str
    password: str = ""
    issuer: str = ""
    subject: str = ""
    disabled: bool = False
    made: datetime | None = None
    signed_in: datetime | None = None

    @property
    def opens(self) -> bool:
        """True when somebody can sign in to it."""
        return not self.disabled and bool(self.password or self.subject)

    def __repr__(self) -> str:
        """Say which account, without its hash."""
        return f"Account({self.id})"


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What an account is made from; ``password`` is a hash."""

    name: str
    shown: str
    role: str
    password: str = ""
    issuer: str = ""
    subject: str = ""

    def __repr__(self) -> str:
        """Say nothing of the hash."""
        return f"NewAccount({self.name!r})"


class AccountTable:
    """Accounts by id. Every method is one transaction."""

    def __init__(self, transaction: Transaction, audit: AuditTrail) -> None:
        self._transaction = transaction
        self._audit = audit

    def add(self, account: NewAccount, act: AuditEntry, *, link: str = "") -> int:
        """Make an account and return its id. ``link``: the hash of the link that allows it, which is used up.

        Raises Conflict when there is one of this name or of this person, or when the link was used or has ended.
        """
        fields = msgspec.structs.asdict(account)
        # What an account need not have is null, so that two accounts may both lack it.
        values = {name: value or (None if name in _OPTIONAL else "") for name, value in fields.items()}
        with self._transaction() as connection:
            if link:
                use_up(connection, link, act.at)
            try:
                with connection.begin_nested():
                    insert = ACCOUNTS.insert().values(**values, made=act.at, disabled=False).returning(ACCOUNTS.c.id)
                    made = int(connection.execute(insert).scalar_one())
            except IntegrityError:
                raise Conflict("there is an account of this name already") from None
            self._audit.append(connection, act)
            return made

    def named(self, name: str) -> Account | None:
        """Return the account of this name."""
        return self._one(ACCOUNTS.c.name == name)

    def of(self, account: int) -> Account | None:
        """Return the account with this id."""
        return self._one(ACCOUNTS.c.id == account)

    def vouched(self, issuer: str, subject: str) -> Account | None:
        """Return the account of the person whom ``issuer`` calls ``subject``."""
        return self._one(sa.and_(ACCOUNTS.c.issuer == issuer, ACCOUNTS.c.subject == subject))

    def all(self) -> tuple[Account, ...]:
        """Return every account by name."""
        with self._transaction() as connection:
            rows = connection.execute(sa.select(ACCOUNTS).order_by(ACCOUNTS.c.name)).mappings()
            return tuple(account_of_row(dict(row)) for row in rows)

    def set_password(self, account: int, password: str, act: AuditEntry, *, link: str = "") -> None:
        """Keep the hash of a new password; every session and link of the account ends.

        ``link``: the hash of the link that allows it. Raises Conflict when the link was used or has ended.
        """
        with self._transaction() as connection:
            if link:
                use_up(connection, link, act.at)
            _change(connection, account, password=password)
            _end(connection, account, SESSIONS, LINKS)
            self._audit.append(connection, act)

    def renew_hash(self, account: int, password: str) -> None:
        """Keep another hash of the same password, made with today's cost. Nothing else changes."""
        with self._transaction() as connection:
            _change(connection, account, password=password)

    def set_role(self, account: int, role: str, act: AuditEntry, *, never_without: str = "") -> None:
        """Give the account another role; its sessions end, so that none goes on with the rights it had.

        Raises Conflict when nobody who can sign in would be left with the role ``never_without``.
        """
        with self._transaction() as connection:
            _change(connection, account, role=role)
            _end(connection, account, SESSIONS)
            self._audit.append(connection, act)
            _check_left(connection, never_without)

    def set_disabled(self, account: int, act: AuditEntry, *, disabled: bool, never_without: str = "") -> None:
        """Close the account or open it again. Closing ends its sessions, links and tokens.

        Raises Conflict when nobody who can sign in would be left with the role ``never_without``.
        """
        with self._transaction() as connection:
            _change(connection, account, disabled=disabled)
            if disabled:
                _end(connection, account, SESSIONS, LINKS, TOKENS)
            self._audit.append(connection, act)
            _check_left(connection, never_without)

    def _one(self, condition: sa.ColumnElement[bool]) -> Account | None:
        with self._transaction() as connection:
            row = connection.execute(sa.select(ACCOUNTS).where(condition)).mappings().one_or_none()
            return None if row is None else account_of_row(dict(row))


def use_up(connection: sa.Connection, link: str, now: datetime) -> None:
    """Take a one-time link away. Raises Conflict when it was taken before or has ended."""
    gone = connection.execute(sa.delete(LINKS).where(LINKS.c.hash == link, LINKS.c.ends > now))
    if gone.rowcount != 1:
        raise Conflict("the link was used or has ended")


def _check_left(connection: sa.Connection, role: str) -> None:
    """Raise Conflict when nobody of this role can sign in. Asked after the audit's lock was taken.

    So of two who take the role from each other at once, the second sees what the first did.
    """
    can = sa.or_(ACCOUNTS.c.password.is_not(None), ACCOUNTS.c.subject.is_not(None))
    held = sa.select(ACCOUNTS.c.id).where(ACCOUNTS.c.role == role, ACCOUNTS.c.disabled.is_(False), can)
    if role and connection.execute(held.limit(1)).first() is None:
        raise Conflict("nobody would be left who can do this")


def _change(connection: sa.Connection, account: int, **values: object) -> None:
    connection.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.id == account).values(**values))


def _end(connection: sa.Connection, account: int, *tables: sa.Table) -> None:
    for table in tables:
        connection.execute(sa.delete(table).where(table.c.account == account))


def account_of_row(row: Mapping[str, Any]) -> Account:
    """Return the account that a row of the table holds."""
    found = {name: value for name, value in row.items() if value is not None}
    return Account(**{**found, "made": utc(found.get("made")), "signed_in": utc(found.get("signed_in"))})


def utc(moment: datetime | None) -> datetime | None:
    """Return the moment in UTC, in which all were stored; SQLite forgets the zone."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
