"""How a server does: starting, under requests of one size, with small ones beside large ones, and in memory."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from statistics import median, quantiles
from typing import Final

import msgspec

from cds_service.cli.served import Connection, NotServed, Server, service

_PERCENT: Final = 100
_PAUSE: Final = 0.005
_BLOCKS: Final = 6
_SETTLE: Final = 2.5


class Waits(msgspec.Struct, frozen=True):
    """Median and 99th percentile of waiting for an answer, in milliseconds."""

    median: float
    p99: float

    @classmethod
    def of(cls, seconds: list[float]) -> "Waits":
        """Return them for these times."""
        return cls(median(seconds) * 1000, quantiles(seconds, n=_PERCENT, method="inclusive")[-1] * 1000)


class Served(msgspec.Struct, frozen=True):
    """What a server took, in milliseconds.

    ``waited`` is by the clock; ``worked`` the processor time of the server itself, which a busy machine changes less.
    """

    waited: float
    worked: float


def start_up(body: bytes, *, times: int = 5) -> Served:
    """Return the median milliseconds from the start of a server to its first answer."""
    waited, worked = [], []
    for _ in range(times):
        with service() as server, _connected(server) as connection:
            connection.post(body)
            waited.append(time.perf_counter() - server.started)
            worked.append(server.seconds())
    return Served(median(waited) * 1000, median(worked) * 1000)


def side_by_side(servers: Mapping[str, Server], body: bytes, rounds: int, each: int) -> dict[str, Served]:
    """Return what each server takes for ``body``: they are asked in turns, ``each`` times in a round."""
    waited: dict[str, list[float]] = {name: [] for name in servers}
    worked: dict[str, float] = dict.fromkeys(servers, 0.0)
    with ExitStack() as stack:
        connections = {name: stack.enter_context(_connected(stack.enter_context(one))) for name, one in servers.items()}
        for connection in connections.values():
            for _ in range(each):
                connection.post(body)
        for turn in range(rounds):
            names = list(servers)[:: 1 if turn % 2 else -1]
            for name in names:
                before = servers[name].seconds()
                waited[name] += [connections[name].post(body) for _ in range(each)]
                worked[name] += servers[name].seconds() - before
    number = rounds * each
    return {name: Served(median(waited[name]) * 1000, worked[name] / number * 1000) for name in servers}


def beside_large(small: bytes, large: bytes, number: int, large_processes: int) -> tuple[Waits, Waits]:
    """Return how long small requests wait while nothing else runs, and while large ones run without a pause.

    Idle and busy stretches take turns, so that other work on the machine meets both.
    """
    idle: list[float] = []
    busy: list[float] = []
    with service(large_processes) as server, _connected(server) as connection:
        connection.post(large)
        time.sleep(_SETTLE)
        for _ in range(_BLOCKS):
            idle += _asked(connection, small, number // _BLOCKS)
            with _running(server, large):
                busy += _asked(connection, small, number // _BLOCKS)
    return Waits.of(idle), Waits.of(busy)


def memory(small: bytes, large: bytes, large_processes: int) -> tuple[list[float], list[float]]:
    """Return the megabytes of the worker and its assessing processes, after small requests and after large ones."""
    with service(large_processes) as server, _connected(server) as connection:
        for _ in range(50):
            connection.post(small)
        time.sleep(_SETTLE)
        before = server.megabytes()
        for _ in range(5):
            connection.post(large)
        connection.post(small)
        time.sleep(_SETTLE)
        return before, server.megabytes()


def _asked(connection: Connection, body: bytes, number: int) -> list[float]:
    taken = []
    for _ in range(number):
        taken.append(connection.post(body))
        time.sleep(_PAUSE)
    return taken


@contextmanager
def _connected(server: Server) -> Iterator[Connection]:
    connection = server.connected()
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def _running(server: Server, body: bytes) -> Iterator[None]:
    """Send ``body`` again and again, one at a time, as long as this is in context."""
    ended = threading.Event()
    begun = threading.Event()
    thread = threading.Thread(target=_again_and_again, args=(server, body, begun, ended.is_set))
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _again_and_again(server: Server, body: bytes, begun: threading.Event, ended: Callable[[], bool]) -> None:
    with suppress(NotServed), _connected(server) as connection:
        begun.set()
        while not ended():
            connection.post(body)
