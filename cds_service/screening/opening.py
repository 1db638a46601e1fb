"""Opening the files of an export: local or by URL, plain or gz, as blocks of whole lines."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from cds_service.errors import MalformedRequest

BLOCK: Final = 1 << 17
"""Bytes that are read at a time: what is done with them stays in the processor's cache (four times as many took a
third longer)."""
LONGEST_LINE: Final = 1 << 25
"""A longer line is no resource that we read; it is skipped and listed."""
GZ_MAGIC: Final = b"\x1f\x8b"
_GZ_WINDOW: Final = 31
_URL: Final = "://"
TOO_LONG: Final = b"\x00too-long"
"""Stands for a line that was too long."""


class Damaged(Exception):
    """The file ends too early or its compression is broken; everything before was given out."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_url(path: str) -> bool:
    """True for what fsspec opens, false for a path of this machine."""
    return _URL in path


def filesystem(url: str) -> tuple[Any, str]:
    """Return the fsspec file system for a URL, and the path inside it. Raises MalformedRequest without fsspec."""
    try:
        import fsspec  # noqa: PLC0415 - an extra; only needed for URLs
    except ImportError:
        raise MalformedRequest("URLs need the extra 'dask' (fsspec)") from None
    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError):
        raise MalformedRequest("no fsspec driver for this kind of URL is installed") from None
    return found


@contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """Open a file for reading."""
    if is_url(path):
        system, inner = filesystem(path)
        with system.open(inner, "rb") as file:
            yield file
    else:
        with Path(path).open("rb") as file:
            yield file


def blocks(path: str, start: int, end: int, *, gz: bool) -> Iterator[bytes]:
    """Yield blocks of whole lines, without the newline at their end.

    A line belongs to the stretch in which it begins. Raises Damaged after the last block that could be read, OSError
    when the file cannot be read.
    """
    with opened(path) as file:
        if gz:
            yield from _whole_lines(_inflated(file))
        else:
            yield from _whole_lines(_stretch(file, start, end))


def _stretch(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes of the lines that begin in ``start`` to ``end`` - 1."""
    position, last = start, b"\n"
    if start:
        # The line that runs into this stretch belongs to the one before, unless it ends exactly at its edge.
        file.seek(start - 1)
        position = start - 1 + sum(map(len, _rest_of_line(file)))
    while position < end:
        last = file.read(min(BLOCK, end - position))
        if not last:
            raise Damaged("vanished")
        position += len(last)
        yield last
    if last[-1:] != b"\n":
        yield from _rest_of_line(file)


def _rest_of_line(file: IO[bytes]) -> Iterator[bytes]:
    while data := file.readline(BLOCK):
        yield data
        if data[-1:] == b"\n":
            return


def _inflated(file: IO[bytes]) -> Iterator[bytes]:
    """Yield what a gz file holds; it may be several, one after the other, and zeros may follow the last."""
    inflater = None
    data = b""
    try:
        while data := data or file.read(BLOCK):
            if inflater is None:
                data = data.lstrip(b"\x00")
                inflater = zlib.decompressobj(_GZ_WINDOW) if data else None
                continue
            yield inflater.decompress(data, BLOCK)
            data = inflater.unused_data if inflater.eof else inflater.unconsumed_tail
            inflater = None if inflater.eof else inflater
        if inflater is not None:
            yield inflater.flush()
    except zlib.error:
        raise Damaged("damaged") from None
    if inflater is not None and not inflater.eof:
        raise Damaged("truncated")


def _whole_lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces cut at their last newlines; a line that is too long becomes ``TOO_LONG``."""
    cut = _Cutting()
    try:
        for piece in pieces:
            yield from cut.taken(piece)
    except Damaged:
        yield from cut.left()
        raise
    yield from cut.left()


class _Cutting:
    """Keeps the beginning of a line until its end has come."""

    def __init__(self) -> None:
        self._rest = b""
        self._skipping = False

    def taken(self, piece: bytes) -> Iterator[bytes]:
        head, newline, tail = piece.rpartition(b"\n")
        if newline:
            whole = head.partition(b"\n")[2] if self._skipping else self._rest + head
            if whole or not self._skipping:
                yield whole
            self._rest, self._skipping = tail, False
        elif not self._skipping:
            self._rest += tail
        if len(self._rest) > LONGEST_LINE:
            yield TOO_LONG
            self._rest, self._skipping = b"", True

    def left(self) -> Iterator[bytes]:
        if self._rest:
            yield self._rest
