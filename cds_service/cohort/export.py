"""A population as FHIR Bulk Data: NDJSON files by type, many of them, plain or gz."""

import gzip
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from typing import IO, Final, cast

import msgspec

from cds_service.cohort.population import Population

# Level 1 writes several times faster than 6 and is what servers use for exports.
_GZ_LEVEL: Final = 1


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """Where and how it is written: ``per_file`` patients in each file of a type; ``processes`` write at once."""

    folder: Path
    per_file: int = 1000
    gz: bool = False
    processes: int = 1


class _Part(msgspec.Struct, frozen=True):
    population: Population
    export: Export
    number: int


def write_export(population: Population, export: Export) -> Iterator[int]:
    """Write the files ``Type.0001.ndjson`` and yield, file set by file set, the patients in it.

    Raises OSError when the folder cannot be written.
    """
    export.folder.mkdir(parents=True, exist_ok=True)
    count = -(-population.patients // export.per_file)
    parts = [_Part(population, export, number) for number in range(count)]
    if export.processes == 1:
        yield from map(_write, parts)
        return
    # Started anew instead of forked: a fork copies threads' locks in whatever state they are.
    with ProcessPoolExecutor(export.processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_write, parts)


def _write(part: _Part) -> int:
    export, first = part.export, part.number * part.export.per_file
    written = 0
    with ExitStack() as stack:
        files: dict[str, IO[bytes]] = {}
        for patient in part.population.part(first, first + export.per_file):
            for kind, line in patient.lines():
                if kind not in files:
                    files[kind] = _open(export, kind, part.number, stack)
                files[kind].write(line + b"\n")
            written += 1
    return written


def _open(export: Export, kind: str, number: int, stack: ExitStack) -> IO[bytes]:
    path = export.folder / f"{kind}.{number + 1:04}.ndjson{'.gz' if export.gz else ''}"
    file = stack.enter_context(path.open("wb"))
    if not export.gz:
        return file
    # No name and time inside: the same population gives the same bytes.
    packed = gzip.GzipFile(filename="", mode="wb", compresslevel=_GZ_LEVEL, fileobj=file, mtime=0)
    return cast("IO[bytes]", stack.enter_context(packed))
