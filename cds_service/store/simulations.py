"""What-if runs: who asked, how far it is, what came out. Any worker can show and stop a run of another one."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import msgspec
import sqlalchemy as sa
from msgspec import structs

from cds_service.errors import Conflict
from cds_service.store.tables import SIMULATIONS

State = Literal["running", "done", "cancelled", "failed", "lost"]
SILENCE: Final = timedelta(seconds=60)
"""A run that has not been heard of for so long was lost with its process."""


class Simulation(msgspec.Struct, frozen=True, kw_only=True):
    """One run.

    ``before`` and ``after`` are names of rule-set versions, with the digests of what they said then; ``cohort`` is
    ``built-in``, ``upload`` or ``recorded``; ``outcome`` is JSON, empty until it is done; ``problem`` a fixed word.
    """

    number: int = 0
    at: datetime
    actor: str
    before: str
    after: str
    before_digest: str
    after_digest: str
    cohort: str
    people: int
    done: int = 0
    state: State = "running"
    outcome: str = ""
    problem: str = ""


class SimulationTable:
    """Runs, one at a time. Every method is one transaction and raises StoreError when it cannot be done."""

    def __init__(self, transaction: Callable[[], AbstractContextManager[sa.Connection]]) -> None:
        self._transaction = transaction

    def begin(self, run: Simulation) -> Simulation:
        """Keep a run that begins; return it with its number. Raises Conflict while another one is running."""
        values = {name: value for name, value in structs.asdict(run).items() if name != "number"}
        with self._transaction() as connection:
            query = sa.select(SIMULATIONS).where(SIMULATIONS.c.state == "running")
            running = [_simulation(row, run.at) for row in connection.execute(query).mappings()]
            if any(one.state == "running" for one in running):
                raise Conflict("another trial is running; wait for it or stop it")
            inserted = SIMULATIONS.insert().values(
                **values | {"at": run.at.astimezone(UTC)}, beat=run.at.astimezone(UTC)
            )
            key = connection.execute(inserted).inserted_primary_key
            return structs.replace(run, number=key[0] if key else 0)

    def advance(self, number: int, done: int, now: datetime) -> bool:
        """Note how many people were done by ``now`` and return whether the run shall go on."""
        still = (SIMULATIONS.c.number == number) & (SIMULATIONS.c.state == "running")
        with self._transaction() as connection:
            noted = SIMULATIONS.update().where(still).values(done=done, beat=now.astimezone(UTC))
            return connection.execute(noted).rowcount == 1

    def finish(self, number: int, outcome: str, done: int) -> None:
        """Keep what came out, unless the run was stopped meanwhile."""
        self._end(number, state="done", outcome=outcome, done=done)

    def fail(self, number: int, problem: str) -> None:
        """Note that the run ended by a fault; ``problem`` is a fixed word, never data."""
        self._end(number, state="failed", problem=problem)

    def cancel(self, number: int) -> None:
        """Stop a run; one that has ended stays as it is."""
        self._end(number, state="cancelled")

    def get(self, number: int, now: datetime) -> Simulation | None:
        """Return one run, or None."""
        with self._transaction() as connection:
            query = sa.select(SIMULATIONS).where(SIMULATIONS.c.number == number)
            row = connection.execute(query).mappings().first()
            return _simulation(row, now) if row else None

    def recent(self, now: datetime, most: int = 20) -> tuple[Simulation, ...]:
        """Return the newest runs, the newest first, without what came out."""
        columns = [column for column in SIMULATIONS.c if column.name != "outcome"]
        query = sa.select(*columns).order_by(SIMULATIONS.c.number.desc()).limit(most)
        with self._transaction() as connection:
            return tuple(_simulation(row, now) for row in connection.execute(query).mappings())

    def _end(self, number: int, **values: Any) -> None:
        still = (SIMULATIONS.c.number == number) & (SIMULATIONS.c.state == "running")
        with self._transaction() as connection:
            connection.execute(SIMULATIONS.update().where(still).values(**values))


def _simulation(row: sa.RowMapping, now: datetime) -> Simulation:
    columns = dict(row)
    beat, at = _utc(columns.pop("beat")), _utc(columns.pop("at"))
    if columns["state"] == "running" and now - beat > SILENCE:
        columns["state"] = "lost"
    return Simulation(at=at, **columns)


def _utc(moment: datetime) -> datetime:
    """Return the moment in UTC, in which all were stored; SQLite forgets the zone."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
