"""The stand-alone page says until when and why a card is silent in the record that a file is from (D18)."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.demo import hook_request
from cds_service.demo.patients import demo_bundle
from cds_service.risk.dates import add_months

from .test_silence import accept, chart, open_chart, override, send

SENTENCE = re.compile(r'<p class="note">([^<]+)</p>')


@pytest.fixture
def telling(settings):
    with TestClient(create_app(settings.model_copy(update={"assess_shows_silence": True}))) as client:
        yield client


def today(client):
    return client.app.state.engine.today()


def told(client, file, language="en"):
    page = client.post(f"/assess?lang={language}", json=file)
    assert page.status_code == 200
    return [unescape(text) for text in SENTENCE.findall(page.text)]


def bundle():
    made = demo_bundle("alva", datetime.now(UTC).date())
    for entry in made["entry"]:
        entry["fullUrl"] = f"https://ehr.example.org/fhir/{entry['resource']['resourceType']}/{entry['resource']['id']}"
    return made


def test_nothing_is_said_of_a_card_that_nobody_answered(telling):
    open_chart(telling)
    assert told(telling, chart()) == []


@pytest.mark.parametrize("file", [chart, bundle], ids=["a hook request", "a Bundle"])
def test_an_overridden_card_is_told_with_its_day_its_end_and_its_reason(telling, file):
    send(telling, override(open_chart(telling)["K1"], "patient-declined"))
    day = today(telling)
    until = add_months(day, 12)
    assert told(telling, file()) == [
        f"Silent in the record: the card was overridden on {day} with the reason “Patient declines”. "
        f"It shows there again from {until}, or earlier when a new strong factor appears."
    ]
    assert told(telling, file(), "sv") == [
        f"Tyst i journalen: kortet avvisades {day} med skälet ”Patienten avböjer”. "
        f"Det visas där igen från {until}, eller tidigare om en ny stark riskfaktor tillkommer."
    ]


def test_an_accepted_card_is_told_as_accepted(telling):
    send(telling, accept(open_chart(telling)["K1"]))
    [sentence] = told(telling, chart())
    until = today(telling) + timedelta(days=56)
    assert sentence.startswith(f"Silent in the record: the card was accepted on {today(telling)}.")
    assert f"again from {until}" in sentence


def test_a_card_silent_until_data_change_has_no_day(telling):
    send(telling, override(open_chart(telling)["K1"], "wrong-patient-data"))
    [sentence] = told(telling, chart())
    assert sentence.endswith("It shows there again when the data it rests on change.")


def test_the_card_itself_is_shown_all_the_same(telling):
    before = telling.post("/assess?lang=en", json=chart()).text.count('<article class="advice')
    send(telling, override(open_chart(telling)["K1"], "patient-declined"))
    assert telling.post("/assess?lang=en", json=chart()).text.count('<article class="advice') == before > 0


@pytest.mark.parametrize(
    "file",
    [
        hook_request("alva", datetime.now(UTC).date()),
        chart(server="https://other.example.org/fhir"),
        demo_bundle("alva", datetime.now(UTC).date()) | {"type": "collection"},
    ],
    ids=["no server", "another server", "another address"],
)
def test_a_file_that_does_not_name_this_record_is_told_nothing(telling, file):
    send(telling, override(open_chart(telling)["K1"], "patient-declined"))
    for entry in file.get("entry", ()):
        entry.pop("fullUrl", None)
    assert told(telling, file) == []


def test_nothing_is_told_where_the_site_has_not_turned_it_on(client):
    send(client, override(open_chart(client)["K1"], "patient-declined"))
    assert told(client, chart()) == []


def test_the_language_can_be_changed_and_it_is_told_again(telling):
    send(telling, override(open_chart(telling)["K1"], "patient-declined"))
    page = telling.post("/assess?lang=en", json=chart()).text
    carried = re.search(r'name="again" value="([^"]+)"', page)
    assert carried
    swedish = telling.post("/assess?lang=sv", data={"action": "language", "again": carried[1]}).text
    assert "Patienten avböjer" in unescape(swedish)


def test_a_form_filled_in_by_hand_is_nobodys_record(telling):
    page = telling.post("/assess?lang=en", data={"action": "assess", "sex": "female", "age": "70"})
    assert SENTENCE.findall(page.text) == []
