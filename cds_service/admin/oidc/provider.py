"""The provider: its metadata, its keys, and the exchange of a code for an ID token.

Its issuer is pinned: whatever its metadata say of another is refused. How its servers are called is given from outside
(:class:`Outside`), so that nothing here can call any other.
"""

import asyncio
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from cds_service.admin.oidc.id_token import Expected, Untrusted, claims_of
from cds_service.admin.roles import Role
from cds_service.trust import KeySets

WELL_KNOWN: Final = "/.well-known/openid-configuration"
CALLBACK: Final = "/admin/oidc/callback"
_FRESH_SECONDS: Final = 600.0
_BASIC: Final = "client_secret_basic"


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the site says of its provider. ``roles``: value of the claim -> role; ``base_url``: our public address."""

    issuer: str
    client_id: str
    client_secret: str
    base_url: str
    scopes: tuple[str, ...]
    role_claim: str
    roles: Mapping[str, Role]

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends the browser back to: always this address."""
        return f"{self.base_url.rstrip('/')}{CALLBACK}"

    def __repr__(self) -> str:
        """Say nothing of the secret."""
        return f"ProviderSettings({self.issuer!r})"


class Outside(msgspec.Struct, frozen=True):
    """The guarded way out: read a document, send a form (both None when it failed), allow addresses to be called."""

    read: Callable[[str], Awaitable[bytes | None]]
    send: Callable[[str, bytes, str], Awaitable[bytes | None]]
    allow: Callable[[Collection[str]], None]


class Metadata(msgspec.Struct, frozen=True):
    """What of the provider's metadata (OpenID Connect Discovery 1.0, section 3) is used."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""
    token_endpoint_auth_methods_supported: tuple[str, ...] = (_BASIC,)
    authorization_response_iss_parameter_supported: bool = False


class Attempt(msgspec.Struct, frozen=True):
    """What one sign-in must find again when the browser comes back."""

    state: str
    nonce: str
    verifier: str
    back: str
    ends: float


class _Answer(msgspec.Struct):
    id_token: str
    access_token: str = ""


class Provider:
    """One worker's knowledge of the provider. Raises Untrusted where it does not answer as it must."""

    def __init__(
        self, settings: ProviderSettings, outside: Outside, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.settings = settings
        self._outside = outside
        self._clock = clock
        self._keys = KeySets(outside.read, clock)
        self._lock = asyncio.Lock()
        self._metadata: Metadata | None = None
        self._fetched = 0.0

    async def metadata(self) -> Metadata:
        """Return the provider's metadata, at most ten minutes old."""
        async with self._lock:
            if self._metadata is None or self._clock() - self._fetched > _FRESH_SECONDS:
                self._metadata, self._fetched = await self._read_metadata(), self._clock()
            return self._metadata

    async def _read_metadata(self) -> Metadata:
        issuer = self.settings.issuer
        self._outside.allow((issuer,))
        body = await self._outside.read(issuer.rstrip("/") + WELL_KNOWN)
        if body is None:
            raise Untrusted("unreachable")
        try:
            found = msgspec.json.decode(body, type=Metadata)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Untrusted("metadata") from None
        if found.issuer != issuer or not all(map(_is_web, (found.authorization_endpoint, found.token_endpoint))):
            raise Untrusted("metadata")
        self._outside.allow((issuer, found.token_endpoint, found.jwks_uri))
        return found

    async def authorization_url(self, attempt: Attempt) -> str:
        """Return the address to which the browser is sent to sign in."""
        metadata = await self.metadata()
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_uri,
            "scope": " ".join(self.settings.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": create_s256_code_challenge(attempt.verifier),  # type: ignore[no-untyped-call] # bare in the stubs
            "code_challenge_method": "S256",
        }
        return str(add_params_to_uri(metadata.authorization_endpoint, list(asked.items())))

    async def end_session_url(self, back: str) -> str:
        """Return the address that ends the session at the provider as well, or nothing when it has none."""
        end = (await self.metadata()).end_session_endpoint
        if not _is_web(end):
            return ""
        asked = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        return str(add_params_to_uri(end, list(asked.items())))

    async def claims(self, code: str, attempt: Attempt) -> Mapping[str, Any]:
        """Exchange a code and return the claims of the ID token, after holding it against everything it must be."""
        metadata = await self.metadata()
        answer = await self._exchanged(metadata, code, attempt.verifier)
        expected = Expected(self.settings.issuer, self.settings.client_id, attempt.nonce, answer.access_token)
        return await claims_of(answer.id_token, expected, lambda kid: self._keys.keys(metadata.jwks_uri, kid))

    async def _exchanged(self, metadata: Metadata, code: str, verifier: str) -> _Answer:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.redirect_uri,
            "code_verifier": verifier,
        }
        authorization = ""
        if _BASIC in metadata.token_endpoint_auth_methods_supported:
            authorization = _basic(self.settings.client_id, self.settings.client_secret)
        else:
            form |= {"client_id": self.settings.client_id, "client_secret": self.settings.client_secret}
        body = await self._outside.send(metadata.token_endpoint, urlencode(form).encode(), authorization)
        if body is None:
            raise Untrusted("code")
        try:
            return msgspec.json.decode(body, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Untrusted("code") from None


def _basic(client_id: str, secret: str) -> str:
    """Return the header of RFC 6749, section 2.3.1: both parts are form-encoded first."""
    return "Basic " + b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()


def _is_web(address: str) -> bool:
    return urlsplit(address).scheme in ("https", "http") and bool(urlsplit(address).hostname)
