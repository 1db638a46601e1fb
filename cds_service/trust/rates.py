"""How often a client may call: a bucket of tokens for each, refilled as time goes. Each worker counts for itself."""

import time
from collections.abc import Callable
from typing import Final

import msgspec

from cds_service.clients import Client

_SECONDS: Final = 60.0


class _Bucket(msgspec.Struct):
    left: float
    since: float


class Rates:
    """The buckets of one worker, by client id: as many as there are clients."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def wait(self, client: Client) -> float:
        """Take one call from the client's bucket: 0.0, or the seconds after which there is room for one again."""
        limits, now = client.limits, self._clock()
        a_second = limits.calls_per_minute / _SECONDS
        bucket = self._buckets.setdefault(client.id, _Bucket(float(limits.burst), now))
        bucket.left = min(bucket.left + (now - bucket.since) * a_second, float(limits.burst))
        bucket.since = now
        if bucket.left < 1.0:
            return (1.0 - bucket.left) / a_second
        bucket.left -= 1.0
        return 0.0
