"""Makes ``./mutants``: a copy of the code with every mutant of the engine in it, and what mypy refuses of them.

``python -m tests.mutation.make``, in the repository. mutmut writes the mutants; no test is run here. Its own way to
tell which of them mypy refuses takes minutes for an engine of this size, ours a second.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import mutmut.__main__ as mutmut
from mutmut.mutation.trampoline import set_mutant_under_test

from tests.mutation.types import refused

COPY = Path("mutants")
REFUSED = "refused.json"  # name of a mutant -> what mypy says of it
PROCESSES = 2
ENGINE = "cds_service/risk"
TYPES = [sys.executable, "-m", "mypy", ENGINE, "--output", "json", "--config-file", "tests/mutants.mypy.ini"]


def main() -> None:
    """Make the copy anew: mutmut would renew Python files only, not the tables."""
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir()
    set_mutant_under_test("mutant_generation")
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.setup_source_paths()
    mutmut.create_mutants(PROCESSES)
    found = refused(_complaints(), {path: (COPY / path).read_text() for path in _changed()})
    (COPY / REFUSED).write_text(json.dumps(found, indent=1))


def _changed() -> list[str]:
    return [str(path.relative_to(COPY)) for path in (COPY / ENGINE).rglob("*.py")]


def _complaints() -> list[str]:
    """Return what mypy says of the copy. Mutants of every kind are refused: none at all means that mypy did not run."""
    told = subprocess.run(TYPES, cwd=COPY, capture_output=True, text=True, check=False)
    if told.returncode != 1:
        raise RuntimeError(told.stderr)
    return told.stdout.splitlines()


if __name__ == "__main__":
    main()
