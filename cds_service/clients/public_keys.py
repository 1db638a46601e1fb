"""The form of a public key (JWK, RFC 7517) that an admin pastes; trust tries whether it is a point of its curve."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

Algorithm = Literal["ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]
ALGORITHMS: Final[tuple[str, ...]] = get_args(Algorithm)
"""Asymmetric only: never ``none``, never HMAC (CDS Hooks, section Trusting CDS Clients)."""
CURVE_OF: Final[Mapping[str, str]] = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_CURVE_BYTES: Final = {"P-256": 32, "P-384": 48, "P-521": 66}
FEWEST_BITS: Final = 2048
MOST_BITS: Final = 8192
FEWEST_EXPONENT: Final = 3
MOST_EXPONENT: Final = 2**32
_LONGEST_KID: Final = 255
# RFC 7518: what only the owner of a key may have.
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_KEPT: Final = ("kty", "kid", "use", "key_ops", "alg", "crv", "x", "y", "n", "e")


def public_key(key: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a public key that are used. Raises ValueError saying what is wrong, never quoting it."""
    if _PRIVATE & key.keys():
        raise ValueError("this is a private or secret key; paste the public one, and make a new pair")
    kid = key.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= _LONGEST_KID:
        raise ValueError(f"a key needs a kid of at most {_LONGEST_KID} characters")
    if key.get("use", "sig") != "sig":
        raise ValueError("the key is not for signatures (use)")
    if "alg" in key and key["alg"] not in ALGORITHMS:
        raise ValueError("the key is for an algorithm that is not accepted (alg)")
    if key.get("kty") == "EC":
        _elliptic(key)
    elif key.get("kty") == "RSA":
        _modulus(key)
    else:
        raise ValueError("kty must be EC or RSA")
    return {name: key[name] for name in _KEPT if name in key}


def algorithms_of(key: Mapping[str, Any]) -> frozenset[str]:
    """Return the algorithms that a public key may verify: by its type and curve, or the one that it names."""
    if key["kty"] == "EC":
        fitting = frozenset(name for name, curve in CURVE_OF.items() if curve == key["crv"])
    else:
        fitting = frozenset(name for name in ALGORITHMS if name not in CURVE_OF)
    return fitting & {key["alg"]} if "alg" in key else fitting


def _elliptic(key: Mapping[str, Any]) -> None:
    size = _CURVE_BYTES.get(str(key.get("crv")))
    if size is None:
        raise ValueError("crv must be P-256, P-384 or P-521")
    if any(len(_bytes(key, name)) != size for name in ("x", "y")):
        raise ValueError("x and y do not have the length of the curve")


def _modulus(key: Mapping[str, Any]) -> None:
    bits = int.from_bytes(_bytes(key, "n")).bit_length()
    if not FEWEST_BITS <= bits <= MOST_BITS:
        raise ValueError(f"an RSA key must have {FEWEST_BITS} to {MOST_BITS} bits")
    exponent = int.from_bytes(_bytes(key, "e"))
    if not FEWEST_EXPONENT <= exponent < MOST_EXPONENT or exponent % 2 == 0:
        raise ValueError("the exponent of the RSA key (e) is not usable")


def _bytes(key: Mapping[str, Any], name: str) -> bytes:
    text = key.get(name)
    if not isinstance(text, str) or not text or "=" in text:
        raise ValueError(f"{name} is missing or not base64url")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{name} is missing or not base64url") from None
