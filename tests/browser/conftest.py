"""The server that the browser opens, and a page that fails its test on any complaint of the browser."""

import pytest

from tests.browser.server import running_server


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def quiet_page(page):
    """A page on which the browser has nothing to complain about, such as a blocked or failing request."""
    complaints = []

    def refused(dialog):
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("dialog", refused)
    yield page
    assert not complaints


@pytest.fixture
def chart(quiet_page, server):
    """Opens a chart and waits for what the service says: ``chart("alva")``, in English unless told."""

    def open_chart(patient="alva", language="en"):
        quiet_page.goto(f"{server.url}/?patient={patient}&lang={language}")
        quiet_page.wait_for_selector("#cards[data-state]")
        return quiet_page

    return open_chart
