"""What is seen of a request from outside: its number, one line in the log, the counts; and who may read those."""

import json
import re
from datetime import UTC, datetime

import pytest
import structlog
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.app.requests import request_id_of
from cds_service.app.routes import outcome_of
from cds_service.demo.patients import hook_request
from cds_service.logs import configure
from cds_service.store import DecisionEntry, ShownCard

SERVICE = "/cds-services/limb-deficiency-bone-health"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
THEIRS = "0AF76519-16CD-43DD-8448-EB211C80319C"


@pytest.fixture
def logged(capsys):
    """Hands over what was logged since it was asked last, as it is logged when the service serves."""
    configure()

    def lines():
        return [json.loads(line) for line in capsys.readouterr().err.splitlines()]

    yield lines
    structlog.reset_defaults()


@pytest.fixture
def here(settings, logged):
    """A caller on this machine."""
    with TestClient(create_app(settings), client=("127.0.0.1", 5000), raise_server_exceptions=False) as client:
        yield client


def chart(patient="alva"):
    return hook_request(patient, datetime.now(UTC).date())


# ---------------------------------------------------------------- the number


@pytest.mark.parametrize("sent", [THEIRS, "0af7651916cd43dd8448eb211c80319c"])
def test_the_callers_number_is_kept_when_it_can_be_no_persons(here, sent):
    assert here.get("/health/live", headers={"x-request-id": sent}).headers["x-request-id"] == sent.lower()


@pytest.mark.parametrize("sent", ["", "19121212-1212", "Alva Exempelsson", "pat-1", "a" * 33, "x" * 10_000, "a\tb"])
def test_any_other_number_is_replaced_by_one_of_ours(here, sent):
    given = here.get("/health/live", headers={"x-request-id": sent}).headers["x-request-id"]
    assert UUID.fullmatch(given)
    assert UUID.fullmatch(request_id_of(sent))


def test_the_number_stands_in_every_line_of_the_request_and_in_the_answer_to_a_fault(here, logged, monkeypatch):
    def broken(*_args, **_kwargs):
        raise RuntimeError("Test-Alva Exempelsson")

    monkeypatch.setattr("cds_service.hooks.engine.Engine.answer", broken)
    logged()
    answer = here.post(SERVICE, json=chart(), headers={"x-request-id": THEIRS})
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, THEIRS.lower())
    assert THEIRS.lower() in answer.text
    lines = logged()
    assert [line["event"] for line in lines] == ["request failed", "request"]
    assert {line["request_id"] for line in lines} == {THEIRS.lower()}


def test_two_requests_have_two_numbers(here):
    assert len({here.get("/cds-services").headers["x-request-id"] for _ in range(2)}) == 2


# ---------------------------------------------------------------- the line


def test_a_request_is_one_line_with_its_declared_address_alone(here, logged):
    logged()
    here.post("/cds-services/pat-19121212?patient=Alva", json={})
    here.get("/nowhere/Alva")
    here.get("/health/live")
    first, second = logged()
    assert (first["route"], first["method"], first["status"]) == ("/cds-services/{service_id}", "POST", 404)
    assert (second["route"], second["status"]) == ("none", 404)
    assert set(first) == {"event", "level", "timestamp", "request_id", "route", "method", "status", "ms"}


# ---------------------------------------------------------------- the counts


def numbers(client, name):
    text = client.get("/metrics").text
    return {labels: float(value) for labels, value in re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE)}


def growth(client, name, act):
    before = numbers(client, name)
    act()
    return {labels: value - before.get(labels, 0) for labels, value in numbers(client, name).items()
            if value != before.get(labels, 0)}  # fmt: skip


def test_a_call_is_counted_by_hook_outcome_and_tier_and_its_cards_by_kind(here):
    kinds: list[str] = []

    def call():
        here.post(SERVICE, json=chart())
        kinds.extend(row["rules"] for row in here.app.state.store.decisions())

    calls = growth(here, "cds_hook_calls_total", call)
    assert calls == {'hook="patient-view",outcome="cards",tier="HIGH"': 1}
    cards = growth(here, "cds_cards_total", lambda: here.post(SERVICE, json=chart("ruth")))
    assert all(labels.startswith('kind="') for labels in cards)


