"""Pages kept for a few seconds, when the site wants that: a chart is often opened twice in a row.

Keyed by origin, patient and token, so that nobody sees through it what their own token would not show; the token only
as a keyed hash under a key of this process. Bounded in bytes; each page is dropped when its time is up, not when
somebody happens to ask.
"""

import asyncio
import hashlib
import secrets
from collections import OrderedDict
from typing import Final

MOST_BYTES: Final = 50_000_000
_HASH_KEY_BYTES: Final = 32


class PageCache:
    """Remembers bodies for ``seconds``; 0 remembers nothing."""

    def __init__(self, seconds: float, most_bytes: int = MOST_BYTES) -> None:
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._size = 0
        self._hash_key = secrets.token_bytes(_HASH_KEY_BYTES)
        self._kept: OrderedDict[tuple[bytes, str], tuple[bytes, asyncio.TimerHandle]] = OrderedDict()

    def __repr__(self) -> str:
        return f"PageCache({len(self._kept)} pages)"

    def owner(self, *parts: str) -> bytes:
        """Return the key of one origin, patient and token; the parts cannot be had back from it."""
        digest = hashlib.blake2b(key=self._hash_key)
        for part in parts:
            data = part.encode()
            digest.update(len(data).to_bytes(8, "big") + data)
        return digest.digest()

    def get(self, owner: bytes, url: str) -> bytes | None:
        """Return the body kept for ``url``, or None."""
        kept = self._kept.get((owner, url))
        return kept[0] if kept else None

    def put(self, owner: bytes, url: str, body: bytes) -> None:
        """Keep a body; the oldest make room. One larger than all the room is not kept."""
        if self._seconds <= 0 or len(body) > self._most_bytes:
            return
        key = (owner, url)
        self._drop(key)
        while self._size + len(body) > self._most_bytes:
            self._drop(next(iter(self._kept)))
        timer = asyncio.get_running_loop().call_later(self._seconds, self._drop, key)
        self._kept[key] = (body, timer)
        self._size += len(body)

    def clear(self) -> None:
        """Forget everything."""
        for key in tuple(self._kept):
            self._drop(key)

    def _drop(self, key: tuple[bytes, str]) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            body, timer = found
            timer.cancel()
            self._size -= len(body)
