"""Everything, as the tables of docs/performance.md: ``make bench``.

    python -m benchmarks.report [--write docs/performance.md]

Takes about five minutes. Peers are raced when they are installed (benchmarks/peers/install).
"""

import platform
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import beside_echo, beside_peers, inside
from benchmarks.requests import SIZES, request, resources
from cards import warm_up
from cds_service.cli.load import beside_large, memory, start_up

BEGIN, END = "<!-- measured: make bench -->", "<!-- end of what make bench measured -->"
SMALL_REQUESTS = 600


def report() -> Iterator[str]:
    """Yield the lines of the report."""
    yield f"Measured {datetime.now(UTC):%Y-%m-%d}, {machine()}."
    yield from in_process()
    yield from over_http()
    yield from with_peers()
    yield from under_load()
    yield from at_rest()


def machine() -> str:
    """Return what it was measured on."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    load = Path("/proc/loadavg").read_text("ascii").split()[0]
    python = f"CPython {platform.python_version()}"
    return f"{len(names)} processors ({names[0] if names else platform.machine()}), {python}, load {load} at the start"


def in_process() -> Iterator[str]:
    """Yield the table of our answer beside parsing alone."""
    yield "\n### In process\n"
    yield "| size | resources | bytes | `orjson.loads`, ms | whole answer, ms | ratio | answer per resource, µs |"
    yield "|---|---|---|---|---|---|---|"
    warm_up()
    engine = inside.engine()
    for size in SIZES:
        body = request(size)
        laps = inside.measured(size, engine)
        loads, ours = laps[inside.LOADS].median, laps[inside.OURS].median
        number = resources(body)
        each = ours / number * 1000
        yield f"| {size} | {number:,} | {len(body):,} | {loads:.3f} | {ours:.3f} | {ours / loads:.2f} | {each:.1f} |"


def over_http() -> Iterator[str]:
    """Yield the table of our answer beside an echo."""
    yield "\n### Over HTTP, beside an echo\n"
    yield "| size | answer, ms by the clock | echo | answer, ms of processor | echo | requests/s, by work |"
    yield "|---|---|---|---|---|---|"
    for size in ("TINY", "S", "M", "L"):
        found = beside_echo.measured(size)
        ours, echo = found[beside_echo.OURS], found[beside_echo.ECHO]
        ratio = f"{echo.worked / ours.worked:.2f} times"
        yield f"| {size} | {ours.waited:.2f} | {echo.waited:.2f} | {ours.worked:.2f} | {echo.worked:.2f} | {ratio} |"


def with_peers() -> Iterator[str]:
    """Yield the table of peers, or that they are not installed."""
    yield "\n### Beside peers, at M\n"
    if not beside_peers.installed():
        yield "Not installed: run `benchmarks/peers/install`."
        return
    found = beside_peers.measured("M", beside_peers.ROUNDS["M"])
    ours, reading = found[beside_peers.OURS], found[beside_peers.READING]
    yield "| | ms | times our answer | times our reading |"
    yield "|---|---|---|---|"
    yield f"| our whole answer | {ours:.2f} | 1 | |"
    yield f"| our reading alone | {reading:.2f} | | 1 |"
    for name in beside_peers.COMMANDS:
        yield f"| {name} | {found[name]:.1f} | {found[name] / ours:.0f} | {found[name] / reading:.0f} |"


def under_load() -> Iterator[str]:
    """Yield the table of small requests while large ones run."""
    yield "\n### Small requests while XL run without a pause\n"
    yield "| | small | idle: median, p99, ms | beside XL: median, p99, ms | p99, times |"
    yield "|---|---|---|---|---|"
    large = request("XL")
    for processes, how in ((1, "one assessing process"), (0, "all in the worker")):
        for size in ("TINY", "S"):
            idle, busy = beside_large(request(size), large, SMALL_REQUESTS, processes)
            waits = f"{idle.median:.1f}, {idle.p99:.1f} | {busy.median:.1f}, {busy.p99:.1f}"
            yield f"| {how} | {size} | {waits} | {busy.p99 / idle.p99:.1f} |"


def at_rest() -> Iterator[str]:
    """Yield memory and start."""
    small = request("S")
    before, after = memory(small, request("XL"), 1)
    begun = start_up(small)
    yield "\n### Memory and start\n"
    yield "| | |"
    yield "|---|---|"
    yield f"| worker, idle; after XL | {before[0]:.0f} MB; {after[0]:.0f} MB |"
    yield f"| assessing process, idle; after XL | {before[-1]:.0f} MB; {after[-1]:.0f} MB |"
    yield f"| from start to first answer | {begun.waited / 1000:.2f} s, {begun.worked / 1000:.2f} s of processor |"


def write(page: Path, text: str) -> None:
    """Put the report between its marks in ``page``."""
    told = page.read_text("utf-8")
    before, _, rest = told.partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", "utf-8")


def main() -> None:
    """Run from the command line."""
    lines = []
    for line in report():
        print(line, flush=True)
        lines.append(line)
    if len(sys.argv) > 2 and sys.argv[1] == "--write":
        write(Path(sys.argv[2]), "\n".join(lines))


if __name__ == "__main__":
    main()
