"""What the service refuses, and what it tells the caller then."""

import gzip

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.errors import StoreError
from cds_service.hooks.engine import Engine

from .conftest import SERVICE

JSON = {"content-type": "application/json"}
SECRET = "Test-Alva Exempelsson 19121212-1212"


def issues(response):
    body = response.json()
    assert body["resourceType"] == "OperationOutcome"
    assert response.headers["content-type"] == "application/fhir+json"
    return [(issue["severity"], issue["code"], issue["diagnostics"]) for issue in body["issue"]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"text"',
        b"null",
        b"\xff\xfe\x00",
        b'{"hook": 1}',
        b"{}",
        b"[" * 200_000,
        b'{"hook":"patient-view","hookInstance":"x","context":[]}',
    ],
)
def test_malformed_requests_get_400_and_no_trace(client, body):
    response = client.post(SERVICE, content=body, headers=JSON)
    assert response.status_code == 400
    [(severity, _code, text)] = issues(response)
    assert severity == "error"
    assert "Traceback" not in text


def test_another_hook_gets_400(client):
    body = {"hook": "medication-prescribe", "hookInstance": "x", "context": {"userId": "u", "patientId": "1"}}
    assert client.post(SERVICE, json=body).status_code == 400


def test_a_request_without_usable_data_gets_412_that_names_what_is_missing(client):
    body = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "1"},
    }
    response = client.post(SERVICE, json=body)
    assert response.status_code == 412
    text = " ".join(text for _, _, text in issues(response))
    for named in ("patient", "conditions", "procedures"):
        assert f"{named}: missing" in text


def test_a_failed_query_is_412_and_never_an_empty_list_of_cards(client):
    failed = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
    body = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/1", "patientId": "1"},
        "prefetch": {
            "patient": {"resourceType": "Patient", "id": "1", "gender": "female", "birthDate": "1960-01-01"},
            "conditions": failed,
            "procedures": failed,
        },
    }
    response = client.post(SERVICE, json=body)
    assert response.status_code == 412
    assert "cards" not in response.json()


@pytest.mark.parametrize("path", ["/cds-services/other", "/cds-services/other/feedback"])
def test_an_unknown_service_gets_404(client, path):
    response = client.post(path, json={})
    assert response.status_code == 404
    assert issues(response)[0][1] == "not-found"


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), (SERVICE, 405)])
def test_addresses_and_methods_we_do_not_know_are_told_in_fhir_too(client, path, status):
    response = client.get(path)
    assert response.status_code == status
    assert issues(response)


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_what_is_not_json_gets_415(client, content_type):
    response = client.post(SERVICE, content=b"{}", headers={"content-type": content_type})
    assert response.status_code == 415


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "application/fhir+json", "APPLICATION/JSON"]
)
def test_spellings_of_json_are_accepted(client, content_type):
    response = client.post(SERVICE, content=b"{}", headers={"content-type": content_type})
    assert response.status_code == 400


def test_a_body_over_the_limit_gets_413_whether_declared_or_not(client, settings):
    too_long = b" " * (settings.max_body_bytes + 1)
    assert client.post(SERVICE, content=too_long, headers=JSON).status_code == 413

    def chunks():
        for _ in range(settings.max_body_bytes // 1000 + 2):
            yield b" " * 1000

    assert client.post(SERVICE, content=chunks(), headers=JSON).status_code == 413


def test_gzip_is_read_and_a_gzip_bomb_is_not(client, settings):
    gzipped = JSON | {"content-encoding": "gzip"}
    assert client.post(SERVICE, content=gzip.compress(b"{}"), headers=gzipped).status_code == 400
    bomb = gzip.compress(b" " * (settings.max_body_bytes * 20))
    assert len(bomb) < settings.max_body_bytes
    assert client.post(SERVICE, content=bomb, headers=gzipped).status_code == 413
    assert client.post(SERVICE, content=b"not gzip", headers=gzipped).status_code == 400
    assert client.post(SERVICE, content=gzip.compress(b"{}" * 50)[:-9], headers=gzipped).status_code == 400
    assert client.post(SERVICE, content=b"{}", headers=JSON | {"content-encoding": "br"}).status_code == 415
    assert client.post(SERVICE, content=b"{}", headers=JSON | {"content-encoding": "identity"}).status_code == 400


def test_a_fault_of_ours_is_500_with_a_number_and_nothing_from_the_record(client, monkeypatch, capsys):
    def broken(*_args, **_kwargs):
        raise RuntimeError(SECRET)

    monkeypatch.setattr(Engine, "answer", broken)
    response = client.post(SERVICE, json={"name": SECRET})
    assert response.status_code == 500
    [(severity, code, text)] = issues(response)
    assert (severity, code) == ("fatal", "exception")
    assert SECRET not in response.text
    logged = capsys.readouterr()
    assert SECRET not in logged.err + logged.out
    number = text.rpartition(" ")[2].rstrip(".")
    assert number in logged.err + logged.out
    assert "RuntimeError" in logged.err + logged.out


def test_errors_never_carry_values_of_the_request(client):
    body = {"hook": SECRET, "hookInstance": SECRET, "context": {"userId": SECRET, "patientId": [SECRET]}}
    assert SECRET not in client.post(SERVICE, json=body).text
    assert "Alva" not in client.post(SERVICE + "/feedback", json={"feedback": [{"card": {SECRET: SECRET}}]}).text


def test_browsers_may_call_only_from_the_origins_set(settings):
    origin = {"origin": "https://ehr.example", "access-control-request-method": "POST"}
    with TestClient(create_app(settings)) as closed:
        assert "access-control-allow-origin" not in closed.options(SERVICE, headers=origin).headers
    opened = settings.model_copy(update={"cors_origins": ("https://ehr.example",)})
    with TestClient(create_app(opened)) as client:
        allowed = client.options(SERVICE, headers=origin)
        assert allowed.headers["access-control-allow-origin"] == "https://ehr.example"
        assert "access-control-allow-credentials" not in allowed.headers
        other = client.options(SERVICE, headers=origin | {"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers
        errors = client.post(SERVICE, content=b"{", headers=JSON | {"origin": "https://ehr.example"})
        assert errors.headers["access-control-allow-origin"] == "https://ehr.example"


def test_feedback_that_can_be_kept_nowhere_is_not_acknowledged(client, store, monkeypatch):
    def down(*_):
        raise StoreError("down")

    monkeypatch.setattr(store, "record", down)
    monkeypatch.setattr("os.write", down)
    entry = {"card": "c", "outcome": "accepted", "outcomeTimestamp": "2026-06-01T00:00:00Z"}
    response = client.post(SERVICE + "/feedback", json={"feedback": [entry]})
    assert response.status_code == 503
    assert issues(response)[0][:2] == ("error", "transient")


def test_characters_that_no_database_holds_are_refused_where_they_matter_and_left_out_elsewhere(client, store):
    entry = {"card": "c", "outcome": "accepted", "outcomeTimestamp": "2026-06-01T00:00:00Z"}
    reason = {"overrideReason": {"reason": {"code": "a\0b", "display": "\0"}, "userComment": "\0"}}
    for place in ("card", "outcomeTimestamp"):
        broken = {"feedback": [entry | {place: "a\0b"}]}
        assert client.post(SERVICE + "/feedback", json=broken).status_code == 400
    assert client.post(SERVICE + "/feedback", json={"feedback": [entry | reason]}).status_code == 200
    [row] = store.feedback()
    assert (row["reason_code"], row["reason_display"], row["comment_given"]) == ("ab", "", False)


def test_the_demo_page_is_served_only_when_asked_for(client):
    assert client.get("/").status_code == 404
