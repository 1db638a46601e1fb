"""Resources at first sight: one decoding pass over a whole request, every element still bytes.

There is a head for each type of resource. That of a type we read has the fields of its shape, as bytes; that of any
other type has none. A head is opened into its shape only when the resource means something to us, and equal bytes are
decoded once per request: a record says the same things over and over.
"""

from collections.abc import Callable
from functools import cache, reduce
from importlib.resources import files
from operator import or_
from typing import Any, ClassVar, Final, TypeAlias, cast

import msgspec

from cds_service.fhir.shapes import CodeableConcept, CodeableReference, Reference, Resource, Shape
from cds_service.fhir.shapes_bundle import ALONE, BUNDLE, RESOURCE_TYPES, Bundle, Search
from cds_service.terminology.tsv import read_table

# What a record says over and over; its dates and quantities differ each time.
_REPEATED: Final = frozenset(
    {CodeableConcept | None, str | CodeableConcept | None, CodeableReference | None, Reference | None}
)
_SUBJECT: Final = msgspec.json.Decoder(Reference | None)


class Head(Shape, frozen=True, gc=False, tag_field="resourceType", tag=True):
    """The head of a resource. Fields that were not sent hold the shape's default, all others but ``id`` are bytes.

    It stands for a resource that is not opened: to know that it is there, which version it is, and whose.
    """

    id: str | None = None

    # For types that lack them, and to ask for where there is nothing to ask for.
    meta: ClassVar[Any] = None
    subject: ClassVar[Any] = None
    nothing_else: ClassVar[Any] = None

    @property
    def type_name(self) -> str:
        """The resourceType."""
        return self.__class__.__name__

    @property
    def subject_bytes(self) -> bytes:
        """The subject as bytes; none when it names none."""
        return bytes(self.subject or b"")

    @property
    def owner(self) -> Reference | None:
        """The patient the resource speaks of. Raises msgspec.ValidationError when it cannot be read."""
        return read_subject(self.subject_bytes)


def read_subject(data: bytes) -> Reference | None:
    """Return what :attr:`Head.subject_bytes` says. Raises msgspec.ValidationError when it cannot be read."""
    return _SUBJECT.decode(data) if data else None


def _head(name: str) -> type[Head]:
    shape = RESOURCE_TYPES.get(name)
    # The order of the fields is the shape's, which has `id` first, too.
    own = msgspec.structs.fields(shape)[1:] if shape else ()
    fields = [(field.name, msgspec.Raw, field.default) for field in own]
    return cast(
        type[Head], msgspec.defstruct(name, fields, bases=(Head,), tag=name, frozen=True, gc=False, rename="camel")
    )


def _names() -> list[str]:
    rows = read_table(files("cds_service.fhir") / "tables" / "resource-types.tsv", ("type", "versions"))
    return sorted({cells["type"] for _, cells in rows} - {BUNDLE} | RESOURCE_TYPES.keys())


HEADS: Final = {name: _head(name) for name in _names()}
OPENABLE: Final = frozenset(HEADS[name] for name in RESOURCE_TYPES)
"""The heads of types that we read."""
_ANY_HEAD: Any = reduce(or_, HEADS.values())


class Glance(Shape, frozen=True, gc=False):
    """An entry of a Bundle at first sight."""

    resource: _ANY_HEAD
    full_url: str = ""
    search: Search = ALONE


class GlancedBundle(Bundle, frozen=True, gc=False, tag_field="resourceType", tag=BUNDLE):
    """A Bundle of which every entry has a resource with a readable head."""

    entry: tuple[Glance, ...] = ()


Value: TypeAlias = GlancedBundle | Head
ANY_VALUE: Any = GlancedBundle | _ANY_HEAD
_VALUE: Final[msgspec.json.Decoder[Value]] = msgspec.json.Decoder(ANY_VALUE)


def glanced(data: bytes) -> Value | None:
    """Return a Bundle or a resource at first sight; None when ``data`` is something else or has a fault somewhere."""
    try:
        return _VALUE.decode(data) if is_utf8(data) else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def heads_of(value: Value | None) -> set[str]:
    """Return the types of resource that a value holds at first sight."""
    if isinstance(value, GlancedBundle):
        return {kind.__name__ for kind in {entry.resource.__class__ for entry in value.entry}}
    return {value.type_name} if value is not None else set()


def is_utf8(data: bytes) -> bool:
    """True when all bytes are text. One that is not may stand where nothing is read, but it has been damaged."""
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


_Decode: TypeAlias = Callable[[Any], Any]


class _Remembered:
    """Decodes values of one type; equal bytes are decoded once and give the same object."""

    def __init__(self, decode: _Decode) -> None:
        self._decode = decode
        self._known: dict[bytes, Any] = {}

    def __call__(self, raw: msgspec.Raw) -> Any:
        data = bytes(raw)
        value = self._known.get(data)
        if value is None:
            value = self._known[data] = self._decode(data)
        return value


@cache
def _decoder(kind: Any) -> _Decode:
    return msgspec.json.Decoder(kind).decode


@cache
def _kinds(shape: type[Resource]) -> tuple[tuple[_Decode, bool], ...]:
    """Return what decodes each field of a shape, and whether its values repeat within a record."""
    kinds = [field.type for field in msgspec.structs.fields(shape)]
    return tuple((_decoder(kind), kind in _REPEATED) for kind in kinds)


class Opener:
    """Makes resources of heads. Make one per request: it remembers texts of the record."""

    def __init__(self) -> None:
        self._remembered: dict[_Decode, _Decode] = {}
        self._plans: dict[type[Head], tuple[type[Resource], list[_Decode]]] = {}

    def opened(self, head: Head) -> Resource:
        """Return the resource whole, as decoding its bytes would. Raises msgspec.ValidationError for a fault in it."""
        shape, decoders = self._plans.get(head.__class__) or self._plan(head)
        told = zip(msgspec.structs.astuple(head), decoders, strict=True)
        return shape(*[decode(value) if value.__class__ is msgspec.Raw else value for value, decode in told])

    def _plan(self, head: Head) -> tuple[type[Resource], list[_Decode]]:
        shape = RESOURCE_TYPES[head.type_name]
        decoders = [self._remembering(decode) if repeated else decode for decode, repeated in _kinds(shape)]
        plan = self._plans[head.__class__] = (shape, decoders)
        return plan

    def _remembering(self, decode: _Decode) -> _Decode:
        known = self._remembered.get(decode)
        if known is None:
            known = self._remembered[decode] = _Remembered(decode)
        return known
