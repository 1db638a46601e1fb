"""Units worked on by Dask distributed: the same work, the same results, on as many machines as there are.

Only what units found comes back, and only the process that was started writes: workers need no more than to read the
export.
A worker that is lost costs the units it had; the scheduler gives them to others.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

import dask
from distributed import Client, Future, LocalCluster, as_completed
from distributed.scheduler import KilledWorker

from cds_service.errors import MalformedRequest
from cds_service.screening.running import Job, Work, WorkerLost

_AHEAD: Final = 2
_RETRIES: Final = 5
_SECONDS_TO_CONNECT: Final = 20
# Dask has its workers give freed pages back at once; blocks of an export are freed by the thousand and wanted again.
_ALLOCATION: Final = {"MALLOC_TRIM_THRESHOLD_": 1 << 24, "MALLOC_MMAP_THRESHOLD_": 1 << 24}


class Dask:
    """Works on jobs with the workers of a scheduler, or of one started on this machine for the time being."""

    def __init__(self, scheduler: str, workers: int) -> None:
        """``scheduler``: its address (``tcp://host:8786``); empty starts ``workers`` processes on this machine.

        Raises MalformedRequest when nobody answers at the address.
        """
        self._cluster = None if scheduler else _local(workers)
        try:
            self._client = Client(scheduler or self._cluster, timeout=_SECONDS_TO_CONNECT)
        except (OSError, ValueError):
            raise MalformedRequest("no Dask scheduler answers at this address") from None

    def run(self, work: Work, jobs: Iterable[Job], shared: bytes = b"") -> Iterator[tuple[int, bytes]]:
        """Yield (number, result) as jobs end; a few for each worker are handed out ahead, never all."""
        queue = iter(jobs)
        given = (self._client.scatter(shared, broadcast=True, hash=False),) if shared else ()
        numbers: dict[Any, int] = {}
        running = as_completed(with_results=True)
        try:
            self._submit(work, islice(queue, self._room(0)), given, numbers, running)
            for future, result in running:
                yield numbers.pop(future.key), result
                self._submit(work, islice(queue, self._room(len(numbers))), given, numbers, running)
        except KilledWorker:
            raise WorkerLost("several workers ended at the same unit; run the same command again to go on") from None

    def _room(self, running: int) -> int:
        threads: int = sum(self._client.nthreads().values())
        return max(max(threads, 1) * _AHEAD - running, 0)

    def _submit(
        self, work: Work, jobs: Iterable[Job], given: tuple[Future, ...], numbers: dict[Any, int], running: as_completed
    ) -> None:
        for number, arguments in jobs:
            future = self._client.submit(work, *arguments, *given, pure=False, retries=_RETRIES)
            numbers[future.key] = number
            running.add(future)

    def close(self) -> None:
        """Let the workers go; a scheduler that was there before goes on."""
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()


def _local(workers: int) -> LocalCluster:
    # One thread each: the work holds the interpreter's lock. No page: nobody looks, and it would listen on a port.
    with dask.config.set({"distributed.nanny.pre-spawn-environ": _ALLOCATION}):
        return LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        )
