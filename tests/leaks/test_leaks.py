"""Nothing of a patient leaves the service but in the answer to who asked: every record, every way, every sink."""

import json

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cds_service import metrics
from cds_service.app import create_app
from cds_service.cli import app as command_line
from cds_service.errors import StoreError
from cds_service.hooks.engine import Engine
from cds_service.logs import log
from cds_service.settings import Settings
from cds_service.tracing import stage
from tests.leaks.marking import MARK, birth_dates, marked, sent
from tests.leaks.sinks import watched
from tests.unit.fhir.fetching import playing
from tests.unit.fhir.fetching.playing import FhirServer

SERVICE = "/cds-services/limb-deficiency-bone-health"
JSON = {"content-type": "application/json"}
REQUESTS = list(sent())
BIRTH_DATES = birth_dates(REQUESTS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("leaks")


@pytest.fixture(scope="module")
def server():
    with FhirServer(*resources(REQUESTS[0]), token=f"{MARK}.token", Observation=playing.status(500)).running() as one:
        yield one


@pytest.fixture(scope="module")
def sinks(folder, server):
    """What is left in all places after everything was sent every way."""
    settings = Settings(
        database_url=f"sqlite:///{folder / 'leaks.db'}", language="en", allow_open=True, demo=True, large_processes=0,
        fhir_servers=(server.base,), allow_http_loopback=True, fetch_seconds=10.0,
    )  # fmt: skip
    here = ("127.0.0.1", 5000)
    with (
        watched(folder) as sinks,
        TestClient(create_app(settings), client=here, raise_server_exceptions=False) as client,
    ):
        for way in WAYS:
            way(client, sinks, server)
        yield sinks


def resources(request):
    values = [value for value in request["prefetch"].values() if value]
    return [entry["resource"] for value in values for entry in value.get("entry", ({"resource": value},))]


# ---------------------------------------------------------------- the ways


def hooks_and_feedback(client, sinks, _server):
    """Every record to its hook; every card answered, with a comment that names somebody."""
    statuses = set()
    for request in REQUESTS:
        answer = client.post(SERVICE, json=request)
        sinks.heard(answer)
        statuses.add(answer.status_code)
        cards = answer.json().get("cards", ())
        reason = {"reason": {"code": "patient-declined"}, "userComment": f"{MARK} comment"}
        said = {"outcome": "overridden", "outcomeTimestamp": "2026-06-01T00:00:00Z", "overrideReason": reason}
        entries = [said | {"card": card["uuid"]} for card in cards]
        if entries:
            sinks.heard(client.post(f"{SERVICE}/feedback", json={"feedback": entries}))
    assert {200, 412} <= statuses


def with_the_store_down(client, sinks, _server):
    """The same while the store is away: records and feedback lie in the spool."""
    outbox = client.app.state.outbox

    def down(*_):
        raise StoreError("down")

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(client.app.state.store, "record", down)
        for request in REQUESTS[:8]:
            sinks.heard(client.post(SERVICE, json=request))
        entry = {"card": "c", "outcome": "accepted", "outcomeTimestamp": "2026-06-01T00:00:00Z"}
        comment = {"overrideReason": {"userComment": f"{MARK} comment"}}
        sinks.heard(client.post(f"{SERVICE}/feedback", json={"feedback": [entry | comment]}))
        assert outbox.waiting_bytes > 0
        # As it lies there now: what waits is looked through too, not only what is left of it.
        for file in sinks.folder.rglob("*.spool"):
            if file.is_file():
                (sinks.folder / f"{file.name}.copy").write_bytes(file.read_bytes())


def refusals(client, sinks, _server):
    """Whatever is refused: bodies that are broken, too large, of the wrong kind, for nobody; addresses with names."""
    whole = json.dumps(REQUESTS[0]).encode()
    name = {"x-request-id": f"{MARK}-id", "traceparent": MARK, "authorization": f"Bearer {MARK}"}
    post = client.post
    answers = [
        post(SERVICE, content=whole[:-20], headers=JSON),
        post(SERVICE, content=whole, headers={"content-type": f"text/{MARK}"}),
        post(SERVICE, content=whole + b" " * 20_000_000, headers=JSON),
        post(SERVICE, content=whole, headers=JSON | {"content-encoding": "gzip"}),
        post(SERVICE, json=REQUESTS[0] | {"hook": MARK}),
        post(SERVICE, json=REQUESTS[0] | {"context": {"patientId": [MARK]}}),
        post(SERVICE, json=REQUESTS[0] | {"prefetch": {MARK: {"resourceType": MARK, "id": MARK}}}),
        post(SERVICE, json=REQUESTS[0], headers=name),
        post(f"/cds-services/{MARK}?patient={MARK}", json=REQUESTS[0]),
        post(f"{SERVICE}/feedback", json={"feedback": [{"card": {MARK: MARK}}]}),
        post(f"{SERVICE}/feedback", json={"feedback": [{"card": MARK, "outcome": MARK, "outcomeTimestamp": MARK}]}),
        client.get(f"/Patient/{MARK}?name={MARK}", headers=name),
        client.put(SERVICE, json=REQUESTS[0]),
    ]
    for answer in answers:
        sinks.heard(answer)
    assert {400, 404, 405, 413, 415} <= {answer.status_code for answer in answers}


def faults_of_ours(client, sinks, _server):
    """An error whose text quotes the record."""

    def broken(_self, body, **_):
        raise RuntimeError(body)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Engine, "answer", broken)
        for request in REQUESTS[:5]:
            answer = client.post(SERVICE, json=request)
            assert answer.status_code == 500
            sinks.heard(answer)


