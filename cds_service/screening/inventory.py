"""Which files an export consists of, of which type each is, and what is wrong with them at first sight."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from cds_service.errors import MalformedRequest
from cds_service.fhir.areas import TYPE_MEANING
from cds_service.fhir.partial import PATIENT, POINTED_TO
from cds_service.fhir.shapes_admin import Issue, OperationOutcome
from cds_service.screening.faults import Fault
from cds_service.screening.opening import GZ_MAGIC, Damaged, blocks, filesystem, is_url, opened

READ_TYPES: Final = frozenset({PATIENT, *TYPE_MEANING, *POINTED_TO})
"""The types from which facts are made; files of others are counted and left alone."""

MANIFEST: Final = "manifest.json"
_ENDINGS: Final = (".ndjson", ".ndjson.gz", ".jsonl", ".jsonl.gz")
_OUTCOME: Final = "OperationOutcome"
_BUNDLE: Final = "Bundle"
_WHOLE: Final = 1 << 62
_MOST_MANIFEST: Final = 1 << 26


class ExportFile(msgspec.Struct, frozen=True, order=True):
    """One file: its name inside the export, where it is, its type (by its first line), its size in bytes."""

    name: str
    path: str
    kind: str
    size: int
    gz: bool
    modified: int = 0


class Inventory(msgspec.Struct, frozen=True):
    """The files to read, those of types that are not read, the faults, and the types the export is said to hold."""

    files: tuple[ExportFile, ...]
    unread: tuple[ExportFile, ...]
    faults: tuple[Fault, ...]
    asked: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()

    @property
    def kinds(self) -> frozenset[str]:
        """The types that were delivered, be it with nothing in them."""
        return frozenset(file.kind for file in self.files) | (frozenset(self.asked) & READ_TYPES)


class _Found(msgspec.Struct, frozen=True):
    name: str
    path: str
    size: int
    modified: int = 0


class _Kind(msgspec.Struct):
    resource_type: str = msgspec.field(name="resourceType")


_KIND: Final = msgspec.json.Decoder(_Kind)
_OUTCOMES: Final = msgspec.json.Decoder(OperationOutcome)
_SEVERE: Final = frozenset({"error", "fatal"})


def take_inventory(source: str, asked: Iterable[str] = ()) -> Inventory:
    """Return what the export at ``source`` (a folder, a file or a URL of one) consists of.

    ``asked``: types that were asked for, so that having no file of one means that there are none. Raises
    MalformedRequest when nothing is there.
    """
    taking = _Taking(asked)
    found = list(_remote(source) if is_url(source) else _local(Path(source), taking))
    for one in sorted(found, key=lambda one: one.name):
        taking.take(one)
    return taking.inventory()


def _local(root: Path, taking: "_Taking") -> Iterator[_Found]:
    if root.is_file():
        yield _found(root, root.name)
    elif not root.is_dir():
        raise MalformedRequest(f"{root}: no such file or folder")
    for folder, folders, files in os.walk(root):
        # In a fixed order, so that a listing is the same on every machine; what is hidden is no part of an export.
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in [*folders, *files]:
            path = Path(folder, name)
            inside = path.relative_to(root).as_posix()
            if path.is_symlink():
                # It may lead out of the export, or back into it and count everything twice.
                taking.fault(inside, "symbolic-link")
            elif path.is_file() and not name.startswith("."):
                yield _found(path, inside)


def _found(path: Path, name: str) -> _Found:
    told = path.stat()
    return _Found(name, str(path), told.st_size, told.st_mtime_ns)


def _remote(url: str) -> Iterator[_Found]:
    system, inner = filesystem(url)
    root = inner.rstrip("/")
    try:
        listed = system.find(root, detail=True)
    except OSError:
        raise MalformedRequest("nothing can be read at this URL") from None
    for path, told in sorted(listed.items()):
        name = path.removeprefix(root).lstrip("/") or path.rpartition("/")[2]
        yield _Found(name, system.unstrip_protocol(path), int(told["size"]))
    if not listed:
        raise MalformedRequest("nothing is at this URL")


class _Taking:
    """An inventory being taken."""

    def __init__(self, asked: Iterable[str]) -> None:
        self._files: list[ExportFile] = []
        self._unread: list[ExportFile] = []
        self._faults: list[Fault] = []
        self._asked = set(asked)
        self._deleted: set[str] = set()

    def inventory(self) -> Inventory:
        return Inventory(
            files=tuple(sorted(self._files)),
            unread=tuple(sorted(self._unread)),
            faults=tuple(sorted(self._faults)),
            asked=tuple(sorted(self._asked)),
            deleted=tuple(sorted(self._deleted)),
        )

    def fault(self, name: str, reason: str, kind: str = "") -> None:
        """Note a file that is not read. Named after a type that we read, it may have held anybody's data."""
        kind = kind or kind_of_name(name)
        self._faults.append(Fault(name, 0, reason, kind, everyone=bool(kind)))

    def take(self, found: _Found) -> None:
        """File one file under what its first line says it is."""
        if found.name.rpartition("/")[2] == MANIFEST:
            self._manifest(found)
            return
        if not found.size:
            self._empty(found)
            return
        try:
            gz, first = first_line(found.path)
        except OSError:
            self.fault(found.name, "not-readable")
            return
        self._by_first_line(found, gz, first)

    def _empty(self, found: _Found) -> None:
        """An empty file of a type says that there is none of it."""
        self._faults.append(Fault(found.name, 0, "empty-file"))
        kind = kind_of_name(found.name)
        if kind in READ_TYPES:
            self._asked.add(kind)

    def _by_first_line(self, found: _Found, gz: bool, first: bytes) -> None:
        named = kind_of_name(found.name)
        kind = kind_of_line(first)
        ndjson = found.name.endswith(_ENDINGS)
        if not kind and not (ndjson and named in READ_TYPES):
            self.fault(found.name, "not-ndjson", named)
            return
        if kind and not ndjson:
            self._faults.append(Fault(found.name, 0, "wrong-name", kind))
        file = ExportFile(found.name, found.path, kind or named, found.size, gz, found.modified)
        if kind == _OUTCOME:
            self._faults += [Fault(found.name, 0, *told) for told in reported(found.path, named, gz=gz)]
        elif kind == _BUNDLE:
            self._deletions(found, gz)
        elif file.kind in READ_TYPES:
            self._files.append(file)
        elif named in READ_TYPES:
            # Whatever its first line is, by its name it holds what we read.
            self._files.append(msgspec.structs.replace(file, kind=named))
        else:
            self._unread.append(file)

    def _deletions(self, found: _Found, gz: bool) -> None:
        """Take what a server says was deleted since an earlier export: Bundles of DELETE requests."""
        for line in _lines(found.path, gz=gz):
            self._deleted.update(deletions(line))

    def _manifest(self, found: _Found) -> None:
        try:
            with opened(found.path) as file:
                told = msgspec.json.decode(file.read(_MOST_MANIFEST))
        except (OSError, msgspec.DecodeError, UnicodeDecodeError):
            self.fault(found.name, "not-readable")
            return
        self._asked |= set(asked_in(told))


