"""The gate that holds each package to its coverage."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests import coverage_gate


def measured(lines: int, covered: int, branches: int = 0, covered_branches: int = 0) -> dict[str, Any]:
    return {
        "summary": {
            "num_statements": lines,
            "covered_lines": covered,
            "num_branches": branches,
            "covered_branches": covered_branches,
        },
        "missing_lines": list(range(covered + 1, lines + 1)),
        "missing_branches": [[1, 2]] if covered_branches < branches else [],
    }


def test_a_fully_covered_package_passes() -> None:
    assert coverage_gate.judge({"cards/text.py": measured(10, 10, 4, 4)}, {"cards": 100}) == []


def test_one_missed_branch_fails_a_package_that_must_be_complete_and_names_the_file() -> None:
    wrong = coverage_gate.judge({"cards/text.py": measured(1000, 1000, 4, 3)}, {"cards": 100})
    assert wrong[0] == "cards: 99.90 % covered, 100 % required"
    assert "cards/text.py" in wrong[1]
    assert "branches [1, 2]" in wrong[1]


def test_a_package_without_any_measured_file_fails() -> None:
    assert coverage_gate.judge({"cards/text.py": measured(1, 1)}, {"cds_service/risk": 100}) == [
        "cds_service/risk: no file was measured"
    ]


def test_files_of_another_package_with_a_similar_name_do_not_count() -> None:
    files = {"cards_extra/text.py": measured(10, 0), "cards/text.py": measured(10, 10)}
    assert coverage_gate.judge(files, {"cards": 100}) == []


def test_a_package_without_statements_counts_as_covered() -> None:
    assert coverage_gate.judge({"cards/__init__.py": measured(0, 0)}, {"cards": 100}) == []


def test_many_gaps_are_counted_rather_than_listed() -> None:
    wrong = coverage_gate.judge({"cards/text.py": measured(100, 0)}, {"cards": 100})
    assert "11, 12 and 88 more" in wrong[1]


@pytest.mark.parametrize(("covered", "branches", "status"), [(10, True, 0), (9, True, 1), (10, False, 1)])
def test_the_exit_status_says_whether_the_gate_is_met(
    tmp_path: Path, covered: int, branches: bool, status: int
) -> None:
    packages = tomllib.loads(coverage_gate.PYPROJECT.read_text("utf-8"))["tool"]["house"]["coverage"]
    files = {f"{package}/a.py": measured(10, covered) for package in packages}
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"meta": {"branch_coverage": branches}, "files": files}))
    assert coverage_gate.main(report) == status
