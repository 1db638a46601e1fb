"""Units of work: stretches of files, small enough that losing one to an interruption costs little."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from cds_service.screening.inventory import ExportFile

UNIT_BYTES: Final = 1 << 26
"""A plain file is cut into stretches of this size; a gz file can only be read from its start."""
_MOST_UNITS: Final = 50_000
_ALL: Final = 1 << 62


class Unit(msgspec.Struct, frozen=True, array_like=True):
    """The lines of a file that begin in ``start`` to ``end`` - 1."""

    number: int
    file: ExportFile
    start: int
    end: int


def units_of(files: Iterable[ExportFile], unit_bytes: int = UNIT_BYTES) -> tuple[Unit, ...]:
    """Return the units of the files, in order. Large exports get larger units, so that there are never too many."""
    files = tuple(files)
    size = max(unit_bytes, sum(file.size for file in files) // _MOST_UNITS)
    stretches = (stretch for file in files for stretch in _stretches(file, size))
    return tuple(Unit(number, file, start, end) for number, (file, start, end) in enumerate(stretches))


def _stretches(file: ExportFile, size: int) -> Iterator[tuple[ExportFile, int, int]]:
    if file.gz:
        yield file, 0, _ALL
        return
    for start in range(0, file.size, size):
        yield file, start, min(start + size, file.size)
