"""``bench``: how fast this machine answers, with synthetic charts of five sizes."""

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Final

import orjson
import typer
from rich.console import Console
from rich.table import Table

from cards import warm_up
from cds_service.app.factory import build_engine
from cds_service.cli.load import beside_large, memory, start_up
from cds_service.cli.racing import race
from cds_service.demo import hook_request, noise
from cds_service.hooks.engine import Engine
from cds_service.settings import Settings

PATIENT: Final = "alva"
_LABORATORY: Final = "observations-labs"
# Resources of each size, and rounds to measure it in.
SIZES: Final = {"TINY": (1, 400), "S": (25, 100), "M": (200, 60), "L": (2_000, 20), "XL": (10_000, 6)}
_PARSING, _ANSWER = "orjson.loads", "answer"


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Fewer rounds, nothing served: a few seconds.")] = False,
) -> None:
    """Measure this machine: in process beside parsing alone, then served (on Linux; two minutes in all)."""
    console = Console()
    bodies = {size: request(number) for size, (number, _) in SIZES.items()}
    console.print(_in_process(bodies, 5 if quick else None))
    if quick:
        return
    if sys.platform != "linux":
        console.print("The rest is measured on Linux only.")
        return
    console.print(_served(bodies["S"], bodies["XL"]))


def request(resources: int) -> bytes:
    """Return a demonstration patient's chart, filled up with laboratory results to so many resources."""
    today = datetime.now(UTC).date()
    chart = hook_request(PATIENT, today)
    prefetch: dict[str, Any] = chart["prefetch"]
    lists = {key: value for key, value in prefetch.items() if value["resourceType"] == "Bundle"}
    if resources == 1:
        prefetch |= {key: {"resourceType": "Bundle", "type": "searchset", "total": 0} for key in lists}
    else:
        missing = resources - 1 - sum(len(value.get("entry", ())) for value in lists.values())
        more = noise(PATIENT, max(missing, 0), today)
        filled = lists[_LABORATORY].get("entry", []) + more
        prefetch[_LABORATORY] |= {"entry": filled, "total": len(filled)}
    return orjson.dumps(chart)


def _in_process(bodies: dict[str, bytes], rounds: int | None) -> Table:
    table = Table(
        "size", "bytes", _PARSING, _ANSWER, "ratio", title="In process, milliseconds of processor time (median)"
    )
    warm_up()
    engine = build_engine(Settings())
    loop = asyncio.new_event_loop()
    for size, body in bodies.items():
        runners = {_PARSING: partial(orjson.loads, body), _ANSWER: partial(_answered, loop, engine, body)}
        laps = race(runners, rounds or SIZES[size][1])
        parsing, answer = laps[_PARSING].median, laps[_ANSWER].median
        table.add_row(size, f"{len(body):,}", f"{parsing:.3f}", f"{answer:.3f}", f"{answer / parsing:.2f}")
    loop.close()
    return table


def _answered(loop: asyncio.AbstractEventLoop, engine: Engine, body: bytes) -> None:
    loop.run_until_complete(engine.answer(body))


def _served(small: bytes, large: bytes) -> Table:
    table = Table("served by one worker", "", title="Over HTTP on this machine")
    for what, value in _told(small, large):
        table.add_row(what, value)
    return table


def _told(small: bytes, large: bytes) -> Iterator[tuple[str, str]]:
    begun = start_up(small)
    yield "from start to first answer", f"{begun.waited / 1000:.2f} s ({begun.worked / 1000:.2f} s of processor time)"
    idle, busy = beside_large(small, large, 300, 1)
    yield "S, nothing else", f"median {idle.median:.1f} ms, p99 {idle.p99:.1f} ms"
    yield "S, while XL run", f"median {busy.median:.1f} ms, p99 {busy.p99:.1f} ms ({busy.p99 / idle.p99:.1f} times)"
    before, after = memory(small, large, 1)
    yield "memory, idle", " + ".join(f"{one:.0f}" for one in before) + " MB"
    yield "memory, after XL", " + ".join(f"{one:.0f}" for one in after) + " MB"
