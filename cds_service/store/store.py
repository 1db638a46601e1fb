"""The store itself: SQLite in a file by default, any SQLAlchemy URL otherwise."""

from collections.abc import Iterable
from datetime import UTC
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from cds_service.errors import StoreError
from cds_service.store.entries import DecisionEntry, FeedbackEntry
from cds_service.store.tables import DECISIONS, FEEDBACK, METADATA, SHOWN_CARDS

BUSY_TIMEOUT_MS = 5000


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Set what a shared SQLite file needs: readers beside one writer; no acknowledged write lost with the process."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()


class Store:
    """Decisions and feedback. Every method is one transaction and raises StoreError when it cannot be done."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the store at a SQLAlchemy ``url`` (``sqlite:///file.db``) and create missing tables."""
        try:
            engine = sa.create_engine(url, pool_pre_ping=True)
            if engine.dialect.name == "sqlite":
                sa.event.listen(engine, "connect", _prepare_sqlite)
            METADATA.create_all(engine)
        except (SQLAlchemyError, ImportError) as error:
            raise StoreError(f"the store could not be opened: {type(error).__name__}") from error
        return cls(engine)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def record_decision(self, entry: DecisionEntry) -> None:
        """Remember one answered call and the cards it sent."""
        with self._transaction() as connection:
            row = connection.execute(
                DECISIONS.insert().values(
                    at=entry.at.astimezone(UTC),
                    hook=entry.hook,
                    rule_set=entry.rule_set,
                    profile=entry.profile,
                    tier=entry.tier,
                    points=entry.points,
                    gates=list(entry.gates),
                    rules=list(entry.rules),
                    unknowns=list(entry.unknowns),
                )
            )
            decision = row.inserted_primary_key[0] if row.inserted_primary_key else 0
            if entry.cards:
                cards = [{"uuid": uuid, "kind": kind, "decision": decision} for uuid, kind in entry.cards]
                connection.execute(SHOWN_CARDS.insert(), cards)

    def record_feedback(self, entries: Iterable[FeedbackEntry]) -> int:
        """Remember feedback and return how many entries were new. A repeated entry is no error and not kept twice."""
        with self._transaction() as connection:
            return sum(connection.execute(self._insert_once(entry)).rowcount for entry in entries)

    def feedback(self) -> list[dict[str, Any]]:
        """Return all feedback, oldest first, with the kind of the card where it is known."""
        shown = sa.outerjoin(FEEDBACK, SHOWN_CARDS, FEEDBACK.c.card == SHOWN_CARDS.c.uuid)
        query = sa.select(FEEDBACK, SHOWN_CARDS.c.kind).select_from(shown).order_by(FEEDBACK.c.id)
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def decisions(self) -> list[dict[str, Any]]:
        """Return all decisions, oldest first."""
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(sa.select(DECISIONS).order_by(DECISIONS.c.id)).mappings()]

    def ping(self) -> None:
        """Raise StoreError unless the store answers."""
        with self._transaction() as connection:
            connection.execute(sa.select(1))

    def _insert_once(self, entry: FeedbackEntry) -> sa.Executable:
        values = {
            "received": entry.received.astimezone(UTC),
            "service": entry.service,
            "card": entry.card,
            "outcome": entry.outcome,
            "outcome_at": entry.outcome_at,
            "suggestions": list(entry.suggestions),
            "reason_system": entry.reason_system,
            "reason_code": entry.reason_code,
            "reason_display": entry.reason_display,
            "comment": entry.comment,
            "comment_given": entry.comment_given,
        }
        if self._engine.dialect.name == "postgresql":
            return postgresql.insert(FEEDBACK).values(values).on_conflict_do_nothing()
        return sqlite.insert(FEEDBACK).values(values).on_conflict_do_nothing()

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._engine)


class _Transaction:
    """A transaction whose database errors become StoreError, without the values that were being written."""

    def __init__(self, engine: sa.Engine) -> None:
        self._context = engine.begin()

    def __enter__(self) -> sa.Connection:
        try:
            return self._context.__enter__()
        except SQLAlchemyError as error:
            raise StoreError(f"the store did not answer: {type(error).__name__}") from None

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            self._context.__exit__(kind, error, trace)
        except SQLAlchemyError as failure:
            raise StoreError(f"the store refused: {type(failure).__name__}") from None
        if isinstance(error, SQLAlchemyError):
            raise StoreError(f"the store refused: {type(error).__name__}") from None
