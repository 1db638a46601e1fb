"""A code list as a FHIR ValueSet (R4B): written for other programs, and read from them. Both ways are validated.

A code that stands for all that begin like it is a ``regex`` filter on the code, one that stands for its subtypes an
``is-a`` filter, a look-alike an ``exclude``. Attributes of a row travel as an extension. Any other filter, and a value
set that only points to others, is refused: half a code list would be worse than none.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
import orjson
from fhir.resources.R4B.valueset import ValueSet
from pydantic import ValidationError

from cds_service.errors import MalformedRequest
from cds_service.terminology.table import EXCLUDE, ConceptRow

ATTRIBUTES: Final = "urn:uuid:af214ccb-a91a-5e7d-9cf5-9c2fee677c69"
MOST_CODES: Final = 5_000
_DEFAULT: Final = "default"
_PREFIX: Final = re.compile(r"^\^?(?P<start>[^*+?()\[\]{}|^$]+)\.\*\$?$")
_SUBTYPES: Final = frozenset({"is-a", "descendent-of"})


class ListedCode(msgspec.Struct, frozen=True, kw_only=True):
    """One code of a value set. ``match`` and ``attributes`` are those of a table's row."""

    system: str
    code: str
    display: str = ""
    match: str = "exact"
    attributes: str = ""


def value_set(concept: str, title: str, rows: Iterable[ConceptRow], *, enabled: Iterable[ConceptRow] = ()) -> bytes:
    """Return the rows of a concept as a ValueSet in JSON. Open choices that nobody turned on are left out."""
    on = frozenset(enabled)
    told = [row for row in rows if row.default in ("", EXCLUDE) or row in on]
    compose: dict[str, Any] = {"include": list(_included([row for row in told if not row.default or row in on]))}
    excluded = list(_included([row for row in told if row.default and row not in on]))
    if excluded:
        compose["exclude"] = excluded
    if not compose["include"]:
        raise MalformedRequest("the list holds no code that counts")
    resource = {"resourceType": "ValueSet", "name": _name(concept), "title": title, "status": "active"}
    made = ValueSet.model_validate({**resource, "compose": compose})
    return orjson.dumps(orjson.loads(made.model_dump_json(exclude_none=True)), option=orjson.OPT_INDENT_2)


def _name(concept: str) -> str:
    return "".join(part.capitalize() for part in concept.split("-"))


def _included(rows: Sequence[ConceptRow]) -> Iterator[dict[str, Any]]:
    """Yield one include for the codes of each system, and one for each code that stands for others."""
    exact: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row.match == "exact":
            exact.setdefault(row.system, []).append(_coded(row))
    for system, concepts in exact.items():
        yield {"system": system, "concept": concepts}
    for row in rows:
        if row.match != "exact":
            yield {"system": row.system, "filter": [_filter(row)], **_extension(row)}


def _coded(row: ConceptRow) -> dict[str, Any]:
    return {"code": row.code, **({"display": row.display} if row.display else {}), **_extension(row)}


def _filter(row: ConceptRow) -> dict[str, str]:
    if row.match == "prefix":
        return {"property": "code", "op": "regex", "value": f"{row.code}.*"}
    return {"property": "concept", "op": "is-a", "value": row.code}


def _extension(row: ConceptRow) -> dict[str, Any]:
    told = ";".join(f"{name}={value}" for name, value in row.attributes.items() if name != _DEFAULT)
    return {"extension": [{"url": ATTRIBUTES, "valueString": told}]} if told else {}


# ---------------------------------------------------------------- reading


def listed_codes(body: bytes) -> tuple[ListedCode, ...]:
    """Return the codes of a ValueSet: its definition, or its expansion where it has no definition.

    Raises MalformedRequest naming the place: no ValueSet, a filter or a reference that cannot be read, too many codes.
    """
    resource = _validated(body)
    compose = resource.get("compose")
    if compose:
        found = [*_codes(compose.get("include", ()), "compose.include", "")]
        found += _codes(compose.get("exclude", ()), "compose.exclude", f"{_DEFAULT}={EXCLUDE}")
    else:
        found = [*_expanded(resource.get("expansion", {}).get("contains", ()))]
    if not found:
        raise MalformedRequest("the value set lists no code")
    if len(found) > MOST_CODES:
        raise MalformedRequest(f"the value set lists more than {MOST_CODES} codes")
    return tuple(dict.fromkeys(found))


def _validated(body: bytes) -> dict[str, Any]:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedRequest("the file is not JSON") from None
    if not isinstance(given, dict) or given.get("resourceType") != "ValueSet":
        raise MalformedRequest("the file is no FHIR ValueSet")
    try:
        ValueSet.model_validate(given)
    except ValidationError as error:
        places = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()[:5])
        raise MalformedRequest(f"the ValueSet breaks FHIR R4B: {places}") from None
    return given


def _codes(parts: Iterable[Mapping[str, Any]], place: str, default: str) -> Iterator[ListedCode]:
    for number, part in enumerate(parts):
        where = f"{place}[{number}]"
        if part.get("valueSet"):
            raise MalformedRequest(f"{where}: value sets that point to others are not read")
        if not part.get("system") or not (part.get("concept") or part.get("filter")):
            raise MalformedRequest(f"{where}: only listed codes are read, not whole code systems")
        for one in part.get("concept", ()):
            display, attributes = one.get("display", ""), _attributes(one, default)
            yield ListedCode(system=part["system"], code=one["code"], display=display, attributes=attributes)
        if part.get("filter"):
            yield _filtered(part, where, default)


def _filtered(part: Mapping[str, Any], where: str, default: str) -> ListedCode:
    first, *others = part["filter"]
    start = _PREFIX.match(first["value"]) if first["op"] == "regex" else None
    if others or (start is None and first["op"] not in _SUBTYPES):
        raise MalformedRequest(f"{where}: this filter is not read")
    code, match = (start["start"], "prefix") if start else (first["value"], "descendants")
    return ListedCode(system=part["system"], code=code, match=match, attributes=_attributes(part, default))


def _attributes(element: Mapping[str, Any], default: str) -> str:
    given = (one.get("valueString", "") for one in element.get("extension", ()) if one.get("url") == ATTRIBUTES)
    return ";".join(filter(None, (*given, default)))


def _expanded(parts: Iterable[Mapping[str, Any]]) -> Iterator[ListedCode]:
    for part in parts:
        if part.get("code") and part.get("system") and not part.get("abstract"):
            yield ListedCode(system=part["system"], code=part["code"], display=part.get("display", ""))
        yield from _expanded(part.get("contains", ()))
