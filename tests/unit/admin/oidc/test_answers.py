"""What the provider's answers must be to let somebody in."""

import time
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc.jwk import OctKey

from cds_service.admin.oidc.addresses import opened, sealed
from cds_service.admin.oidc.provider import Attempt
from cds_service.logs import log
from tests.unit.admin.conftest import HTTPS, START, audit_of

from .conftest import ISSUER, KEY, METADATA, OTHER_KEY, SETTINGS, come_back, is_let_in


def test_an_honest_answer_lets_in(client, room, asked, played):
    answer = come_back(client, asked)
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/account")
    assert is_let_in(client)
    [(address, form, authorization)] = played.sent
    assert address == METADATA["token_endpoint"]
    assert form["redirect_uri"] == [f"{HTTPS}/admin/oidc/callback"]
    assert form["code"] == ["c"]
    assert "client_secret" not in form
    assert authorization.startswith("Basic ")
    assert played.allowed[-1] == (ISSUER, METADATA["token_endpoint"], METADATA["jwks_uri"])


def test_a_provider_that_wants_the_secret_in_the_form_gets_it_there(client, room, played):
    played.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    answer = client.get("/admin/oidc/start")
    found = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    played.nonce = found["nonce"]
    assert come_back(client, found).status_code == 303
    [(_, form, authorization)] = played.sent
    assert form["client_secret"] == ["kept between us"]
    assert authorization == ""


LIES = {
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "no issuer": {"claims": {"iss": None}},
    "another audience": {"claims": {"aud": "other"}},
    "no audience": {"claims": {"aud": None}},
    "two audiences without saying for whom": {"claims": {"aud": ["bones", "other"]}},
    "two audiences, for the other": {"claims": {"aud": ["bones", "other"], "azp": "other"}},
    "another nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "over": {"claims": {"exp": int(time.time()) - 3600}},
    "without an end": {"claims": {"exp": None}},
    "of the future": {"claims": {"iat": int(time.time()) + 3600, "nbf": int(time.time()) + 3600}},
    "nobody": {"claims": {"sub": None}},
    "of another access token": {"claims": {"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}},
    "signed by another key": {"key": OTHER_KEY},
    "unknown key": {"header": {"alg": "RS256", "kid": "k2"}},
    "no key named": {"header": {"alg": "RS256"}},
    "alg none": {"header": {"alg": "none", "kid": "k1"}},
    "signed with our secret": {
        "header": {"alg": "HS256", "kid": "k1"},
        "key": OctKey.import_key("kept between us and padded to 32 bytes"),
    },
    "signed with the public key as a secret": {
        "header": {"alg": "HS256", "kid": "k1"},
        "key": OctKey.import_key(b"\n" + KEY.as_pem(private=False).replace(b"BEGIN", b"begin")),
    },
}


@pytest.mark.filterwarnings("ignore::joserfc.errors.SecurityWarning")
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_token_that_is_not_what_it_must_be_lets_nobody_in(client, room, asked, played, lie):
    played.claims |= lie.get("claims", {})
    played.header, played.key = lie.get("header", played.header), lie.get("key", played.key)
    answer = come_back(client, asked)
    assert answer.status_code == 403
    assert "could not be believed" in answer.text
    assert not is_let_in(client)
    assert room.store.accounts.all() == ()
    [entry] = audit_of(room)
    assert (entry.actor, entry.act, entry.details["way"]) == ("nobody", "sign-in.failed", "oidc")


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "." * 3, "e30.e30.", "å.å.å", "x" * 60_000])
def test_what_is_no_token_lets_nobody_in(client, room, asked, played, token):
    played.answer = {"id_token": token}
    assert come_back(client, asked).status_code == 403
    assert not is_let_in(client)


@pytest.mark.parametrize("answer", [{"id_token": 1}, {"id_token": None}])
def test_an_answer_of_another_form_lets_nobody_in(client, room, asked, played, answer):
    played.answer = answer
    assert come_back(client, asked).status_code == 403


