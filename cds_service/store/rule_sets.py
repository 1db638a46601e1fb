"""The versions of the rule set with everything that was done with them, and the publications.

A version is changed by whoever says which revision the change was made from; the publications are only added to. What
may follow what is decided in :mod:`cds_service.rulesets.lifecycle`; here it is kept.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa
from msgspec import structs
from sqlalchemy.exc import IntegrityError

from cds_service.errors import Conflict
from cds_service.rulesets.lifecycle import Approval, Publication, Version
from cds_service.store.audit import AuditEntry, AuditTrail
from cds_service.store.tables import PUBLICATIONS, RULE_SET_HISTORY, RULE_SETS

_NOTHING: Final[Mapping[str, str]] = {}


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what with a version, when and why: ``act`` is a word such as ``submit``.

    ``origin``, such as the user of the machine, is told in the audit alone.
    """

    at: datetime
    actor: str
    act: str
    reason: str = ""
    origin: str = ""


class HistoryEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One deed as it is kept. ``text`` is the whole text where the deed changed it, else None."""

    name: str
    revision: int
    deed: Deed
    state: str
    text: str | None = None


class RuleSetTable:
    """Versions and publications. Every method is one transaction and raises StoreError when it cannot be done.

    What changes something is in the audit as well, kept together with the change or not at all.
    """

    def __init__(self, transaction: Callable[[], AbstractContextManager[sa.Connection]], audit: AuditTrail) -> None:
        self._transaction = transaction
        self._audit = audit

    # ------------------------------------------------------------ versions

    def all(self) -> tuple[Version, ...]:
        """Return all versions, the newest first."""
        with self._transaction() as connection:
            query = sa.select(RULE_SETS).order_by(RULE_SETS.c.created.desc(), RULE_SETS.c.name.desc())
            return tuple(_version(row) for row in connection.execute(query).mappings())

    def names(self) -> tuple[str, ...]:
        """Return the names of all versions."""
        with self._transaction() as connection:
            return tuple(connection.execute(sa.select(RULE_SETS.c.name).order_by(RULE_SETS.c.name)).scalars())

    def get(self, name: str) -> Version | None:
        """Return one version, or None."""
        with self._transaction() as connection:
            row = connection.execute(sa.select(RULE_SETS).where(RULE_SETS.c.name == name)).mappings().first()
            return _version(row) if row else None

    def history(self, name: str) -> tuple[HistoryEntry, ...]:
        """Return what was done with a version, the newest first."""
        query = sa.select(RULE_SET_HISTORY).where(RULE_SET_HISTORY.c.name == name)
        with self._transaction() as connection:
            rows = connection.execute(query.order_by(RULE_SET_HISTORY.c.revision.desc())).mappings().all()
        return tuple(_entry(row) for row in rows)

    def add(self, version: Version, deed: Deed) -> Version:
        """Keep a new version. Raises Conflict when there is one of this name."""
        with self._transaction() as connection:
            try:
                connection.execute(RULE_SETS.insert().values(_columns(version)))
            except IntegrityError:
                raise Conflict(f"there is a version {version.name} already") from None
            _remember(connection, version, deed, version.text)
            self._audit.append(connection, _audited(version, deed))
        return version

    def save(self, version: Version, deed: Deed) -> Version:
        """Keep a version as it is now, made from the one of its ``revision``; return it with its new revision.

        Raises Conflict when somebody else changed it meanwhile.
        """
        with self._transaction() as connection:
            saved = _save(connection, version, deed)
            self._audit.append(connection, _audited(saved, deed))
        return saved

    # ------------------------------------------------------------ publications

    def publications(self) -> tuple[Publication, ...]:
        """Return all publications, the oldest first."""
        with self._transaction() as connection:
            query = sa.select(PUBLICATIONS).order_by(PUBLICATIONS.c.number)
            return tuple(_publication(row) for row in connection.execute(query).mappings())

    def publish(self, publications: tuple[Publication, ...], deed: Deed, *, after: int, version: Version) -> None:
        """Add publications, made by somebody who saw number ``after`` as the newest, and save the version with them.

        Raises Conflict when there is a newer one, or the version was changed meanwhile; then nothing was added.
        """
        with self._transaction() as connection:
            newest = connection.execute(sa.select(sa.func.max(PUBLICATIONS.c.number))).scalar() or 0
            if newest != after:
                raise Conflict("somebody else published meanwhile; look again")
            try:
                for number, publication in enumerate(publications, start=after + 1):
                    numbered = structs.replace(publication, number=number)
                    connection.execute(PUBLICATIONS.insert().values(_stored(numbered)))
            except IntegrityError:
                raise Conflict("somebody else published at the same moment; look again") from None
            saved = _save(connection, version, deed)
            details = {f"{one.kind} {one.version}": one.effective.astimezone(UTC).isoformat() for one in publications}
            self._audit.append(connection, _audited(saved, deed, details))

    def in_force(self, now: datetime) -> Publication | None:
        """Return the publication that holds at ``now``, as :func:`.lifecycle.in_force` says, in one quick query."""
        withdrawn = sa.select(PUBLICATIONS.c.of).where(PUBLICATIONS.c.kind == "withdraw")
        query = (
            sa.select(PUBLICATIONS)
            .where(PUBLICATIONS.c.kind != "withdraw", PUBLICATIONS.c.number.not_in(withdrawn))
            .where(PUBLICATIONS.c.effective <= now.astimezone(UTC))
            .order_by(PUBLICATIONS.c.effective.desc(), PUBLICATIONS.c.number.desc())
            .limit(1)
        )
        with self._transaction() as connection:
            row = connection.execute(query).mappings().first()
            return _publication(row) if row else None


def _audited(version: Version, deed: Deed, details: Mapping[str, str] = _NOTHING) -> AuditEntry:
    told = {"digest": version.digest, "state": version.state, **details}
    if deed.origin:
        told["origin"] = deed.origin
    return AuditEntry(
        at=deed.at, actor=deed.actor, act=f"rules.{deed.act}", target=version.name, reason=deed.reason, details=told
    )


def _save(connection: sa.Connection, version: Version, deed: Deed) -> Version:
    new = structs.replace(version, revision=version.revision + 1)
    here = (RULE_SETS.c.name == version.name) & (RULE_SETS.c.revision == version.revision)
    before = connection.execute(sa.select(RULE_SETS.c.digest).where(here)).scalar()
    if connection.execute(RULE_SETS.update().where(here).values(_columns(new))).rowcount != 1:
        raise Conflict(f"{version.name} was changed by somebody else meanwhile; look again")
    _remember(connection, new, deed, new.text if new.digest != before else None)
    return new


def _remember(connection: sa.Connection, version: Version, deed: Deed, text: str | None) -> None:
    row = {"name": version.name, "revision": version.revision, "state": version.state, "text": text}
    told = {"at": deed.at.astimezone(UTC), "actor": deed.actor, "act": deed.act, "reason": deed.reason}
    connection.execute(RULE_SET_HISTORY.insert().values(**row, **told))


def _columns(version: Version) -> dict[str, Any]:
    columns = structs.asdict(version)
    columns["created"] = version.created.astimezone(UTC)
    columns["editors"] = list(version.editors)
    columns["approvals"] = msgspec.to_builtins(version.approvals)
    return columns


def _version(row: sa.RowMapping) -> Version:
    columns = dict(row)
    columns["created"] = _utc(columns["created"])
    columns["editors"] = tuple(columns["editors"])
    columns["approvals"] = msgspec.convert(columns["approvals"], tuple[Approval, ...])
    return Version(**columns)


def _stored(publication: Publication) -> dict[str, Any]:
    columns = structs.asdict(publication)
    moments = {name: columns[name].astimezone(UTC) for name in ("at", "effective")}
    return columns | moments


def _publication(row: sa.RowMapping) -> Publication:
    columns = dict(row)
    moments = {name: _utc(columns[name]) for name in ("at", "effective")}
    return Publication(**(columns | moments))


def _entry(row: sa.RowMapping) -> HistoryEntry:
    deed = Deed(at=_utc(row["at"]), actor=row["actor"], act=row["act"], reason=row["reason"])
    return HistoryEntry(name=row["name"], revision=row["revision"], deed=deed, state=row["state"], text=row["text"])


def _utc(moment: datetime) -> datetime:
    """Return the moment in UTC, in which all were stored; SQLite forgets the zone."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
