"""Bytes to resources: a glance at each resource first, then only those that matter whole.

A fault costs one element, or at most one resource: each is decoded on its own, and repaired when it must be.
"""

from typing import Final

import msgspec

from cds_service.errors import MalformedRequest, TooLarge
from cds_service.fhir.modifiers import is_modified
from cds_service.fhir.references import literal
from cds_service.fhir.repair import RepairBudget, repair
from cds_service.fhir.shapes import Resource
from cds_service.fhir.shapes_admin import OperationOutcome
from cds_service.fhir.shapes_bundle import (
    ALONE,
    BUNDLE,
    RESOURCE_TYPES,
    Entry,
    Glance,
    GlancedBundle,
    Head,
    Located,
    LooseBundle,
    WholeBundle,
)
from cds_service.fhir.sieve import Sieve
from cds_service.risk.record import Gap

MAX_BUNDLE_DEPTH: Final = 8
_NULL: Final = msgspec.Raw(b"null")
_MATCHES: Final = (None, "match")
MODIFIER: Final = "modifierExtension"


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

    def add(self, resource: Resource | None, entry: Entry) -> None:
        """File the resource of an entry; None stands for one of a type that we do not read."""
        if isinstance(resource, OperationOutcome):
            self.outcomes.append(resource)
            return
        self.matches += (entry.search or ALONE).is_match
        if resource is not None:
            self.resources.append(Located(resource, entry.full_url or ""))

    def skim(self, glance: Glance) -> None:
        """File a resource that means nothing to us."""
        self.matches += glance.search.is_match
        self.resources.append(glance)

    def lose(self, kind: str, gap: Gap) -> None:
        """Note a resource that could not be read at all."""
        self.lost.append(kind)
        self.gaps.append(gap)


_GLANCED: Final = msgspec.json.Decoder(GlancedBundle)
_LOOSE: Final = msgspec.json.Decoder(LooseBundle)
_WHOLE_BUNDLE: Final = msgspec.json.Decoder(WholeBundle)
_ENTRY_OR_NULL: Final = msgspec.json.Decoder(Entry | None)
_ARRAY: Final = msgspec.json.Decoder(tuple[msgspec.Raw, ...])
_HEAD: Final = msgspec.json.Decoder(Head)
_WHOLE: Final = {name: msgspec.json.Decoder(shape) for name, shape in RESOURCE_TYPES.items()}
_BARE: Final = Entry()


class _Kind(msgspec.Struct, gc=False, rename="camel"):
    resource_type: str


_KIND: Final = msgspec.json.Decoder(_Kind)


