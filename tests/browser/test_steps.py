"""The other hooks, driven in the demonstration chart: what is ordered, entered, booked, and what comes of it."""

import json
import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from cds_service.demo.patients import demo_bundle
from cds_service.hooks.services import HOOKS
from tests.browser.on_page import card_of, cards
from tests.browser.test_access import PHONE, violations

pytestmark = pytest.mark.browser


@pytest.fixture
def steps(chart):
    """Opens a chart and waits until something can be done in it."""

    def open_chart(patient, language="en"):
        page = chart(patient, language)
        expect(page.locator("#steps")).to_be_visible()
        return page

    return open_chart


def answered(page, hook):
    expect(page.locator(f"#cards[data-hook={hook}]")).to_have_attribute("data-state", "answered")


def order(page, label, button="Add"):
    page.get_by_label(re.compile("Prescribe or order|Ordinera eller beställ")).select_option(label=label)
    page.locator("form[data-step=order]").get_by_role("button", name=button).click()
    answered(page, "order-select")


def enter(page, kind, label, button):
    form = page.locator(f"form[data-step={kind}]")
    form.get_by_role("combobox").select_option(label=label)
    form.get_by_role("button", name=button).click()


def sent(page):
    return json.loads(page.locator("#request-json").text_content())


def basket(page):
    return page.locator("#basket").get_by_role("listitem")


# ---------------------------------------------------------------- ordering


@pytest.mark.parametrize(
    ("patient", "label", "before", "after"),
    [
        ("karin", "Prednisolone 10 mg daily for 120 days", "elevated risk", "high risk"),
        ("karin", "Letrozole 2.5 mg daily", "elevated risk", "high risk"),
        ("grace", "Heparin 10,000 IU twice daily for 100 days", "elevated risk", "high risk"),
    ],
)
def test_a_drug_that_raises_the_risk_is_said_as_it_is_ordered(steps, patient, label, before, after):
    page = steps(patient)
    order(page, label)
    expect(card_of(page, f"{before} → {after}")).to_be_visible()
    expect(page.locator("#advice-moment")).to_have_text("As the order is selected")
    context = sent(page)["context"]
    [entry] = context["draftOrders"]["entry"]
    assert context["selections"] == [f"{entry['resource']['resourceType']}/{entry['resource']['id']}"]
    assert entry["resource"]["subject"]["reference"] == f"Patient/{patient}"


@pytest.mark.parametrize(
    "label", ["Prednisolone 30 mg daily for 5 days", "Amoxicillin 500 mg three times daily for 7 days"]
)
def test_a_drug_that_changes_nothing_is_passed_over_in_silence(steps, label):
    page = steps("karin")
    order(page, label)
    expect(cards(page)).to_have_count(0)


def test_only_the_order_just_selected_is_spoken_of_and_all_are_sent(steps):
    page = steps("karin")
    order(page, "Letrozole 2.5 mg daily")
    expect(cards(page)).to_have_count(1)
    order(page, "Amoxicillin 500 mg three times daily for 7 days")
    expect(cards(page)).to_have_count(0)
    assert len(sent(page)["context"]["draftOrders"]["entry"]) == 2
    page.get_by_role("button", name=re.compile("Remove Letrozole")).click()
    expect(basket(page)).to_have_count(1)
    expect(page.locator("#basket-title")).to_be_focused()


def test_a_scan_order_is_completed_as_it_is_signed_and_then_signed_in_silence(steps):
    page = steps("grace")
    order(page, "Bone density test (DXA)")
    page.get_by_role("button", name="Sign", exact=True).click()
    answered(page, "order-sign")
    expect(page.locator("#steps-status")).to_contain_text("Press Sign again")
    card_of(page, "DXA order").get_by_role("button", name=re.compile("Complete the DXA order")).click()
    expect(basket(page)).to_contain_text("left hip, right hip, lumbar spine")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.locator("#steps-status")).to_contain_text("1 signed")
    expect(page.locator("#basket")).to_be_hidden()
    [entry] = sent(page)["context"]["draftOrders"]["entry"]
    assert [site["text"] for site in entry["resource"]["bodySite"]] == ["left hip", "right hip", "lumbar spine"]
    expect(page.get_by_role("heading", name="Orders and bookings")).to_be_visible()


def test_a_signed_scan_silences_the_advice_to_order_one(steps):
    page = steps("grace")
    expect(page.get_by_role("button", name=re.compile("Order DXA"))).to_be_visible()
    order(page, "Bone density test (DXA)")
    for _ in range(2):
        page.get_by_role("button", name="Sign", exact=True).click()
        answered(page, "order-sign")
    expect(page.locator("#steps-status")).to_contain_text("1 signed")
    page.get_by_role("button", name="Open the chart again").click()
    answered(page, "patient-view")
    expect(page.get_by_role("button", name=re.compile("Order DXA"))).to_have_count(0)


