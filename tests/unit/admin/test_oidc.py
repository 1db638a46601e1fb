"""What the provider's answers must be. The provider is played here, so that it can lie; a real one is in tests/http."""

import time
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from msgspec import structs

from cds_service.admin.oidc import Outside, Provider, ProviderSettings
from cds_service.admin.oidc.addresses import opened, sealed
from cds_service.admin.oidc.provider import Attempt
from cds_service.admin.oidc.vouched import role_of
from cds_service.admin.people import Fault, People
from cds_service.logs import log
from cds_service.store.accounts import NewAccount

from .conftest import HTTPS, START, audit_of

ISSUER = "https://login.example/realms/clinic"
SETTINGS = ProviderSettings(
    issuer=ISSUER,
    client_id="bones",
    client_secret="kept between us",
    base_url=HTTPS,
    scopes=("openid", "profile"),
    role_claim="groups",
    roles={"leads": "admin", "writers": "editor"},
)
METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": "https://login.example/auth",
    "token_endpoint": "https://login.example/token",
    "jwks_uri": "https://login.example/keys",
    "end_session_endpoint": "https://login.example/end",
}
KEY = RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256", "use": "sig"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "k1", "alg": "RS256", "use": "sig"})


class Played:
    """A provider whose every answer a test may change."""

    def __init__(self):
        self.metadata = dict(METADATA)
        self.keys = {"keys": [KEY.as_dict(private=False)]}
        self.claims = {"sub": "u-1", "iss": ISSUER, "aud": "bones", "groups": ["leads"], "preferred_username": "maja"}
        self.header = {"alg": "RS256", "kid": "k1"}
        self.key = KEY
        self.answer = {}
        self.token = None
        self.nonce = ""
        self.sent, self.allowed, self.down = [], [], set()

    async def read(self, address):
        if address in self.down:
            return None
        if address == f"{ISSUER}/.well-known/openid-configuration":
            return orjson.dumps(self.metadata) if isinstance(self.metadata, dict) else self.metadata
        return orjson.dumps(self.keys) if address == METADATA["jwks_uri"] else None

    async def send(self, address, content, authorization):
        self.sent.append((address, parse_qs(content.decode()), authorization))
        if address in self.down:
            return None
        return orjson.dumps({"id_token": self.token or self.signed(), "access_token": "a", **self.answer})

    def signed(self):
        now = int(time.time())
        claims = {"iat": now, "exp": now + 300, "nonce": self.nonce, **self.claims}
        present = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(self.header, present, self.key, algorithms=["RS256", "HS256", "none"])

    def allow(self, addresses):
        self.allowed.append(tuple(addresses))


@pytest.fixture
def played():
    return Played()


@pytest.fixture
def provider(played):
    return Provider(SETTINGS, Outside(played.read, played.send, played.allow))


@pytest.fixture
def room(app, provider):
    app.state.admin = structs.replace(app.state.admin, provider=provider, base_url=HTTPS)
    return app.state.admin


@pytest.fixture
def asked(client, room, played):
    """What the browser was sent to the provider with."""
    answer = client.get("/admin/oidc/start?next=/admin/account")
    assert answer.status_code == 303
    found = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    played.nonce = found["nonce"]
    return found


def come_back(client, asked, **more):
    sent = {"code": "c", "state": asked["state"], **more}
    return client.get("/admin/oidc/callback", params={name: value for name, value in sent.items() if value is not None})


def is_let_in(client):
    return client.get("/admin").status_code == 200


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


# ---------------------------------------------------------------- roles and accounts


@pytest.mark.parametrize(
    ("claim", "claims", "role"),
    [
        ("groups", {"groups": ["x", "writers"]}, "editor"),
        ("groups", {"groups": ["writers", "leads"]}, "admin"),
        ("groups", {"groups": "writers"}, "editor"),
        ("groups", {"groups": []}, None),
        ("groups", {"groups": {"leads": True}}, None),
        ("groups", {"groups": [["leads"], 1, None]}, None),
        ("groups", {}, None),
        ("realm.roles", {"realm": {"roles": ["leads"]}}, "admin"),
        ("realm.roles", {"realm": "leads"}, None),
        ("https://x.example/roles", {"https://x.example/roles": ["writers"]}, "editor"),
    ],
)
def test_the_role_is_the_strongest_that_the_claim_gives(claim, claims, role):
    assert role_of(claims, structs.replace(SETTINGS, role_claim=claim)) == role


