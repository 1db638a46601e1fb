"""The store itself: SQLite in a file by default, any SQLAlchemy URL otherwise."""

from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Self

import sqlalchemy as sa
from alembic.util import CommandError
from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from cds_service.errors import StoreError, StoreRefused
from cds_service.store.accounts import AccountTable
from cds_service.store.activity import ActivityTable
from cds_service.store.answers import AnswerTable
from cds_service.store.attempts import AttemptTable
from cds_service.store.audit import AuditEntry, AuditTrail
from cds_service.store.clients import ClientTable
from cds_service.store.connecting import connect
from cds_service.store.entries import Act, DecisionEntry, FeedbackEntry, Record
from cds_service.store.links import LinkTable
from cds_service.store.purging import KeepFrom, Purged, purge
from cds_service.store.reading import decided
from cds_service.store.recorded import RecordedTable
from cds_service.store.refusals import RefusalTable
from cds_service.store.rule_sets import RuleSetTable
from cds_service.store.seen_tokens import SeenTokens
from cds_service.store.sessions import SessionTable
from cds_service.store.simulations import SimulationTable
from cds_service.store.tables import DECISIONS, FEEDBACK, SHOWN_CARDS
from cds_service.store.tokens import TokenTable
from cds_service.store.upgrade import upgrade
from cds_service.store.writing import write_decision, write_feedback


