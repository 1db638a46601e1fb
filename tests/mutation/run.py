"""Runs the mutants that ``python -m tests.mutation.make`` made, and tells for each module which no test notices.

In the copy: ``cd mutants && python -m tests.mutation.run [options] [pattern ...]``. What has a verdict is not run
again, so it may be stopped and started at any time. ``mutmut show NAME`` shows a mutant.
"""

import argparse
import fnmatch
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.mutation.forking import KILLED, UNNOTICED, Forks
from tests.mutation.make import REFUSED

RESULTS = Path("results.tsv")
TESTS = ("tests/unit/risk",)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what has no verdict yet; 1 when a mutant that was asked for survived."""
    asked = _parser().parse_args(arguments)
    names = [name for name in _names() if any(fnmatch.fnmatch(name, f"{one}*") for one in asked.pattern)]
    refused = set(json.loads(Path(REFUSED).read_text()))
    done = _verdicts()
    todo = [name for name in names if name not in refused and name not in done]
    print(f"{len(names)} mutants, {len(refused.intersection(names))} refused by types, {len(todo)} to run", flush=True)
    with RESULTS.open("a") as out:

        def told(name: str, code: int, seconds: float) -> None:
            out.write(f"{name}\t{code}\t{seconds:.3f}\n")
            out.flush()

        plugin = Forks(todo, asked.workers, told, asked.budget, Path("reach.json"))
        options = ["-p", "no:terminal", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib"]
        if failed := pytest.main([*options, *TESTS], plugins=[plugin]):
            return int(failed)
    return _tell(names, refused, _verdicts())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pattern", nargs="*", default=["cds_service.risk"], help="begin of a name, * allowed")
    parser.add_argument("--workers", type=int, default=2, help="mutants at a time")
    parser.add_argument("--budget", type=float, default=8, help="seconds of tests that are run against one mutant")
    return parser


def _names() -> Iterator[str]:
    for path in sorted(Path("cds_service").rglob("*.meta")):
        yield from json.loads(path.read_text())["exit_code_by_key"]


def _verdicts() -> Mapping[str, int]:
    if not RESULTS.exists():
        return {}
    rows = (line.split("\t") for line in RESULTS.read_text().splitlines())
    return {name: int(code) for name, code, _ in rows}


def _tell(names: Sequence[str], refused: set[str], verdicts: Mapping[str, int]) -> int:
    """Print a row for each module, then what no test noticed. Neither 0 (passed) nor killed: stopped by its limits."""
    rows: Counter[tuple[str, str]] = Counter()
    survivors = [name for name in names if verdicts.get(name, KILLED) in UNNOTICED]
    for name in names:
        kind = "types" if name in refused else "survived" if name in survivors else "killed"
        rows[name.partition(".x")[0], kind] += 1
    print("| module | refused by types | killed by a test | survived |\n|---|---|---|---|")
    for module in sorted({module for module, _ in rows}):
        print(f"| {module} | {rows[module, 'types']} | {rows[module, 'killed']} | {rows[module, 'survived']} |")
    print(*survivors, sep="\n")
    return int(bool(survivors))


if __name__ == "__main__":
    sys.exit(main())
