"""Why a call was refused: fixed words for the admin. Nothing of a token, a key or a certificate is ever in them."""

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Reason(StrEnum):
    """The reasons. Their words in Swedish and English are in ``reasons.toml``."""

    NO_CREDENTIALS = "no-credentials"
    OPEN_NOT_ALLOWED = "open-not-allowed"
    SCHEME = "scheme"
    SEVERAL_CREDENTIALS = "several-credentials"

    UNKNOWN_API_KEY = "unknown-api-key"
    UNKNOWN_CERTIFICATE = "unknown-certificate"
    PROXY_NOT_TRUSTED = "proxy-not-trusted"

    TOO_LONG = "too-long"
    NOT_A_TOKEN = "not-a-token"  # noqa: S105 - a word for the admin
    ENCRYPTED = "encrypted"
    UNSIGNED = "unsigned"
    REPEATED_MEMBER = "repeated-member"
    TYPE = "type"
    CRITICAL = "critical"
    NO_KID = "no-kid"

    UNKNOWN_ISSUER = "unknown-issuer"
    SUBJECT = "subject"
    ALGORITHM = "algorithm"
    KEY_ADDRESS = "key-address"
    KEY_SET_UNREACHABLE = "key-set-unreachable"
    UNKNOWN_KEY = "unknown-key"
    KEY_ALGORITHM = "key-algorithm"
    SIGNATURE = "signature"

    MISSING_CLAIM = "missing-claim"
    CLAIM_TYPE = "claim-type"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    ISSUED_LATER = "issued-later"
    LIVES_TOO_LONG = "lives-too-long"
    REPLAYED = "replayed"

    RATE = "rate"
    """The one reason that the caller learns, with 429."""


class TurnedAway(Exception):
    """A call is refused. ``client`` is the id of the registered client it claims to be from, where that is known."""

    def __init__(self, reason: Reason, client: str = "") -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.client = client


@cache
def _catalogue() -> dict[str, dict[str, str]]:
    return tomllib.loads((files(__package__) / "reasons.toml").read_text(encoding="utf-8"))


def reason_text(reason: str, language: str) -> str:
    """Return what a reason means and what to do about it, in ``sv`` or ``en``; a reason of another version as it is."""
    return _catalogue().get(reason, {}).get(language, reason)
