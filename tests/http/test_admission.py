"""Who may call, over HTTP: what is open, what is refused and how, and what the admin learns of it."""

import asyncio
import time
import uuid
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.app.admission import ANYONE
from cds_service.clients.api_keys import new_key
from cds_service.demo import hook_request
from cds_service.settings import Settings
from cds_service.store import Store
from tests.unit.trust.signing import ISSUER, document, public, token

from .conftest import SERVICE

TODAY = datetime.now(UTC).date()
BASE = "https://cds.example"
FEEDBACK = {"feedback": [{"card": "c", "outcome": "accepted", "outcomeTimestamp": "2026-06-01T00:00:00Z"}]}
KEY, KEPT = new_key(TODAY)
PILOT = {
    "schema": 1,
    "id": "pilot",
    "name": "Pilot",
    "auth": {"mode": "api-key", "api_keys": [{"prefix": KEPT.prefix, "sha256": KEPT.sha256, "made": KEPT.made}]},
}


@pytest.fixture
def settings(tmp_path):
    return Settings(database_url=f"sqlite:///{tmp_path / 'http.db'}", language="en", base_url=BASE, large_processes=0)


@pytest.fixture
def serve(settings):
    """Serve with these clients registered; further settings by name."""
    opened = []

    def serving(*documents, **more):
        store = Store.open(settings.database_url)
        for one in documents:
            store.clients.add(one, by="a test")
        store.close()
        client = TestClient(create_app(settings.model_copy(update=more)))
        opened.append(client)
        return client.__enter__()

    yield serving
    for client in opened:
        client.__exit__(None, None, None)


def now_token(path=SERVICE, **changed):
    """A token of this moment for an address of ours."""
    head = changed.pop("head", None)
    alg, owner = changed.pop("alg", "ES384"), changed.pop("owner", "north")
    made = {"aud": f"{BASE}{path}", "iat": int(time.time()), "exp": int(time.time()) + 300} | changed
    return token(alg, owner, head, **made)


def bearer(text):
    return {"authorization": f"Bearer {text}"}


def call(client, patient="alva", **headers):
    return client.post(SERVICE, json=hook_request(patient, TODAY), headers={"accept-language": "en", **headers})


def told(client):
    """What the admin is told, after what was counted is written."""
    asyncio.run(client.app.state.admission.write())
    return [(one.client, one.reason, one.times) for one in client.app.state.store.refusals.latest()]


# ---------------------------------------------------------------- in and out


def test_without_any_client_discovery_is_answered_and_calls_are_not(serve):
    client = serve()
    assert len(client.get("/cds-services").json()["services"]) == 6
    assert client.get("/health/ready").status_code == 200
    assert call(client).status_code == 401
    assert client.post(SERVICE + "/feedback", json=FEEDBACK).status_code == 401


def test_a_refusal_is_bare(serve):
    client = serve(document())
    answers = [
        call(client),
        call(client, **bearer("x")),
        call(client, **bearer(now_token(iss="https://evil.example"))),
        call(client, **bearer(now_token(owner="evil"))),
        call(client, **{"x-api-key": KEY}),
    ]
    for answer in answers:
        assert answer.status_code == 401
        assert answer.content == b""
        assert answer.headers["www-authenticate"] == "Bearer"
    seen = [
        {name: value for name, value in answer.headers.items() if name not in {"date", "x-request-id"}}
        for answer in answers
    ]
    assert all(one == seen[0] for one in seen)


def test_a_registered_client_with_a_good_token_gets_its_cards_and_may_give_feedback(serve):
    client = serve(document())
    answer = call(client, **bearer(now_token()))
    assert answer.status_code == 200
    assert answer.json()["cards"]
    given = client.post(SERVICE + "/feedback", json=FEEDBACK, headers=bearer(now_token(SERVICE + "/feedback")))
    assert given.status_code == 200
    assert client.app.state.store.decisions()[-1]["client"] == "north"


def test_a_token_for_one_address_opens_no_other(serve):
    client = serve(document())
    assert call(client, **bearer(now_token(SERVICE + "/feedback"))).status_code == 401
    refused = client.post(SERVICE + "/feedback", json=FEEDBACK, headers=bearer(now_token()))
    assert refused.status_code == 401
    assert client.app.state.store.feedback() == []


def test_the_host_that_a_call_names_does_not_make_the_token_ours(serve):
    client = serve(document(), base_url="")
    other = now_token(aud="https://other.example" + SERVICE)
    assert call(client, **bearer(other), host="other.example").status_code == 401
    assert told(client) == [("north", "audience", 1)]


