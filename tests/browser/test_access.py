"""Everyone can use the demonstration chart: by keyboard, on a phone, in two languages, with a screen reader."""

import re
from importlib.resources import files

import pytest
from playwright.sync_api import expect

from cds_service.demo import demo_patients
from tests.browser.on_page import card_of, cards, feedback_of, shown_uuid

pytestmark = pytest.mark.browser

PHONE = {"width": 390, "height": 844}
NARROWEST = {"width": 320, "height": 640}


def test_the_language_switch_changes_page_and_cards_and_keeps_the_patient(chart):
    page = chart("nils", "en")
    expect(card_of(page, "High osteoporosis risk")).to_be_visible()
    page.get_by_role("link", name="Svenska").click()
    page.wait_for_selector("#cards[data-state]")
    assert page.locator("html").get_attribute("lang") == "sv"
    expect(page.get_by_role("heading", level=1)).to_have_text("Test-Nils Provman")
    expect(page.get_by_role("heading", name="Beslutsstöd")).to_be_visible()
    expect(page.locator(".card-summary").first).to_contain_text("osteoporosrisk")


def test_everything_can_be_done_by_keyboard(chart, server):
    page = chart("nils")
    uuid = shown_uuid(page, 0)
    press = page.keyboard.press
    press("Tab")
    expect(page.get_by_role("link", name="Skip to the advice")).to_be_focused()
    press("Enter")
    press("Tab")
    card = cards(page).first
    expect(card.get_by_role("button").first).to_be_focused()
    press("Enter")
    expect(card.get_by_role("status")).to_contain_text("Accepted")
    for _ in range(8):
        press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Override this advice":
            break
    press("Enter")
    expect(card.get_by_role("radio").first).to_be_focused()
    press("ArrowDown")
    expect(card.get_by_role("radio").nth(1)).to_be_checked()
    press("Tab")
    press("Tab")
    expect(card.get_by_role("button", name="Override", exact=True)).to_be_focused()
    press("Enter")
    expect(card.locator(".card-overridden")).to_be_focused()
    assert [row["outcome"] for row in feedback_of(server, uuid)] == ["accepted", "overridden"]


def test_escape_closes_the_override_form_and_returns_to_its_button(chart):
    page = chart("nils")
    opener = page.get_by_role("button", name="Override this advice")
    opener.click()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    expect(opener).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("radio").first).to_be_hidden()


def test_focus_can_be_seen_on_everything_that_takes_it(chart):
    page = chart("alva")
    for _ in range(12):
        page.keyboard.press("Tab")
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", page.evaluate("document.activeElement.outerHTML")


@pytest.mark.parametrize("size", [PHONE, NARROWEST], ids=["phone", "narrowest"])
@pytest.mark.parametrize("patient", ["alva", "walter", "ruth"])
def test_a_narrow_page_scrolls_only_downwards(chart, quiet_page, size, patient):
    quiet_page.set_viewport_size(size)
    page = chart(patient, "sv")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in page.get_by_role("button", name="Avvisa rådet").all():
        button.click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_on_a_phone_the_advice_comes_before_the_tables_and_patients_are_chosen_from_a_list(chart, quiet_page):
    quiet_page.set_viewport_size(PHONE)
    page = chart("alva")
    assert page.locator("#advice").bounding_box()["y"] < page.locator(".tables").bounding_box()["y"]
    page.get_by_label("Patient", exact=True).select_option("grace")
    page.get_by_role("button", name="Open chart").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Demo-Grace Samplewood")


def test_targets_are_large_enough_to_hit(chart):
    page = chart("jonas")
    page.get_by_role("button", name="Override this advice").first.click()
    targets = page.locator("button:visible, .patients a:visible, .languages a, select:visible, .card-links a")
    boxes = [(target.text_content(), target.bounding_box()) for target in targets.all()]
    assert len(boxes) > 12
    assert [words for words, box in boxes if min(box["width"], box["height"]) < 24] == []


def test_without_scripts_the_chart_is_shown_and_the_lack_of_cards_explained(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/?patient=grace&lang=en")
    expect(page.get_by_role("cell", name=re.compile("letrozole"))).to_be_visible()
    # Not "visible": with scripting merely emulated away, Chromium does not lay out a noscript element.
    assert "The cards need it" in page.locator("#advice noscript").text_content()
    context.close()


def test_every_chart_opens_without_a_complaint_from_the_browser(chart):
    for patient in demo_patients():
        page = chart(patient.id, "sv")
        expect(page.locator("#cards")).to_have_attribute("data-state", "answered")


def violations(page):
    """What axe-core finds, by its rule's name; run as a tool of the browser: the page may load no script."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    assert found["passes"]
    return [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]]


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_axe_finds_no_barrier(chart, quiet_page, size, language):
    quiet_page.set_viewport_size(size)
    page = chart("alva", language)
    assert violations(page) == []
    page.locator(".card-suggestions button").first.click()
    page.locator(".action-done").wait_for()
    page.locator(".override > button").last.click()
    assert violations(page) == []


@pytest.mark.parametrize("patient", ["carl", "ebba", "jonas"])
def test_axe_finds_no_barrier_in_other_states(chart, patient):
    assert violations(chart(patient, "sv")) == []
