"""Resource by resource: each is decoded on its own, and repaired when it must be. A fault costs one element of one.

It is the plain way from bytes to resources: slower than a glance at everything first (:mod:`.decoding`), which gives
the same and leaves to this what has faults.
"""

from typing import Final

import msgspec

from cds_service.errors import MalformedRequest, TooLarge
from cds_service.fhir.delivered import Delivered
from cds_service.fhir.heads import HEADS, Glance, Head, is_utf8, read_subject
from cds_service.fhir.modifiers import MODIFIER, is_modified
from cds_service.fhir.references import literal
from cds_service.fhir.repair import RepairBudget, repair
from cds_service.fhir.shapes import Resource
from cds_service.fhir.shapes_bundle import ALONE, BUNDLE, RESOURCE_TYPES, Entry, LooseBundle
from cds_service.fhir.sieve import Sieve
from cds_service.risk.record import Gap

MAX_BUNDLE_DEPTH: Final = 8
_LOOSE: Final = msgspec.json.Decoder(LooseBundle)
_ENTRY_OR_NULL: Final = msgspec.json.Decoder(Entry | None)
_ARRAY: Final = msgspec.json.Decoder(tuple[msgspec.Raw, ...])
_HEADS: Final = {name: msgspec.json.Decoder(HEADS[name]) for name in RESOURCE_TYPES}
_WHOLE: Final = {name: msgspec.json.Decoder(shape) for name, shape in RESOURCE_TYPES.items()}
_BARE: Final = Entry()


class _Kind(msgspec.Struct, gc=False, rename="camel"):
    resource_type: str


_KIND: Final = msgspec.json.Decoder(_Kind)


def read_plainly(data: bytes, budget: RepairBudget, sieve: Sieve | None = None) -> Delivered:
    """Return what one JSON value holds; see :func:`cds_service.fhir.decoding.read_delivered`."""
    found = Delivered()
    if not is_utf8(data):
        found.lose("", Gap("", "", "not-utf-8"))
    try:
        Reader(found, budget, sieve).value(data, _BARE, 0)
    except RecursionError:
        raise TooLarge("a resource is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        # Where the bytes are no JSON, nothing around them can be trusted either.
        raise MalformedRequest("a resource is not JSON in UTF-8") from None
    return found.done()


def _everything(_head: Head) -> bool:
    return True


class Reader:
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
        """Read one resource or one Bundle, or find that it is neither."""
        try:
            kind = _KIND.decode(data).resource_type
        except msgspec.ValidationError:
            self._wrapped(data, depth)
            return
        if kind == BUNDLE:
            self._loose(data, depth)
        elif kind not in _WHOLE:
            self._found.add(None, entry)
        elif (head := self._skimmable(kind, data)) is not None:
            self._found.skim([Glance(head, entry.full_url or "", entry.search or ALONE)])
        else:
            self.whole(kind, data, entry)

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

    def _skimmable(self, kind: str, data: bytes) -> Head | None:
        """Return the head of a resource that means nothing to us; None for one to be read whole."""
        try:
            head = _HEADS[kind].decode(data)
            read_subject(head.subject_bytes)
        except msgspec.ValidationError:
            return None
        return None if self._matters(head) else head

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

    def whole(self, kind: str, data: bytes, entry: Entry) -> None:
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
