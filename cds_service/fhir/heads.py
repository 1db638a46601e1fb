"""Resources at first sight: one decoding pass over a whole request, every element still bytes.

There is a head for each type of resource. That of a type we read has the fields of its shape, as bytes; that of any
other type has none. A head is opened into its shape only when the resource means something to us, and equal bytes are
decoded once per request: a record says the same things over and over.
"""

from collections.abc import Callable
from functools import reduce
from importlib.resources import files
from operator import or_
from typing import Any, ClassVar, Final, TypeAlias, cast

import msgspec

from cds_service.fhir.shapes import Reference, Resource, Shape
from cds_service.fhir.shapes_bundle import ALONE, BUNDLE, RESOURCE_TYPES, Bundle, Search
from cds_service.terminology.tsv import read_table

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


def is_utf8(data: bytes) -> bool:
    """True when all bytes are text. One that is not may stand where nothing is read, but it has been damaged."""
    try:
        return data.isascii() or bool(data.decode())
    except UnicodeDecodeError:
        return False


class Opened(dict[bytes, Any]):
    """The values of one type by their bytes, decoded when they are first asked for."""

    def __init__(self, kind: Any) -> None:
        super().__init__()
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(kind).decode

    def __missing__(self, data: bytes) -> Any:
        value = self[data] = self._decode(data)
        return value


class Opener:
    """Makes resources of heads. Make one per request: it remembers texts of the record."""

    def __init__(self) -> None:
        self._by_kind: dict[Any, Opened] = {}
        self._plans: dict[type[Head], tuple[type[Resource], list[Opened]]] = {}

    def values(self, kind: Any) -> Opened:
        """Return the values of a type that were met in this request."""
        known = self._by_kind.get(kind)
        if known is None:
            known = self._by_kind[kind] = Opened(kind)
        return known

    def opened(self, head: Head) -> Resource:
        """Return the resource whole, as decoding its bytes would. Raises msgspec.ValidationError for a fault in it."""
        plan = self._plans.get(head.__class__)
        if plan is None:
            plan = self._plans[head.__class__] = self._plan(head)
        shape, known = plan
        told = zip(msgspec.structs.astuple(head), known, strict=True)
        return shape(*[values[bytes(value)] if value.__class__ is msgspec.Raw else value for value, values in told])

    def _plan(self, head: Head) -> tuple[type[Resource], list[Opened]]:
        shape = RESOURCE_TYPES[head.type_name]
        return shape, [self.values(field.type) for field in msgspec.structs.fields(shape)]
