"""Silence after feedback, the whole way: a chart is opened, a card answered, the chart opened again and again."""

import copy
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.demo import hook_request
from cds_service.errors import StoreError
from cds_service.risk.dates import add_months

from .conftest import SERVICE

FEEDBACK = SERVICE + "/feedback"
HERE, THERE = "https://ehr.example.org/fhir", "https://other.example.org/fhir"
TOPICS = {"dxa": "K1", "treatment": "K4"}


@pytest.fixture
def clock(client):
    """Moves the service's day: ``clock(days=1)``, ``clock(months=12)``, counted from its own today."""
    engine = client.app.state.engine
    start = engine.today()

    def move(days=0, months=0):
        day = add_months(start, months) + timedelta(days=days)
        client.app.state.engine = structs.replace(engine, today=lambda: day)

    move()
    return move


def chart(patient="alva", server=HERE):
    return hook_request(patient, datetime.now(UTC).date()) | {"fhirServer": server}


def open_chart(client, body=None):
    response = client.post(SERVICE, json=body or chart(), headers={"accept-language": "en"})
    assert response.status_code == 200, response.text
    return {TOPICS[card["source"]["topic"]["code"]]: card for card in response.json()["cards"]}


def override(card, code=None):
    reasons = {reason["code"]: reason for reason in card["overrideReasons"]}
    told = {"overrideReason": {"reason": reasons[code]}} if code else {}
    now = datetime.now(UTC).isoformat()
    return {"card": card["uuid"], "outcome": "overridden", "outcomeTimestamp": now} | told


def accept(card):
    suggestion = {"id": card["suggestions"][0]["uuid"]}
    now = datetime.now(UTC).isoformat()
    return {"card": card["uuid"], "outcome": "accepted", "outcomeTimestamp": now, "acceptedSuggestions": [suggestion]}


def send(client, *entries):
    assert client.post(FEEDBACK, json={"feedback": list(entries)}).status_code == 200


def with_letrozole(body):
    """A new strong factor: an aromatase inhibitor beside the other drugs."""
    changed = copy.deepcopy(body)
    entries = changed["prefetch"]["medicationRequests"]["entry"]
    drug = copy.deepcopy(entries[0])
    drug["fullUrl"] += "-new"
    drug["resource"]["id"] += "-new"
    drug["resource"]["authoredOn"] = body["prefetch"]["observations-vitals"]["entry"][0]["resource"][
        "effectiveDateTime"
    ]
    drug["resource"]["medicationCodeableConcept"] = {
        "coding": [{"system": "http://www.whocc.no/atc", "code": "L02BG04", "display": "letrozole"}]
    }
    entries.append(drug)
    return changed


def test_a_card_that_nobody_answered_is_shown_every_time(client):
    assert set(open_chart(client)) == set(open_chart(client)) == {"K4", "K1"}


TIMES = [
    ("already-done", {"months": 12}),
    ("under-treatment", {"months": 12}),
    ("patient-declined", {"months": 12}),
    ("already-ordered", {"days": 56}),
    ("will-do-later", {"days": 28}),
    ("other", {"days": 28}),
    (None, {"days": 28}),
]


@pytest.mark.parametrize(("code", "until"), TIMES)
def test_an_overridden_card_is_silent_for_the_time_of_its_reason_then_shows_again(client, clock, code, until):
    card = open_chart(client)["K1"]
    send(client, override(card, code))
    assert set(open_chart(client)) == {"K4"}
    clock(**until | {"days": until.get("days", 0) - 1})
    assert set(open_chart(client)) == {"K4"}
    clock(**until)
    assert set(open_chart(client)) == {"K4", "K1"}


def test_an_accepted_card_is_silent_for_eight_weeks(client, clock):
    send(client, accept(open_chart(client)["K1"]))
    clock(days=55)
    assert set(open_chart(client)) == {"K4"}
    clock(days=56)
    assert set(open_chart(client)) == {"K4", "K1"}


def test_an_accepted_card_stays_away_when_its_order_has_appeared(client, clock):
    card = open_chart(client)["K1"]
    send(client, accept(card))
    order = card["suggestions"][0]["actions"][0]["resource"] | {"id": "order-1", "status": "active"}
    body = chart()
    body["prefetch"]["serviceRequests"]["entry"] = [{"fullUrl": f"{HERE}/ServiceRequest/order-1", "resource": order}]
    clock(days=60)
    assert set(open_chart(client, body)) == {"K4"}
    assert set(open_chart(client)) == {"K4", "K1"}


def test_wrong_data_silence_until_the_data_change(client, clock):
    send(client, override(open_chart(client)["K1"], "wrong-patient-data"))
    clock(months=3)
    assert set(open_chart(client)) == {"K4"}
    corrected = chart()
    prednisolone = corrected["prefetch"]["medicationRequests"]["entry"][0]["resource"]
    prednisolone["id"] += "-corrected"
    assert set(open_chart(client, corrected)) == {"K4", "K1"}