def test_who_comes_without_a_role_gets_no_account(client, room, asked, played):
    played.claims["groups"] = ["staff"]
    answer = come_back(client, asked)
    assert answer.status_code == 403
    assert "gave no role here" in answer.text
    assert room.store.accounts.all() == ()


def test_a_role_that_the_provider_took_away_is_gone_with_its_sessions(client, room, asked, played):
    come_back(client, asked)
    whose = room.store.accounts.vouched(ISSUER, "u-1")
    played.claims["groups"] = ["writers"]
    answer = client.get("/admin/oidc/start")
    found = {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}
    played.nonce = found["nonce"]
    client.cookies.delete(room.session_cookie)
    assert come_back(client, found).status_code == 303
    assert room.store.accounts.of(whose.id).role == "editor"
    assert client.get("/admin/users").status_code == 403
    assert audit_of(room, "user.role")[0].details == {"way": "oidc", "before": "admin", "role": "editor"}


def test_a_closed_account_stays_closed(client, room, asked, played):
    room.store.accounts.add(
        NewAccount(name="maja", shown="Maja", role="admin", issuer=ISSUER, subject="u-1"),
        People(room.store, room.now, "console").act("user.invite", "maja"),
    )
    other = People(room.store, room.now, "console")
    other.store.accounts.set_disabled(room.store.accounts.named("maja").id, other.act("user.disable"), disabled=True)
    answer = come_back(client, asked)
    assert answer.status_code == 403
    assert "disabled" in answer.text


def test_somebody_with_the_name_of_a_local_account_does_not_get_it(client, room, asked, account):
    local = account("admin", "maja", "gul cykel i regn")
    come_back(client, asked)
    assert is_let_in(client)
    theirs = room.store.accounts.vouched(ISSUER, "u-1")
    assert theirs.id != local
    assert theirs.name.startswith("oidc-")


@pytest.mark.parametrize(
    ("claims", "names"),
    [
        ({"preferred_username": "Maja.L", "name": " Maja \n Lind "}, ("maja.l", "Maja Lind")),
        ({"preferred_username": "a b", "email": "maja@x.example"}, ("maja@x.example", "maja@x.example")),
        ({"preferred_username": "", "name": "\u202e"}, ("oidc-", "oidc-")),
        ({"preferred_username": ["x"], "email": {}, "name": ""}, ("oidc-", "oidc-")),
    ],
)
def test_the_name_is_the_most_readable_that_can_be_kept(client, room, asked, played, claims, names):
    played.claims |= claims
    come_back(client, asked)
    theirs = room.store.accounts.vouched(ISSUER, "u-1")
    assert theirs.name.startswith(names[0])
    assert theirs.shown.startswith(names[1])


@pytest.mark.parametrize("subject", ["", "x" * 256, 7])
def test_a_subject_that_is_none_gets_no_account(client, room, asked, played, subject):
    played.claims["sub"] = subject
    assert come_back(client, asked).status_code == 403
    assert room.store.accounts.all() == ()


def test_role_and_password_of_such_an_account_are_not_changed_here(client, room, asked):
    come_back(client, asked)
    people = People(room.store, room.now, "console")
    theirs = room.store.accounts.named("maja")
    for do in (lambda: people.set_role(theirs, "viewer"), lambda: people.new_link(theirs)):
        with pytest.raises(Fault, match="provider"):
            do()


def test_a_site_may_let_nobody_in_with_a_password(client, app, room, account):
    app.state.admin = structs.replace(room, passwords=False)
    page = client.get("/admin/sign-in").text
    assert 'type="password"' not in page
    assert "/admin/oidc/start" in page
    token = page.partition('name="csrf" value="')[2].partition('"')[0]
    account("admin", "maja", "gul cykel i regn")
    sent = {"csrf": token, "name": "maja", "password": "gul cykel i regn"}
    assert client.post("/admin/sign-in", data=sent, headers={"origin": HTTPS}).status_code in (403, 404)
    assert not is_let_in(client)


def test_nothing_secret_is_logged(client, room, asked, played, monkeypatch):
    logged = []
    monkeypatch.setattr(log, "warning", lambda *words, **values: logged.append((words, values)), raising=False)
    played.claims["nonce"] = "another"
    come_back(client, asked, code="secret-code")
    assert logged == [(("sign-in at the provider failed",), {"why": "id-token"})]
    assert repr(SETTINGS) == f"ProviderSettings('{ISSUER}')"
