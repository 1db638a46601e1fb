r"""The audit of what administrators do: append-only, each row sealed with a hash over itself and the row before.

Sealed are the canonical bytes of a row: a JSON object (UTF-8, keys sorted, no blanks, nothing escaped but ``"``, ``\``
and control characters; for our strings the same as RFC 8785) with the members ``number``, ``previous`` (the seal of the
row before, empty in the first), ``at`` (UTC, microseconds, ``Z``), ``actor``, ``act``, ``target``, ``reason`` and
``details``. The seal is their SHA-256, or their HMAC-SHA-256 when the site has a key: then who holds the database alone
can cut the newest rows, which a seal noted elsewhere shows, and change nothing else unseen (docs/adr/0014-audit.md).
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from cds_service.errors import StoreError, UnfitEntry
from cds_service.store.tables import AUDIT

PLAIN: Final = "sha256"
KEYED: Final = "hmac-sha256"
SHORTEST_KEY: Final = 32
"""Characters that a site's key must have at least, so that a word is refused."""
LONGEST: Final[Mapping[str, int]] = {"actor": 255, "act": 64, "target": 255, "reason": 2000}
LONGEST_NAME: Final = 64
LONGEST_DETAIL: Final = 500
MOST_DETAILS: Final = 32
_LOCK: Final = "SELECT pg_advisory_xact_lock(4127180938)"
_AT_ONCE: Final = 500
_NOT_AS_WRITTEN: Final = (UnfitEntry, AttributeError, TypeError, ValueError)
"""What reading a row raises when somebody wrote into it what we never write."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One act: who (``actor``) did what (``act``, such as ``rules.publish``) to what, why, with which particulars.

    ``at`` is aware. ``act`` is a dotted word of ours; nothing in an entry comes from a patient's record. Raises
    UnfitEntry for a text that is too long or that no database can hold.
    """

    at: datetime
    actor: str
    act: str
    target: str = ""
    reason: str = ""
    details: Mapping[str, str] = {}

    def __post_init__(self) -> None:
        """Refuse what could not be read back as it was written."""
        if self.at.tzinfo is None:
            raise UnfitEntry("an audit entry's time needs a zone")
        if not self.actor or not self.act:
            raise UnfitEntry("an audit entry needs an actor and an act")
        for name, longest in LONGEST.items():
            _check(name, getattr(self, name), longest)
        if len(self.details) > MOST_DETAILS:
            raise UnfitEntry(f"an audit entry has more than {MOST_DETAILS} details")
        for name, value in self.details.items():
            _check("details", name, LONGEST_NAME)
            _check("details", value, LONGEST_DETAIL)


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it stands in the chain. ``method`` is how ``seal`` was made: ``sha256`` or ``hmac-sha256``."""

    number: int
    entry: AuditEntry
    previous: str
    method: str
    seal: str

    def exported(self) -> dict[str, Any]:
        """Return the sealed object with its seal: what another program needs to verify the row."""
        return {**_content(self.number, self.previous, self.entry), "method": self.method, "seal": self.seal}


class ChainReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a walk along the chain found. ``unkeyed`` counts the rows sealed without a key.

    ``broken`` is the number of the first row that does not hold and ``why`` says what is wrong with it; None and empty
    when all hold. ``head`` is the newest good seal.
    """

    rows: int
    head: str
    unkeyed: int
    broken: int | None = None
    why: str = ""


