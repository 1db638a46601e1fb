"""A file's resources as a server would hold them: each with an id, and referring to each other as ``Type/id``.

Files from generators name resources by ``urn:uuid:...`` alone; a server replaces such names when it stores them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import orjson

from cds_service.demo.envelope import SERVER, Entry, Json

_URN: Final = re.compile(r'"(urn:[^"\\]{1,256})"')


def settled(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries with ids and plain references. Entries with an id and an http address are kept as they are."""
    named = [_with_id(entry, place) for place, entry in enumerate(entries, start=1)]
    places = {entry["fullUrl"]: _literal(entry["resource"]) for entry in named if _is_urn(entry)}
    return list(_renamed(named, places)) if places else named


def _with_id(entry: Entry, place: int) -> Entry:
    written = entry["resource"].get("id")
    if isinstance(written, str) and written:
        return entry
    tail = re.split(r"[/:]", entry.get("fullUrl", ""))[-1]
    return entry | {"resource": entry["resource"] | {"id": tail or f"entry-{place}"}}


def _is_urn(entry: Entry) -> bool:
    return bool(entry.get("fullUrl", "").startswith("urn:"))


def _literal(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _renamed(entries: list[Entry], places: dict[str, str]) -> Iterator[Entry]:
    """Replace the names in the text: it may be nested deeper than a walk through it could go."""
    text = orjson.dumps([entry["resource"] for entry in entries]).decode()
    resources: list[Json] = orjson.loads(
        _URN.sub(lambda found: orjson.dumps(places.get(found[1], found[1])).decode(), text)
    )
    for entry, resource in zip(entries, resources, strict=True):
        address = f"{SERVER}/{_literal(resource)}" if _is_urn(entry) else entry.get("fullUrl")
        yield ({"fullUrl": address} if address else {}) | {"resource": resource}
