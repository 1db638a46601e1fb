"""Runs each mutant in a fork of one pytest session that has already collected every test.

Starting pytest and collecting takes a second, the tests of one rule a few milliseconds; a fork pays only for the tests.
As a plugin of pytest it takes the place of the loop that would run every test once.
"""

import gc
import json
import os
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from math import ceil
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import Phase, settings

from cds_service.fhir import word_tables
from cds_service.rulesets.load import load_default as load_rules
from cds_service.terminology.load import load_default as load_index
from tests.mutation.reach import Reach

SURVIVED, KILLED, STOPPED, NO_TESTS = 0, 1, 24, 33
UNNOTICED = frozenset({SURVIVED, NO_TESTS})
ENVIRONMENT = "MUTANT_UNDER_TEST"  # what mutmut's generated code reads
# More than the tests of the unchanged code took: an endless loop is noticed, a busy machine is not.
SECONDS_SPARE, TIMES_SLOWER = 3, 10
MEMORY_BYTES = 8 * 1024**3
PROFILES = ("se", "us", "sheet")

Told = Callable[[str, int, float], None]


class Forks:
    """The plugin: ``mutants`` are run in their order, ``told`` hears name, exit code and seconds of each."""

    def __init__(self, mutants: Sequence[str], workers: int, told: Told, budget: float, kept: Path) -> None:
        self._mutants, self._workers, self._told, self._budget, self._kept = mutants, workers, told, budget, kept
        self._items: dict[str, pytest.Item] = {}
        self._running: dict[int, str] = {}

    def pytest_configure(self) -> None:
        """Property tests find a mutant or not; nobody reads the smallest example."""
        settings.register_profile("mutants", database=None, deadline=None, derandomize=True, phases=[Phase.generate])
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Run the unchanged code once in a fork, then every mutant in one of its own."""
        if session.testsfailed:
            raise session.Interrupted("the tests could not be collected")
        self._items = {item.nodeid: item for item in session.items}
        _warm()
        gc.collect()
        gc.freeze()
        reach = self._reach()
        for mutant in self._mutants:
            tests = reach.chosen(mutant.partition("__mutmut_")[0], self._budget)
            if not tests:
                self._told(mutant, NO_TESTS, 0.0)
                continue
            self._start(mutant, tests, sum(reach.seconds[test] for test in tests))
            while len(self._running) >= self._workers:
                self._hear()
        while self._running:
            self._hear()
        return True

    def _reach(self) -> Reach:
        """Measured once, in a fork, so that no cache of this process has seen unchanged answers."""
        if not self._kept.exists():
            child = os.fork()
            if not child:
                os._exit(_measure(list(self._items.values()), self._kept))
            if os.waitpid(child, 0)[1]:
                raise pytest.UsageError("the tests of the unchanged code failed")
        return Reach(**json.loads(self._kept.read_text()))

    def _start(self, mutant: str, tests: list[str], seconds: float) -> None:
        child = os.fork()
        if child:
            self._running[child] = mutant
            return
        limit = ceil(SECONDS_SPARE + seconds * TIMES_SLOWER)
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        os.environ[ENVIRONMENT] = mutant
        os._exit(_first_failure([self._items[test] for test in tests]))

    def _hear(self) -> None:
        child, status, used = os.wait3(0)
        mutant = self._running.pop(child)
        code = os.waitstatus_to_exitcode(status)
        self._told(mutant, code if code >= 0 else STOPPED, used.ru_utime + used.ru_stime)


def _warm() -> None:
    """Load once what every test reads and no mutant changes: the tables of the floors below the rules."""
    load_index()
    for profile in PROFILES:
        load_rules(profile)
    for name in dir(word_tables):
        load = getattr(word_tables, name)
        if hasattr(load, "cache_info") and not load.__wrapped__.__code__.co_argcount:
            load()


def _measure(items: Sequence[pytest.Item], kept: Path) -> int:
    """Run every test on the unchanged code. One that fails there would kill every mutant: nothing is run then."""
    from mutmut.state import state  # noqa: PLC0415 - where mutmut's generated code notes what was called

    os.environ[ENVIRONMENT] = "stats"
    called: set[str] = state()._stats
    tests_of, seconds = defaultdict(list), {}
    for item, following in _in_turn(items):
        began = time.process_time()
        if _fails(item, following):
            os.write(2, f"fails without any change: {item.nodeid}\n".encode())
            return KILLED
        seconds[item.nodeid] = time.process_time() - began
        for function in called:
            tests_of[function].append(item.nodeid)
        called.clear()
    kept.write_text(json.dumps({"tests_of": tests_of, "seconds": seconds}))
    return SURVIVED


def _first_failure(items: Sequence[pytest.Item]) -> int:
    return KILLED if any(_fails(item, following) for item, following in _in_turn(items)) else SURVIVED


def _in_turn(items: Sequence[pytest.Item]) -> Iterable[tuple[pytest.Item, pytest.Item | None]]:
    return zip(items, [*items[1:], None], strict=True)


def _fails(item: pytest.Item, following: pytest.Item | None) -> bool:
    """Whether the test fails, without the account of it that pytest would write: that takes longer than the test."""
    hook = item.ihook
    steps: dict[Literal["setup", "call", "teardown"], Callable[[], object]] = {
        "setup": lambda: hook.pytest_runtest_setup(item=item),
        "call": lambda: hook.pytest_runtest_call(item=item),
        "teardown": lambda: hook.pytest_runtest_teardown(item=item, nextitem=following),
    }
    initialise = getattr(item, "_initrequest", None)
    if initialise and not getattr(item, "_request", None):
        initialise()
    for when, step in steps.items():
        call = pytest.CallInfo.from_call(step, when=when)
        if call.excinfo and not call.excinfo.errisinstance(pytest.skip.Exception):
            return True
    return False