def read_delivered(data: bytes | msgspec.Raw, budget: RepairBudget, sieve: Sieve | None = None) -> Delivered:
    """Return what one JSON value holds: null, a resource, a Bundle (also within Bundles), or an array of these.

    Args:
        data: the bytes of the value.
        budget: what may still be spent on repairing.
        sieve: tells which resources need not be read whole; without it all are.

    Raises:
        MalformedRequest: the bytes are not JSON.
        TooLarge: nested deeper than any record is.
    """
    data = bytes(data).lstrip()
    found = Delivered()
    if not _is_utf8(data):
        found.lose("", Gap("", "", "not-utf-8"))
    try:
        _Reader(found, budget, sieve).value(data, _BARE, 0)
    except RecursionError:
        raise TooLarge("a resource is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Where the bytes are no JSON, nothing around them can be trusted either.
        raise MalformedRequest("a resource is not JSON in UTF-8") from None
    found.alone = bool(found.outcomes) and not found.matches and not found.resources
    return found


def _is_utf8(data: bytes) -> bool:
    """True when all bytes are text. One that is not may stand where nothing is read, but it has been damaged."""
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


def _everything(_head: Head) -> bool:
    return True


class _Reader:
    """Files everything that one value holds."""

    def __init__(self, found: Delivered, budget: RepairBudget, sieve: Sieve | None) -> None:
        self._found = found
        self._budget = budget
        self._matters = sieve.matters if sieve else _everything

    def value(self, data: bytes, entry: Entry, depth: int) -> None:
        """Read any JSON value."""
        if depth >= MAX_BUNDLE_DEPTH:
            raise TooLarge("Bundles are nested too deeply")
        start = data[:1]
        if start == b"{":
            self._object(data, entry, depth)
        elif start == b"[":
            for item in _ARRAY.decode(data):
                self.value(bytes(item), entry, depth + 1)
        elif msgspec.json.decode(data) is not None:
            self._found.lose("", Gap("", "", "not-a-resource"))

    def _object(self, data: bytes, entry: Entry, depth: int) -> None:
        try:
            bundle = _GLANCED.decode(data)
        except msgspec.ValidationError:
            # Not a Bundle, or one with a fault somewhere: a fault costs one entry, so they are read one by one.
            self._by_kind(data, entry, depth)
            return
        if bundle.resource_type == BUNDLE:
            self._glanced(bundle, data, depth)
        else:
            self._by_kind(data, entry, depth)

    def _glanced(self, bundle: GlancedBundle, data: bytes, depth: int) -> None:
        """File the entries of a Bundle, and read whole only those that matter."""
        self._found.bundle(bundle.total, bundle.has_next)
        wanted = []
        for place, glance in enumerate(bundle.entry):
            if self._matters(glance.resource):
                wanted.append(place)
            else:
                self._found.skim(glance)
        entries = _WHOLE_BUNDLE.decode(data).entry if wanted else ()
        for place in wanted:
            self._wanted(bundle.entry[place].resource.type_name, entries[place], depth)

    def _wanted(self, kind: str, entry: Entry, depth: int) -> None:
        if kind in _WHOLE:
            self._whole(kind, bytes(entry.resource), entry)
        elif kind == BUNDLE:
            self.value(bytes(entry.resource), entry, depth + 1)
        else:
            self._found.add(None, entry)

    def _by_kind(self, data: bytes, entry: Entry, depth: int) -> None:
        """Read one resource or one Bundle with faults, or find that it is neither."""
        try:
            kind = _KIND.decode(data).resource_type
        except msgspec.ValidationError:
            self._wrapped(data, depth)
            return
        if kind == BUNDLE:
            self._loose(data, depth)
        elif kind not in _WHOLE:
            self._found.add(None, entry)
        elif self._is_worth_reading(data):
            self._whole(kind, data, entry)
        else:
            self._found.skim(Glance(_HEAD.decode(data), entry.full_url or "", entry.search or ALONE))

    def _wrapped(self, data: bytes, depth: int) -> None:
        """Read what CDS Hooks asked for before 1.0, and some clients still send: a Bundle's entry around a resource."""
        try:
            entry = _ENTRY_OR_NULL.decode(data) or _BARE
        except msgspec.ValidationError:
            entry = _BARE
        if entry.resource == _BARE.resource:
            self._found.lose("", Gap("", "resourceType", "not-a-resource"))
        else:
            self.value(bytes(entry.resource), entry, depth + 1)

    def _is_worth_reading(self, data: bytes) -> bool:
        try:
            return self._matters(_HEAD.decode(data))
        except msgspec.ValidationError:
            return True

    def _loose(self, data: bytes, depth: int) -> None:
        try:
            bundle = _LOOSE.decode(data)
        except msgspec.ValidationError:
            self._found.lose(BUNDLE, Gap(BUNDLE, "", "unreadable"))
            return
        self._found.bundle(bundle.total, bundle.has_next)
        for raw in bundle.entry or ():
            self._entry(raw, depth)

    def _entry(self, raw: msgspec.Raw, depth: int) -> None:
        try:
            entry = _ENTRY_OR_NULL.decode(raw)
        except msgspec.ValidationError:
            self._found.lose(BUNDLE, Gap(BUNDLE, "entry", "unreadable"))
            return
        if entry is not None:
            self.value(bytes(entry.resource), entry, depth + 1)

    def _whole(self, kind: str, data: bytes, entry: Entry) -> None:
        """Decode a resource, and leave it out when something in it changes a meaning in a way unknown to us."""
        try:
            resource: Resource | None = _WHOLE[kind].decode(data)
        except msgspec.ValidationError:
            resource = self._repaired(kind, data)
        if resource is not None and is_modified(data):
            self._found.lose(kind, Gap(literal(kind, resource.id) or kind, MODIFIER, "not-understood"))
        elif resource is not None:
            self._found.add(resource, entry)

    def _repaired(self, kind: str, data: bytes) -> Resource | None:
        repaired = repair(kind, data, self._budget)
        self._found.gaps += repaired.gaps
        if repaired.meaning_lost:
            self._found.lost.append(kind)
        return repaired.resource
