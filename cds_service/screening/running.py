"""Where units are worked on: in processes of this machine; :mod:`.dask_engine` has the same for a cluster."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, Protocol

from cds_service.errors import InternalError
from cds_service.screening.checkpoint import write_privately

Work = Callable[..., bytes]
Job = tuple[int, tuple[Any, ...]]
"""A number, and what the work is called with."""

_AHEAD: Final = 1


class Engine(Protocol):
    """Works on jobs that know nothing of each other, in any order."""

    def run(self, work: Work, jobs: Iterable[Job], shared: bytes = b"") -> Iterator[tuple[int, bytes]]:
        """Yield (number, result) as jobs end. ``shared``: the last argument of every call, the same for all."""
        ...

    def close(self) -> None:
        """Let the workers go."""
        ...


class WorkerLost(InternalError):
    """A process ended while it worked: out of memory, or stopped by somebody. Run again: what was done is kept."""


class Processes:
    """A pool of processes. They are started anew, not forked: a fork copies locks in whatever state they are."""

    def __init__(self, number: int, folder: Path) -> None:
        """``folder``: where what all share is kept while they work."""
        self._number = number
        self._shared = folder / "shared"
        self._pool = ProcessPoolExecutor(number, mp_context=get_context("spawn"))

    def run(self, work: Work, jobs: Iterable[Job], shared: bytes = b"") -> Iterator[tuple[int, bytes]]:
        """Yield (number, result) as jobs end; a few are handed out ahead, never all, so that memory stays bounded."""
        queue = iter(jobs)
        running: dict[Future[bytes], int] = {}
        call = (work, str(self._keep(shared)))
        try:
            while True:
                for number, arguments in islice(queue, self._number + _AHEAD - len(running)):
                    running[self._pool.submit(_called, *call, arguments)] = number
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        except BrokenProcessPool:
            raise WorkerLost("a worker process ended; run the same command again to go on") from None

    def _keep(self, shared: bytes) -> Path:
        path = self._shared.with_suffix(f".{hash(shared) & 0xFFFFFFFF:08x}")
        if shared and not path.exists():
            write_privately(path, shared)
        return path if shared else Path()

    def close(self) -> None:
        """Let the processes go; what they have not begun is not begun."""
        self._pool.shutdown(cancel_futures=True)


def _called(work: Work, shared: str, arguments: tuple[Any, ...]) -> bytes:
    return work(*arguments, _read(shared)) if shared != "." else work(*arguments)


@lru_cache(maxsize=1)
def _read(path: str) -> bytes:
    return Path(path).read_bytes()
