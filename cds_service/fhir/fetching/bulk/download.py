"""File after file to the disk: streamed, going on where it was, and nothing that is lacking stays unsaid."""

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import httpx
import msgspec

from cds_service.errors import ExportFailed
from cds_service.fhir.fetching.bulk.calls import OK, Calls, LineBroken
from cds_service.fhir.fetching.bulk.job import NDJSON, File, JobGone, Manifest, Wanted, discard, kick_off, manifests

STATE: Final = ".export-job"
MANIFEST: Final = "manifest.json"
PARTIAL: Final = 206
_AT_ONCE: Final = 4
_TRIES: Final = 6
_OWNER_ONLY: Final = 0o600
_OWNER_FOLDER: Final = 0o700
_USABLE: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")


class Job(msgspec.Struct):
    """What is known of an export that was asked for; kept beside its files until they are all there."""

    base: str
    path: str
    place: str


class Fetched(msgspec.Struct, frozen=True):
    """What came: ``files`` and ``bytes``; ``lacking`` are names of files that could not be had."""

    files: int
    bytes: int
    lacking: tuple[str, ...]


class Progress(msgspec.Struct):
    """How far it is, for whoever watches: ``said`` are the server's words while it works."""

    files: int = 0
    total: int = 0
    bytes: int = 0
    said: str = ""


async def fetch_export(
    calls: Calls, wanted: Wanted, folder: Path, told: Callable[[Progress], None], patience: float
) -> Fetched:
    """Fetch an export into ``folder``, where an earlier call for the same may have left a part of it.

    A file that the server does not give is stood for by an OperationOutcome that says so, under the name of its type.
    Raises ExportFailed when there is no export at all.
    """
    _prepare(folder)
    return await _Fetching(calls, wanted, folder, told, patience).fetched()


