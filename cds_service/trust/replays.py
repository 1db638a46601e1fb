"""No token is used twice: its number is remembered until it could not be used anyway, by all workers together.

When the store does not answer in time, each worker remembers for itself: a clinician gets the cards, and a stolen token
could be used once for each worker, within its life. That is said in the log.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from cds_service.errors import StoreError
from cds_service.logs import log

MOST_REMEMBERED: Final = 50_000


class Replays:
    """``first_use`` writes a mark into the store, and returns False when it was there."""

    def __init__(
        self,
        first_use: Callable[[str, datetime], bool],
        *,
        seconds: float = 0.5,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._first_use = first_use
        self._seconds = seconds
        self._clock = clock
        self._here: dict[str, float] = {}

    async def is_new(self, client: str, jti: str, ends: float) -> bool:
        """Return whether this client's token is used for the first time; ``ends``: when it is of no use any more."""
        mark = hashlib.sha256(f"{client}\n{jti}".encode("utf-8", "surrogatepass")).hexdigest()
        if mark in self._here:
            return False
        self._make_room()
        self._here[mark] = ends
        try:
            until = datetime.fromtimestamp(ends, UTC)
            return await asyncio.wait_for(asyncio.to_thread(self._first_use, mark, until), self._seconds)
        except (StoreError, TimeoutError) as error:
            log.error("replays are not shared between workers", problem=str(error) or type(error).__name__)
            return True

    def _make_room(self) -> None:
        """Forget what has ended; if all of it is still of use, the oldest: the store remembers it."""
        if len(self._here) < MOST_REMEMBERED:
            return
        now = self._clock()
        self._here = {mark: ends for mark, ends in self._here.items() if ends > now}
        while len(self._here) >= MOST_REMEMBERED:
            del self._here[next(iter(self._here))]
