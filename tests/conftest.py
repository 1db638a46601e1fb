"""What every test may ask for: the repository's root, a Chromium, a PostgreSQL."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.postgresql import Cluster

# A deadline would judge how busy the machine is; speed is measured in benchmarks.
settings.register_profile("house", deadline=None)
settings.load_profile("house")

BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MACOS_BROWSERS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
# No sandbox: containers lack the kernel rights for it, and only our own pages are opened.
# The rest keeps the browser from talking to anyone but the service under test.
BROWSER_ARGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Hundreds of tests start the service for one small call: a process for large records beside each would only cost time.
os.environ.setdefault("CDS_LARGE_PROCESSES", "0")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the repository."""
    return Path(__file__).resolve().parent.parent


def find_chromium() -> Path | None:
    """The browser named by the environment's CHROMIUM, or else the first one installed on this machine."""
    named = os.environ.get("CHROMIUM")
    if named:
        return Path(named) if Path(named).is_file() else None
    found = (shutil.which(name) for name in BROWSER_NAMES)
    on_path = next((Path(path) for path in found if path), None)
    return on_path or next((Path(path) for path in MACOS_BROWSERS if Path(path).is_file()), None)


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The path of a Chromium; without one browser tests are skipped on a person's machine and fail in CI."""
    path = find_chromium()
    if path is not None:
        return path
    message = "BROWSER TESTS NOT RUN: no Chromium found. Set CHROMIUM or install one (apt-get install chromium)."
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator["Browser"]:
    """One running browser for the tests of a module.

    Not for the session: while it runs, its event loop holds the thread, and no other test could run one of its own.
    """
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - other tests need not wait for its driver

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=list(BROWSER_ARGS))
        yield running
        running.close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """A fresh page without cookies or storage; a script error on it fails the test."""
    context = browser.new_context()
    fresh = context.new_page()
    script_errors: list[str] = []
    fresh.on("pageerror", lambda error: script_errors.append(str(error)))
    yield fresh
    context.close()
    assert not script_errors


@pytest.fixture(scope="session")
def postgresql() -> Iterator["Cluster"]:
    """A PostgreSQL of the session's own; without one the test is skipped on a person's machine and fails in CI."""
    from tests.postgresql import running_cluster  # noqa: PLC0415 - other tests need not load its driver

    with running_cluster() as cluster:
        yield cluster
