"""Hold each package to the coverage that pyproject.toml asks of it ([tool.house.coverage]).

Usage: python tests/coverage_gate.py coverage.json
Exit status 0 when every package reaches its least percentage, 1 otherwise.
"""

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

PYPROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def package_percent(files: Mapping[str, Any], package: str) -> float | None:
    """Covered lines and branches of a package in percent; None when no file of it was measured."""
    summaries = [entry["summary"] for path, entry in files.items() if is_inside(path, package)]
    if not summaries:
        return None
    covered = sum(s["covered_lines"] + s["covered_branches"] for s in summaries)
    possible = sum(s["num_statements"] + s["num_branches"] for s in summaries)
    return 100.0 * covered / possible if possible else 100.0


def is_inside(path: str, package: str) -> bool:
    """Whether a measured path lies in a package, both given relative to the repository."""
    return Path(path).as_posix().startswith(package + "/")


def gaps(files: Mapping[str, Any], package: str) -> list[str]:
    """One line per file of the package that is not covered completely, with its lines and branches."""
    return [
        f"    {path}: lines {shortened(entry['missing_lines'])}, branches {shortened(entry['missing_branches'])}"
        for path, entry in sorted(files.items())
        if is_inside(path, package) and (entry["missing_lines"] or entry["missing_branches"])
    ]


def shortened(missing: Sequence[object], most: int = 12) -> str:
    """The first of many gaps, and how many more there are."""
    shown = ", ".join(map(str, missing[:most])) or "none"
    return shown if len(missing) <= most else f"{shown} and {len(missing) - most} more"


def judge(files: Mapping[str, Any], least: Mapping[str, float]) -> list[str]:
    """What is wrong, as lines for a person; empty when every package reaches its least percentage."""
    wrong: list[str] = []
    for package, required in sorted(least.items()):
        percent = package_percent(files, package)
        if percent is None:
            wrong.append(f"{package}: no file was measured")
        elif percent < required:
            wrong += [f"{package}: {percent:.2f} % covered, {required} % required", *gaps(files, package)]
    return wrong


def main(report: Path) -> int:
    """Judge a JSON report of coverage.py and print the result."""
    least = tomllib.loads(PYPROJECT.read_text("utf-8"))["tool"]["house"]["coverage"]
    measured = json.loads(report.read_text("utf-8"))
    if not measured["meta"]["branch_coverage"]:  # so it is when no test has imported the service
        print("Coverage gate not met: no branches were measured")
        return 1
    wrong = judge(measured["files"], least)
    if wrong:
        print("Coverage gate not met:", *wrong, sep="\n  ")
        return 1
    print("Coverage gate met:", ", ".join(f"{package} {percent} %" for package, percent in sorted(least.items())))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
