"""Races: what is compared runs in turns within one process, so that a busy machine slows all of it alike."""

import gc
from collections.abc import Callable, Mapping
from statistics import median
from time import process_time_ns
from typing import Final

import msgspec

Runner = Callable[[], object]
_NS_PER_MS: Final = 1_000_000


class Lap(msgspec.Struct, frozen=True):
    """What one contestant took: median and 90th percentile of its rounds, in milliseconds of processor time."""

    median: float
    slow: float


def race(runners: Mapping[str, Runner], rounds: int) -> dict[str, Lap]:
    """Return the laps of all contestants, after one round that does not count.

    Each round runs everybody once, and begins with another one each time. Time is that of the processor, because other
    processes of the machine are nobody's fault; the collector runs as it does in a server after its start.
    """
    names = list(runners)
    taken: dict[str, list[int]] = {name: [] for name in names}
    for name in names:
        runners[name]()
    gc.collect()
    gc.freeze()
    try:
        for turn in range(rounds):
            first = turn % len(names)
            for name in (*names[first:], *names[:first]):
                taken[name].append(_timed(runners[name]))
    finally:
        gc.unfreeze()
    return {name: _lap(spent) for name, spent in taken.items()}


def _timed(runner: Runner) -> int:
    begun = process_time_ns()
    # What it returns is dropped within the time: whoever makes objects also has to free them.
    runner()
    return process_time_ns() - begun


def _lap(spent: list[int]) -> Lap:
    ordered = sorted(spent)
    return Lap(median=median(ordered) / _NS_PER_MS, slow=ordered[len(ordered) * 9 // 10] / _NS_PER_MS)