def test_a_new_strong_factor_ends_every_silence_until_it_was_answered_too(client):
    cards = open_chart(client)
    send(client, override(cards["K1"], "patient-declined"), override(cards["K4"], "under-treatment"))
    assert open_chart(client) == {}
    cards = open_chart(client, with_letrozole(chart()))
    assert set(cards) == {"K4", "K1"}
    send(client, override(cards["K1"], "patient-declined"))
    assert set(open_chart(client, with_letrozole(chart()))) == {"K4"}


def test_another_patient_and_another_server_are_not_affected(client):
    send(client, override(open_chart(client)["K1"], "patient-declined"))
    namesake = chart(server=THERE)
    twin = chart() | {"context": chart()["context"] | {"patientId": "beata"}}
    twin["prefetch"]["patient"]["id"] = "beata"
    for body in (namesake, twin):
        for value in body["prefetch"].values():
            for entry in value.get("entry", ()):
                entry["resource"]["subject"] = {"reference": f"Patient/{body['context']['patientId']}"}
        assert set(open_chart(client, body)) == {"K4", "K1"}
    assert set(open_chart(client)) == {"K4"}


def test_without_a_server_it_cannot_be_told_whose_card_was_answered(client, store):
    body = chart()
    del body["fhirServer"]
    send(client, override(open_chart(client, body)["K1"], "patient-declined"))
    assert set(open_chart(client, body)) == {"K4", "K1"}
    with store._transaction() as connection:
        marks = connection.exec_driver_sql("SELECT patient FROM shown_cards").all()
    assert {mark for (mark,) in marks} == {None}


def test_feedback_may_come_late_in_a_batch_and_twice(client, clock):
    first, second = open_chart(client)["K1"], open_chart(client)
    batch = [
        override(second["K4"], "under-treatment"),
        override(first, "will-do-later"),
        override(first, "will-do-later"),
    ]
    send(client, *batch)
    send(client, *batch)
    assert open_chart(client) == {}
    clock(days=28)
    assert set(open_chart(client)) == {"K1"}


def test_feedback_on_an_unknown_card_is_kept_and_silences_nothing(client, store):
    card = open_chart(client)["K1"]
    send(client, override(card | {"uuid": "00000000-0000-4000-8000-000000000000"}, "patient-declined"))
    assert set(open_chart(client)) == {"K4", "K1"}
    assert len(store.feedback()) == 1


def test_what_was_held_back_is_remembered_with_the_decision(client, store):
    send(client, override(open_chart(client)["K1"], "patient-declined"))
    open_chart(client)
    assert [row["silenced"] for row in store.decisions()] == [[], ["K1"]]


def test_silence_outlives_a_restart_and_ends_with_another_key(settings):
    def opened(settings, act=None):
        with TestClient(create_app(settings)) as client:
            cards = open_chart(client)
            if act:
                send(client, act(cards["K1"]))
            return set(cards)

    assert opened(settings, lambda card: override(card, "patient-declined")) == {"K4", "K1"}
    assert opened(settings) == {"K4"}
    own = settings.model_copy(update={"silence_key": type(settings.silence_key)("0123456789abcdef" * 4)})
    assert opened(own) == {"K4", "K1"}
    assert opened(settings) == {"K4"}


def test_a_store_that_is_down_hides_nothing(client, capsys):
    send(client, override(open_chart(client)["K1"], "patient-declined"))
    engine = client.app.state.engine

    def down(_patient):
        raise StoreError("the store did not answer")

    client.app.state.engine = structs.replace(engine, silence=structs.replace(engine.silence, acts=down))
    assert set(open_chart(client)) == {"K4", "K1"}
    assert "silence not read" in "".join(capsys.readouterr())


def test_a_patient_without_cards_costs_no_look_up(client):
    engine = client.app.state.engine

    def asked(_patient):
        raise AssertionError("the store was asked")

    client.app.state.engine = structs.replace(engine, silence=structs.replace(engine.silence, acts=asked))
    assert open_chart(client, chart("ruth")) == {}


def test_nothing_of_the_patient_is_in_the_stores_files(settings, tmp_path):
    with TestClient(create_app(settings)) as client:
        cards = open_chart(client)
        send(client, override(cards["K1"], "patient-declined"), accept(cards["K4"]))
        open_chart(client)
        during = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    after = {path.name: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    key = after.pop("http.db.silence-key")
    body = chart()
    patient = body["prefetch"]["patient"]
    secrets = {
        patient["id"],
        patient["birthDate"],
        patient["name"][0]["family"],
        "ehr.example",
        body["context"]["userId"],
    }
    for value in body["prefetch"].values():
        secrets |= {entry["resource"]["id"] for entry in value.get("entry", ())}
    secrets |= {key.decode(), key.decode()[:16]}
    for name, content in [*after.items(), *((n, c) for n, c in during.items() if not n.endswith("silence-key"))]:
        for secret in secrets:
            assert secret.encode().lower() not in content.lower(), name
    assert b"R-GC2" in b"".join(during.values())