def test_a_token_is_used_once_also_after_a_restart(serve, settings):
    text = now_token()
    client = serve(document())
    assert call(client, **bearer(text)).status_code == 200
    assert call(client, **bearer(text)).status_code == 401
    with TestClient(create_app(settings)) as again:
        assert call(again, **bearer(text)).status_code == 401
        assert told(again)[0] == ("north", "replayed", 1)


def test_a_pilot_comes_in_with_its_key(serve):
    client = serve(PILOT)
    assert call(client, **bearer(KEY)).status_code == 200
    assert call(client, **{"x-api-key": KEY}).status_code == 200
    assert call(client, **{"x-api-key": KEY[:-1] + "~"}).status_code == 401


def test_a_certificate_counts_only_from_a_trusted_proxy(serve):
    behind = {
        "schema": 1,
        "id": "behind",
        "name": "Behind",
        "auth": {"mode": "mtls", "certificate_subjects": ["CN=ehr"]},
    }
    shown = {"x-ssl-subject": "CN=ehr"}
    stranger = serve(behind, certificate_header="X-SSL-Subject", trusted_proxies=("10.0.0.0/8",))
    assert call(stranger, **shown).status_code == 401
    assert told(stranger)[0][1] == "proxy-not-trusted"
    # The test client's address is no address at all.
    assert call(stranger, **shown, **{"x-forwarded-for": "10.0.0.1"}).status_code == 401
    trusting = TestClient(stranger.app, client=("10.1.2.3", 50_000))
    assert call(trusting, **shown).status_code == 200


def test_before_it_is_known_who_calls_no_body_is_read(serve):
    client = serve(document())

    def endless():
        pytest.fail("the body was read")
        yield b""

    headers = {"content-type": "application/json", "content-length": "100"}
    assert client.post(SERVICE, content=endless(), headers=headers).status_code == 401


# ---------------------------------------------------------------- what the admin learns


def test_the_admin_learns_why_and_nothing_of_the_token(serve, capsys):
    client = serve(document())
    secret = "Test-Alva-Exempelsson"
    text = now_token(sub=secret, exp=int(time.time()) - 100, iat=int(time.time()) - 200, jti=secret)
    for _ in range(3):
        call(client, **bearer(text))
    call(client, **bearer(now_token(iss=secret)))
    assert sorted(told(client)) == [("", "unknown-issuer", 1), ("north", "expired", 3)]
    logged = "".join(capsys.readouterr())
    assert "expired" in logged
    for part in (secret, text, *text.split(".")):
        assert part not in logged


def test_refusals_that_cannot_be_stored_are_counted_on(serve, capsys):
    client = serve(document())
    call(client)
    store = client.app.state.store
    with store._transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE refusals RENAME TO away")
    asyncio.run(client.app.state.admission.write())
    assert "refusals not stored" in "".join(capsys.readouterr())
    with store._transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO refusals")
    call(client)
    assert told(client) == [("", "no-credentials", 2)]


# ---------------------------------------------------------------- changes while the service runs


def test_a_client_that_is_registered_changed_or_switched_off_is_so_within_two_seconds(serve):
    client = serve()
    clients = client.app.state.store.clients
    assert call(client, **bearer(now_token())).status_code == 401

    def becomes(status, **changed):
        deadline = time.monotonic() + 2.0
        while time.monotonic() < deadline:
            if call(client, **bearer(now_token(**changed))).status_code == status:
                return True
            time.sleep(0.05)
        return False

    clients.add(document(), by="alva")
    assert becomes(200)
    clients.change(document(keys=[public(owner="new")]), made_from=1, by="alva")
    assert becomes(401)
    assert becomes(200, owner="new")
    clients.change(document(keys=[public(owner="new")]) | {"active": False}, made_from=2, by="alva")
    assert becomes(401, owner="new")


def test_a_registration_that_cannot_be_read_shuts_nobody_else_out(serve, settings, capsys):
    client = serve(document(), PILOT)
    with client.app.state.store._transaction() as connection:
        connection.exec_driver_sql("""UPDATE clients SET document = '{"schema": 7}' WHERE id = 'pilot'""")
    with TestClient(create_app(settings)) as again:
        assert call(again, **bearer(now_token())).status_code == 200
        assert call(again, **bearer(KEY)).status_code == 401
    assert "client left out" in "".join(capsys.readouterr())


# ---------------------------------------------------------------- limits of a client


