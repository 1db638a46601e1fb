"""A run: the steps one after the other, each over all its units, with what was done before left out."""

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

from cds_service.fhir.partial import POINTED_TO
from cds_service.screening.assessing import assess_bucket, rows_in
from cds_service.screening.candidates import Candidates
from cds_service.screening.checkpoint import Checkpoint, fingerprint
from cds_service.screening.faults import Fault, moved
from cds_service.screening.finding import TELLING, find
from cds_service.screening.gathering import gather, refer
from cds_service.screening.inventory import Inventory
from cds_service.screening.rows import Row
from cds_service.screening.running import Engine, Work
from cds_service.screening.setting import Setting
from cds_service.screening.spill import MOST_BUCKETS, Head, head_length, head_of, pairs_in
from cds_service.screening.units import UNIT_BYTES, Unit, units_of

STEPS: Final = ("find", "gather", "refer", "assess")
# An export all of whose patients are candidates spills about half its size; a bucket then stays below the share of the
# budget that is worked on at once.
_BYTES_PER_BUCKET: Final = 1 << 24
_LEAST_BUCKETS: Final = 16
# Of the budget: two processes hold a group of buckets as bytes and as resources, and the next group is on its way.
_SHARE_AT_ONCE: Final = 64
MEMORY: Final = 512_000_000
"""Bytes that all processes of a run may need together, unless told otherwise."""


class Step(msgspec.Struct, frozen=True):
    """How far a step is: ``done`` of ``total`` bytes (of spilled bytes in the last step)."""

    name: str
    done: int
    total: int
    skipped: int = 0


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What was read, by number only.

    Attributes:
        files, bytes: of the types that are read. unread: number of files by type that is not read.
        lines: of the files read. patients: Patient resources. candidates: people whose record tells of a limb.
        whole: whether each type was delivered whole; a type that is not in it was not delivered.
    """

    files: int
    bytes: int
    unread: Mapping[str, int]
    lines: int
    patients: int
    candidates: int
    whole: Mapping[str, bool]


class Screened(msgspec.Struct, frozen=True):
    """The result: rows in order of urgency (can be asked for again and again), counts, faults by file and line."""

    rows: Callable[[], Iterator[Row]]
    counts: Counts
    faults: tuple[Fault, ...]
    resumed: bool


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to screen and how. ``memory`` is in bytes."""

    inventory: Inventory
    setting: Setting
    memory: int = MEMORY
    unit_bytes: int = UNIT_BYTES


def screen(plan: Plan, engine: Engine, checkpoint: Checkpoint, told: Callable[[Step], None]) -> Screened:
    """Screen an export. ``told`` is called whenever something is done.

    Raises WorkerLost when a process ended; the same call then goes on where it was.
    """
    return _Run(plan, engine, checkpoint, told).screened()


