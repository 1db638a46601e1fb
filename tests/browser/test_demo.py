"""The demonstration chart in a real browser, against the real service."""

import json
import re
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from cds_service.demo.patients import demo_bundle
from tests.browser.on_page import card_of, cards, feedback_of, shown_uuid

pytestmark = pytest.mark.browser

SERVICE = "**/cds-services/limb-deficiency-bone-health"


def answered(page, given, status=200):
    """Let the service answer this instead, to see what the page makes of it."""
    body = json.dumps(given)
    page.route(SERVICE, lambda route: route.fulfill(status=status, content_type="application/json", body=body))


def own_bundle(page, text):
    page.get_by_label("FHIR Bundle (JSON)").fill(text)
    page.get_by_role("button", name="Open this Bundle").click()


def today():
    return datetime.now(UTC).date()


# ---------------------------------------------------------------- charts and cards


def test_choosing_a_patient_shows_the_chart_and_its_cards(chart):
    page = chart("ebba")
    page.get_by_role("navigation", name="Synthetic patients").get_by_role("link", name=re.compile("Demo-Grace")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Demo-Grace Samplewood")
    expect(page.locator("[aria-current=page] .patient-name")).to_have_text("Demo-Grace Samplewood")
    expect(page.get_by_role("cell", name=re.compile("letrozole"))).to_be_visible()
    expect(cards(page)).to_have_count(1)
    card = card_of(page, "letrozole.*Consider DXA")
    expect(card).to_have_attribute("data-indicator", "warning")
    expect(card.locator(".card-indicator")).to_have_text("Warning")
    expect(card).to_contain_text("Unknown (")
    expect(card).to_contain_text("Source: ")


@pytest.mark.parametrize("patient", ["ebba", "ruth"])
def test_silence_is_shown_as_no_advice_and_not_as_an_error(chart, patient):
    page = chart(patient)
    expect(page.get_by_role("heading", name="No advice for this patient")).to_be_visible()
    expect(cards(page)).to_have_count(0)
    expect(page.locator("#advice-status")).to_contain_text("Answered in")


def test_the_most_urgent_card_stands_first(chart):
    page = chart("jonas")
    expect(page.locator(".card-indicator")).to_have_text(["Warning", "Information"])


def test_a_refused_list_is_shown_in_the_chart_and_in_the_card(chart):
    page = chart("carl")
    expect(page.get_by_text("The record does not release this list.", exact=True)).to_be_visible()
    expect(card_of(page, "medication list")).to_be_visible()


def test_a_large_chart_is_answered_and_only_its_newest_rows_are_shown(chart):
    page = chart("walter")
    expect(page.get_by_text(re.compile(r"and 39\d more"))).to_be_visible()
    expect(cards(page)).to_have_count(2)


def test_request_and_response_stand_side_by_side_and_can_be_copied(chart):
    page = chart("alva")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    request = json.loads(page.locator("#request-json").text_content())
    assert (request["hook"], request["context"]["patientId"]) == ("patient-view", "alva")
    left, right = (page.locator(f"#{name}-json").bounding_box() for name in ("request", "response"))
    assert left["y"] == right["y"]
    assert left["x"] + left["width"] <= right["x"]
    page.locator("[data-copy=request]").click()
    expect(page.locator("#copy-status")).to_have_text("Copied")
    assert json.loads(page.evaluate("navigator.clipboard.readText()")) == request


# ---------------------------------------------------------------- feedback


def test_accepting_a_suggestion_shows_the_order_and_is_stored(chart, server):
    page = chart("alva")
    place = [text.strip() for text in page.locator(".card-summary").all_text_contents()].index(
        page.get_by_role("heading", name=re.compile("Consider DXA")).text_content().strip()
    )
    uuid = shown_uuid(page, place)
    card = card_of(page, "Consider DXA")
    card.get_by_role("button", name=re.compile("Order DXA")).click()
    expect(card.get_by_role("status")).to_have_text("Accepted. The service has been told.")
    expect(card.get_by_text("Created in the chart:")).to_be_visible()
    card.get_by_text("Show the resource").click()
    order = json.loads(card.get_by_role("region", name="ServiceRequest").text_content())
    assert (order["resourceType"], order["status"]) == ("ServiceRequest", "draft")
    assert order["subject"]["reference"] == "Patient/alva"
    (stored,) = feedback_of(server, uuid)
    suggestions = json.loads(page.locator("#response-json").text_content())["cards"][place]["suggestions"]
    assert stored["outcome"] == "accepted"
    assert list(stored["suggestions"]) == [suggestions[0]["uuid"]]
    card.get_by_role("button", name=re.compile("Accepted: Order DXA")).click(force=True)
    assert len(feedback_of(server, uuid)) == 1


def test_overriding_needs_a_reason_and_stores_it_with_the_comment(chart, server):
    page = chart("nils")
    uuid = shown_uuid(page, 0)
    card = cards(page).first
    opener = card.get_by_role("button", name="Override this advice")
    opener.click()
    expect(opener).to_have_attribute("aria-expanded", "true")
    send = card.get_by_role("button", name="Override", exact=True)
    send.click()
    expect(card.get_by_role("alert")).to_have_text("Choose a reason.")
    assert feedback_of(server, uuid) == []
    card.get_by_role("radio", name="Patient declines").check()
    card.get_by_label(re.compile("Comment")).fill("wants to wait")
    send.click()
    expect(card.locator(".card-overridden")).to_have_text("Overridden: Patient declines")
    expect(card.locator(".card-overridden")).to_be_focused()
    expect(card.locator(".card-suggestions")).to_be_hidden()
    (stored,) = feedback_of(server, uuid)
    assert (stored["outcome"], stored["comment"]) == ("overridden", "wants to wait")
    given = json.loads(page.locator("#response-json").text_content())["cards"][0]["overrideReasons"]
    assert stored["reason_code"] in {reason["code"] for reason in given}
    assert json.loads(page.locator("#feedback-json").text_content())["feedback"][0]["card"] == uuid


def test_feedback_that_could_not_be_stored_is_said_and_can_be_repeated(page, server):
    page.goto(f"{server.url}/?patient=grace&lang=en")
    card = cards(page).first
    page.route(f"{SERVICE}/feedback", lambda route: route.fulfill(status=503))
    button = card.get_by_role("button", name=re.compile("Order DXA"))
    button.click()
    expect(card.get_by_role("status")).to_contain_text("could not be told (HTTP 503)")
    expect(card.get_by_text("Created in the chart:")).to_have_count(0)
    page.unroute(f"{SERVICE}/feedback")
    button.click()
    expect(card.get_by_role("status")).to_have_text("Accepted. The service has been told.")


def test_of_suggestions_that_exclude_each_other_only_one_can_be_accepted(chart, quiet_page):
    suggestions: list[dict] = [{"label": label, "uuid": label, "actions": []} for label in ("First", "Second")]
    answered(quiet_page, {"cards": [hostile_card(suggestions=suggestions, selectionBehavior="at-most-one")]})
    page = chart()
    page.get_by_role("button", name="First").click()
    expect(page.get_by_role("button", name="Second")).to_be_disabled()


# ---------------------------------------------------------------- hostile and failing answers


def hostile_card(**more):
    return {
        "uuid": "card-1",
        "summary": "<img src=x onerror=alert(1)> Summary",
        "detail": "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n![tracker](http://example.org/x.png) "
        "[bad](javascript:alert(1)) [good](https://example.org/page)",
        "indicator": "warning",
        "source": {"label": "<b>Source</b>", "url": "javascript:alert(1)"},
        "links": [
            {"label": "evil", "url": "javascript:alert(1)", "type": "absolute"},
            {"label": "fine", "url": "https://example.org/fine", "type": "absolute"},
        ],
        "overrideReasons": [{"code": "x", "display": "<i>reason</i>"}],
    } | more


def test_markup_in_a_card_is_inert(chart, quiet_page):
    action = {"type": "create", "description": "<img src=x>", "resource": {"resourceType": "<img src=x>"}}
    suggestion = {"label": "<img src=x onerror=alert(1)>", "uuid": "s", "actions": [action]}
    answered(quiet_page, {"cards": [hostile_card(suggestions=[suggestion], indicator="catastrophe")]})
    page = chart()
    page.locator(".card-suggestions button").click()
    expect(page.locator(".action-done")).to_be_visible()
    assert page.locator("#cards :is(script, img, iframe, svg, style, b, i)").count() == 0
    links = page.locator("#cards a[href]").evaluate_all(
        "links => links.map(link => [link.href, link.rel, link.target])"
    )
    safe = ["noopener noreferrer", "_blank"]
    assert links == [["https://example.org/page", *safe], ["https://example.org/fine", *safe]]
    expect(page.locator(".card-indicator")).to_have_text("Unknown urgency")


def test_a_refusal_is_shown_as_such_and_never_as_no_risk(page, server):
    page.goto(f"{server.url}/?patient=alva&lang=en")
    own_bundle(page, '{"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Patient", "id": "x"}}]}')
    failure = page.locator(".failure")
    expect(failure).to_contain_text("No advice could be given")
    expect(failure).to_contain_text("HTTP 412")
    expect(failure).to_contain_text("This does not mean that there is no risk.")
    assert failure.get_by_role("listitem").count() >= 1


@pytest.mark.parametrize("given", [{"cards": None}, {}, [], "nonsense", None])
def test_an_answer_without_cards_is_no_silence(page, server, given):
    answered(page, given)
    page.goto(f"{server.url}/?lang=en")
    expect(page.locator(".failure")).to_contain_text("No advice could be given")


def test_a_service_that_is_away_is_told(page, server):
    page.route(SERVICE, lambda route: route.abort())
    page.goto(f"{server.url}/?lang=sv")
    expect(page.locator(".failure")).to_contain_text("Tjänsten svarade inte.")


# ---------------------------------------------------------------- own Bundle


def test_an_own_bundle_is_drawn_and_assessed(chart, server):
    page = chart("ebba")
    own_bundle(page, json.dumps(demo_bundle("nils", today())))
    expect(card_of(page, "leuprorelin")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Test-Nils Provman")
    expect(page.locator(".badge")).to_have_text("Your Bundle")
    expect(page.locator("#advice")).to_be_focused()
    assert page.locator(".patients [aria-current]").count() == 0
    assert "nils" not in page.url


def test_an_own_bundle_can_be_a_file(chart):
    page = chart("ebba")
    content = json.dumps(demo_bundle("grace", today())).encode()
    chosen = {"name": "mine.json", "mimeType": "application/json", "buffer": content}
    page.get_by_label("or choose a file").set_input_files(chosen)
    page.get_by_role("button", name="Open this Bundle").click()
    expect(card_of(page, "letrozole")).to_be_visible()


def test_markup_in_an_own_bundle_is_inert(chart):
    page = chart("ebba")
    text = json.dumps(demo_bundle("alva", today()))
    hostile = text.replace("Prednisolon 2,5 mg tablett", "<img src=x onerror=alert(1)>").replace(
        "Exempelsson", "</h1><script>alert(1)</script>"
    )
    own_bundle(page, hostile)
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>")
    assert page.locator("main :is(img, script)").count() == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Paste a Bundle or choose a file first."),
        ('{"resourceType": "Patient"}', "resourceType must be Bundle"),
        ("{", "it is not JSON"),
    ],
)
def test_a_bundle_that_cannot_be_opened_is_explained(page, server, text, said):
    page.goto(f"{server.url}/?lang=en")
    page.wait_for_selector("#cards[data-state]")
    own_bundle(page, text)
    expect(page.locator("#own-error")).to_contain_text(said)
    expect(page.get_by_role("heading", level=1)).to_have_text("Test-Alva Exempelsson")
