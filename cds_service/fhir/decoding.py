"""Bytes to resources: all at once when the bytes are well-typed, else resource by resource and element by element."""

from collections.abc import Iterator
from typing import Final

import msgspec

from cds_service.errors import MalformedRequest, TooLarge
from cds_service.fhir.repair import RepairBudget, repair
from cds_service.fhir.shapes import Resource
from cds_service.fhir.shapes_admin import OperationOutcome
from cds_service.fhir.shapes_bundle import AnyResource, Bundle, BundleShell, Entry, EntryShell, PassedOver, Search
from cds_service.risk.record import Gap

MAX_BUNDLE_DEPTH: Final = 8
_NULL: Final = b"null"


class Located(msgspec.Struct, frozen=True, gc=False):
    """A resource and the URL its Bundle gives it (empty when none)."""

    resource: Resource
    full_url: str = ""


class Delivered(msgspec.Struct):
    """What one prefetch value held.

    Attributes:
        resources: every resource of a type that we read.
        outcomes: what the server said about its answer.
        alone: True when the value was an OperationOutcome instead of data.
        matches: entries that answer the question (not includes, not outcomes).
        total: how many there are, if the sender said so. more: it has a ``next`` page.
        lost: resources (by type) that could not be read, or lost what tells their meaning.
        gaps: every element or resource that could not be read.
    """

    resources: list[Located] = msgspec.field(default_factory=list)
    outcomes: list[OperationOutcome] = msgspec.field(default_factory=list)
    alone: bool = False
    matches: int = 0
    total: int | None = None
    more: bool = False
    lost: list[str] = msgspec.field(default_factory=list)
    gaps: list[Gap] = msgspec.field(default_factory=list)

    def bundle(self, total: int | None, more: bool) -> None:
        """Note what a Bundle says of its own completeness."""
        self.more = self.more or more
        if total is not None:
            self.total = (self.total or 0) + total

    def add(self, resource: Resource, full_url: str, search: Search | None) -> None:
        """File one resource."""
        if isinstance(resource, OperationOutcome):
            self.outcomes.append(resource)
            return
        self.matches += search is None or search.mode in (None, "match")
        if not isinstance(resource, PassedOver):
            self.resources.append(Located(resource, full_url))


_FAST: Final = msgspec.json.Decoder(AnyResource | None)
_BUNDLE: Final = msgspec.json.Decoder(BundleShell)
_ENTRY: Final = msgspec.json.Decoder(EntryShell)
_ARRAY: Final = msgspec.json.Decoder(tuple[msgspec.Raw, ...])


class _Head(msgspec.Struct, gc=False, rename="camel"):
    resource_type: str


_HEAD: Final = msgspec.json.Decoder(_Head)


def read_delivered(data: bytes | msgspec.Raw, budget: RepairBudget) -> Delivered:
    """Return what one JSON value holds: null, a resource, a Bundle (also within Bundles), or an array of these.

    Raises:
        MalformedRequest: the bytes are not JSON.
        TooLarge: nested deeper than any record is.
    """
    try:
        found = _read(data, budget)
    except RecursionError:
        raise TooLarge("a resource is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Where the bytes are no JSON, nothing around them can be trusted either.
        raise MalformedRequest("a resource is not JSON in UTF-8") from None
    found.alone = bool(found.outcomes) and not found.matches and not found.resources
    return found


def _read(data: bytes | msgspec.Raw, budget: RepairBudget) -> Delivered:
    found = Delivered()
    try:
        _read_fast(_FAST.decode(data), found)
    except msgspec.ValidationError:
        found = Delivered()
        _SlowReader(found, budget).read(bytes(data), Entry(), 0)
    return found


def _read_fast(resource: Resource | None, found: Delivered, entry: Entry | None = None, depth: int = 0) -> None:
    if isinstance(resource, Bundle):
        if depth >= MAX_BUNDLE_DEPTH:
            raise TooLarge("Bundles are nested too deeply")
        found.bundle(resource.total, resource.has_next)
        for inner in resource.entry:
            if inner is not None:
                _read_fast(inner.resource, found, inner, depth + 1)
    elif resource is not None:
        entry = entry or Entry()
        found.add(resource, entry.full_url or "", entry.search)


class _SlowReader:
    """Reads what the fast way refused: one fault costs one element, or at most one resource."""

    def __init__(self, found: Delivered, budget: RepairBudget) -> None:
        self._found = found
        self._budget = budget

    def read(self, data: bytes, entry: Entry, depth: int) -> None:
        """Read any JSON value."""
        if depth >= MAX_BUNDLE_DEPTH:
            raise TooLarge("Bundles are nested too deeply")
        start = data.lstrip()[:1]
        if start == b"[":
            for item in _ARRAY.decode(data):
                self.read(bytes(item), entry, depth + 1)
        elif start == b"{":
            self._object(data, entry, depth)
        elif data.strip() != _NULL:
            self._lose("", "", "not-a-resource")

    def _object(self, data: bytes, entry: Entry, depth: int) -> None:
        try:
            kind = _HEAD.decode(data).resource_type
        except msgspec.ValidationError:
            self._lose("", "resourceType", "not-a-resource")
        else:
            if kind == "Bundle":
                self._bundle(data, depth)
            else:
                self._resource(kind, data, entry)

    def _bundle(self, data: bytes, depth: int) -> None:
        try:
            shell = _BUNDLE.decode(data)
        except msgspec.ValidationError:
            self._lose("Bundle", "", "unreadable")
            return
        self._found.bundle(shell.total, shell.has_next)
        for raw in shell.entry:
            for entry, resource in self._entry(raw):
                self.read(resource, entry, depth + 1)

    def _entry(self, raw: msgspec.Raw) -> Iterator[tuple[Entry, bytes]]:
        try:
            shell = _ENTRY.decode(raw)
        except msgspec.ValidationError:
            if bytes(raw) != _NULL:
                self._lose("Bundle", "entry", "unreadable")
            return
        if bytes(shell.resource) != _NULL:
            yield Entry(full_url=shell.full_url, search=shell.search), bytes(shell.resource)

    def _resource(self, kind: str, data: bytes, entry: Entry) -> None:
        repaired = repair(kind, data, self._budget)
        self._found.gaps += repaired.gaps
        if repaired.meaning_lost:
            self._found.lost.append(kind)
        if repaired.resource is not None:
            self._found.add(repaired.resource, entry.full_url or "", entry.search)

    def _lose(self, kind: str, element: str, reason: str) -> None:
        self._found.lost.append(kind)
        self._found.gaps.append(Gap(kind, element, reason))
