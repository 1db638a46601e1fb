"""A cohort out of files: FHIR Bundles, or a Bulk Data export (NDJSON, also in gz or zip). Held in memory alone.

Each patient becomes what an EHR would deliver for them: one list for each type of which the files hold anything. So a
type with nothing of this patient is an empty list, and a type that the files do not hold at all was not delivered.
"""

import gzip
import io
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, Final

import msgspec
import orjson

from cds_service.cohort.population import LISTS
from cds_service.errors import MalformedRequest, TooLarge
from cds_service.fhir import read_hook_request, read_prefetch
from cds_service.simulation.members import Member, Reader

MOST_BYTES: Final = 400_000_000
"""Of all files together, inflated."""
_MOST_FILES: Final = 2000
_CHUNK: Final = 1_000_000
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = b"PK\x03\x04"
_REFERRED: Final = re.compile(rb'"Medication/([A-Za-z0-9\-.]{1,64})')
_ALONGSIDE: Final = "Medication"


class _Subject(msgspec.Struct, gc=False):
    reference: str = ""


class _Head(msgspec.Struct, rename="camel", gc=False):
    """What tells whose resource it is."""

    resource_type: str = ""
    id: str = ""
    subject: _Subject | None = None
    patient: _Subject | None = None
    entry: tuple[Mapping[str, msgspec.Raw], ...] = ()


_HEAD: Final = msgspec.json.Decoder(_Head)


class Upload(msgspec.Struct, frozen=True):
    """The people in some files, and how many lines could not be read."""

    members: tuple[Member, ...]
    unreadable: int = 0


def read_upload(files: Iterable[bytes]) -> Upload:
    """Return the people in the files.

    Raises MalformedRequest for an archive that cannot be opened and for files without a Patient, TooLarge.
    """
    shelf = _Shelf()
    left = MOST_BYTES
    for content in files:
        for text in _opened(content, left):
            left -= len(text)
            if left < 0:
                raise TooLarge("the files are too large together")
            shelf.put(text)
    if not shelf.patients:
        raise MalformedRequest("the files hold no Patient")
    return Upload(tuple(shelf.members()), shelf.unreadable)


# ---------------------------------------------------------------- archives


def _opened(content: bytes, most: int) -> Iterator[bytes]:
    if content.startswith(_ZIP):
        yield from _unzipped(content, most)
    else:
        yield _inflated(content, most) if content.startswith(_GZIP) else content


def _unzipped(content: bytes, most: int) -> Iterator[bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = [one for one in archive.infolist() if not one.is_dir()]
            if len(names) > _MOST_FILES:
                raise TooLarge("the archive holds too many files")
            for name in names:
                with archive.open(name) as file:
                    inner = _limited(file, most)
                most -= len(inner)
                yield _inflated(inner, most) if inner.startswith(_GZIP) else inner
    except (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError, EOFError):
        raise MalformedRequest("the archive cannot be opened") from None


def _inflated(content: bytes, most: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            return _limited(file, most)
    except (OSError, EOFError, zlib.error):
        raise MalformedRequest("a file is not valid gzip") from None


def _limited(file: IO[bytes] | gzip.GzipFile, most: int) -> bytes:
    content = file.read(max(most, 0) + 1)
    if len(content) > most:
        raise TooLarge("the files are too large together")
    return content


# ---------------------------------------------------------------- whose resource it is


class _Shelf:
    """Resources sorted by patient, as bytes."""

    def __init__(self) -> None:
        self.patients: dict[str, bytes] = {}
        self.unreadable = 0
        self._own: defaultdict[str, defaultdict[str, list[bytes]]] = defaultdict(lambda: defaultdict(list))
        self._medications: dict[bytes, bytes] = {}
        self._types: set[str] = set()

    def put(self, text: bytes) -> None:
        """Take a file: one JSON document, or one resource a line."""
        text = text.removeprefix(b"\xef\xbb\xbf").strip()
        if text and not self._took(text):
            for line in text.splitlines():
                if line.strip() and not self._took(line):
                    self.unreadable += 1

    def _took(self, text: bytes) -> bool:
        try:
            head = _HEAD.decode(text)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            return False
        if head.resource_type == "Bundle":
            for entry in head.entry:
                if "resource" in entry and not self._took(bytes(entry["resource"])):
                    self.unreadable += 1
        else:
            self._sort(head, text)
        return bool(head.resource_type)

    def _sort(self, head: _Head, text: bytes) -> None:
        subject = head.subject or head.patient
        whose = subject.reference.rpartition("Patient/")[2].partition("/")[0] if subject else ""
        self._types.add(head.resource_type)
        if head.resource_type == "Patient":
            self.patients[head.id] = text
        elif head.resource_type == _ALONGSIDE:
            self._medications[head.id.encode()] = text
        elif whose:
            self._own[whose][head.resource_type].append(text)

    def members(self) -> Iterator[Member]:
        """Yield the people in the order of their ids: the same files give the same numbers, however they are split."""
        for number, patient in enumerate(sorted(self.patients), start=1):
            yield Member(number, self._reader(patient))

    def _reader(self, patient: str) -> Reader:
        return lambda index: read_prefetch(read_hook_request(self._request(patient)), index)

    def _request(self, patient: str) -> bytes:
        own = self._own.get(patient)
        prefetch = {kind.lower(): self._list(own.get(kind, ()) if own else ()) for kind in LISTS if kind in self._types}
        return orjson.dumps(
            {
                "hook": "patient-view",
                "hookInstance": "00000000-0000-4000-8000-000000000000",
                "context": {"userId": "Practitioner/none", "patientId": patient or "none"},
                "prefetch": {"patient": orjson.Fragment(self.patients[patient]), **prefetch},
            }
        )

    def _list(self, resources: Iterable[bytes]) -> Mapping[str, object]:
        own = list(resources)
        wanted = {found for text in own for found in _REFERRED.findall(text)}
        alongside = [self._medications[one] for one in sorted(wanted) if one in self._medications]
        entries = [{"resource": orjson.Fragment(text)} for text in (*own, *alongside)]
        return {"resourceType": "Bundle", "type": "searchset", "total": len(own), "entry": entries}
