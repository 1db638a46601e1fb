"""A server of one worker to be measured, and the plainest client there is, so that the time goes to the server.

Linux only, because the time and memory of a process are read from ``/proc``.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Self

from cds_service.errors import InternalError
from cds_service.hooks.services import SERVICE_ID
from cds_service.store import Store

_STORE: Final = "sqlite:///{folder}/bench.db"
_HOST: Final = "127.0.0.1"
_START_SECONDS: Final = 60.0
_REPLY_SECONDS: Final = 60.0
_END: Final = b"\r\n\r\n"
_CHUNK: Final = 1 << 16
_MEGABYTE: Final = 1 << 20
_OK: Final = b"200"


class NotServed(InternalError):
    """What was to be measured did not start, or did not answer with 200."""


class Server:
    """A process that serves on a free port while it is in context."""

    def __init__(
        self,
        command: Sequence[str],
        path: str,
        prepare: Callable[[Path], None] = lambda _folder: None,
        **environment: str,
    ) -> None:
        """Take what is run and where it is asked.

        ``command`` may hold ``{port}``, ``environment`` (added to our own) ``{folder}``; ``path`` is what is posted to.
        ``prepare`` is given the folder before the start.
        """
        self._command = command
        self._prepare = prepare
        self._path = path
        self._environment = environment
        self.started = 0.0

    def __enter__(self) -> Self:
        self._port = _free_port()
        self._folder = tempfile.TemporaryDirectory()
        ours = {name: value for name, value in os.environ.items() if not name.startswith("CDS_")}
        port = str(self._port)
        told = {name: value.format(folder=self._folder.name) for name, value in self._environment.items()}
        self._prepare(Path(self._folder.name))
        self.started = time.perf_counter()
        self._process = subprocess.Popen(  # noqa: S603 - the programs started are this repository's own
            [part.format(port=port) for part in self._command],
            env=ours | told,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.cleanup()

    def connected(self) -> "Connection":
        """Return a connection, as soon as the server takes one. Raises NotServed."""
        ends = time.perf_counter() + _START_SECONDS
        while time.perf_counter() < ends and self._process.poll() is None:
            try:
                return Connection(socket.create_connection((_HOST, self._port), _REPLY_SECONDS), self._path)
            except OSError:
                time.sleep(0.005)
        raise NotServed("the server did not start")

    def processes(self) -> list[int]:
        """Return the server and the processes it has started."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text(encoding="ascii")
        return [self._process.pid, *map(int, children.split())]

    def seconds(self) -> float:
        """Return the processor time that the server itself has taken."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        user, system = map(int, fields[11:13])
        return (user + system) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> list[float]:
        """Return the resident memory of each of its processes, its own first."""
        return [_resident(number) for number in self.processes()]


class Connection:
    """One connection that is kept."""

    def __init__(self, connection: socket.socket, path: str) -> None:
        self._socket = connection
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._path = path

    def post(self, body: bytes) -> float:
        """Send a request, wait for the whole answer and return the seconds it took. Raises NotServed unless 200."""
        head = (
            f"POST {self._path} HTTP/1.1\r\nhost: {_HOST}\r\ncontent-type: application/json\r\n"
            f"accept-language: en\r\ncontent-length: {len(body)}\r\n\r\n"
        )
        begun = time.perf_counter()
        self._socket.sendall(head.encode("ascii") + body)
        self._answered()
        return time.perf_counter() - begun

    def _answered(self) -> None:
        received = b""
        while _END not in received:
            received += self._more()
        head, _, rest = received.partition(_END)
        length = next(
            int(line.partition(b":")[2]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")
        )
        left = length - len(rest)
        while left > 0:
            left -= len(self._more())
        if head.split(b" ", 2)[1] != _OK:
            raise NotServed(f"the server answered {head.split(b' ', 2)[1].decode()}")

    def _more(self) -> bytes:
        data = self._socket.recv(_CHUNK)
        if not data:
            raise NotServed("the server closed the connection")
        return data

    def close(self) -> None:
        """Close it."""
        self._socket.close()


def service(large_processes: int = 1) -> Server:
    """Return our own server as a site runs it, on a store of its own, open to the caller."""
    return Server(
        (sys.executable, "-m", "cds_service.cli", "serve", "--port", "{port}"),
        f"/cds-services/{SERVICE_ID}",
        _register,
        CDS_DATABASE_URL=_STORE,
        CDS_ALLOW_OPEN="true",
        CDS_LARGE_PROCESSES=str(large_processes),
    )


def _register(folder: Path) -> None:
    """Let the caller in as a client with no bounds to speak of."""
    store = Store.open(_STORE.format(folder=folder))
    limits = {"calls_per_minute": 1_000_000, "burst": 100_000}
    store.clients.add(
        {"schema": 1, "id": "bench", "name": "Bench", "auth": {"mode": "open"}, "limits": limits}, by="bench"
    )
    store.close()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind((_HOST, 0))
        port: int = one.getsockname()[1]
        return port


def _resident(number: int) -> float:
    try:
        pages = int(Path(f"/proc/{number}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / _MEGABYTE
