"""The report of a screening in a browser: readable by everybody, on a phone, in the dark, without a network."""

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no types
from playwright.sync_api import expect

from cds_service.screening.output import write_output
from tests.unit.screening.runs import SETTING, lines_of, population, run, write

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    lines = [*lines_of(population(patients=40, limb_share=0.9)), ("Condition", b"garbage")]
    screened = run(write(folder / "export", lines), folder / "out")
    write_output(folder / "out", screened, SETTING, "en")
    return folder / "out"


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_is_found_in_the_report(quiet_page, report, language, scheme):
    quiet_page.emulate_media(color_scheme=scheme)
    quiet_page.goto((report / f"report.{language}.html").as_uri())
    for details in quiet_page.locator("details").all():
        details.evaluate("one => one.open = true")
    found = Axe().run(quiet_page)
    assert found.violations_count == 0, found.generate_report()


def test_the_list_can_be_reached_and_scrolled_by_keyboard(quiet_page, report):
    quiet_page.goto((report / "report.en.html").as_uri())
    quiet_page.keyboard.press("Tab")
    expect(quiet_page.get_by_role("link", name="To the list")).to_be_focused()
    quiet_page.keyboard.press("Enter")
    expect(quiet_page.get_by_role("heading", name="The list", exact=True)).to_be_focused()
    quiet_page.keyboard.press("Tab")
    expect(quiet_page.get_by_role("region", name="The list")).to_be_focused()


def test_the_figures_are_told_as_tables_too(quiet_page, report):
    quiet_page.goto((report / "report.en.html").as_uri())
    figure = quiet_page.get_by_role("img", name="The list by group")
    expect(figure).to_be_visible()
    quiet_page.get_by_text("The list by group: Patients").click()
    expect(quiet_page.get_by_role("rowheader", name="Something is due", exact=True)).to_be_visible()


def test_the_page_fits_a_phone(quiet_page, report):
    quiet_page.set_viewport_size(PHONE)
    quiet_page.goto((report / "report.sv.html").as_uri())
    assert quiet_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_what_could_not_be_read_is_told_on_the_page(quiet_page, report):
    quiet_page.goto((report / "report.en.html").as_uri())
    expect(quiet_page.get_by_text("nobody without a known limb deficiency can be called checked")).to_be_visible()
    expect(quiet_page.get_by_role("row", name="not JSON").first).to_be_visible()