def first_line(path: str) -> tuple[bool, bytes]:
    """Return whether a file is gz, and its first line that is not empty. Raises OSError."""
    with opened(path) as file:
        gz = file.read(2) == GZ_MAGIC
    return gz, next(_lines(path, gz=gz), b"")


def reported(path: str, kind: str, *, gz: bool) -> Iterator[tuple[str, str, bool]]:
    """Yield what is reported of the export: an error means that something of anybody's may be lacking.

    ``kind``: the type that the file is named after; without one it may be of any type.
    """
    severities = {issue.severity for line in _lines(path, gz=gz) for issue in _issues(line)}
    if severities & _SEVERE:
        yield "error-reported", kind, True
    else:
        yield "notice-reported", "", False


def _issues(line: bytes) -> tuple[Issue, ...]:
    try:
        return _OUTCOMES.decode(line).issue
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ()


def _lines(path: str, *, gz: bool) -> Iterator[bytes]:
    with contextlib.suppress(Damaged):
        for block in blocks(path, 0, _WHOLE, gz=gz):
            yield from (line for line in block.split(b"\n") if line.strip())


def kind_of_line(line: bytes) -> str:
    """Return the resourceType of a line, or an empty string."""
    try:
        return _KIND.decode(line).resource_type
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""


def kind_of_name(name: str) -> str:
    """Return the type that the name of a file, or of its folder, begins with; empty when there is none."""
    for part in reversed(name.split("/")):
        for piece in part.replace("-", ".").replace("_", ".").split("."):
            if piece in READ_TYPES:
                return piece
    return ""


def asked_in(manifest: Any) -> Iterator[str]:
    """Yield the types that a Bulk Data manifest says were asked for, or that it lists files of."""
    if not isinstance(manifest, dict):
        return
    query = parse_qs(urlsplit(str(manifest.get("request", ""))).query)
    for types in query.get("_type", ()):
        yield from types.split(",")
    outputs = manifest.get("output")
    for one in outputs if isinstance(outputs, list) else ():
        if isinstance(one, dict):
            yield str(one.get("type", ""))


def deletions(line: bytes) -> Iterator[str]:
    """Yield ``Type/id`` of every DELETE in a Bundle."""
    try:
        bundle = msgspec.json.decode(line) if line.strip() else {}
    except (msgspec.DecodeError, UnicodeDecodeError):
        return
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        request = entry.get("request") if isinstance(entry, dict) else None
        if isinstance(request, dict) and request.get("method") == "DELETE":
            yield "/".join(str(request.get("url", "")).rsplit("/", 2)[-2:])
