"""Takes the pictures of the documentation: ``python -m tests.browser.pictures``. Look at them before committing."""

import re
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.server import running_server
from tests.conftest import BROWSER_ARGS, find_chromium

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"


def main() -> None:
    """Write ``demo.png`` (the page at a desk) and ``card.png`` (the card of the README's patient)."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder)) as server,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=list(BROWSER_ARGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900}, device_scale_factor=1.5)
        page.goto(f"{server.url}/?patient=alva&lang=en")
        page.wait_for_selector("#cards[data-state=answered]")
        # Once more: the first answer of a fresh process is slower than any that a clinic would see.
        page.reload()
        page.wait_for_selector("#cards[data-state=answered]")
        page.screenshot(path=IMAGES / "demo.png")
        _card(page).screenshot(path=IMAGES / "card.png")
        browser.close()


def _card(page: Page):
    return page.get_by_role("article").filter(has=page.get_by_role("heading", name=re.compile("Consider DXA")))


if __name__ == "__main__":
    main()
