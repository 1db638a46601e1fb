"""The whole way over HTTP with a partial prefetch: the EHR's FHIR server gives cards, or a 412 that says why."""

import time
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.demo import hook_request
from tests.unit.fhir.fetching import playing
from tests.unit.fhir.fetching.conftest import SOON
from tests.unit.fhir.fetching.playing import TOKEN, FhirServer, status

from .conftest import SERVICE

TODAY = datetime.now(UTC).date()
ESSENTIAL = {"Patient", "Condition", "Procedure"}


def resources_of(patient):
    """Everything the demonstration's prefetch holds for a patient, as a server would hold it."""
    found = []
    for value in hook_request(patient, TODAY)["prefetch"].values():
        entries = value.get("entry", ()) if value else ()
        found += [entry["resource"] for entry in entries] if value and value["resourceType"] == "Bundle" else [value]
    return [one for one in found if one]


def request_for(patient, server, *keys, token=TOKEN):
    """The demonstration's request with only the keys named delivered, and access to the server."""
    body = hook_request(patient, TODAY)
    body["prefetch"] = {key: body["prefetch"][key] for key in keys}
    lent = {"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": "s", "subject": "ehr"}
    return body | {"fhirServer": server.base, "fhirAuthorization": lent}


@pytest.fixture
def opened(settings):
    """Open a chart with a server of the test's own registered; returns the response and how long it took."""

    def open_chart(server, body, **more):
        registered = {"fhir_servers": (server.base,), "allow_http_loopback": True, "fetch_seconds": 10.0} | more
        with TestClient(create_app(settings.model_copy(update=registered))) as client:
            client.get("/health/live")
            start = time.perf_counter()
            response = client.post(SERVICE, json=body, headers={"accept-language": "en"})
            return response, time.perf_counter() - start

    return open_chart


def shown(response):
    return [(card["summary"], card["detail"], card["indicator"]) for card in response.json()["cards"]]


def missing(response):
    assert response.status_code == 412
    assert "cards" not in response.json()
    return [issue["diagnostics"] for issue in response.json()["issue"]]


@pytest.mark.parametrize("keys", [(), ("patient",), ("patient", "conditions"), ("patient", "procedures")])
def test_a_partial_prefetch_gives_the_cards_of_a_whole_one(opened, keys):
    with FhirServer(*resources_of("alva")).running() as server:
        fetched, _ = opened(server, request_for("alva", server, *keys))
        whole, _ = opened(server, hook_request("alva", TODAY))
    assert fetched.status_code == 200, fetched.text
    assert shown(fetched) == shown(whole)
    assert shown(fetched)


def test_pages_of_the_server_give_the_same_cards(opened):
    with FhirServer(*resources_of("alva"), page_size=1).running() as server:
        fetched, _ = opened(server, request_for("alva", server))
        whole, _ = opened(server, hook_request("alva", TODAY))
    assert shown(fetched) == shown(whole)


def test_for_somebody_without_limb_deficiency_only_the_essentials_are_asked_for(opened):
    with FhirServer(*resources_of("ruth")).running() as server:
        response, _ = opened(server, request_for("ruth", server))
    assert response.json() == {"cards": []}
    assert set(server.kinds()) == ESSENTIAL
    assert len(server.asked) == len(ESSENTIAL)


def test_for_somebody_who_died_nothing_more_is_asked_for(opened):
    died = [
        one | {"deceasedBoolean": True} if one["resourceType"] == "Patient" else one for one in resources_of("alva")
    ]
    with FhirServer(*died).running() as server:
        response, _ = opened(server, request_for("alva", server))
    assert response.json() == {"cards": []}
    assert set(server.kinds()) == ESSENTIAL


def test_nothing_is_fetched_from_a_server_that_is_not_registered(opened, client):
    with FhirServer(*resources_of("alva")).running() as server, FhirServer().running() as registered:
        response, _ = opened(registered, request_for("alva", server))
        assert client.post(SERVICE, json=request_for("alva", server)).status_code == 412
    assert server.asked == []
    assert missing(response) == [
        f"{key}: missing: fhirServer is not registered with this service"
        for key in ("patient", "conditions", "procedures")
    ]


FAULTS = [
    ("silent", playing.silent, "timed out"),
    ("hangs up", playing.hanging_up, "the FHIR server could not be reached"),
    ("refuses", status(403), "blocked: the FHIR server refused access"),
    ("breaks", status(500), "the FHIR server answered with an error"),
    ("endless", playing.ten_gigabytes, "the FHIR server's answer was too large"),
]


@pytest.mark.parametrize(("way", "reason"), [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS])
def test_no_silence_when_a_list_that_tells_of_limbs_failed(opened, way, reason):
    """Ruth lacks no limb as far as procedures tell; whether conditions would, is not known."""
    with FhirServer(*resources_of("ruth"), Condition=way).running() as server:
        response, seconds = opened(server, request_for("ruth", server), fetch_seconds=1.0)
    assert missing(response) == [f"conditions: {reason}"]
    assert seconds < SOON
    assert TOKEN not in response.text


def test_cards_are_given_with_the_failed_part_unknown_when_the_limb_is_known(opened):
    with FhirServer(*resources_of("alva"), MedicationRequest=status(401)).running() as server:
        response, _ = opened(server, request_for("alva", server))
        whole, _ = opened(server, hook_request("alva", TODAY))
    assert response.status_code == 200
    assert shown(response) != shown(whole)
    assert "unknown" in str(shown(response)).lower()


def test_everything_dead_is_a_412_within_the_deadline(opened, capsys):
    ways: playing.Ways = dict.fromkeys(ESSENTIAL, playing.silent)
    with FhirServer(**ways).running() as server:
        response, seconds = opened(server, request_for("alva", server), fetch_seconds=0.5)
    assert missing(response) == ["patient: timed out", "conditions: timed out", "procedures: timed out"]
    assert seconds < SOON
    logged = capsys.readouterr()
    for secret in (TOKEN, "Patient/alva", "patient=alva"):
        assert secret not in response.text + logged.out + logged.err


def test_a_failed_delivered_list_is_a_412_too(client):
    body = hook_request("ruth", TODAY)
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
    body["prefetch"]["conditions"] = failed
    assert missing(client.post(SERVICE, json=body)) == ["conditions: failed"]


def test_a_server_that_cannot_be_registered_stops_the_start(settings):
    with pytest.raises(ValueError, match="CDS_FHIR_SERVERS"):
        create_app(settings.model_copy(update={"fhir_servers": ("http://ehr.example/fhir",)}))
