"""Beside what a user might take instead: HealthChain (Python) and a CQL rule set in cql-execution (Node).

Each runs in a process that has warmed up, and they answer in turns; time is that of its processor. What they do less
than we is in docs/performance.md.

    benchmarks/peers/install                    once
    python -m benchmarks.beside_peers [SIZE ...]
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import process_time_ns

from benchmarks.inside import answering, engine
from benchmarks.requests import request
from cards import warm_up
from cds_service.fhir import read_hook_request, read_prefetch

PEERS = Path(__file__).parent / "peers"
COMMANDS = {
    "HealthChain": (str(PEERS / ".venv" / "bin" / "python"), str(PEERS / "healthchain_reader.py")),
    "cql-execution": ("node", str(PEERS / "cql.mjs")),
}
OURS, READING = "answer", "reading alone"
A_TURN = 20
WARM_UP, ROUNDS = 5, {"M": 20, "L": 5}


def installed() -> bool:
    """Whether the peers are there."""
    return (PEERS / ".venv").exists() and (PEERS / "rules.elm.json").exists()


def measured(size: str, rounds: int) -> dict[str, float]:
    """Return the median milliseconds of each."""
    body = request(size)
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".json"))
        file.write(body)
        file.flush()
        ours = engine()
        turns = {
            OURS: timed(answering(ours, body)),
            READING: timed(lambda: read_prefetch(read_hook_request(body), ours.index)),
        }
        turns |= {name: stack.enter_context(Peer((*command, file.name))).turn for name, command in COMMANDS.items()}
        for turn in turns.values():
            for _ in range(WARM_UP):
                turn()
        taken: dict[str, list[float]] = {name: [] for name in turns}
        for _ in range(rounds):
            for name, turn in turns.items():
                taken[name].append(turn())
    return {name: median(found) for name, found in taken.items()}


def timed(work: Callable[[], object]) -> Callable[[], float]:
    """Return what does ``work`` as often as fits into a peer's turn, and returns the milliseconds of one time."""

    def turn() -> float:
        begun = process_time_ns()
        for _ in range(A_TURN):
            work()
        return (process_time_ns() - begun) / A_TURN / 1e6

    return turn


class Peer:
    """A process that answers when it is told to."""

    def __init__(self, command: tuple[str, ...]) -> None:
        self._command = command

    def __enter__(self) -> "Peer":
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.communicate("end\n")

    def turn(self) -> float:
        """Have it answer once, with a card; return the milliseconds it took."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        told = json.loads(self._process.stdout.readline())
        assert told["card"], "without a card it has not done the work"
        return float(told["ns"]) / 1e6


def main(sizes: list[str]) -> None:
    """Print one line per size and peer."""
    warm_up()
    for size in sizes or ("M",):
        found = measured(size, ROUNDS[size])
        print(f"{size:5} {OURS} {found[OURS]:8.2f} ms, {READING} {found[READING]:8.2f} ms")
        for name in COMMANDS:
            times = (
                f"{found[name] / found[OURS]:7.1f} times ours, {found[name] / found[READING]:7.1f} times our reading"
            )
            print(f"      {name:14} {found[name]:9.2f} ms  {times}")


if __name__ == "__main__":
    main(sys.argv[1:])