def test_a_scan_that_should_not_be_done_is_taken_away_when_that_is_accepted(steps):
    page = steps("mei")
    order(page, "Bone density test (DXA)")
    card = card_of(page, "not done in pregnancy|pregnan")
    card.get_by_role("button", name=re.compile("Remove the DXA order")).click()
    expect(page.locator("#basket")).to_be_hidden()
    expect(page.locator("#steps-status")).to_contain_text("Removed: Bone density test")


def test_an_accepted_suggestion_joins_the_unsigned_orders(steps):
    page = steps("alva")
    card_of(page, "Consider DXA").get_by_role("button", name=re.compile("Order DXA")).click()
    expect(basket(page)).to_have_count(1)
    expect(basket(page)).to_contain_text("left hip, right hip, lumbar spine")
    page.get_by_role("button", name="Sign", exact=True).click()
    answered(page, "order-sign")
    [entry] = sent(page)["context"]["draftOrders"]["entry"]
    assert entry["resource"]["id"] == "draft-1"


# ---------------------------------------------------------------- visits, bookings, problems


def test_a_visit_that_begins_gets_the_advice_of_the_chart(steps):
    page = steps("alva")
    shown = page.locator(".card-summary").all_text_contents()
    page.get_by_role("button", name="Begin a visit").click()
    answered(page, "encounter-start")
    expect(page.locator(".card-summary")).to_have_text(shown)
    assert sent(page)["context"]["encounterId"]


def test_a_booked_scan_silences_the_advice_and_a_booked_visit_does_not(steps):
    page = steps("grace")
    enter(page, "booking", "Visit to the prosthetist", "Book")
    answered(page, "appointment-book")
    expect(page.get_by_role("button", name=re.compile("Order DXA"))).to_be_visible()
    assert sent(page)["context"]["appointments"]["entry"][0]["resource"]["status"] == "proposed"
    enter(page, "booking", "Bone density test (DXA)", "Book")
    expect(page.get_by_role("button", name=re.compile("Order DXA"))).to_have_count(0)


def test_a_limb_deficiency_that_is_entered_brings_the_advice_and_stands_in_the_chart(steps):
    page = steps("ruth")
    expect(cards(page)).to_have_count(0)
    enter(page, "problem", "Acquired absence of leg below knee (Z89.5)", "Enter")
    answered(page, "problem-list-item-create")
    expect(cards(page)).to_have_count(2)
    expect(page.get_by_role("cell", name=re.compile("Acquired absence of leg below knee"))).to_be_visible()
    enter(page, "problem", "Upper respiratory infection (J06.9)", "Enter")
    expect(page.get_by_role("cell", name=re.compile("Upper respiratory infection"))).to_be_visible()
    expect(cards(page)).to_have_count(2)


def test_every_hook_of_the_service_can_be_driven_here(repository):
    script = (repository / "cds_service/demo/static").glob("*.js")
    text = "".join(file.read_text(encoding="utf-8") for file in script)
    assert {hook for hook in HOOKS if f'"{hook}"' not in text} == set()


# ---------------------------------------------------------------- for everyone


def test_it_can_all_be_done_by_keyboard_and_in_swedish(steps):
    page = steps("karin", "sv")
    page.get_by_label("Ordinera eller beställ").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Lägg till")).to_be_focused()
    page.keyboard.press("Enter")
    answered(page, "order-select")
    expect(card_of(page, "förhöjd risk → hög risk")).to_be_visible()
    expect(page.locator("#advice-moment")).to_have_text("När beställningen väljs")
    page.get_by_role("button", name=re.compile("Ta bort Prednisolon")).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Ordinera eller beställ")).to_be_focused()


@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["desk", "phone"])
def test_axe_finds_no_barrier_with_orders_in_the_basket(steps, quiet_page, size):
    quiet_page.set_viewport_size(size)
    page = steps("karin", "sv")
    order(page, "Letrozol 2,5 mg dagligen", "Lägg till")
    expect(cards(page)).to_have_count(1)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_scripts_nothing_is_offered_that_would_not_work(browser, server):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{server.url}/?patient=grace&lang=en")
    expect(page.locator("#steps")).to_be_hidden()
    context.close()


def test_another_chart_begins_with_an_empty_basket(steps):
    page = steps("karin")
    order(page, "Letrozole 2.5 mg daily")
    page.get_by_label("FHIR Bundle (JSON)").fill(json.dumps(demo_bundle("nils", datetime.now(UTC).date())))
    page.get_by_role("button", name="Open this Bundle").click()
    expect(page.locator("#basket")).to_be_hidden()
    answered(page, "patient-view")
    expect(page.get_by_role("heading", level=1)).to_have_text("Test-Nils Provman")
