"""Is this ID token to be believed? Signature, issuer, audience, time and nonce, as OpenID Connect Core 3.1.3.7 asks."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

# Signatures with a key pair alone. Not `none`, and nothing that our client secret could sign.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
_LEEWAY_SECONDS: Final = 60
_LONGEST: Final = 50_000
Keys = Callable[[str], Awaitable[Sequence[Mapping[str, Any]] | None]]


class Untrusted(Exception):
    """The provider's answer is not to be believed; ``why`` is a word for our logs."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Expected(msgspec.Struct, frozen=True):
    """What the token must agree with."""

    issuer: str
    client_id: str
    nonce: str
    access_token: str


async def claims_of(token: str, expected: Expected, keys: Keys) -> Mapping[str, Any]:
    """Return the claims. Raises Untrusted. ``keys`` gives the provider's keys with a ``kid``."""
    header = _header(token)
    kid = header.get("kid")
    if header.get("alg") not in ALGORITHMS or not isinstance(kid, str):
        raise Untrusted("algorithm")
    found = await keys(kid)
    if not found:
        raise Untrusted("key")
    try:
        known = KeySet.import_key_set({"keys": [dict(key) for key in found]})
        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        decoded = jwt.decode(token, key=known, registry=registry)
        claims = CodeIDToken(decoded.claims, decoded.header, _options(expected), msgspec.structs.asdict(expected))
        claims.validate(leeway=_LEEWAY_SECONDS)
    except (JoseError, ValueError, TypeError):
        raise Untrusted("id-token") from None
    return dict(claims)


def _options(expected: Expected) -> dict[str, Any]:
    return {
        "iss": {"essential": True, "value": expected.issuer},
        "aud": {"essential": True, "value": expected.client_id},
        "sub": {"essential": True},
        "exp": {"essential": True},
        "iat": {"essential": True},
        "nonce": {"essential": True, "value": expected.nonce},
    }


def _header(token: str) -> Mapping[str, Any]:
    if len(token) > _LONGEST:
        raise Untrusted("id-token")
    try:
        return jws.extract_compact(token.encode()).headers()
    except (JoseError, ValueError, TypeError, AttributeError):
        raise Untrusted("id-token") from None