def fetching(client, sinks, server):
    """Data come from the EHR's server with a token; some are refused, the server fails on others."""
    lent = {"access_token": f"{MARK}.token", "token_type": "Bearer", "expires_in": 300, "scope": "s", "subject": "e"}
    partial = marked(REQUESTS[0] | {"hook": "patient-view", "prefetch": {}})
    partial |= {"fhirServer": server.base, "fhirAuthorization": lent, "context": REQUESTS[0]["context"]}
    statuses = []
    for change in (
        {},
        {"fhirAuthorization": lent | {"access_token": f"{MARK} wrong\n"}},
        {"fhirServer": f"http://{MARK}"},
    ):
        answer = client.post(SERVICE, json=partial | change)
        sinks.heard(answer)
        statuses.append(answer.status_code)
    assert any(asked.headers.get("authorization") == f"Bearer {MARK}.token" for asked in server.asked)
    assert 412 in statuses


def stand_alone(client, sinks, _server):
    """The page for clinics: files as they come from records, and the letter of what it found."""
    for request in REQUESTS[:6]:
        body = json.dumps(request).encode()
        page = client.post("/assess?lang=en", files={"bundle": (f"{MARK}.json", body)}, data={"action": "file"})
        sinks.heard(page)
        assert page.status_code < 500
    for broken in (b"{", json.dumps({"resourceType": MARK}).encode()):
        sinks.heard(client.post("/assess", files={"bundle": (f"{MARK}.json", broken)}, data={"action": "file"}))
    # The form shows what was typed into it again to who typed it; elsewhere it must not be.
    sinks.headers.append(repr(client.post("/assess", data={"action": MARK, "age": MARK}).headers).encode())


def from_the_command_line(_client, sinks, _server):
    """``assess`` on whole and broken files: what it prints on standard error."""
    for number, request in enumerate(REQUESTS[:3]):
        file = sinks.folder.parent / f"given-{number}.json"
        for content in (json.dumps(request), json.dumps(request)[:-9]):
            file.write_text(content, "utf-8")
            told = CliRunner().invoke(command_line, ["assess", str(file)])
            sinks.errors.append(told.stderr.encode() + repr(told.exception).encode())


WAYS = (
    hooks_and_feedback,
    with_the_store_down,
    refusals,
    faults_of_ours,
    fetching,
    stand_alone,
    from_the_command_line,
)


# ---------------------------------------------------------------- the search


def test_nothing_of_a_patient_is_in_logs_metrics_traces_store_spool_errors_or_headers(sinks):
    assert sinks.leaks(BIRTH_DATES) == []


def test_there_was_something_to_look_through(sinks):
    sizes = {where: len(content) for where, content in sinks.contents()}
    for where in ("log", "metrics", "traces", "error bodies", "response headers"):
        assert sizes[where] > 1000, where
    assert any(where.endswith("leaks.db") and size > 50_000 for where, size in sizes.items())
    assert any(where.endswith(".spool.copy") and size > 1000 for where, size in sizes.items())
    assert len(BIRTH_DATES) > 50


def traced(name):
    with stage(name):
        pass


PLANTED = {
    "log": lambda _: log.info(f"opened the chart of {MARK}family"),
    "metrics": lambda _: metrics.FEEDBACK.labels(f"{MARK}family").inc(),
    "traces": lambda _: traced(f"{MARK}-id"),
    "error bodies": lambda sinks: sinks.errors.append(b'{"diagnostics": "no such patient: ' + MARK.encode() + b'"}'),
    "response headers": lambda sinks: sinks.headers.append(f"location: /Patient/{MARK}-id".encode()),
    "folder": lambda sinks: (sinks.folder / "planted.db").write_bytes(f"x{MARK.upper()}x".encode()),
}


@pytest.mark.parametrize("where", PLANTED)
def test_the_search_finds_a_name_wherever_it_is_planted(tmp_path, where):
    with watched(tmp_path) as sinks:
        PLANTED[where](sinks)
        found = sinks.leaks()
    if where == "metrics":
        metrics.FEEDBACK.remove(f"{MARK}family")
    if where == "traces":
        metrics.STAGE_SECONDS.remove(f"{MARK}-id")
        found = [one for one in found if not one.startswith("metrics")]
    assert len(found) == 1
    assert found[0].startswith(f"{tmp_path.name}/planted.db" if where == "folder" else where)
