"""How the two kinds of database are spoken to."""

import contextlib
import os
import threading
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

BUSY_TIMEOUT_MS: Final = 5000
CONNECT_SECONDS: Final = 5
WAIT_FOR_CONNECTION_SECONDS: Final = 5
_DRIVER: Final = "postgresql+psycopg"
_OWNER_ONLY: Final = 0o600
# Whoever closes a file that SQLite has open in the same process ends SQLite's locks on it.
_CREATING: Final = threading.Lock()
# A server that has gone without a word is noticed: by its silence while we write (Linux), by its silence otherwise.
_POSTGRESQL: Final = {
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
    "application_name": "cds-service",
}


def connect(url: str) -> sa.Engine:
    """Return the engine for a SQLAlchemy ``url``; ``postgresql://`` means psycopg 3. Nothing is opened yet.

    Raises SQLAlchemyError for a URL that cannot be read, ImportError when the driver is not installed.
    """
    address = sa.make_url(url)
    if address.drivername == "postgresql":
        address = address.set(drivername=_DRIVER)
    if address.drivername == _DRIVER:
        given = {name: value for name, value in _POSTGRESQL.items() if name not in address.query}
        return sa.create_engine(
            address, pool_pre_ping=True, pool_timeout=WAIT_FOR_CONNECTION_SECONDS, connect_args=given
        )
    engine = sa.create_engine(address)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "do_connect", _create_for_owner_only)
        sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _create_for_owner_only(_dialect: Any, _record: Any, given: list[Any], options: dict[str, Any]) -> None:
    """Make a missing SQLite file before SQLite would make it with the umask's mode; its -wal and -shm take it over.

    A file that is there stays as it is. Where none can be made, SQLite says so itself.
    """
    name = given[0]
    if name == ":memory:" or options.get("uri"):
        return
    # Of a loop of links Python tells with a RuntimeError.
    with _CREATING, contextlib.suppress(OSError, RuntimeError):
        os.close(os.open(Path(name).resolve(), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _OWNER_ONLY))


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Set what a shared SQLite file needs: readers beside one writer; no acknowledged write lost with the process."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.close()