class _Fetching:
    """One export being fetched."""

    def __init__(
        self, calls: Calls, wanted: Wanted, folder: Path, told: Callable[[Progress], None], patience: float
    ) -> None:
        self._calls, self._wanted, self._folder, self._patience = calls, wanted, folder, patience
        self._told, self._progress = told, Progress()
        self._lacking: list[str] = []
        self._state = folder / STATE
        self._renewing = asyncio.Lock()
        self._pages: Sequence[Manifest] = ()

    async def fetched(self) -> Fetched:
        job = await self._job()
        self._pages = await self._manifests(job)
        files = _named(self._pages)
        self._progress.total = len(files)
        gate = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._one(name, job, gate) for name in files))
        _write(self._folder / MANIFEST, self._manifest())
        await discard(self._calls, job.place)
        self._state.unlink(missing_ok=True)
        return Fetched(len(files) - len(self._lacking), self._progress.bytes, tuple(sorted(self._lacking)))

    async def _job(self) -> Job:
        """Return the job of an earlier call for the same, or a new one."""
        own = (self._calls.base.base, self._wanted.path)
        try:
            job = msgspec.json.decode(self._state.read_bytes(), type=Job)
        except (OSError, msgspec.DecodeError):
            job = Job("", "", "")
        if (job.base, job.path) != own:
            self._clear()
            job = Job(*own, await kick_off(self._calls, self._wanted))
            _write(self._state, msgspec.json.encode(job))
        return job

    def _clear(self) -> None:
        """Remove what belongs to another export. Raises ExportFailed when something else is in the folder."""
        for path in self._folder.iterdir():
            if not path.name.endswith((".ndjson", ".ndjson.gz", ".part", MANIFEST, STATE)):
                raise ExportFailed("the folder for the export holds other files")
        for path in self._folder.iterdir():
            path.unlink()

    async def _manifests(self, job: Job) -> Sequence[Manifest]:
        def said(words: str) -> None:
            self._progress.said = words
            self._told(self._progress)

        try:
            return await manifests(self._calls, job.place, said, self._patience)
        except JobGone:
            # It cannot be gone on with; the next call begins anew.
            self._state.unlink(missing_ok=True)
            raise

    def _manifest(self) -> bytes:
        """Return the manifest without addresses, some of which open a file for whoever knows them."""
        outputs = [{"type": file.type, "count": file.count} for page in self._pages for file in page.output]
        return msgspec.json.encode({"request": f"{self._calls.base.base}/{self._wanted.path}", "output": outputs})

    # ------------------------------------------------------------ one file

    async def _one(self, name: str, job: Job, gate: asyncio.Semaphore) -> None:
        async with gate:
            try:
                await self._downloaded(name, job)
            except ExportFailed:
                self._lacking.append(name)
                _write(self._folder / f"{name}.lacking.ndjson", _OUTCOME)
            self._progress.files += 1
            self._told(self._progress)

    async def _downloaded(self, name: str, job: Job) -> None:
        """Fetch one file. Links expire: with a fresh manifest it is tried once more."""
        if self._is_there(name):
            return
        for fresh in (False, True):
            if fresh:
                await self._renew(job)
            file = _named(self._pages).get(name)
            if file is not None and await self._tried(name, file[0], with_token=file[1]):
                return
        raise ExportFailed("a file of the export cannot be had")

    async def _renew(self, job: Job) -> None:
        async with self._renewing:
            self._pages = await self._manifests(job)

    def _is_there(self, name: str) -> bool:
        return any((self._folder / f"{name}{ending}").exists() for ending in (".ndjson", ".ndjson.gz"))

    async def _tried(self, name: str, file: File, *, with_token: bool) -> bool:
        """Fetch a file in as many goes as the line needs; False when the server does not give it."""
        part = self._folder / f"{name}.part"
        for _ in range(_TRIES):
            try:
                done = await self._go_on(part, name, file, with_token=with_token)
            except LineBroken:
                continue
            if done is not None:
                return done
        return False

    async def _go_on(self, part: Path, name: str, file: File, *, with_token: bool) -> bool | None:
        """Fetch the rest of a file; None when it must be begun anew, False when it is not given."""
        held = _size(part)
        headers = {"accept": NDJSON, "accept-encoding": "gzip"} | ({"range": f"bytes={held}-"} if held else {})
        try:
            request = httpx.Request("GET", file.url, headers=headers)
        except httpx.InvalidURL:
            return False
        async with self._calls.answered(request, with_token=with_token) as response:
            if held and not _goes_on(response, held):
                _remove(part)
                if response.status_code != OK:
                    return None
            if response.status_code not in (OK, PARTIAL):
                return False
            taken = await self._take(part, response)
        self._file(taken, name, packed=taken != part or _is_gz(taken))
        return True

    def _file(self, taken: Path, name: str, *, packed: bool) -> None:
        taken.replace(self._folder / f"{name}.ndjson{'.gz' if packed else ''}")
        for rest in (f"{name}.part", f"{name}.gz.part"):
            (self._folder / rest).unlink(missing_ok=True)

    async def _take(self, part: Path, response: httpx.Response) -> Path:
        """Write the body as it comes. What was compressed on the way cannot be gone on with: it has its own file."""
        packed = response.headers.get("content-encoding", "") in ("gzip", "x-gzip")
        path = part.with_suffix(".gz.part") if packed else part
        flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if packed else os.O_APPEND)
        with os.fdopen(os.open(path, flags, _OWNER_ONLY), "wb") as file:
            async for chunk in response.aiter_raw():
                file.write(chunk)
                self._progress.bytes += len(chunk)
                self._told(self._progress)
        return path


# Small, so that the loop may wait for them.


def _prepare(folder: Path) -> None:
    folder.mkdir(mode=_OWNER_FOLDER, parents=True, exist_ok=True)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _remove(path: Path) -> None:
    path.unlink()


def _goes_on(response: httpx.Response, held: int) -> bool:
    """True when the answer begins where the file on the disk ends."""
    told = response.headers.get("content-range", "")
    return response.status_code == PARTIAL and told.startswith(f"bytes {held}-")


_OUTCOME: Final = (
    b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"not-found",'
    b'"diagnostics":"a file of the export could not be fetched"}]}\n'
)


def _named(pages: Sequence[Manifest]) -> dict[str, tuple[File, bool]]:
    """Return the files of a manifest by the names they get, and whether each needs the token."""
    named: dict[str, tuple[File, bool]] = {}
    for page in pages:
        for kind, files in (("", page.output), ("error", page.error), ("deleted", page.deleted)):
            for file in files:
                name = kind or "".join(letter for letter in file.type if letter in _USABLE) or "unknown"
                named[f"{name}.{len(named) + 1:05}"] = (file, page.requires_access_token)
    return named


def _is_gz(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _write(path: Path, data: bytes) -> None:
    draft = path.with_name(f"{path.name}.part")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY), "wb") as file:
        file.write(data)
    draft.replace(path)
