"""Is the signature of a token that of a key? The algorithm must be one that client, key and token agree on."""

from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from cds_service.clients.public_keys import algorithms_of
from cds_service.trust.reasons import Reason, TurnedAway
from cds_service.trust.tokens import Token

PublicJwk = Mapping[str, Any]


def check_algorithm(token: Token, allowed: Collection[str]) -> None:
    """Raise TurnedAway when the client's registration does not allow the token's algorithm."""
    if token.alg not in allowed:
        raise TurnedAway(Reason.ALGORITHM)


def check_signature(token: Token, keys: Iterable[PublicJwk]) -> None:
    """Raise TurnedAway unless one of the keys signed the token. ``keys`` are those that have the token's ``kid``."""
    fitting = [key for key in keys if token.alg in algorithms_of(key)]
    if not fitting:
        raise TurnedAway(Reason.KEY_ALGORITHM)
    if not any(_signed(token, key) for key in fitting):
        raise TurnedAway(Reason.SIGNATURE)


def _signed(token: Token, key: PublicJwk) -> bool:
    # Headers that we do not know are no reason to refuse (RFC 7515, 4); the critical ones are refused before.
    registry = jws.JWSRegistry(algorithms=[token.alg], strict_check_header=False)
    try:
        jws.deserialize_compact(token.text, _imported(tuple(sorted(_public(key).items()))), registry=registry)
    except (JoseError, ValueError):
        return False
    return True


def _public(key: PublicJwk) -> dict[str, str]:
    """Return the members that make the key; its ``kid`` and ``alg`` were looked at before."""
    return {name: key[name] for name in ("kty", "crv", "x", "y", "n", "e") if name in key}


@lru_cache(maxsize=256)
def _imported(members: tuple[tuple[str, str], ...]) -> ECKey | RSAKey:
    """Return the key as the library uses it. Raises ValueError for a point that is not on its curve."""
    jwk: dict[str, str | list[str]] = dict(members)
    return ECKey.import_key(jwk) if jwk["kty"] == "EC" else RSAKey.import_key(jwk)
