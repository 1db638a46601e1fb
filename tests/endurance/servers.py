"""What the endurance tests start, load and kill."""

import contextlib
import http.client
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

SERVICE = "/cds-services/limb-deficiency-bone-health"
STARTS_WITHIN_SECONDS = 60
ANSWERS_WITHIN_SECONDS = 30
ROOT = Path(__file__).resolve().parents[2]


class Nursery:
    """A process that forks servers. Each answers on a port of its own and shares store and spool with the others."""

    def __init__(self, settings: dict[str, Any], busy_ms: int) -> None:
        self._settings = settings
        self._alive: set[int] = set()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.endurance.nursery", str(busy_ms)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True,
        )  # fmt: skip

    def start(self) -> "Server":
        """Start one server and wait until it answers."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(self._settings) + "\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        self._alive.add(told["pid"])
        return Server(told["pid"], told["port"], self)

    def gone(self, pid: int) -> None:
        self._alive.discard(pid)

    def close(self) -> None:
        for pid in self._alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(STARTS_WITHIN_SECONDS)


class Server(msgspec.Struct, frozen=True):
    """One running server."""

    pid: int
    port: int
    nursery: Nursery

    def kill(self) -> None:
        """End it as the power does."""
        os.kill(self.pid, signal.SIGKILL)
        self.nursery.gone(self.pid)

    def stop(self) -> None:
        """End it as an operator does, and wait until it has let go of everything."""
        os.kill(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + STARTS_WITHIN_SECONDS
        while Path(f"/proc/{self.pid}").exists() or _lives(self.pid):
            assert time.monotonic() < deadline, "the server does not stop"
            time.sleep(0.02)
        self.nursery.gone(self.pid)

    def ready(self) -> dict[str, str]:
        """What it says of itself."""
        with contextlib.closing(self.connection()) as connection:
            connection.request("GET", "/health/ready")
            return json.loads(connection.getresponse().read())

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWERS_WITHIN_SECONDS)


class Clinic:
    """Clients that call and answer without a pause, and remember what was acknowledged to them."""

    def __init__(self, chart: bytes, seed: int) -> None:
        self._chart = chart
        self._random = random.Random(seed)  # noqa: S311 - chance, not secrecy
        self._count = 0
        self._guard = threading.Lock()
        self.feedback: set[str] = set()
        """The timestamps under which feedback was acknowledged."""
        self.cards: set[str] = set()
        """The cards that were received."""
        self.refused: list[int] = []
        """Every status but 200."""

    @contextlib.contextmanager
    def working(self, server: Server, clients: int = 3) -> Iterator[None]:
        """Load ``server`` until the block ends, whatever becomes of it."""
        stop = threading.Event()
        threads = [threading.Thread(target=self._work, args=(server, stop), daemon=True) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def wait_for(self, more: int) -> None:
        """Wait until so many more answers were acknowledged than are now, so that there is something to lose."""
        wanted, deadline = len(self.feedback) + more, time.monotonic() + ANSWERS_WITHIN_SECONDS
        while len(self.feedback) < wanted and time.monotonic() < deadline:
            time.sleep(0.002)

    def _work(self, server: Server, stop: threading.Event) -> None:
        try:
            with contextlib.closing(server.connection()) as connection:
                while not stop.is_set():
                    if self._random.random() < 0.2:
                        self._open_chart(connection)
                    else:
                        self._answer(connection)
        except (OSError, http.client.HTTPException):
            return  # killed in the midst of a call: nothing was acknowledged

    def _open_chart(self, connection: http.client.HTTPConnection) -> None:
        body = self._sent(connection, SERVICE, self._chart)
        if body:
            self.cards |= {card["uuid"] for card in json.loads(body)["cards"]}

    def _answer(self, connection: http.client.HTTPConnection) -> None:
        with self._guard:
            self._count += 1
            said_at = f"2026-06-01T00:00:00.{self._count:06}Z"
        entry = {"card": "of-the-endurance-test", "outcome": "accepted", "outcomeTimestamp": said_at}
        if self._sent(connection, f"{SERVICE}/feedback", json.dumps({"feedback": [entry]}).encode()) is not None:
            self.feedback.add(said_at)

    def _sent(self, connection: http.client.HTTPConnection, path: str, body: bytes) -> bytes | None:
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        content = response.read()
        if response.status != 200:
            self.refused.append(response.status)
            return None
        return content


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
