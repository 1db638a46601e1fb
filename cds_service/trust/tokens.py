"""A JSON Web Token taken apart before anything in it is believed (RFC 7515, RFC 7519, RFC 8725).

Only the compact form of one signature. What is ambiguous (a member twice, base64 with loose ends, a critical header) is
refused; keys and addresses of keys in the header (``jwk``, ``x5c``, ``x5u``) are not looked at.
"""

import base64
import binascii
import json
import re
from typing import Any, Final

import msgspec

from cds_service.trust.reasons import Reason, TurnedAway

MOST_CHARACTERS: Final = 16_384
LONGEST_KID: Final = 255
_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-]*")
_PARTS_SIGNED: Final = 3
_PARTS_ENCRYPTED: Final = 5


class Token(msgspec.Struct, frozen=True):
    """A token whose form is right; nothing in it is proven. Its representation shows nothing."""

    text: str
    alg: str
    kid: str
    jku: str
    claims: dict[str, Any]

    def __repr__(self) -> str:
        return "Token(<hidden>)"


def read_token(text: str) -> Token:
    """Return the token. Raises TurnedAway."""
    if len(text) > MOST_CHARACTERS:
        raise TurnedAway(Reason.TOO_LONG)
    parts = text.split(".")
    if len(parts) == _PARTS_ENCRYPTED:
        raise TurnedAway(Reason.ENCRYPTED)
    if len(parts) != _PARTS_SIGNED or not all(map(_SEGMENT.fullmatch, parts)):
        raise TurnedAway(Reason.NOT_A_TOKEN)
    head, body, signature = parts
    header = _members(head)
    _check_header(header)
    if not signature or not _bytes(signature):
        raise TurnedAway(Reason.UNSIGNED)
    return Token(text, header["alg"], header["kid"], header.get("jku", ""), _members(body))


def _check_header(header: dict[str, Any]) -> None:
    if not isinstance(header.get("alg"), str):
        raise TurnedAway(Reason.ALGORITHM)
    if header["alg"].lower() == "none":
        raise TurnedAway(Reason.UNSIGNED)
    if "enc" in header or "zip" in header:
        raise TurnedAway(Reason.ENCRYPTED)
    # Whatever is critical we would have to understand, and there is nothing of the kind that we do.
    if "crit" in header or "b64" in header:
        raise TurnedAway(Reason.CRITICAL)
    if str(header.get("typ", "JWT")).upper() != "JWT" or "cty" in header:
        raise TurnedAway(Reason.TYPE)
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID:
        raise TurnedAway(Reason.NO_KID)
    if not isinstance(header.get("jku", ""), str):
        raise TurnedAway(Reason.KEY_ADDRESS)


def _members(segment: str) -> dict[str, Any]:
    try:
        found = json.loads(_bytes(segment).decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise TurnedAway(Reason.NOT_A_TOKEN) from None
    if not isinstance(found, dict):
        raise TurnedAway(Reason.NOT_A_TOKEN)
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise TurnedAway(Reason.REPEATED_MEMBER)
    return found


def _no_number(_name: str) -> None:
    """NaN and Infinity are no JSON."""
    raise ValueError


def _bytes(segment: str) -> bytes:
    """Return the bytes of a base64url segment; one that does not end where its bytes end is refused."""
    try:
        data = base64.b64decode(segment + "=" * (-len(segment) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise TurnedAway(Reason.NOT_A_TOKEN) from None
    if base64.urlsafe_b64encode(data).decode().rstrip("=") != segment:
        raise TurnedAway(Reason.NOT_A_TOKEN)
    return data
