"""Key sets behind registered addresses: fetched the guarded way, kept, renewed, and let go.

====================  ==========================================================================================
a set is new          fetched when its first token comes
older than FRESH      fetched again; when that fails, the old keys count until they are STALE
a kid is not in it    fetched again at once, but not within PAUSE of the last try: a flood of made-up kids costs one
older than STALE      its keys count no more: a revoked key does not outlive a server that is kept down
====================  ==========================================================================================

A key that is no longer in the set ends with the next fetch. Many calls that wait for one set wait for one fetch.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Final

import msgspec

from cds_service.clients.public_keys import public_key
from cds_service.logs import log

FRESH: Final = 600.0
STALE: Final = 86_400.0
PAUSE: Final = 30.0
MOST_KEYS: Final = 100

Fetch = Callable[[str], Awaitable[bytes | None]]
PublicJwk = Mapping[str, Any]


class _Set(msgspec.Struct):
    """One set as it was last fetched. ``fetched`` and ``tried`` are moments of the monotonic clock."""

    lock: asyncio.Lock
    keys: tuple[PublicJwk, ...] = ()
    fetched: float | None = None
    tried: float | None = None


class KeySets:
    """All sets of one worker. ``fetch`` returns the body of an address, or None when it could not be had."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._sets: dict[str, _Set] = {}

    def keep_only(self, addresses: Collection[str]) -> None:
        """Forget the sets behind addresses that no client has any more."""
        self._sets = {address: kept for address, kept in self._sets.items() if address in addresses}

    async def keys(self, address: str, kid: str) -> tuple[PublicJwk, ...] | None:
        """Return the keys with this ``kid``, fetching the set when need be; None when there is no usable set at all."""
        found = self._sets.setdefault(address, _Set(asyncio.Lock()))
        if self._wants(found, kid):
            async with found.lock:
                if self._wants(found, kid):
                    await self._renew(address, found)
        if found.fetched is None or self._clock() - found.fetched > STALE:
            return None
        return _named(found.keys, kid)

    def _wants(self, found: _Set, kid: str) -> bool:
        now = self._clock()
        if found.tried is not None and now - found.tried < PAUSE:
            return False
        return found.fetched is None or now - found.fetched > FRESH or not _named(found.keys, kid)

    async def _renew(self, address: str, found: _Set) -> None:
        try:
            body = await self._fetch(address)
        finally:
            # Only now: until then others wait for this try instead of going away without the key.
            found.tried = self._clock()
        keys = read_key_set(body) if body is not None else None
        if keys is None:
            log.warning("key set not renewed", had_keys=bool(found.keys))
            return
        found.keys, found.fetched = keys, self._clock()


def read_key_set(body: bytes) -> tuple[PublicJwk, ...] | None:
    """Return the usable public keys of a JWK set, or None when the body is none. A key that is unusable is left out."""
    try:
        sent = msgspec.json.decode(body, type=_Sent)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return tuple(key for one in sent.keys[:MOST_KEYS] if (key := _usable(one)) is not None)


class _Sent(msgspec.Struct):
    keys: list[Any]


def _usable(key: Any) -> PublicJwk | None:
    try:
        return public_key(key) if isinstance(key, dict) else None
    except ValueError:
        return None


def _named(keys: Sequence[PublicJwk], kid: str) -> tuple[PublicJwk, ...]:
    return tuple(key for key in keys if key["kid"] == kid)
