"""What a token must say: for whom it was made, since when and until when it holds, and its own number."""

import math
from collections.abc import Collection, Mapping
from typing import Any, Final

from cds_service.clients.model import Auth
from cds_service.trust.reasons import Reason, TurnedAway

LONGEST_JTI: Final = 255
_MOST_AUDIENCES: Final = 20


def check_claims(claims: Mapping[str, Any], auth: Auth, audiences: Collection[str], now: float) -> tuple[str, float]:
    """Return the token's ``jti`` and the moment (seconds since 1970) from which it can no longer be used.

    ``audiences`` are the addresses called; those typed in for the client count beside them. Raises TurnedAway.
    """
    issued, ends = _moment(claims, "iat"), _moment(claims, "exp")
    skew = auth.clock_skew_seconds
    _check_audience(claims.get("aud"), {*audiences, *auth.audiences})
    if now >= ends + skew:
        raise TurnedAway(Reason.EXPIRED)
    if "nbf" in claims and _moment(claims, "nbf") > now + skew:
        raise TurnedAway(Reason.NOT_YET_VALID)
    if issued > now + skew:
        raise TurnedAway(Reason.ISSUED_LATER)
    if not 0 < ends - issued <= auth.max_life_seconds:
        raise TurnedAway(Reason.LIVES_TOO_LONG)
    return _number(claims), ends + skew


def _check_audience(sent: Any, accepted: set[str]) -> None:
    if sent is None:
        raise TurnedAway(Reason.MISSING_CLAIM)
    named = sent if isinstance(sent, list) else [sent]
    if len(named) > _MOST_AUDIENCES or not all(isinstance(one, str) for one in named):
        raise TurnedAway(Reason.CLAIM_TYPE)
    if accepted.isdisjoint(named):
        raise TurnedAway(Reason.AUDIENCE)


def _moment(claims: Mapping[str, Any], name: str) -> float:
    value = claims.get(name)
    if value is None:
        raise TurnedAway(Reason.MISSING_CLAIM)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LAST or not math.isfinite(value):
        raise TurnedAway(Reason.CLAIM_TYPE)
    return float(value)


# The year 9999: no clock says more.
_LAST: Final = 253_402_300_799


def _number(claims: Mapping[str, Any]) -> str:
    jti = claims.get("jti")
    if jti is None:
        raise TurnedAway(Reason.MISSING_CLAIM)
    if not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise TurnedAway(Reason.CLAIM_TYPE)
    return jti