def test_too_many_calls_are_told_when_to_come_again(serve):
    client = serve(PILOT | {"limits": {"calls_per_minute": 6, "burst": 2}})
    answers = [call(client, **bearer(KEY)) for _ in range(3)]
    assert [one.status_code for one in answers] == [200, 200, 429]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 10
    assert answers[2].json()["issue"][0]["code"] == "throttled"
    assert told(client) == [("pilot", "rate", 1)]
    assert client.get("/cds-services").status_code == 200


def test_calls_that_prove_nothing_are_not_counted_together_unless_an_open_client_is_registered(serve):
    assert ANYONE.limits.burst > 10_000
    lab = {"schema": 1, "id": "lab", "name": "Lab", "auth": {"mode": "open"}}
    client = serve(lab | {"limits": {"calls_per_minute": 6, "burst": 1}}, allow_open=True)
    assert [call(client).status_code for _ in range(2)] == [200, 429]


def test_a_body_may_be_as_large_as_the_client_and_the_settings_both_allow(serve):
    small = serve(PILOT | {"limits": {"body_bytes": 1000}})
    assert call(small, **bearer(KEY)).status_code == 413
    wide = serve(PILOT | {"id": "wide", "auth": {"mode": "open"}, "limits": {"body_bytes": 10_000_000}},
                 allow_open=True, max_body_bytes=1000)  # fmt: skip
    assert call(wide).status_code == 413


def test_a_hook_that_is_off_for_the_client_is_refused_though_discovery_lists_it(serve):
    client = serve(PILOT | {"answers": {"hooks": ["order-sign"]}})
    assert call(client, **bearer(KEY)).status_code == 400
    assert "patient-view" in {one["hook"] for one in client.get("/cds-services").json()["services"]}


def test_a_silent_client_is_shown_nothing_and_the_record_says_so(serve):
    client = serve(PILOT | {"answers": {"silent": True}})
    assert call(client, **bearer(KEY)).json() == {"cards": []}
    row = client.app.state.store.decisions()[-1]
    assert (row["silent"], row["client"]) == (True, "pilot")
    assert row["withheld"]


# ---------------------------------------------------------------- browsers

APP, EVIL = "https://app.north.example", "https://evil.example"


def preflight(client, origin):
    asked = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization",
    }
    return client.options(SERVICE, headers=asked)


def allowed(answer):
    return answer.headers.get("access-control-allow-origin")


def test_a_preflight_is_answered_for_the_origins_of_all_clients_together(serve):
    client = serve(document() | {"cors_origins": [APP]}, PILOT)
    granted = preflight(client, APP)
    assert (granted.status_code, allowed(granted)) == (204, APP)
    assert "Authorization" in granted.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in granted.headers
    refused = preflight(client, EVIL)
    assert (refused.status_code, allowed(refused)) == (403, None)


def test_an_answer_is_handed_only_to_a_page_of_the_client_that_called(serve):
    client = serve(document() | {"cors_origins": [APP]}, PILOT)
    own = call(client, **bearer(now_token()), origin=APP)
    assert (own.status_code, allowed(own)) == (200, APP)
    assert "Origin" in own.headers["vary"]
    assert allowed(call(client, **bearer(KEY), origin=APP)) is None
    assert allowed(call(client, **bearer(now_token()), origin=EVIL)) is None
    # A page must be able to see that it was refused.
    assert allowed(call(client, origin=APP)) == APP
    assert allowed(client.get("/cds-services", headers={"origin": APP})) == APP


def test_an_origin_of_the_settings_counts_for_every_client(serve):
    client = serve(PILOT, cors_origins=(APP,))
    assert allowed(call(client, **bearer(KEY), origin=APP)) == APP


# ---------------------------------------------------------------- headers of every answer


@pytest.mark.parametrize("path", ["/cds-services", "/health/live", "/assess", "/rules", "/nowhere", SERVICE])
def test_every_answer_says_that_nothing_of_it_may_be_framed_guessed_or_kept(serve, path):
    headers = serve().get(path).headers
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert headers["strict-transport-security"]


def test_where_the_service_is_not_reached_by_https_nothing_is_said_of_it(serve):
    assert "strict-transport-security" not in serve(base_url="http://localhost").get("/health/live").headers


def test_a_fault_has_the_headers_too(serve, monkeypatch):
    client = serve(allow_open=True)
    monkeypatch.setattr(type(client.app.state.engine), "answer", None)
    answer = call(client)
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_numbers_of_tokens_are_not_kept_as_they_are(serve, tmp_path):
    jti = str(uuid.uuid4())
    client = serve(document())
    assert call(client, **bearer(now_token(jti=jti))).status_code == 200
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert jti.encode() not in kept
    assert ISSUER.encode() in kept