def test_feedback_requests_and_their_time_are_counted(here):
    entry = {"card": "c", "outcome": "accepted", "outcomeTimestamp": "2026-06-01T00:00:00Z"}

    def answer():
        here.post(f"{SERVICE}/feedback", json={"feedback": [entry]})
        here.post(f"{SERVICE}/feedback", json={"feedback": [{}]})
        here.request("BREW", f"{SERVICE}/feedback")

    route = "/cds-services/{service_id}/feedback"
    assert growth(here, "cds_feedback_total", answer) == {'outcome="accepted"': 1}
    requests = growth(here, "cds_http_requests_total", answer)
    assert requests[f'method="POST",route="{route}",status="200"'] == 1
    assert requests[f'method="POST",route="{route}",status="400"'] == 1
    assert [labels for labels in requests if "BREW" in labels] == []
    assert growth(here, "cds_http_request_seconds_count", answer)[f'route="{route}"'] >= 2


def test_the_stages_the_store_the_spool_and_the_rules_are_told(here):
    here.post(SERVICE, json=chart())
    assert {'stage="assess"', 'stage="cards"', 'stage="read"'} <= set(numbers(here, "cds_stage_seconds_count"))
    version = here.app.state.engine.rules.version
    assert numbers(here, "cds_rule_set")[f'profile="se",version="{version}"'] == 1
    assert "" in numbers(here, "cds_spool_bytes")
    assert "" in numbers(here, "cds_store_up")


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({"cards": (ShownCard(uuid="u", kind="K1"),), "silenced": ("K4",)}, "cards"),
        ({"silenced": ("K4",)}, "silenced"),
        ({"withheld": ("K4",), "silenced": ("K1",)}, "withheld"),
        ({"gates": ("G-COHORT",)}, "gated"),
        ({}, "none"),
    ],
)
def test_a_call_without_cards_says_why(changes, outcome):
    plain = {"cards": (), "gates": (), "rules": (), "unknowns": ()}
    decision = DecisionEntry(
        at=datetime.now(UTC), hook="h", rule_set="1", profile="se", tier="", points=0, **(plain | changes)
    )
    assert outcome_of(decision) == outcome


# ---------------------------------------------------------------- who may read them


def reads(settings, caller="127.0.0.1", headers=None, **changes):
    app = create_app(settings.model_copy(update=changes))
    with TestClient(app, client=(caller, 5000)) as client:
        return client.get("/metrics", headers=headers or {}).status_code == 200


def test_callers_on_this_machine_may_read_them_unless_a_proxy_passes_them_on(settings):
    assert reads(settings)
    assert reads(settings, "::1")
    assert not reads(settings, "192.0.2.7")
    assert not reads(settings, "testclient")
    assert not reads(settings, headers={"x-forwarded-for": "192.0.2.7"})


def test_a_caller_that_has_no_address_may_not(settings):
    from starlette.requests import Request  # noqa: PLC0415 - for this test alone

    from cds_service.app.metrics_page import may_read  # noqa: PLC0415 - for this test alone

    assert not may_read(Request({"type": "http", "headers": [], "client": None}), settings)


def test_with_a_token_it_must_be_shown_from_wherever(settings):
    from pydantic import SecretStr  # noqa: PLC0415 - for this test alone

    token = {"metrics": "token", "metrics_token": SecretStr("s3cret")}
    assert reads(settings, "192.0.2.7", {"authorization": "Bearer s3cret"}, **token)
    assert not reads(settings, "127.0.0.1", {"authorization": "Bearer other"}, **token)
    assert not reads(settings, "127.0.0.1", **token)
    assert not reads(settings, "127.0.0.1", {"authorization": "Bearer "}, metrics="token")


def test_switched_off_there_is_no_such_address(settings):
    assert not reads(settings, metrics="off")
