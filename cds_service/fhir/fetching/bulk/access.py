"""SMART backend services: a token for an assertion signed with the client's own key (private_key_jwt)."""

import time
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, RSAKey

from cds_service.errors import ExportFailed, MalformedRequest

Key = RSAKey | ECKey
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# SMART: the assertion lives five minutes at most.
_ASSERTION_SECONDS: Final = 240
# A token is renewed this long before it ends, so that it does not end on the way.
_BEFORE_ITS_END: Final = 30
_USUAL_SECONDS: Final = 300
_ALGORITHMS: Final = {"RSA": "RS384", "P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}


class Token(msgspec.Struct, rename={"value": "access_token", "seconds": "expires_in"}):
    """What a token endpoint answers."""

    value: str
    seconds: float = _USUAL_SECONDS


def read_key(path: Path) -> Key:
    """Return the private key in a file: a JWK, or PEM. Raises MalformedRequest when there is none."""
    try:
        text = path.read_bytes()
        key = JWKRegistry.import_key(msgspec.json.decode(text)) if text.lstrip()[:1] == b"{" else _of_pem(text)
    except (OSError, JoseError, ValueError, TypeError, KeyError):
        raise MalformedRequest(f"{path}: no private key (JWK or PEM)") from None
    if not isinstance(key, RSAKey | ECKey) or not key.is_private:
        raise MalformedRequest(f"{path}: no private RSA or EC key")
    return key


def _of_pem(text: bytes) -> Key:
    try:
        return RSAKey.import_key(text)
    except (JoseError, ValueError, TypeError):
        return ECKey.import_key(text)


class Access(msgspec.Struct, kw_only=True):
    """Who asks. Its representation shows nothing.

    Attributes:
        token_url: where tokens are given; empty to ask the server's SMART configuration.
        client_id: as registered there. key: signs; key_id: its ``kid``, empty for the key's own.
        scope: what is asked for.
    """

    client_id: str
    key: Any
    key_id: str = ""
    token_url: str = ""
    scope: str = "system/*.read"
    held: str = ""
    until: float = 0.0

    def __repr__(self) -> str:
        return "Access(<hidden>)"

    @property
    def is_held(self) -> bool:
        """True while the token that was given still holds."""
        return bool(self.held) and time.monotonic() < self.until

    def request(self) -> httpx.Request:
        """Return the request for a token."""
        form = {
            "grant_type": "client_credentials",
            "scope": self.scope,
            "client_assertion_type": _ASSERTION,
            "client_assertion": self._assertion(),
        }
        return httpx.Request("POST", self.token_url, data=form, headers={"accept": "application/json"})

    def keep(self, answer: bytes) -> None:
        """Keep the token that was answered. Raises ExportFailed when there is none."""
        try:
            token = msgspec.json.decode(answer, type=Token, strict=False)
        except msgspec.DecodeError:
            raise ExportFailed("the token endpoint's answer holds no token") from None
        self.held, self.until = token.value, time.monotonic() + token.seconds - _BEFORE_ITS_END

    def drop(self) -> None:
        """Forget the token: the server does not take it any more."""
        self.held = ""

    def _assertion(self) -> str:
        kind = "RSA" if isinstance(self.key, RSAKey) else self.key.curve_name
        algorithm = _ALGORITHMS[kind]
        kid = self.key_id or self.key.kid
        header = {"alg": algorithm, "typ": "JWT"} | ({"kid": kid} if kid else {})
        now = int(time.time())
        claims = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.token_url,
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
            "jti": str(uuid4()),
        }
        return jwt.encode(header, claims, self.key, algorithms=[algorithm])
