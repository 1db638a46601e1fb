"""The registered clients: their documents, a number that grows with each change, and every earlier form.

Documents are checked on their way in. On the way out they are handed over as they lie: a document that an older version
of the service wrote, and this one no longer understands, must not keep the other clients from being read.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from cds_service.clients import Client, clashes, differences, read_document, read_kept
from cds_service.errors import ClientError, Conflict
from cds_service.store.audit import AuditEntry, AuditTrail
from cds_service.store.tables import CLIENT_HISTORY, CLIENTS

# Of workers that register clients at the same moment each sees what the other did; SQLite has one writer anyway.
_LOCK: Final = "SELECT pg_advisory_xact_lock(4127180937)"


class ClientEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One form of a client: its document, the how-manieth (from 1), when and by whom it was written."""

    id: str
    revision: int
    document: Mapping[str, Any]
    changed: datetime
    changed_by: str

    def client(self) -> Client:
        """Return the client. Raises ClientError when this version of the service cannot use the document."""
        return read_kept(self.document)


class ClientTable:
    """The clients. Every method is one transaction and raises StoreError when it cannot be done.

    What changes something is in the audit as well, kept together with the change or not at all.
    """

    def __init__(self, transaction: Callable[[], AbstractContextManager[sa.Connection]], audit: AuditTrail) -> None:
        self._transaction = transaction
        self._audit = audit

    def all(self) -> tuple[ClientEntry, ...]:
        """Return all clients by id, those that are not active too."""
        with self._transaction() as connection:
            return _entries(connection, sa.select(CLIENTS).order_by(CLIENTS.c.id))

    def get(self, client_id: str) -> ClientEntry | None:
        """Return one client, or None."""
        with self._transaction() as connection:
            return next(iter(_entries(connection, sa.select(CLIENTS).where(CLIENTS.c.id == client_id))), None)

    def history(self, client_id: str) -> tuple[ClientEntry, ...]:
        """Return every form of a client, the newest first."""
        query = sa.select(CLIENT_HISTORY).where(CLIENT_HISTORY.c.client == client_id)
        with self._transaction() as connection:
            return _entries(connection, query.order_by(CLIENT_HISTORY.c.revision.desc()))

    def revision(self) -> int:
        """Return a number that grows with every change of any client; 0 when there never was one."""
        with self._transaction() as connection:
            return connection.execute(sa.select(sa.func.max(CLIENT_HISTORY.c.id))).scalar() or 0

    def add(self, document: Mapping[str, Any], *, by: str, reason: str = "") -> ClientEntry:
        """Register a new client. Raises ClientError for a faulty document or a clash, Conflict when the id is taken."""
        entry = _entry(document, 1, by)
        with self._transaction() as connection:
            _lock(connection)
            try:
                connection.execute(CLIENTS.insert().values(_row(entry)))
            except IntegrityError:
                raise Conflict(f"there is a client {entry.id} already") from None
            _remember(connection, entry)
            self._audit.append(connection, _audited(entry, "client.add", reason, {}))
        return entry

    def change(self, document: Mapping[str, Any], *, made_from: int, by: str, reason: str = "") -> ClientEntry:
        """Replace a client's document by one that was made from its revision ``made_from``.

        Raises ClientError for a faulty document or a clash, Conflict when it is no longer at that revision, or unknown.
        """
        kept = self.get(str(document.get("id", "")))
        before = kept.document if kept else {}
        entry = _entry(document, made_from + 1, by, before)
        with self._transaction() as connection:
            _lock(connection)
            here = (CLIENTS.c.id == entry.id) & (CLIENTS.c.revision == made_from)
            if connection.execute(CLIENTS.update().where(here).values(_row(entry))).rowcount != 1:
                raise Conflict(f"client {entry.id} was changed meanwhile, or is not registered; read it again")
            _remember(connection, entry)
            changed = {"changed": ", ".join(differences(before, entry.document))}
            self._audit.append(connection, _audited(entry, "client.change", reason, changed))
        return entry


def _entry(document: Mapping[str, Any], revision: int, by: str, before: Mapping[str, Any] | None = None) -> ClientEntry:
    checked = read_document(document, before=before)
    return ClientEntry(id=checked["id"], revision=revision, document=checked, changed=datetime.now(UTC), changed_by=by)


def _audited(entry: ClientEntry, act: str, reason: str, details: Mapping[str, str]) -> AuditEntry:
    """Return what the audit says of a change: which members it touched, never what is in them."""
    numbered = {"revision": str(entry.revision), **details}
    return AuditEntry(
        at=entry.changed, actor=entry.changed_by, act=act, target=entry.id, reason=reason, details=numbered
    )


def _row(entry: ClientEntry) -> dict[str, Any]:
    return msgspec.structs.asdict(entry)


def _remember(connection: sa.Connection, entry: ClientEntry) -> None:
    """Keep the new form, unless it clashes with the other clients: then all that was written is taken back."""
    others = _entries(connection, sa.select(CLIENTS).where(CLIENTS.c.id != entry.id))
    mine = entry.client()
    found = tuple(why for other in others for why in clashes((mine, *_usable(other))))
    if found:
        raise ClientError(tuple(("", why) for why in found))
    row = _row(entry)
    connection.execute(CLIENT_HISTORY.insert().values(client=row.pop("id"), **row))


def _usable(entry: ClientEntry) -> tuple[Client, ...]:
    try:
        return (entry.client(),)
    except ClientError:
        return ()


def _entries(connection: sa.Connection, query: sa.Select[Any]) -> tuple[ClientEntry, ...]:
    return tuple(
        ClientEntry(
            id=row.get("client", row["id"]),
            revision=row["revision"],
            document=row["document"],
            changed=_utc(row["changed"]),
            changed_by=row["changed_by"],
        )
        for row in connection.execute(query).mappings()
    )


def _utc(moment: datetime) -> datetime:
    """Return the moment in UTC, in which all were stored; SQLite forgets the zone."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _lock(connection: sa.Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_LOCK)