class _Run:
    """One run. Each step leaves its results with the checkpoint and reads those of the step before from there."""

    def __init__(self, plan: Plan, engine: Engine, checkpoint: Checkpoint, told: Callable[[Step], None]) -> None:
        self._plan, self._engine, self._kept, self._told = plan, engine, checkpoint, told
        files = plan.inventory.files
        self._size = sum(file.size for file in files)
        buckets = min(max(_LEAST_BUCKETS, self._size // _BYTES_PER_BUCKET), MOST_BUCKETS)
        self._setting = msgspec.structs.replace(plan.setting, buckets=buckets)
        self._units = units_of(files, plan.unit_bytes)

    def screened(self) -> Screened:
        mark = fingerprint(self._plan.inventory, self._setting, self._plan.unit_bytes)
        resumed = self._kept.open(mark)
        candidates = self._find()
        heads = self._gather(candidates)
        referring = self._refer(heads)
        faults = self._faults(heads)
        whole = self._whole(faults)
        groups = self._assess(heads, referring, whole)
        counts = self._counts(heads, candidates, whole)
        return Screened(lambda: merge(*map(rows_in, groups), key=_urgency), counts, faults, resumed)

    # ------------------------------------------------------------ steps 1 to 3

    def _find(self) -> Candidates:
        units = [unit for unit in self._units if unit.file.kind in TELLING]
        candidates = Candidates()
        self._over("find", find, units)
        for unit in units:
            candidates.update(self._kept.path("find", unit.number).read_bytes().split(b"\n"))
        return candidates

    def _gather(self, candidates: Candidates) -> Mapping[int, tuple[Head, int]]:
        self._over("gather", gather, self._units, candidates.packed())
        return {unit.number: self._head("gather", unit.number) for unit in self._units}

    def _refer(self, heads: Mapping[int, tuple[Head, int]]) -> Mapping[int, tuple[Head, int]]:
        pairs = array("Q", (pair for pair, _ in groupby(merge(*(pairs_in(head.pairs) for head, _ in heads.values())))))
        units = [unit for unit in self._units if unit.file.kind in POINTED_TO] if pairs else []
        self._over("refer", refer, units, pairs.tobytes())
        return {unit.number: self._head("refer", unit.number) for unit in units}

    def _over(self, step: str, work: Work, units: Sequence[Unit], shared: bytes = b"") -> None:
        """Work on the units that have no result yet, and keep the results."""
        total = sum(map(_size, units))
        left = {unit.number: unit for unit in units if not self._kept.has(step, unit.number)}
        done = skipped = total - sum(map(_size, left.values()))
        self._told(Step(step, done, total, skipped))
        jobs = ((unit.number, (unit, self._setting)) for unit in left.values())
        for number, result in self._engine.run(work, jobs, shared):
            self._kept.keep(step, number, result)
            done += _size(left[number])
            self._told(Step(step, done, total, skipped))

    def _head(self, step: str, number: int) -> tuple[Head, int]:
        with self._kept.path(step, number).open("rb") as file:
            start = file.read(8)
            return head_of(start + file.read(head_length(start)))

    # ------------------------------------------------------------ what is known of the export as a whole

    def _faults(self, heads: Mapping[int, tuple[Head, int]]) -> tuple[Fault, ...]:
        """Return all faults, with lines counted from the start of their files."""
        found = list(self._plan.inventory.faults)
        for _, units in groupby(self._units, key=lambda unit: unit.file.name):
            before = 0
            for unit in units:
                head, _ = heads[unit.number]
                found += [moved(fault, before) for fault in head.faults]
                before += head.lines
        return tuple(sorted(found))

    def _whole(self, faults: Iterable[Fault]) -> Mapping[str, bool]:
        """Return for each type whether it was delivered whole: nothing of it was lost that may be anybody's."""
        lost = {fault.kind for fault in faults if fault.everyone}
        kinds = sorted(self._plan.inventory.kinds | (lost - {""}))
        return {kind: not lost & {kind, ""} for kind in kinds}

    def _counts(
        self, heads: Mapping[int, tuple[Head, int]], candidates: Candidates, whole: Mapping[str, bool]
    ) -> Counts:
        told = [head for head, _ in heads.values()]
        return Counts(
            files=len(self._plan.inventory.files),
            bytes=self._size,
            unread=dict(sorted(Counter(file.kind for file in self._plan.inventory.unread).items())),
            lines=sum(head.lines for head in told),
            patients=sum(head.patients for head in told),
            candidates=len(candidates),
            whole=whole,
        )

    # ------------------------------------------------------------ step 4

    def _assess(
        self,
        heads: Mapping[int, tuple[Head, int]],
        referring: Mapping[int, tuple[Head, int]],
        whole: Mapping[str, bool],
    ) -> list[Path]:
        """Assess group after group of buckets, each small enough for the budget; return where the rows are."""
        setting = msgspec.structs.replace(self._setting, delivered=whole)
        deleted = frozenset(self._plan.inventory.deleted)
        places = _Places(self._kept, {"gather": heads, "refer": referring})
        most = self._plan.memory // _SHARE_AT_ONCE
        groups = places.groups(most)
        # Another budget makes other groups, whose results do not fit those of an interrupted run.
        step = f"assess.{most}"
        total, done = sum(size for size, _ in groups), 0
        left = [number for number in range(len(groups)) if not self._kept.has(step, number)]
        skipped = done = total - sum(groups[number][0] for number in left)
        self._told(Step("assess", done, total, skipped))
        jobs = ((number, (places.read(groups[number][1]), setting, deleted)) for number in left)
        for number, result in self._engine.run(assess_bucket, jobs):
            self._kept.keep(step, number, result)
            done += groups[number][0]
            self._told(Step("assess", done, total, skipped))
        return [self._kept.path(step, number) for number in range(len(groups))]


def _urgency(row: Row) -> tuple[int, int, int, int, int, str]:
    return row.urgency


def _size(unit: Unit) -> int:
    return min(unit.end, unit.file.size) - unit.start


class _Places:
    """Where the content of each bucket stands, over all results."""

    def __init__(self, kept: Checkpoint, heads: Mapping[str, Mapping[int, tuple[Head, int]]]) -> None:
        self._kept = kept
        self._by_bucket: dict[int, list[tuple[str, int, int, int]]] = {}
        for step, found in heads.items():
            for number, (head, start) in found.items():
                for bucket, (at, length) in head.places.items():
                    self._by_bucket.setdefault(bucket, []).append((step, number, start + at, length))

    def groups(self, most: int) -> list[tuple[int, list[int]]]:
        """Return groups of buckets of at most ``most`` bytes (a single bucket may have more), each with its size."""
        groups: list[tuple[int, list[int]]] = []
        for bucket in sorted(self._by_bucket):
            size = sum(length for *_, length in self._by_bucket[bucket])
            if groups and groups[-1][0] + size <= most:
                groups[-1] = (groups[-1][0] + size, [*groups[-1][1], bucket])
            else:
                groups.append((size, [bucket]))
        return groups

    def read(self, buckets: Iterable[int]) -> list[bytes]:
        """Return the content of some buckets."""
        return [self._read(*place) for bucket in buckets for place in self._by_bucket[bucket]]

    def _read(self, step: str, number: int, at: int, length: int) -> bytes:
        with self._kept.path(step, number).open("rb") as file:
            file.seek(at)
            return file.read(length)


def clear(out: Path) -> None:
    """Remove what a run has kept to go on: it holds patients' data and is of no use when the output is there."""
    Checkpoint(out).clear()
