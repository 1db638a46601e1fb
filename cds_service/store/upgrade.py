"""Bringing a store's tables up to this version of the service, whatever version made them."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from cds_service.errors import StoreError
from cds_service.store.connecting import BUSY_TIMEOUT_MS

UPGRADE_TIMEOUT_MS: Final = 60_000
"""How long a worker waits for another one that brings a large store up to date."""
_LOCKS: Final = {
    "sqlite": "BEGIN IMMEDIATE",
    # One number for this service's tables; any number will do, as long as all workers ask for the same.
    "postgresql": "SELECT pg_advisory_xact_lock(4127180936)",
}


def upgrade(engine: sa.Engine) -> None:
    """Walk the steps that are missing, in one transaction; nothing happens when there are none.

    Workers that start together wait for one another. Raises alembic's CommandError for a store that a newer version
    made, StoreError for a kind of database we do not know, SQLAlchemyError when the database refuses.
    """
    lock = _LOCKS.get(engine.dialect.name)
    if lock is None:
        raise StoreError("the store must be SQLite or PostgreSQL")
    config = Config()
    config.set_main_option("script_location", "cds_service.store:migrations")
    newest = ScriptDirectory.from_config(config).get_current_head()
    with engine.connect() as connection:
        if _step_of(connection) == newest:
            return
        connection.rollback()
        _be_patient(connection, UPGRADE_TIMEOUT_MS)
        connection.exec_driver_sql(lock)
        attributes: dict[str, Any] = config.attributes
        attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
        _be_patient(connection, BUSY_TIMEOUT_MS)


def _be_patient(connection: sa.Connection, milliseconds: int) -> None:
    """Say how long to wait for a locked SQLite file; PostgreSQL waits for an advisory lock as long as it takes."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"PRAGMA busy_timeout={milliseconds}")


def _step_of(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
