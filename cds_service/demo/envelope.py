"""A chart's resources laid out as the ``patient-view`` request of an EHR that asks what discovery tells it to ask."""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final
from uuid import uuid4

import msgspec

from cds_service.fhir.areas import PATIENT_KEY, PREFETCH_TEMPLATES, TYPE_MEANING

Json = dict[str, Any]
Entry = dict[str, Any]

SERVER: Final = "https://ehr.example.org/fhir"
USER: Final = "Practitioner/demo"
_CONTEXT_PATIENT: Final = re.compile(r"\{\{context\.patientId\}\}")


class Query(msgspec.Struct, frozen=True):
    """What a prefetch template asks for. Without ``categories`` it asks for every resource of the type."""

    resource_type: str
    categories: frozenset[str]


def _query(template: str) -> Query:
    resource_type, _, search = template.partition("?")
    parameters = dict(part.partition("=")[::2] for part in search.split("&"))
    return Query(resource_type, frozenset(filter(None, parameters.get("category", "").split(","))))


QUERIES: Final[Mapping[str, Query]] = {
    key: _query(template) for key, template in PREFETCH_TEMPLATES.items() if key != PATIENT_KEY
}


def entries_of(bundle: Json) -> list[Entry]:
    """Return the entries of a Bundle that hold a resource, each as ``{fullUrl?, resource}``. Raises nothing."""
    entries = bundle.get("entry")
    listed = entries if isinstance(entries, list) else []
    return [_entry(entry) for entry in listed if isinstance(entry, dict) and _is_resource(entry.get("resource"))]


def _entry(entry: Json) -> Entry:
    address = entry.get("fullUrl")
    return ({"fullUrl": address} if isinstance(address, str) else {}) | {"resource": entry["resource"]}


def _is_resource(value: object) -> bool:
    return isinstance(value, dict) and isinstance(value.get("resourceType"), str)


def patient_view(entries: Iterable[Entry], *, blocked: Collection[str], empty_lists: bool) -> Json:
    """Return the request. ``entries`` hold exactly one Patient, and it has an id.

    ``blocked`` names the prefetch keys that the record refuses; with ``empty_lists`` a query that finds nothing is
    answered by an empty Bundle, otherwise its key is missing.
    """
    listed = list(entries)
    patient = next(entry for entry in listed if entry["resource"]["resourceType"] == "Patient")
    patient_id = patient["resource"]["id"]
    found: dict[str, list[Entry]] = {key: [] for key in QUERIES}
    for entry in listed:
        key = key_of(entry["resource"])
        if key:
            found[key].append(entry)
    lists = {key: _searchset(key, hits, patient_id) for key, hits in found.items() if hits or empty_lists}
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid4()),
        "context": {"userId": USER, "patientId": patient_id, "encounterId": f"{patient_id}-encounter"},
        "prefetch": {PATIENT_KEY: patient["resource"], **lists, **{key: _refusal() for key in blocked}},
    }


def key_of(resource: Json) -> str | None:
    """Return the prefetch key under which this resource is delivered, or None when nothing asks for its type.

    An Observation of no category goes to the last list of Observations: an EHR would put it somewhere, too.
    """
    kind = resource["resourceType"]
    fitting = [key for key, query in QUERIES.items() if query.resource_type == _asked_as(kind)]
    categories = _categories(resource)
    exact = (key for key in fitting if not QUERIES[key].categories or QUERIES[key].categories & categories)
    return next(exact, fitting[-1] if fitting else None)


def _asked_as(kind: str) -> str:
    """Return the type whose list carries ``kind``: its own; for a type no query names, the leading one of its area."""
    if kind == "Medication":
        return "MedicationRequest"
    asked = {query.resource_type for query in QUERIES.values()}
    meaning = TYPE_MEANING.get(kind)
    if kind in asked or meaning is None:
        return kind
    return next((other for other in TYPE_MEANING if other in asked and TYPE_MEANING[other].area is meaning.area), kind)


def _categories(resource: Json) -> set[str]:
    concepts = resource.get("category")
    codings = (c.get("coding") for c in concepts if isinstance(c, dict)) if isinstance(concepts, list) else ()
    flat = (coding for coded in codings if isinstance(coded, list) for coding in coded)
    return {str(coding.get("code")) for coding in flat if isinstance(coding, dict)}


def _searchset(key: str, hits: list[Entry], patient_id: str) -> Json:
    query = _CONTEXT_PATIENT.sub(lambda _: patient_id, PREFETCH_TEMPLATES[key])
    whole = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(hits),
        "link": [{"relation": "self", "url": f"{SERVER}/{query}"}],
    }
    return whole | ({"entry": hits} if hits else {})


def _refusal() -> Json:
    issue = {"severity": "error", "code": "forbidden", "diagnostics": "The record does not release this list."}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
