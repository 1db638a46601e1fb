"""Records on disk that wait to be written to the store: one append-only file per worker, in one folder.

A record is one line: the CRC-32 of its text in eight hexadecimal digits, a blank, the text. A worker holds a lock on
its file as long as it lives; a file that nobody holds was left by a worker that died, and who finds it takes it over.
What was written survives the death of the process at once, and a loss of power after :meth:`Spool.sync`.
"""

import contextlib
import fcntl
import os
import secrets
import tempfile
import threading
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from cds_service.errors import StoreError
from cds_service.logs import log

SUFFIX: Final = ".spool"
ASIDE: Final = "set-aside.txt"
_CHUNK: Final = 1 << 18
_SUM: Final = 8


def spool_folder(given: str, database_url: str) -> Path:
    """Return the folder: ``given``, else one beside the SQLite file, else one in the working folder.

    A store in memory gets a folder of its own, because nobody else writes to that store.
    """
    if given:
        return Path(given)
    url = sa.make_url(database_url)
    if url.get_backend_name() != "sqlite" or "uri" in url.query:
        return Path("cds-service.spool")
    if not url.database or url.database == ":memory:":
        return Path(tempfile.mkdtemp(prefix="cds-service-"))
    return Path(f"{url.database}.spool")


class SpoolFile:
    """One locked file. Appending and cutting are guarded against each other; reading is the one drainer's alone."""

    def __init__(self, path: Path, handle: int) -> None:
        self.path, self.size = path, os.fstat(handle).st_size
        self._handle = handle
        self._read = 0
        self._guard = threading.Lock()

    @property
    def waiting(self) -> int:
        """Bytes that are not written to the store yet."""
        return self.size - self._read

    def append(self, line: bytes, most: int) -> None:
        """Write one line, or nothing at all. Raises OSError, also when the file would grow past ``most`` bytes."""
        with self._guard:
            if self.size + len(line) > most:
                raise OSError("the spool is full")
            try:
                written = os.write(self._handle, line)
                if written != len(line):
                    raise OSError("the disk is full")
            except OSError:
                # Half a line would spoil the next one.
                os.ftruncate(self._handle, self.size)
                raise
            self.size += len(line)

    def sync(self) -> None:
        """Return when all that was appended lies on the disk."""
        os.fsync(self._handle)

    def next(self) -> tuple[list[bytes], int]:
        """Return the next whole lines and the place after them; hand that to :meth:`done` when they are stored."""
        chunk, length = b"", _CHUNK
        while b"\n" not in chunk and len(chunk) < self.waiting:
            chunk = os.pread(self._handle, length, self._read)
            length *= 2
        whole = chunk[: chunk.rfind(b"\n") + 1]
        return whole.split(b"\n")[:-1], self._read + len(whole)

    def rest(self) -> bytes:
        """Return what follows the last whole line: its writer was cut off in the midst of it."""
        return os.pread(self._handle, self.waiting, self._read)

    def done(self, place: int) -> None:
        """All before ``place`` is stored. What is stored whole is cut off, so that the file does not grow for ever."""
        with self._guard:
            self._read = place
            if self._read == self.size:
                os.ftruncate(self._handle, 0)
                self.size = self._read = 0

    def close(self) -> None:
        """Let go of the file, and remove it when nothing waits in it."""
        if not self.size:
            self.path.unlink(missing_ok=True)
        os.close(self._handle)


class Spool:
    """The folder, as one worker sees it: the file it writes, and those that it took over from the dead."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self._folder, self._most = folder, most_bytes
        self._own: SpoolFile | None = None
        self._adopted: list[SpoolFile] = []
        self._elsewhere = 0
        self._dirty = False
        self._guard = threading.Lock()
        self._syncing = threading.Lock()

    @property
    def waiting(self) -> int:
        """Bytes that wait here, taken over ones included."""
        return sum(file.waiting for file in self._files())

    def append(self, record: bytes) -> None:
        """Keep one record (without a line break). Raises StoreError when there is no room or no folder."""
        try:
            self._opened().append(wrapped(record), self._most - self._elsewhere)
        except OSError as error:
            raise StoreError(f"the spool cannot take more: {error.strerror or error}") from None
        self._dirty = True

    def sync(self) -> None:
        """Make all that was appended survive a loss of power. Raises StoreError."""
        # Who comes while another writes through waits for it: what it appended may be part of that.
        with self._syncing:
            if self._own is None or not self._dirty:
                return
            self._dirty = False
            try:
                self._own.sync()
            except OSError as error:
                self._dirty = True
                raise StoreError(f"the spool cannot be written through: {error.strerror}") from None

    def adopt(self) -> None:
        """Take over the files that nobody holds, and measure what the others take of the room."""
        mine = {file.path for file in self._files()}
        others = [path for path in self._folder.glob(f"*{SUFFIX}") if path not in mine]
        for path in others:
            file = _taken(path)
            if file is not None:
                self._adopted.append(file)
        with contextlib.suppress(OSError):
            self._elsewhere = sum(path.stat().st_size for path in self._folder.iterdir() if not self._is_own(path))

    def unwritten(self) -> Iterator[SpoolFile]:
        """Yield the files in the order in which they are to be emptied; one taken over is let go when it is empty."""
        while self._adopted:
            file = self._adopted[0]
            yield file
            if torn := file.rest():
                self.set_aside(torn)
                file.done(file.size)
            self._adopted.pop(0).close()
        if self._own is not None:
            yield self._own

    def set_aside(self, line: bytes) -> None:
        """Keep a line that cannot be stored, for a person to look at. Raises StoreError."""
        log.error("a record in the spool cannot be stored: it was set aside", bytes=len(line))
        try:
            with (self._folder / ASIDE).open("ab") as file:
                file.write(line + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"a record cannot be set aside: {error.strerror}") from None

    def close(self) -> None:
        """Let go of all files."""
        for file in self._files():
            file.close()
        self._own, self._adopted = None, []

    def _files(self) -> list[SpoolFile]:
        return [*self._adopted, *([self._own] if self._own else [])]

    def _is_own(self, path: Path) -> bool:
        return self._own is not None and path == self._own.path

    def _opened(self) -> SpoolFile:
        with self._guard:
            if self._own is None:
                self._own = _made(self._folder)
            return self._own


def wrapped(record: bytes) -> bytes:
    """Return the line of a record that holds no line break."""
    return b"%08x %b\n" % (zlib.crc32(record), record)


def unwrapped(line: bytes) -> bytes | None:
    """Return the record of a line without its line break, None when it is not as it was written."""
    record = line[_SUM + 1 :]
    return record if wrapped(record)[:-1] == line else None


def _made(folder: Path) -> SpoolFile:
    """Make a file that is locked before anybody can see it under its name."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(8)}{SUFFIX}"
    hidden = path.with_suffix(".new")
    handle = os.open(hidden, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    hidden.rename(path)
    place = os.open(folder, os.O_RDONLY)
    os.fsync(place)
    os.close(place)
    return SpoolFile(path, handle)


def _taken(path: Path) -> SpoolFile | None:
    """Return the file, locked, when nobody holds it and it is still there."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever held it before us may have emptied and removed it.
        if os.fstat(handle).st_nlink:
            return SpoolFile(path, handle)
    except OSError:
        pass
    os.close(handle)
    return None
