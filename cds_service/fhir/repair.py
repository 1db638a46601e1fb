"""Read one resource that the fast way refused, leaving out the elements that are not of FHIR's type.

Numbers written as strings are taken as numbers. Everything else that has the wrong type is cut out and noted as a gap.
Where the element changes the meaning of the rest (a status, a negation), the whole resource is left out instead:
reading "refuted" as silence would turn it into its opposite.
"""

import re
from typing import Any, Final

import msgspec

from cds_service.fhir.references import literal
from cds_service.fhir.shapes import Resource
from cds_service.fhir.shapes_bundle import RESOURCE_TYPES
from cds_service.risk.record import Gap

MAX_REPAIRS: Final = 40
# Bytes that may be decoded again while repairing one request; hostile bodies must not buy more time than this.
MAX_REPAIR_BYTES: Final = 32_000_000

_PLACE: Final = re.compile(r" - at `\$(.+)`$")
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]")
_TURNS_MEANING: Final = frozenset(
    {"status", "verificationStatus", "intent", "doNotPerform", "notDone", "notGiven", "taken", "adherence"}
)
_TURNS_PARENT: Final = frozenset({"comparator"})
# Without these it cannot be told what a resource speaks of, so a list that lost one is not complete.
_TELLS_MEANING: Final = frozenset(
    {
        "code", "coding", "system", "condition", "component", "ingredient", "itemCodeableConcept", "item", "contained",
        "medication", "medicationCodeableConcept", "medicationReference", "relationship", "serviceType", "type",
        "device", "subject", "patient", "reference", "procedureCode", "procedure",
    }
)  # fmt: skip

Path = tuple[str | int, ...]


class RepairBudget(msgspec.Struct):
    """How many bytes may still be decoded again for this request."""

    left: int = MAX_REPAIR_BYTES

    def spend(self, size: int) -> bool:
        """Take ``size`` bytes; False when they are not there."""
        self.left -= size
        return self.left >= 0


class Repaired(msgspec.Struct, frozen=True):
    """A resource without its faults, or None when it could not be saved."""

    resource: Resource | None
    gaps: tuple[Gap, ...] = ()
    meaning_lost: bool = False


_DECODERS: Final = {name: msgspec.json.Decoder(shape, strict=False) for name, shape in RESOURCE_TYPES.items()}


def repair(kind: str, data: bytes, budget: RepairBudget) -> Repaired:
    """Return the resource of type ``kind`` in ``data`` with its unreadable elements left out and noted."""
    decoder = _DECODERS[kind]
    try:
        tree: dict[str, Any] = _without_nulls(msgspec.json.decode(data))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Repaired(None, (Gap(kind, "", "unreadable"),), meaning_lost=True)
    place = _reference(kind, tree)
    gaps: list[Gap] = []
    lost = False
    for _ in range(MAX_REPAIRS):
        if not budget.spend(len(data)):
            break
        try:
            return Repaired(decoder.decode(msgspec.json.encode(tree)), tuple(gaps), lost)
        except msgspec.ValidationError as error:
            path = _path(str(error))
        gaps.append(Gap(place, _name(path), "wrong-type"))
        if not path or (kind != "Patient" and path[0] in _TURNS_MEANING):
            return Repaired(None, tuple(gaps), meaning_lost=True)
        lost = lost or not _TELLS_MEANING.isdisjoint(path)
        _cut(tree, path[:-1] if path[-1] in _TURNS_PARENT else path)
    return Repaired(None, (*gaps, Gap(place, "", "too-many-faults")), meaning_lost=True)


def _reference(kind: str, tree: dict[str, Any]) -> str:
    given = tree.get("id")
    return literal(kind, given if isinstance(given, str) else None) or kind


def _path(message: str) -> Path:
    """Return the place that msgspec's message names; empty when it is the resource itself."""
    found = _PLACE.search(message)
    steps = _STEP.findall(found.group(1)) if found else ()
    return tuple(name or int(index) for name, index in steps)


def _without_nulls(tree: Any) -> Any:
    """Return the tree without members and items that are null: they say nothing, wherever they stand."""
    if isinstance(tree, dict):
        return {name: _without_nulls(value) for name, value in tree.items() if value is not None}
    if isinstance(tree, list):
        return [_without_nulls(value) for value in tree if value is not None]
    return tree


def _name(path: Path) -> str:
    return ".".join(step for step in path if isinstance(step, str))


def _cut(tree: Any, path: Path) -> None:
    for step in path[:-1]:
        tree = tree[step]
    del tree[path[-1]]
