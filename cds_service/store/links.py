"""One-time links, known by their hash: each lets one person set a password once. Using one up is part of that act."""

from datetime import datetime

import msgspec
import sqlalchemy as sa

from cds_service.store.accounts import Transaction, utc
from cds_service.store.admin_tables import LINKS
from cds_service.store.audit import AuditEntry, AuditTrail

FIRST_ADMIN = 0
"""Stands in place of an account: the link makes the first administrator."""


class Link(msgspec.Struct, frozen=True):
    """A link by its hash, whose it is, and until when it opens."""

    hash: str
    account: int
    made: datetime
    ends: datetime


class LinkTable:
    """Links by hash. Every method is one transaction."""

    def __init__(self, transaction: Transaction, audit: AuditTrail) -> None:
        self._transaction = transaction
        self._audit = audit

    def make(self, link: Link, act: AuditEntry) -> None:
        """Remember a link; an earlier one of the same account opens nothing any more."""
        with self._transaction() as connection:
            connection.execute(sa.delete(LINKS).where(sa.or_(LINKS.c.account == link.account, LINKS.c.ends <= act.at)))
            connection.execute(LINKS.insert().values(msgspec.structs.asdict(link)))
            self._audit.append(connection, act)

    def find(self, hashed: str, now: datetime) -> Link | None:
        """Return the link when it still opens something."""
        query = sa.select(LINKS).where(LINKS.c.hash == hashed, LINKS.c.ends > now)
        with self._transaction() as connection:
            row = connection.execute(query).mappings().one_or_none()
            return _link(row) if row else None

    def waiting(self, now: datetime) -> dict[int, datetime]:
        """Return until when a link opens, by account."""
        with self._transaction() as connection:
            rows = connection.execute(sa.select(LINKS).where(LINKS.c.ends > now)).mappings()
            return {link.account: link.ends for link in map(_link, rows)}


def _link(row: sa.RowMapping) -> Link:
    return Link(**{**row, "made": utc(row["made"]), "ends": utc(row["ends"])})
