"""The service as an EHR meets it: discovery, a patient opened, feedback."""

import gzip
from datetime import UTC, date, datetime

import orjson
import pytest
from fhir.resources.R4B.servicerequest import ServiceRequest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.demo import demo_patients, hook_request
from cds_service.errors import StoreError
from tests.conformance.cards_check import problems

from .conftest import SERVICE

FEEDBACK = SERVICE + "/feedback"
TODAY = datetime.now(UTC).date()


def open_chart(client, patient, language="en"):
    response = client.post(SERVICE, json=hook_request(patient, TODAY), headers={"accept-language": language})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    return response.json()["cards"]


def test_discovery_lists_the_service_with_its_templates(client):
    service = client.get("/cds-services").json()["services"][0]
    assert service["id"] == "limb-deficiency-bone-health"
    assert service["hook"] == "patient-view"
    assert service["description"]
    assert service["prefetch"]["patient"] == "Patient/{{context.patientId}}"
    for template in service["prefetch"].values():
        assert len(template) < 200
        assert "_include" not in template
        assert ":in" not in template
    assert all(value not in (None, "", [], {}) for value in service.values())


def test_the_card_names_the_drug_its_dose_since_when_the_limb_and_what_is_unknown(client):
    cards = open_chart(client, "alva")
    text = " ".join(card["summary"] + " " + card["detail"] for card in cards)
    for expected in ("prednisolone", "7.5 mg", "8 months", "transfemoral", "left", "Unknown"):
        assert expected.lower() in text.lower(), expected


def test_the_card_carries_a_bone_density_order_that_validates(client):
    cards = open_chart(client, "alva")
    resources = [
        action["resource"] for card in cards for item in card.get("suggestions", []) for action in item["actions"]
    ]
    orders = [ServiceRequest.model_validate(resource) for resource in resources]
    codings = [coding for order in orders if order.code for coding in order.code.coding or []]
    assert any(coding.code == "AN006" for coding in codings)
    assert {order.subject.reference for order in orders} == {"Patient/alva"}
    assert all(order.status == "draft" for order in orders)


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("patient", [patient.id for patient in demo_patients()])
def test_every_answer_keeps_the_rules_of_cds_hooks(client, patient, language):
    assert problems(open_chart(client, patient, language)) == []


def test_the_language_follows_the_request_and_else_the_setting(client):
    assert "bentäthet" in str(open_chart(client, "alva", "sv-SE,sv;q=0.9")).lower()
    default = client.post(SERVICE, json=hook_request("alva", TODAY), headers={"accept-language": ""}).json()
    assert "bentäthet" not in str(default["cards"][0]["detail"]).lower()


def test_a_patient_without_limb_deficiency_gets_no_cards(client):
    assert open_chart(client, "ruth") == []


def test_a_gzipped_request_is_read(client):
    body = gzip.compress(orjson.dumps(hook_request("alva", TODAY)))
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert client.post(SERVICE, content=body, headers=headers).json()["cards"]


def test_what_a_call_leaves_behind_holds_nothing_of_the_patient(client, store):
    open_chart(client, "alva")
    [row] = store.decisions()
    assert row["tier"] == "HIGH"
    assert "R-GC2" in row["rules"]
    request = hook_request("alva", TODAY)
    patient = request["prefetch"]["patient"]
    left = str(row)
    for secret in (patient["birthDate"], patient["name"][0]["family"], request["context"]["userId"], "alva"):
        assert secret not in left


def test_feedback_is_stored_with_the_card_it_is_about(client, store):
    card = open_chart(client, "alva")[0]
    override = {
        "card": card["uuid"],
        "outcome": "overridden",
        "overrideReason": {"reason": card["overrideReasons"][0]},
        "outcomeTimestamp": "2026-06-01T10:00:00Z",
    }
    response = client.post(FEEDBACK, json={"feedback": [override]})
    assert (response.status_code, response.content) == (200, b"")
    client.post(FEEDBACK, json={"feedback": [override]})
    [row] = store.feedback()
    assert (row["card"], row["outcome"]) == (card["uuid"], "overridden")
    assert row["kind"].startswith("K")
    assert row["reason_code"] == card["overrideReasons"][0]["code"]


def test_a_store_that_is_down_costs_no_card(client, store, monkeypatch, capsys):
    def down(*_):
        raise StoreError("the store did not answer")

    with monkeypatch.context() as patched:
        patched.setattr(store, "record", down)
        cards = open_chart(client, "alva")
        assert cards
        entry = {"card": cards[0]["uuid"], "outcome": "accepted", "outcomeTimestamp": "2026-06-01T00:00:00Z"}
        assert client.post(FEEDBACK, json={"feedback": [entry]}).status_code == 200
        assert int(client.get("/health/ready").json()["waiting"]) > 0
    logged = capsys.readouterr()
    assert "records wait on the disk" in logged.out + logged.err
    assert (store.decisions(), store.feedback()) == ([], [])
    client.app.state.outbox._again_at = 1.0
    client.app.state.outbox.tend()
    assert len(store.decisions()) == 1
    assert store.feedback()[0]["kind"] is not None


def test_two_services_side_by_side_keep_their_own_language_and_profile(settings, tmp_path):
    swedish = settings.model_copy(update={"language": "sv", "database_url": f"sqlite:///{tmp_path / 'sv.db'}"})
    with TestClient(create_app(settings)) as english, TestClient(create_app(swedish)) as svensk:
        request = hook_request("alva", TODAY)
        ours = english.post(SERVICE, json=request, headers={"accept-language": "*"}).json()["cards"][0]
        theirs = svensk.post(SERVICE, json=request, headers={"accept-language": "*"}).json()["cards"][0]
    assert ours["summary"] != theirs["summary"]


def test_health_tells_alive_and_ready(client, store, monkeypatch):
    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready", "store": "up"}

    def down():
        raise StoreError("gone")

    monkeypatch.setattr(store, "ping", down)
    assert client.get("/health/ready").json() == {"status": "ready", "store": "down"}


def test_the_example_request_of_the_readme_is_what_the_demonstration_sends(client, repository):
    example = orjson.loads((repository / "examples/patient-view.json").read_bytes())
    sent = hook_request("alva", date(2026, 11, 24))
    assert example | {"hookInstance": ""} == sent | {"hookInstance": ""}
    assert client.post(SERVICE, json=example).json()["cards"]
