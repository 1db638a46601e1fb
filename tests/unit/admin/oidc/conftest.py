"""A provider that is played, so that it can lie; a real one is in tests/http."""

import time
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey
from msgspec import structs

from cds_service.admin.oidc import Outside, Provider, ProviderSettings
from tests.unit.admin.conftest import HTTPS

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
