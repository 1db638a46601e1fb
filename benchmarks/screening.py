"""How fast an export is screened, beside reading and beside decoding all of it: ``python benchmarks/screening.py``.

A synthetic export of records of about 0.2 MB, one person in a hundred without a limb. The ways take turns in one
process, and processor seconds are compared: wall time says more about what else the machine does. `--export DIR` takes
one that is there.
"""

import argparse
import gzip
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import orjson

from cds_service.cohort import Export, Population, write_export
from cds_service.screening.checkpoint import Checkpoint
from cds_service.screening.inventory import ExportFile, take_inventory
from cds_service.screening.opening import BLOCK
from cds_service.screening.running import Job, Work
from cds_service.screening.screen import Counts, Plan, screen
from cds_service.screening.setting import Setting, judge

SETTING = Setting(as_of=date(2026, 6, 1))


class InThisProcess:
    """Works on units one after the other, so that their processor time is this process's."""

    def run(self, work: Work, jobs: Iterator[Job], shared: bytes = b"") -> Iterator[tuple[int, bytes]]:
        for number, arguments in jobs:
            yield number, work(*arguments, shared) if shared else work(*arguments)

    def close(self) -> None:
        pass


def read(files: tuple[ExportFile, ...]) -> None:
    """Read every byte of what the screening reads."""
    for one in files:
        with (gzip.open if one.gz else open)(one.path, "rb") as file:
            while file.read(BLOCK):
                pass


def decode(files: tuple[ExportFile, ...]) -> None:
    """Decode every line with orjson, as a screening without a first look would have to."""
    for one in files:
        with (gzip.open if one.gz else open)(one.path, "rb") as file:
            for line in file:
                orjson.loads(line)


def ignored(_step: object) -> None:
    """Nobody watches."""


def screened(plan: Plan) -> Counts:
    with tempfile.TemporaryDirectory() as folder:
        found = screen(plan, InThisProcess(), Checkpoint(Path(folder)), ignored)  # type: ignore[arg-type] # it has what is used
        assert sum(1 for _ in found.rows())
        return found.counts


def seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--patients", type=int, default=1500)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--export", type=Path)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        export = given.export or Path(folder)
        if not given.export:
            list(write_export(Population(patients=given.patients, large=True), Export(folder=export, per_file=500)))
        report(export, given.rounds)


def report(export: Path, rounds: int) -> None:
    plan = Plan(inventory=take_inventory(str(export)), setting=SETTING)
    judge(SETTING)
    files = plan.inventory.files
    counts = screened(plan)
    size = counts.bytes / 1e6
    ways: dict[str, Callable[[], object]] = {
        "read all": lambda: read(files),
        "screen": lambda: screened(plan),
        "decode all": lambda: decode(files),
    }
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            taken[name].append(seconds(work))
    print(
        f"{counts.patients} patients, {size:.0f} MB, {counts.candidates} whose record tells of a limb, {rounds} rounds"
    )
    print(f"{'':12} {'ms/patient':>10} {'MB/s':>8} {'patients/s on two cores':>24} {'of screen':>10}")
    base = statistics.median(taken["screen"])
    for name, times in taken.items():
        middle = statistics.median(times)
        each = middle / counts.patients
        print(f"{name:12} {each * 1000:10.3f} {size / middle:8.0f} {2 / each:24.0f} {middle / base:10.2f}")


if __name__ == "__main__":
    main()
