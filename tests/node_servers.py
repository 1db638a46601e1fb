"""Servers that others wrote for Node.js, installed from the npm registry into a folder that git does not see."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest

INSTALL = ("npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")


def not_run(what: str, why: str) -> NoReturn:
    """Skip loudly on a person's machine; fail in CI."""
    message = f"{what} NOT RUN: {why}"
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(message)
    pytest.skip(message)


def installed(repository: Path, name: str, package: str) -> Path:
    """Install the server of ``tests/<name>`` and return where it lies; ``package`` tells that it is there."""
    if not shutil.which("node") or not shutil.which("npm"):
        not_run(name.upper(), "it needs Node.js 20.19 or later with npm")
    folder = repository / "build" / f"{name}-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    folder.mkdir(parents=True, exist_ok=True)
    for file in ("package.json", "server.mjs"):
        shutil.copy(repository / "tests" / name / file, folder)
    if not (folder / "node_modules" / package).is_dir():
        done = subprocess.run(INSTALL, cwd=folder, capture_output=True, timeout=180, check=False)
        if done.returncode:
            not_run(name.upper(), "its packages could not be installed")
    return folder


@contextmanager
def running(folder: Path, told: dict[str, Any]) -> Iterator[int]:
    """Run the server with ``told`` on its standard input, and give the port that it names."""
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    node = shutil.which("node") or "node"
    with subprocess.Popen([node, "server.mjs"], cwd=folder, stdin=pipe, stdout=pipe, stderr=nowhere) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(told).encode())
        process.stdin.close()
        line = process.stdout.readline()
        if line:
            yield int(line)
        process.kill()
    if not line:
        not_run(folder.name.upper(), "it did not start; Node.js may be too old")
