"""Accounts of those who may change the rules. What a role allows and what a password must be is decided above."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cds_service.store.admin_tables import ACCOUNTS, LINKS, SESSIONS, TOKENS

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

    def __repr__(self) -> str:
        """Say which account, without its hash."""
        return f"Account({self.id})"


class NameTaken(Exception):
    """There is an account of this name, or of this person at the identity provider."""


class AccountTable:
    """Accounts by id. Every method is one transaction."""

    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction

    def add(self, name: str, shown: str, role: str, at: datetime, issuer: str = "", subject: str = "") -> int:
        """Make an account without a password and return its id; raises NameTaken."""
        values = {"name": name, "shown": shown, "role": role, "made": at, "disabled": False}
        who = {"issuer": issuer or None, "subject": subject or None}
        with self._transaction() as connection:
            try:
                with connection.begin_nested():
                    made = connection.execute(ACCOUNTS.insert().values(**values, **who).returning(ACCOUNTS.c.id))
                    return int(made.scalar_one())
            except IntegrityError:
                raise NameTaken from None

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

    def set_password(self, account: int, password: str) -> None:
        """Keep the hash of a new password; every session and every link of the account ends."""
        with self._transaction() as connection:
            self._change(connection, account, password=password)
            connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.account == account))
            connection.execute(sa.delete(LINKS).where(LINKS.c.account == account))

    def set_role(self, account: int, role: str) -> None:
        """Give the account another role; its sessions end, so that none goes on with the rights it had."""
        with self._transaction() as connection:
            self._change(connection, account, role=role)
            connection.execute(sa.delete(SESSIONS).where(SESSIONS.c.account == account))

    def set_disabled(self, account: int, *, disabled: bool) -> None:
        """Close the account or open it again. Closing ends its sessions, links and tokens."""
        with self._transaction() as connection:
            self._change(connection, account, disabled=disabled)
            if disabled:
                for table in (SESSIONS, LINKS, TOKENS):
                    connection.execute(sa.delete(table).where(table.c.account == account))

    def signed_in(self, account: int, at: datetime) -> None:
        """Remember when the account was last signed in to."""
        with self._transaction() as connection:
            self._change(connection, account, signed_in=at)

    def _change(self, connection: sa.Connection, account: int, **values: object) -> None:
        connection.execute(sa.update(ACCOUNTS).where(ACCOUNTS.c.id == account).values(**values))

    def _one(self, condition: sa.ColumnElement[bool]) -> Account | None:
        with self._transaction() as connection:
            row = connection.execute(sa.select(ACCOUNTS).where(condition)).mappings().one_or_none()
            return None if row is None else account_of_row(dict(row))


def account_of_row(row: Mapping[str, Any]) -> Account:
    """Return the account that a row of the table holds."""
    found = {name: value for name, value in row.items() if value is not None}
    return Account(**{**found, "made": utc(found.get("made")), "signed_in": utc(found.get("signed_in"))})


def utc(moment: datetime | None) -> datetime | None:
    """Return the moment in UTC, in which all were stored; SQLite forgets the zone."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
