"""`.ci/run` follows the README, keeps the exit status, and ends with pytest's own summary."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

README = "# Service\n\n## Run it\n\n```\nmake demo\n```\n\n## Run the tests\n\n```console\n{command}\n```\n"
FAKE_MAKE = """#!/bin/sh
echo "made: $*, CI=$CI"
printf '\\033[32m===== 7 passed, 1 skipped in 1.23s =====\\033[0m\\n'
echo "something after the summary"
exit {status}
"""


@pytest.fixture
def clone(tmp_path: Path, repository: Path) -> Path:
    """A folder with `.ci/run`, a README and a `make` that only reports how it was called."""
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed; .ci/run is a bash script")
    shutil.copytree(repository / ".ci", tmp_path / ".ci")
    (tmp_path / "README.md").write_text(README.format(command="make test"), "utf-8")
    (tmp_path / "bin").mkdir()
    write_make(tmp_path, status=0)
    return tmp_path


def write_make(clone: Path, status: int) -> None:
    make = clone / "bin" / "make"
    make.write_text(FAKE_MAKE.format(status=status), "utf-8")
    make.chmod(0o755)


def run_ci(clone: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": f"{clone / 'bin'}:{os.environ['PATH']}",
        "HOME": str(clone),
        "CHROMIUM": "/bin/true",  # so that it looks for none and installs none
        "POSTGRESQL_BIN": "/bin",
        "PYTHON": sys.executable,
    }
    return subprocess.run([clone / ".ci" / "run"], env=environment, capture_output=True, text=True, check=False)


def test_it_runs_the_test_command_of_the_readme_with_ci_set(clone: Path) -> None:
    (clone / "README.md").write_text(README.format(command="make test TEST_WORKERS=1"), "utf-8")
    finished = run_ci(clone)
    assert finished.returncode == 0
    assert "made: test TEST_WORKERS=1, CI=true" in finished.stdout


def test_its_last_line_is_the_summary_of_pytest_without_colours(clone: Path) -> None:
    assert run_ci(clone).stdout.splitlines()[-1] == "===== 7 passed, 1 skipped in 1.23s ====="


def test_it_fails_when_the_tests_fail(clone: Path) -> None:
    write_make(clone, status=2)
    assert run_ci(clone).returncode == 2


@pytest.mark.parametrize(
    "readme",
    ["# Service\n", "# Service\n\n## Run the tests\n\nAsk a colleague.\n", README.format(command="true"), None],
    ids=["no heading", "no code block", "another command", "no file"],
)
def test_it_fails_clearly_when_the_readme_does_not_say_how(clone: Path, readme: str | None) -> None:
    if readme is None:
        (clone / "README.md").unlink()
    else:
        (clone / "README.md").write_text(readme, "utf-8")
    finished = run_ci(clone)
    assert finished.returncode != 0
    assert "README.md" in finished.stderr
    assert "made:" not in finished.stdout


def write_interpreter(clone: Path, name: str, lines: str) -> None:
    script = clone / "bin" / name
    script.write_text(f"#!/bin/sh\n{lines}\n", "utf-8")
    script.chmod(0o755)


def make_venv(clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", clone / ".ci" / "make-venv", clone / "venv"],
        env={"PATH": f"{clone / 'bin'}:/usr/bin:/bin", "HOME": str(clone), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_interpreter_that_is_too_old_is_refused_with_what_to_install(clone: Path) -> None:
    write_interpreter(clone, "old-python", "exit 1")
    finished = make_venv(clone, PYTHON="old-python")
    assert finished.returncode == 1
    assert "No Python 3.11 or newer was found at PYTHON=old-python" in finished.stderr
    assert "apt-get install python3" in finished.stderr


def test_an_interpreter_without_venv_is_named_and_leaves_no_half_made_folder(clone: Path) -> None:
    write_interpreter(clone, "bare-python", 'case "$2" in *version_info*) exit 0 ;; *) exit 1 ;; esac')
    finished = make_venv(clone, PYTHON="bare-python")
    assert finished.returncode == 1
    assert "bare-python is new enough but can make no virtual environment" in finished.stderr
    assert not (clone / "venv").exists()


def test_an_old_python3_first_on_the_path_is_passed_over(clone: Path) -> None:
    write_interpreter(clone, "python3", "exit 1")
    write_interpreter(clone, "python3.13", f'exec {sys.executable} "$@"')
    finished = make_venv(clone)
    assert finished.returncode == 0, finished.stderr
    assert (clone / "venv" / "bin" / "python").exists()
