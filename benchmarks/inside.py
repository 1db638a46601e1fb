"""In process: the bytes of a request in, the bytes of its answer out, beside ``orjson.loads`` alone on the same bytes.

python -m benchmarks.inside [SIZE ...]
"""

import asyncio
import sys
from collections.abc import Callable
from functools import partial

import msgspec
import orjson

from benchmarks.requests import AS_OF, SIZES, request
from cards import warm_up
from cds_service.app.factory import build_engine
from cds_service.cli.racing import Lap, race
from cds_service.hooks.engine import Engine
from cds_service.settings import Settings

ROUNDS = {"TINY": 1_000, "S": 300, "M": 300, "L": 60, "XL": 15}
LOADS, OURS = "orjson.loads", "whole answer"


def engine() -> Engine:
    """Return the engine as a server builds it, on the benchmark's day; without a store, so without silences."""
    built = build_engine(Settings(_env_file=None, fhir_servers=()))  # type: ignore[call-arg] # pydantic-settings adds it
    return msgspec.structs.replace(built, today=lambda: AS_OF)


def answering(engine: Engine, body: bytes) -> Callable[[], object]:
    """Return what answers ``body`` once."""
    loop = asyncio.new_event_loop()
    return lambda: loop.run_until_complete(engine.answer(body, language="en"))


def measured(size: str, with_engine: Engine) -> dict[str, Lap]:
    """Return the laps of one size."""
    body = request(size)
    return race({LOADS: partial(orjson.loads, body), OURS: answering(with_engine, body)}, ROUNDS[size])


def main(sizes: list[str]) -> None:
    """Print one line per size."""
    warm_up()
    with_engine = engine()
    for size in sizes or SIZES:
        laps = measured(size, with_engine)
        ours, loads = laps[OURS].median, laps[LOADS].median
        print(f"{size:5} {LOADS} {loads:9.3f} ms   {OURS} {ours:9.3f} ms   ratio {ours / loads:6.2f}")


if __name__ == "__main__":
    main(sys.argv[1:])
