"""The stand-alone page in a browser: by keyboard, without scripts, on a phone, with a screen reader, on paper."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.test_access import NARROWEST, PHONE, violations

pytestmark = pytest.mark.browser

DESK = {"width": 1280, "height": 900}


def fill_in(page):
    page.check("input[name=sex][value=female]")
    page.get_by_label("Age (years)", exact=True).fill("67")
    page.locator("#limbs-0-what").select_option("acquired-lower.above-knee")
    page.locator("#limbs-0-side").select_option("left")
    page.locator("#drugs-0-what").select_option("H02AB06")
    page.locator("#drugs-0-dose").fill("7.5")
    page.locator("#drugs-0-since").fill("2024-01")
    page.locator("#vitamin-d-value").fill("22")
    page.locator("#vitamin-d-on").fill("2026-01")


def assess(page, server, language="en"):
    page.goto(f"{server.url}/assess?lang=en")
    fill_in(page)
    if language != "en":
        page.get_by_role("button", name="Svenska").click()
    page.locator(".send button").click()
    return page


@pytest.fixture
def result(quiet_page, server):
    return assess(quiet_page, server)


def test_answers_lead_to_a_result_with_everything_on_it(result):
    expect(result.get_by_role("heading", level=1)).to_have_text("High osteoporosis risk")
    for title in ("Proposals", "What it rests on", "What is not known", "Vitamin D and drugs over time"):
        expect(result.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(result.get_by_role("link", name="Systemic steroid")).to_have_attribute("href", "/rules/R-GC2?lang=en")
    assert result.url.endswith("/assess?lang=en"), "nothing of the answers stands in the address"


def test_the_plot_has_a_name_a_description_and_a_table(result):
    plot = result.get_by_role("img", name="Vitamin D and drugs over time")
    assert "prednisolone" in plot.locator("desc").text_content()
    assert "22" in plot.locator("desc").text_content()
    assert plot.locator("rect.bar").count() >= 1
    result.get_by_text("The same as a table").click()
    expect(result.get_by_role("row", name=re.compile("prednisolone.*2024-01.*still taken.*7.5 mg"))).to_be_visible()


def test_the_text_is_copied_by_a_button(result):
    button = result.get_by_role("button", name="Copy", exact=True)
    button.click()
    expect(result.locator(".copied")).to_have_text("Copied.")


def test_the_language_switch_keeps_the_result(result):
    result.get_by_role("button", name="Svenska").click()
    expect(result.locator("html")).to_have_attribute("lang", "sv")
    expect(result.get_by_role("heading", level=1)).to_have_text("Hög osteoporosrisk")
    result.get_by_role("button", name="Ändra svaren").click()
    expect(result.locator("#age")).to_have_value("67")


def test_mistakes_are_summed_up_and_lead_to_their_fields(page, server):
    page.goto(f"{server.url}/assess?lang=en")
    page.locator("#age").fill("abc")
    page.locator("#drugs-0-dose").fill("5")
    page.locator(".send button").click()
    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary.get_by_role("listitem")).to_have_count(2)
    expect(page.locator("#age")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#age")).to_have_accessible_description(re.compile("Write a whole number"))
    summary.get_by_role("link", name=re.compile("Drug")).click()
    expect(page.locator("#drugs-0-what")).to_be_focused()
    assert violations(page) == []


def test_everything_can_be_done_by_keyboard(quiet_page, server):
    page = quiet_page
    page.goto(f"{server.url}/assess?lang=en")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("input[name=sex][value='']").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator("input[name=sex][value=female]")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("67")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Assess bone health")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Change the answers").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#age")).to_have_value("67")


def test_without_scripts_everything_but_the_copy_button_works(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/assess?lang=en")
    expect(page.locator("#drugs-2-what")).to_have_count(0)
    page.get_by_role("button", name=re.compile("Add a row.*Drugs")).click()
    expect(page.locator("#drugs-2-what")).to_be_visible()
    fill_in(page)
    page.locator(".send button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("High osteoporosis risk")
    expect(page.locator("#text")).to_be_visible()
    expect(page.locator("button.copy")).to_be_hidden()
    with context.expect_page() as opened:
        page.get_by_role("button", name="Leaflet as a page").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text("Look after your bones")
    context.close()


@pytest.mark.parametrize("size", [PHONE, NARROWEST], ids=["phone", "narrowest"])
def test_narrow_pages_scroll_only_downwards(quiet_page, server, size):
    quiet_page.set_viewport_size(size)
    for path in ("assess", "rules", "rules/R-GC2", "about"):
        quiet_page.goto(f"{server.url}/{path}?lang=sv")
        assert quiet_page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page = assess(quiet_page, server, "sv")
    for closed in page.locator("summary").all():
        closed.click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("language", ["sv", "en"])
def test_axe_finds_no_barrier(quiet_page, server, size, language):
    quiet_page.set_viewport_size(size)
    for path in ("assess", "rules", "rules/R-OST", "about"):
        quiet_page.goto(f"{server.url}/{path}?lang={language}")
        assert violations(quiet_page) == [], path
    page = assess(quiet_page, server, language)
    for closed in page.locator("summary").all():
        closed.click()
    assert violations(page) == []


def test_targets_are_large_enough_to_hit(result):
    targets = result.locator("button:visible:not(.first-button), .top a, .actions a, select:visible, summary")
    boxes = [(target.text_content(), target.bounding_box()) for target in targets.all()]
    assert len(boxes) > 10
    assert [words for words, box in boxes if min(box["width"], box["height"]) < 24] == []


def test_on_paper_the_result_stands_without_buttons(result):
    result.emulate_media(media="print")
    expect(result.get_by_role("heading", level=1)).to_be_visible()
    assert [button for button in result.locator("button").all() if button.is_visible()] == []
    expect(result.locator("#letter")).to_be_hidden()


def test_a_refused_address_explains_itself(page, server):
    page.goto(f"{server.url}/assess?patient=x")
    expect(page.get_by_role("link", name=re.compile("form|formul"))).to_be_visible()
    assert violations(page) == []
