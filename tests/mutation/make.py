"""Makes ``./mutants``: a copy of the code with every mutant of the engine in it, and what mypy refuses of them.

``python -m tests.mutation.make``, in the repository. mutmut writes the mutants; no test is run here.
"""

import json
import shutil
from pathlib import Path

import mutmut.__main__ as mutmut
from mutmut.mutation.trampoline import set_mutant_under_test

COPY = Path("mutants")
REFUSED = "refused.json"  # name of a mutant -> what mypy says of it
PROCESSES = 2


def main() -> None:
    """Make the copy anew: mutmut would renew Python files only, not the tables."""
    shutil.rmtree(COPY, ignore_errors=True)
    COPY.mkdir()
    set_mutant_under_test("mutant_generation")
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.setup_source_paths()
    mutmut.create_mutants(PROCESSES)
    refused = {name: one.error.error_description for name, one in mutmut.filter_mutants_with_type_checker().items()}
    (COPY / REFUSED).write_text(json.dumps(refused, indent=1))


if __name__ == "__main__":
    main()
