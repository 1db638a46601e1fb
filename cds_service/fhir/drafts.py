"""What a hook's context brings beside the prefetch: draft orders, proposed appointments, problems just entered.

The same readers as for the prefetch make facts of them. A context never says that a list is complete, so it adds facts
and changes no availability. A resource of the context replaces the one of the same id in the prefetch.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec

from cds_service.errors import MalformedRequest
from cds_service.fhir.assembling import Sources, assemble, patients_in
from cds_service.fhir.decoding import read_delivered
from cds_service.fhir.delivered import Delivered
from cds_service.fhir.gathered import Gathered
from cds_service.fhir.references import literal, relative
from cds_service.fhir.shapes_medication import Medication
from cds_service.risk.record import ByConcept, Hit, MedicationFact, OrderFact, PatientRecord
from cds_service.terminology.index import TerminologyIndex

Json = dict[str, Any]
KINDS: Final = ("conditions", "observations", "medications", "procedures", "family", "orders", "reports", "devices")
_BOOKED: Final = "booked"
_APPOINTMENT: Final = "appointment"
# What a client proposes to book while it books.
_PROPOSED: Final = frozenset({"proposed", "pending", "waitlist"})
_F = TypeVar("_F", MedicationFact, OrderFact)


class Context(msgspec.Struct, frozen=True):
    """What one Bundle of a context holds of the patient.

    Attributes:
        record: its facts alone; the demographics are those of the patient in context.
        resources: every resource with an id, whole and as sent, by ``Type/id``: an update must give all of it back.
    """

    record: PatientRecord
    resources: Mapping[str, Json] = {}


def read_context(raw: bytes | msgspec.Raw, member: str, gathered: Gathered, index: TerminologyIndex) -> Context:
    """Return what the Bundle in ``context.<member>`` holds of the patient whose data were gathered.

    Medications that its orders point to may stand in the prefetch. Facts of other patients are left out.

    Raises:
        MalformedRequest: the member is missing or holds no resource at all. TooLarge: nested too deeply.
    """
    if not bytes(raw).strip():
        raise MalformedRequest(f"context.{member}: is missing")
    found = read_delivered(raw, gathered.budget, gathered.sieve)
    if found.lost and not (found.something or found.matches):
        raise MalformedRequest(f"context.{member}: is not of the type that CDS Hooks gives it")
    return Context(_facts(found, gathered, index), dict(_whole(_as_sent(raw))))


def _as_sent(raw: bytes | msgspec.Raw) -> Any:
    """Return the value with all that we do not read; None where that is no text: then nothing can be given back."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _facts(found: Delivered, gathered: Gathered, index: TerminologyIndex) -> PatientRecord:
    patient = patients_in(gathered.resources())[gathered.patient_id]
    medications = [one for one in gathered.resources() if isinstance(one.resource, Medication)]
    sources = Sources(
        resources=[*found.resources, *medications],
        skimmed=found.skimmed,
        subjects=found.subjects,
        availability={},
        gaps=tuple(found.gaps),
    )
    return assemble(patient, sources, index)


def _whole(value: Any) -> Iterator[tuple[str, Json]]:
    """Yield the resources of a Bundle, also within Bundles and arrays."""
    if isinstance(value, list):
        for item in value:
            yield from _whole(item)
    elif isinstance(value, dict) and value.get("resourceType") == "Bundle":
        yield from _whole([entry.get("resource") for entry in _list(value.get("entry")) if isinstance(entry, dict)])
    elif isinstance(value, dict):
        kind, number = value.get("resourceType"), value.get("id")
        if isinstance(kind, str) and isinstance(number, str) and literal(kind, number):
            yield literal(kind, number), value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def planned(record: PatientRecord) -> PatientRecord:
    """Return the facts of a context as planned: ordered or booked, but not signed yet."""
    return msgspec.structs.replace(
        record, medications=_each(record.medications, _intended), orders=_each(record.orders, _ordered)
    )


def _intended(fact: MedicationFact) -> MedicationFact:
    return msgspec.structs.replace(fact, planned=True)


def _ordered(fact: OrderFact) -> OrderFact:
    booking = fact.kind == _APPOINTMENT and fact.status in _PROPOSED
    return msgspec.structs.replace(fact, planned=True, status=_BOOKED if booking else fact.status)


def _each(facts: ByConcept[_F], change: Callable[[_F], _F]) -> dict[str, tuple[Hit[_F], ...]]:
    return {concept: tuple(Hit(change(hit.fact), hit.match) for hit in hits) for concept, hits in facts.items()}


def joined(record: PatientRecord, added: PatientRecord, *kinds: str) -> PatientRecord:
    """Return ``record`` with the facts of ``added``, all or of some kinds; same resource: the added one holds."""
    facts = {kind: _merged(getattr(record, kind), getattr(added, kind)) for kind in kinds or KINDS}
    return msgspec.structs.replace(
        record,
        **facts,
        gaps=(*record.gaps, *added.gaps),
        not_coded=(*record.not_coded, *added.not_coded),
    )


def without(record: PatientRecord, drafts: PatientRecord) -> PatientRecord:
    """Return ``record`` without what it holds of the resources of ``drafts``: a server may list drafts as well."""
    facts = {kind: _left(getattr(record, kind), getattr(drafts, kind)) for kind in KINDS}
    return msgspec.structs.replace(record, **facts)


def _merged(mine: ByConcept[Any], added: ByConcept[Any]) -> dict[str, tuple[Hit[Any], ...]]:
    kept = _left(mine, added)
    return {concept: (*kept.get(concept, ()), *added.get(concept, ())) for concept in {**kept, **added}}


def _left(mine: ByConcept[Any], replaced: ByConcept[Any]) -> dict[str, tuple[Hit[Any], ...]]:
    gone = references(replaced) - {""}
    left = {c: tuple(hit for hit in hits if hit.fact.evidence.reference not in gone) for c, hits in mine.items()}
    return {concept: hits for concept, hits in left.items() if hits}


def references(facts: ByConcept[Any]) -> frozenset[str]:
    """Return the references of facts."""
    return frozenset(hit.fact.evidence.reference for hits in facts.values() for hit in hits)


def read_selections(raw: bytes | msgspec.Raw) -> frozenset[str] | None:
    """Return ``context.selections`` as relative references, or None when the client sent none: then all are selected.

    A bare id is kept as it is: it means a resource of whatever type.
    """
    try:
        given = msgspec.json.decode(raw, type=list[str]) if bytes(raw).strip() else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise MalformedRequest("context.selections: is not of the type that CDS Hooks gives it") from None
    return frozenset(relative(one.strip()) for one in given) if given else None


def is_selected(reference: str, selections: frozenset[str] | None) -> bool:
    """True when the draft is among the selected ones. A draft without an id cannot be named, so it counts."""
    bare = reference.partition("/")[2]
    return selections is None or not reference or reference in selections or bare in selections