@pytest.mark.parametrize(
    "more",
    [
        {"state": "another"},
        {"state": None},
        {"code": None},
        {"error": "access_denied"},
        {"iss": "https://evil.example"},
        {"iss": ""},
    ],
)
def test_a_way_back_that_does_not_fit_lets_nobody_in(client, room, asked, played, more):
    answer = come_back(client, asked, **more)
    assert answer.status_code == 403
    assert not is_let_in(client)
    assert played.sent == [], "no code is exchanged"


def test_a_provider_that_names_itself_must_do_so(client, room, played):
    played.metadata["authorization_response_iss_parameter_supported"] = True
    answer = client.get("/admin/oidc/start")
    found = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    played.nonce = found["nonce"]
    assert come_back(client, found).status_code == 403
    answer = client.get("/admin/oidc/start")
    found = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    played.nonce = found["nonce"]
    assert come_back(client, found, iss=ISSUER).status_code == 303


def test_an_answer_that_comes_too_late_or_twice_lets_nobody_in(client, room, asked, clock):
    clock.pass_(minutes=11)
    assert come_back(client, asked).status_code == 403
    clock.at = START
    assert come_back(client, asked).status_code == 303
    client.cookies.delete(room.session_cookie)
    assert come_back(client, asked).status_code == 403


@pytest.mark.parametrize("change", ["", "x", ".", "body"])
def test_an_attempt_that_somebody_else_wrote_is_none(client, room, asked, change):
    mine = client.cookies[room.attempt_cookie]
    forged = {"": "", "x": "x", ".": ".", "body": "e30=." + mine.partition(".")[2]}[change]
    client.cookies.delete(room.attempt_cookie)
    client.cookies.set(room.attempt_cookie, forged)
    assert come_back(client, asked).status_code == 403


def test_an_attempt_opens_under_its_own_key_alone():
    attempt = Attempt("s", "n", "v", "/admin", 1.0)
    assert opened(b"k" * 32, sealed(b"k" * 32, attempt)) == attempt
    assert opened(b"o" * 32, sealed(b"k" * 32, attempt)) is None


@pytest.mark.parametrize(
    "metadata",
    [
        {**METADATA, "issuer": "https://evil.example"},
        {**METADATA, "issuer": f"{ISSUER}/"},
        {**METADATA, "authorization_endpoint": "javascript:alert(1)"},
        {**METADATA, "token_endpoint": ""},
        {"issuer": ISSUER},
        b"no json",
        b"\xff",
    ],
)
def test_metadata_of_another_or_of_no_provider_are_not_followed(client, room, played, metadata):
    played.metadata = metadata
    answer = client.get("/admin/oidc/start?lang=en")
    assert answer.status_code == 502
    assert "does not answer" in answer.text


def test_a_provider_that_is_down_is_said_to_be(client, room, asked, played, provider):
    played.down |= {METADATA["token_endpoint"]}
    assert come_back(client, asked).status_code == 403
    provider._metadata = None
    played.down |= {f"{ISSUER}/.well-known/openid-configuration"}
    assert client.get("/admin/oidc/start").status_code == 502
    assert client.get("/admin/oidc/end").headers["location"] == "/admin/sign-in"


def test_keys_that_cannot_be_had_let_nobody_in(client, room, asked, played):
    played.down |= {METADATA["jwks_uri"]}
    assert come_back(client, asked).status_code == 403


def test_a_provider_without_a_way_out_leads_back_to_the_sign_in_page(client, room, played):
    assert client.get("/admin/oidc/end").headers["location"].startswith("https://login.example/end?client_id=bones&")
    room.provider._metadata = None
    del played.metadata["end_session_endpoint"]
    assert client.get("/admin/oidc/end").headers["location"] == "/admin/sign-in"


def test_without_a_provider_there_are_no_such_addresses(client):
    for path in ("start", "callback", "end"):
        assert client.get(f"/admin/oidc/{path}").status_code == 404


def test_nothing_secret_is_logged(client, room, asked, played, monkeypatch):
    logged = []
    monkeypatch.setattr(log, "warning", lambda *words, **values: logged.append((words, values)), raising=False)
    played.claims["nonce"] = "another"
    come_back(client, asked, code="secret-code")
    assert logged == [(("sign-in at the provider failed",), {"why": "id-token"})]
    assert repr(SETTINGS) == f"ProviderSettings('{ISSUER}')"
