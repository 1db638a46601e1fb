"""A throw-away PostgreSQL of this machine's own programs: on a Unix socket, for as long as the tests run."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

STARTS_WITHIN_SECONDS = 30
DEBIAN = Path("/usr/lib/postgresql")
# PostgreSQL refuses to run as root: containers and CI do, and have one of these.
UNPRIVILEGED = ("postgres", "nobody")
MEMORY_NEEDED = 1 << 30
INITDB = ("--locale=C", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions")
# Nothing here has to survive a loss of power. What is committed survives a killed server: synchronous_commit stays on.
FAST = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=16MB")


def find_programs() -> Path | None:
    """The folder with initdb and postgres: POSTGRESQL_BIN names one, else the PATH, else where Debian keeps them."""
    named = os.environ.get("POSTGRESQL_BIN")
    on_path = shutil.which("initdb")
    newest = sorted(DEBIAN.glob("*/bin"), key=lambda folder: [int(part) for part in folder.parent.name.split(".")])
    places = [Path(named)] if named else [*([Path(on_path).resolve().parent] if on_path else []), *reversed(newest)]
    return next((place for place in places if (place / "postgres").is_file() and (place / "initdb").is_file()), None)


class Cluster:
    """One server with its data. ``stop`` and ``start`` make it go away and come back with all that it held."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        self._server: subprocess.Popen[bytes] | None = None
        self._count = 0
        self._user = _unprivileged() if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        command: tuple[str | Path, ...] = (programs / "initdb", "-D", folder / "data", "-U", "cds", *INITDB)
        subprocess.run(command, check=True, capture_output=True, cwd="/", user=self._user)

    def start(self) -> None:
        command: tuple[str | Path, ...] = (self._programs / "postgres", "-D", self._folder / "data", "-k", self._folder)
        log = (self._folder / "log").open("ab")
        with log:
            self._server = subprocess.Popen(
                [*command, "-c", "listen_addresses=", *FAST], stdout=log, stderr=log, cwd="/", user=self._user
            )
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while True:
            try:
                psycopg.connect(self._address("postgres")).close()
            except psycopg.OperationalError:
                if time.monotonic() > deadline or self._server.poll() is not None:
                    pytest.fail(f"PostgreSQL did not start: {(self._folder / 'log').read_text('utf-8')[-2000:]}")
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End the server at once, as a crash would: connections break, and it recovers when it starts again."""
        if self._server is not None:
            self._server.send_signal(signal.SIGQUIT)
            self._server.wait(STARTS_WITHIN_SECONDS)
            self._server = None

    def database(self, template: str = "template0") -> str:
        """The URL of a fresh database, a copy of the database ``template``."""
        self._count += 1
        name = f"db{self._count}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'.encode())
        return f"postgresql://cds@/{name}?host={self._folder}"

    def drop(self, url: str) -> None:
        """Remove a database, whoever still uses it: hundreds of them would fill the disk."""
        name = url.partition("@/")[2].partition("?")[0]
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())

    def _address(self, name: str) -> str:
        return f"postgresql://cds@/{name}?host={self._folder}"


@contextmanager
def running_cluster() -> Iterator[Cluster]:
    """A started cluster; without PostgreSQL on the machine the test is skipped loudly, and fails in CI."""
    programs = find_programs()
    if programs is None:
        message = "POSTGRESQL TESTS NOT RUN: no PostgreSQL found. Set POSTGRESQL_BIN or apt-get install postgresql."
        if os.environ.get("CI", "").lower() in {"1", "true"}:
            pytest.fail(message)
        pytest.skip(message)
    # Not pytest's own folder: its path is too long for a socket, and closed to other users.
    with tempfile.TemporaryDirectory(prefix="cds-pg-", dir=_place(), ignore_cleanup_errors=True) as folder:
        cluster = Cluster(programs, Path(folder))
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()


def _place() -> str | None:
    """A folder in memory where there is one with room: a database is nine hundred files."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder made in it has a name that nobody can foresee
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > MEMORY_NEEDED
    return str(memory) if roomy else None


def _unprivileged() -> str | None:
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in UNPRIVILEGED if name in known), None)