class Store:
    """Decisions and feedback. Every method is one transaction and raises StoreError when it cannot be done.

    ``accounts``, ``sessions``, ``links``, ``tokens``, ``attempts``: who may change the rules. ``clients``: the
    registered clients. ``activity``: counts. ``audit``: what administrators did. ``rule_sets``: the versions of the
    rules and their publications. ``simulations``: what-if runs. ``answers``: what became of the cards.
    ``recorded``: facts without a person.
    ``refusals``: why calls were refused. ``seen_tokens``: clients' tokens that were used.
    """

    def __init__(self, engine: sa.Engine, audit_key: bytes = b"") -> None:
        self._engine = engine
        self.audit = AuditTrail(self._transaction, audit_key)
        self.accounts = AccountTable(self._transaction, self.audit)
        self.activity = ActivityTable(self._transaction)
        self.answers = AnswerTable(self._transaction)
        self.attempts = AttemptTable(self._transaction)
        self.clients = ClientTable(self._transaction, self.audit)
        self.links = LinkTable(self._transaction, self.audit)
        self.recorded = RecordedTable(self._transaction)
        self.rule_sets = RuleSetTable(self._transaction, self.audit)
        self.sessions = SessionTable(self._transaction, self.audit)
        self.simulations = SimulationTable(self._transaction)
        self.tokens = TokenTable(self._transaction, self.audit)
        self.refusals = RefusalTable(self._transaction)
        self.seen_tokens = SeenTokens(self._transaction)

    @classmethod
    def open(cls, url: str, *, audit_key: str = "") -> Self:
        """Open the store at a SQLAlchemy ``url`` (``sqlite:///file.db``) and bring its tables up to date.

        ``audit_key`` seals the audit; empty for plain hashes. Raises StoreError when it cannot be opened, or when a
        newer version of the service made it.
        """
        try:
            engine = connect(url)
            upgrade(engine)
        except CommandError:
            raise StoreError("the store was made by a newer version of this service") from None
        except (SQLAlchemyError, ImportError) as error:
            raise StoreError(f"the store could not be opened: {type(error).__name__}") from error
        return cls(engine, audit_key.encode())

    @property
    def kind(self) -> str:
        """The kind of database: ``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def record_decision(self, entry: DecisionEntry) -> None:
        """Remember one answered call and the cards it sent; once, however often it is written."""
        self.record([Record(decision=entry)])

    def record_feedback(self, entries: Iterable[FeedbackEntry]) -> int:
        """Remember feedback and return how many entries were new. A repeated entry is no error and not kept twice."""
        return self.record([Record(feedback=tuple(entries))])

    def record(self, records: Iterable[Record]) -> int:
        """Remember several records, all or none; return how many decisions and entries of feedback were new.

        Raises StoreRefused when one of them will never be taken.
        """
        new = 0
        with self._transaction() as connection:
            for record in records:
                if record.decision is not None:
                    new += write_decision(connection, record.decision)
                new += sum(write_feedback(connection, entry) for entry in record.feedback)
        return new

    def feedback(self) -> list[dict[str, Any]]:
        """Return all feedback, oldest first, with the kind of the card where it is known."""
        shown = sa.outerjoin(FEEDBACK, SHOWN_CARDS, FEEDBACK.c.card == SHOWN_CARDS.c.uuid)
        query = sa.select(FEEDBACK, SHOWN_CARDS.c.kind).select_from(shown).order_by(FEEDBACK.c.id)
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def acts(self, patient: str) -> tuple[Act, ...]:
        """Return what was done with the cards of the patient with this keyed hash, in the order it was received."""
        query = (
            sa.select(
                SHOWN_CARDS.c.kind,
                DECISIONS.c.at.label("shown"),
                FEEDBACK.c.received,
                FEEDBACK.c.outcome,
                FEEDBACK.c.outcome_at,
                FEEDBACK.c.reason_system,
                FEEDBACK.c.reason_code,
                SHOWN_CARDS.c.reasons,
                SHOWN_CARDS.c.facts,
                SHOWN_CARDS.c.limb_facts,
            )
            .join(FEEDBACK, FEEDBACK.c.card == SHOWN_CARDS.c.uuid)
            .join(DECISIONS, DECISIONS.c.id == SHOWN_CARDS.c.decision)
            .where(SHOWN_CARDS.c.patient == patient)
            .order_by(FEEDBACK.c.id)
        )
        with self._transaction() as connection:
            return tuple(_act(row) for row in connection.execute(query).mappings())

    def purge(self, before: datetime, *, keep_overridden_for: Collection[tuple[str, str]] = ()) -> int:
        """Delete what was shown before ``before`` (aware) and nobody acted on since; return how many decisions went.

        With a decision go its cards and their feedback; so does feedback on unknown cards received before then.
        ``keep_overridden_for`` are override reasons (system, code) whose silence has no end in time: a card overridden
        for one of them stays.
        """
        keep = KeepFrom(decisions=before, feedback=before, refusals=before, lasting=keep_overridden_for)
        with self._transaction() as connection:
            return purge(connection, keep).decisions

    def purge_all(self, keep: KeepFrom, act: Callable[[Purged], AuditEntry], *, dry_run: bool = False) -> Purged:
        """Delete what is no longer kept, and write the ``act`` into the audit with it; return how much went.

        ``dry_run`` takes it all back and writes nothing.
        """
        with self._transaction() as connection:
            purged = purge(connection, keep)
            if dry_run:
                connection.rollback()
            else:
                self.audit.append(connection, act(purged))
        return purged

    def decided(self, since: datetime | None = None) -> Iterator[dict[str, Any]]:
        """Yield decisions with their cards, oldest first, a few hundred at a time; those since a moment (aware)."""
        return decided(self._transaction, since)

    def decisions(self) -> list[dict[str, Any]]:
        """Return all decisions, oldest first."""
        with self._transaction() as connection:
            return [dict(row) for row in connection.execute(sa.select(DECISIONS).order_by(DECISIONS.c.id)).mappings()]

    def ping(self) -> None:
        """Raise StoreError unless the store answers."""
        with self._transaction() as connection:
            connection.execute(sa.select(1))

    def _transaction(self) -> "_Transaction":
        return _Transaction(self._engine)


def _act(row: sa.RowMapping) -> Act:
    found = dict(row)
    shown, received = _utc(found.pop("shown")), _utc(found.pop("received"))
    return Act(shown=shown, received=received, reasons=tuple(found.pop("reasons")), **found)


def _utc(moment: datetime) -> datetime:
    """Return the moment in UTC, in which all were stored; SQLite forgets the zone."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


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
            raise _refusal(failure) from None
        if isinstance(error, SQLAlchemyError):
            raise _refusal(error) from None


def _refusal(error: SQLAlchemyError) -> StoreError:
    """Return StoreRefused for what lies in the values themselves; trying again may help with everything else."""
    kind = StoreRefused if isinstance(error, DataError | IntegrityError) else StoreError
    return kind(f"the store refused: {type(error).__name__}")
