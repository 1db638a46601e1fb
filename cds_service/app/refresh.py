"""What changes while the service runs: each worker looks at the store once a second and takes over what is new.

A :class:`Watch` has three steps. ``revision`` is one quick query that says whether anything changed; ``build`` makes
the new thing, beside the event loop, however long it takes; ``swap`` puts it in place, on the event loop, in one
assignment. So a call that has begun keeps what it began with, and no call ever sees half of a change. What cannot be
built replaces nothing: the old stays in force, the problem is logged once and told by ``/health/ready``.
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping
from typing import Any, Final, Generic, TypeVar

from cds_service.errors import CdsServiceError
from cds_service.logs import log

SECONDS: Final = 1.0
"""Between two looks: a publication is in force everywhere within two seconds, the making of it included."""

Built = TypeVar("Built")


class Watch(Generic[Built]):
    """One thing that may change. ``revision`` and ``build`` run in a thread and may raise CdsServiceError."""

    def __init__(
        self, name: str, revision: Callable[[], Hashable], build: Callable[[], Built], swap: Callable[[Built], None]
    ) -> None:
        self.name = name
        self.problem = ""
        self._revision = revision
        self._build = build
        self._swap = swap
        self._seen: Hashable = object()

    def settle(self) -> None:
        """Put the present state in place, before the first call. Raises what ``revision`` or ``build`` raises."""
        # The revision first: what changes between the two is looked at again, never missed.
        seen = self._revision()
        self._swap(self._build())
        self._seen = seen

    async def look(self) -> bool:
        """Take over what changed since the last look, and return whether something did. Raises nothing of ours."""
        try:
            now = await asyncio.to_thread(self._revision)
            if now == self._seen:
                self._well()
                return False
            built = await asyncio.to_thread(self._build)
        except CdsServiceError as error:
            self._failed(str(error))
            return False
        except Exception as error:  # noqa: BLE001 - whatever it is, the old stays in force and the watch goes on
            self._failed(type(error).__name__)
            return False
        self._swap(built)
        self._seen = now
        self._well()
        log.info("taken over", watch=self.name)
        return True

    def _failed(self, problem: str) -> None:
        if problem != self.problem:
            log.error("not taken over, the old stays in force", watch=self.name, problem=problem)
        self.problem = problem

    def _well(self) -> None:
        if self.problem:
            log.info("looked at again", watch=self.name)
        self.problem = ""


class Refresher:
    """All watches of one worker."""

    def __init__(self, *watches: Watch[Any], seconds: float = SECONDS) -> None:
        self._watches = watches
        self._seconds = seconds
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def problems(self) -> Mapping[str, str]:
        """What could not be taken over, by the name of its watch; empty when all is well."""
        return {watch.name: watch.problem for watch in self._watches if watch.problem}

    def settle(self) -> None:
        """Put the present state of all watches in place. Raises CdsServiceError, so that start-up stops."""
        for watch in self._watches:
            watch.settle()

    async def look(self) -> None:
        """Look once at everything."""
        await asyncio.gather(*(watch.look() for watch in self._watches))

    def start(self) -> None:
        """Begin to look, again and again, in the running event loop; each watch at its own pace."""
        self._tasks = [asyncio.create_task(self._keep_looking(watch)) for watch in self._watches]

    async def stop(self) -> None:
        """End it and wait until it has ended."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def _keep_looking(self, watch: Watch[Any]) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            await watch.look()
