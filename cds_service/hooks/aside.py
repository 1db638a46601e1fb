"""Large records are assessed aside, in a few processes of their own, so that a small one never waits for a large one.

Threads would not help: decoding holds the interpreter. What crosses over is data alone: the job, what was fetched for
it, and, once per rule set, the rules and code tables. No answer is lost: where a process ends in the middle of a job,
the job is given to another, and where none is there, it is done here.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

from cds_service.errors import CallerError
from cds_service.hooks.assessing import Asked, Assessed, Job, Knowledge, Reply
from cds_service.hooks.frames import FAILED, LENGTH, READY, Question, frame, unframed
from cds_service.logs import log

_MODULE: Final = "cds_service.hooks.aside_process"
_SETTINGS: Final = "CDS_"
# Seconds. A process takes a second or two to start; a job may wait its turn for as long as an EHR waits at most.
_START: Final = 60.0
_PATIENCE: Final = 5.0
_FAREWELL: Final = 2.0
_LONGEST_PAUSE: Final = 30.0
_TRIES: Final = 2
_GONE: Final = "gone"


class Aside:
    """A few processes that assess. Make it anywhere, start and stop it in the event loop that uses it."""

    def __init__(self, processes: int, least_bytes: int) -> None:
        """Take how many processes to keep, and from how many bytes on a record is large."""
        self.least_bytes = least_bytes
        self._number = processes
        self._idle: asyncio.LifoQueue[_Process] = asyncio.LifoQueue()
        self._ready: set[_Process] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ending: set[asyncio.Task[Any]] = set()
        self._keys = _Keys()

    @property
    def ready(self) -> int:
        """How many processes are there now."""
        return len(self._ready)

    def start(self) -> None:
        """Begin to start the processes; until they are there, everything is done here."""
        for _ in range(self._number):
            self._begin(self._started())

    async def stop(self) -> None:
        """End all processes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        ready, self._ready = self._ready, set()
        # Those that were lost before are waited for as well: what is not waited for stays as a zombie.
        await asyncio.gather(*self._ending, *(process.end() for process in ready))

    async def on(self, job: Job, replies: Sequence[Reply], by: Knowledge) -> Asked | Assessed | None:
        """Return how far a job goes with these replies; None where it is to be done here.

        Raises MalformedRequest, TooLarge, EssentialDataMissing, as doing it here would.
        """
        if _size(job, replies) < self.least_bytes:
            return None
        for _ in range(_TRIES):
            process = await self._free()
            if process is None:
                return None
            # Whoever asked may be gone before the answer is there; the process must still be heard to its end.
            found = await asyncio.shield(self._begin(self._heard(process, job, replies, by)))
            if isinstance(found, CallerError):
                raise found
            if found != _GONE:
                return None if found == FAILED else found
        return None

    async def _free(self) -> "_Process | None":
        if not self._ready:
            return None
        try:
            return await asyncio.wait_for(self._idle.get(), _PATIENCE)
        except TimeoutError:
            return None

    async def _heard(self, process: "_Process", job: Job, replies: Sequence[Reply], by: Knowledge) -> Any:
        try:
            found = await process.ask(self._keys.of(by), by, job, list(replies))
        except (OSError, EOFError):
            log.error("assessing process lost")
            self._ready.discard(process)
            self._begin(process.end(), self._ending)
            self._begin(self._started())
            return _GONE
        self._idle.put_nowait(process)
        return found

    async def _started(self) -> None:
        pause = 1.0
        while True:
            try:
                process = await asyncio.wait_for(_Process.started(), _START)
            except (OSError, EOFError, TimeoutError) as error:
                log.error("assessing process not started", error=type(error).__name__)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                self._ready.add(process)
                self._idle.put_nowait(process)
                return

    def _begin(self, work: Any, among: set[asyncio.Task[Any]] | None = None) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        tasks = self._tasks if among is None else among
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return task


def _size(job: Job, replies: Sequence[Reply]) -> int:
    fetched = (body for reply in replies if not isinstance(reply, str) for pages in reply for body in pages.bodies)
    return len(job.body) + sum(map(len, fetched))


class _Keys:
    """A short name for each rule set with its tables; only the last two are kept, the old one for calls under way."""

    def __init__(self) -> None:
        self._kept: list[tuple[Knowledge, str]] = []
        self._number = 0

    def of(self, by: Knowledge) -> str:
        for known, key in self._kept:
            if known.rules is by.rules and known.index is by.index:
                return key
        self._number += 1
        self._kept = [*self._kept[-1:], (by, str(self._number))]
        return str(self._number)


class _Process:
    """One assessing process, doing one job at a time."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None, "it was asked for"
        assert process.stdout is not None, "it was asked for"
        self._process = process
        self._to, self._from = process.stdin, process.stdout
        self._taught = ""

    @classmethod
    async def started(cls) -> "_Process":
        """Start one and wait until it is ready. Raises OSError or EOFError when it cannot be."""
        # It needs no setting, so that it is given no secret.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
        one = cls(
            await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                _MODULE,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                env=environment,
            )
        )
        try:
            if await one._read() != READY:
                raise EOFError
        except BaseException:
            await one.end()
            raise
        return one

    async def ask(self, key: str, by: Knowledge, job: Job, replies: list[Reply]) -> Any:
        """Return what it answers. Raises OSError or EOFError when it has ended."""
        if self._taught != key:
            self._write(by)
            self._taught = key
        self._write(Question(job, replies))
        await self._to.drain()
        return await self._read()

    async def end(self) -> None:
        """End it: it stops by itself when nothing more can come; one that does not is killed."""
        self._to.close()
        try:
            await asyncio.wait_for(self._process.wait(), _FAREWELL)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _write(self, value: Any) -> None:
        self._to.writelines(frame(value))

    async def _read(self) -> Any:
        (size,) = LENGTH.unpack(await self._from.readexactly(LENGTH.size))
        return unframed(await self._from.readexactly(size))
