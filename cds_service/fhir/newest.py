"""Each resource once: of one type and id the latest version, whatever the order they came in."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, TypeAlias

import msgspec

from cds_service.fhir.heads import Head
from cds_service.fhir.shapes import Meta, Resource
from cds_service.fhir.shapes_bundle import Located

_One: TypeAlias = Located | Head
_encode: Final = msgspec.json.Encoder().encode
_META: Final = msgspec.json.Decoder(Meta | None)


def newest(resources: list[Located], skimmed: Sequence[Head] = ()) -> tuple[list[Located], Sequence[Head]]:
    """Return each of the resources, read or skimmed, once."""
    ids = [one.resource.id for one in resources]
    ids += [head.id for head in skimmed]
    if None not in ids and len(set(ids)) == len(ids):
        return resources, skimmed
    kept: dict[tuple[str, str | bytes], _One] = {}
    every: list[_One] = [*resources, *skimmed]
    for one in every:
        resource = _resource(one)
        key = (resource.type_name, resource.id or _encode(resource))
        known = kept.setdefault(key, one)
        if known is not one and version_of(one) > version_of(known):
            kept[key] = one
    read = [one for one in kept.values() if isinstance(one, Located)]
    return read, [one for one in kept.values() if isinstance(one, Head)]


def _resource(one: _One) -> Resource | Head:
    return one.resource if isinstance(one, Located) else one


def version_of(one: Located | Head) -> tuple[float, int, bytes]:
    """Order versions of a resource: last updated, then version number, then content, so that the order is total.

    A resource that means nothing to us has no content: of two versions that claim to be the same, the one that may
    matter is kept.
    """
    meta = _meta(_resource(one))
    number = meta.version_id or ""
    is_number = number.isascii() and number.isdigit() and len(number) <= len(str(2**63))
    return _moment(meta.last_updated), int(number) if is_number else -1, _content(one)


def _content(one: _One) -> bytes:
    return _encode(one) if isinstance(one, Located) else b""


def _meta(resource: Resource | Head) -> Meta:
    if isinstance(resource, Resource):
        return resource.meta or Meta()
    try:
        return (_META.decode(resource.meta) if resource.meta else None) or Meta()
    except msgspec.ValidationError:
        return Meta()


def _moment(text: str | None) -> float:
    try:
        moment = datetime.fromisoformat(text or "")
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return float("-inf")