class AuditTrail:
    """The chain in the store. ``transaction`` opens a transaction; ``key`` seals it, empty for plain hashes."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[sa.Connection]], key: bytes = b"") -> None:
        if key and len(key) < SHORTEST_KEY:
            raise StoreError(f"CDS_AUDIT_KEY must have at least {SHORTEST_KEY} characters")
        self._transaction = transaction
        self._key = key

    def record(self, entry: AuditEntry) -> AuditRow:
        """Append one act in a transaction of its own. Raises StoreError, and then nothing was written."""
        with self._transaction() as connection:
            return self.append(connection, entry)

    def append(self, connection: sa.Connection, entry: AuditEntry) -> AuditRow:
        """Append one act to the transaction of what it is about: both are kept or neither.

        Call it last, because from here on until the transaction ends every other writer of the audit waits.
        """
        _become_the_only_writer(connection)
        query = sa.select(AUDIT.c.number, AUDIT.c.seal).order_by(AUDIT.c.number.desc()).limit(1)
        newest = connection.execute(query).first()
        number, previous = (newest.number + 1, newest.seal) if newest else (1, "")
        method = KEYED if self._key else PLAIN
        seal = _seal(canonical(number, previous, entry), self._key)
        row = AuditRow(number=number, entry=entry, previous=previous, method=method, seal=seal)
        connection.execute(AUDIT.insert().values(_columns(row)))
        return row

    def newest(self, most: int, *, before: int | None = None, target: str = "") -> list[AuditRow]:
        """Return up to ``most`` rows, newest first; those older than row ``before``, about ``target`` when given."""
        query = sa.select(AUDIT).order_by(AUDIT.c.number.desc()).limit(most)
        if before is not None:
            query = query.where(AUDIT.c.number < before)
        if target:
            query = query.where(AUDIT.c.target == target)
        with self._transaction() as connection:
            return [_row(found) for found in connection.execute(query).mappings()]

    def rows(self) -> Iterator[AuditRow]:
        """Yield every row, oldest first, a few hundred at a time. Fails at one that is no entry."""
        last = 0
        while found := self._after(last):
            yield from found
            last = found[-1].number

    def _after(self, number: int) -> list[AuditRow]:
        """Return the next rows; just one where a later one cannot be read, so that the walk ends at that very row."""
        try:
            return self._read(number, _AT_ONCE)
        except _NOT_AS_WRITTEN:
            return self._read(number, 1)

    def _read(self, number: int, most: int) -> list[AuditRow]:
        query = sa.select(AUDIT).where(AUDIT.c.number > number).order_by(AUDIT.c.number).limit(most)
        with self._transaction() as connection:
            return [_row(one) for one in connection.execute(query).mappings()]

    def verify(self, expected: str = "") -> ChainReport:
        """Walk the chain; tell the first row that does not hold.

        ``expected`` is a seal noted earlier: a chain without it was cut or written anew.
        """
        number, head, unkeyed, met = 0, "", 0, not expected
        try:
            for row in self.rows():
                number += 1
                why = self._fault(row, number, head, keyed_before=number - 1 > unkeyed)
                if why:
                    return ChainReport(rows=number - 1, head=head, unkeyed=unkeyed, broken=number, why=why)
                head = row.seal
                unkeyed += row.method == PLAIN
                met = met or row.seal == expected
        except _NOT_AS_WRITTEN:
            why = "the row cannot be read"
            return ChainReport(rows=number, head=head, unkeyed=unkeyed, broken=number + 1, why=why)
        if not met:
            why = "the chain ends without the expected seal"
            return ChainReport(rows=number, head=head, unkeyed=unkeyed, broken=number + 1, why=why)
        return ChainReport(rows=number, head=head, unkeyed=unkeyed)

    def _fault(self, row: AuditRow, number: int, previous: str, *, keyed_before: bool) -> str:
        if row.number != number:
            return "the row is missing"
        if row.previous != previous:
            return "the row does not follow the one before"
        if row.method == PLAIN and keyed_before:
            return "the row is not under the key, as the rows before it are"
        if row.method == KEYED and not self._key:
            return "the row is under a key: set CDS_AUDIT_KEY"
        key = self._key if row.method == KEYED else b""
        if not hmac.compare_digest(row.seal, _seal(canonical(number, previous, row.entry), key)):
            return "the seal does not fit the content"
        return ""


def canonical(number: int, previous: str, entry: AuditEntry) -> bytes:
    """Return the bytes that are sealed; the module says how they are made."""
    content = _content(number, previous, entry)
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _content(number: int, previous: str, entry: AuditEntry) -> dict[str, Any]:
    return {
        "number": number,
        "previous": previous,
        "at": entry.at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z",
        "actor": entry.actor,
        "act": entry.act,
        "target": entry.target,
        "reason": entry.reason,
        "details": dict(entry.details),
    }


def _seal(content: bytes, key: bytes) -> str:
    return (hmac.new(key, content, hashlib.sha256) if key else hashlib.sha256(content)).hexdigest()


def _columns(row: AuditRow) -> dict[str, Any]:
    entry = row.entry
    return {
        "number": row.number,
        "at": entry.at.astimezone(UTC),
        "actor": entry.actor,
        "act": entry.act,
        "target": entry.target,
        "reason": entry.reason,
        "details": dict(entry.details),
        "previous": row.previous,
        "method": row.method,
        "seal": row.seal,
    }


def _row(found: sa.RowMapping) -> AuditRow:
    columns = dict(found)
    frame = {name: columns.pop(name) for name in ("number", "previous", "method", "seal")}
    at = columns.pop("at")
    columns["at"] = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return AuditRow(entry=AuditEntry(**columns), **frame)


def _check(name: str, text: str, longest: int) -> None:
    if len(text) > longest:
        raise UnfitEntry(f"an audit entry's {name} is longer than {longest} characters")
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise UnfitEntry(f"an audit entry's {name} holds a character that cannot be stored")


def _become_the_only_writer(connection: sa.Connection) -> None:
    """Wait until no other transaction can append, so that each row follows the one it was sealed after.

    On SQLite a transaction that has written holds the file already; Python begins one that has only read too late.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(_LOCK)
    elif not getattr(connection.connection.dbapi_connection, "in_transaction", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
