"""Records in which everything that names a person carries one mark, so that one search finds any of it anywhere.

Each request keeps its clinical content. Its names, identifiers, addresses, telephone numbers, ids, references, displays
and notes are replaced by marked ones, and put in where it has none.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cds_service.demo import demo_patients, hook_request
from cds_service.hooks.services import HOOKS
from tests.conformance.client_requests import TODAY
from tests.conformance.test_clients import SAME, TOLD
from tests.spec.build import request as request_of
from tests.spec.read import worked_patients

Json = dict[str, Any]
MARK = "Zqxleak"
PERSONAL_NUMBER = "19470523-2384"
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "requests"
PERSON: Json = {
    "name": [{"family": f"{MARK}family", "given": [f"{MARK}given"]}],
    "identifier": [{"system": "urn:oid:1.2.752.129.2.1.3.1", "value": PERSONAL_NUMBER}],
    "address": [{"line": [f"{MARK}street 1"], "postalCode": f"{MARK}post", "city": f"{MARK}town"}],
    "telecom": [{"system": "phone", "value": f"{MARK}phone"}, {"system": "email", "value": f"{MARK}@example.org"}],
    "contact": [{"name": {"text": f"{MARK}next of kin"}}],
}
DRUG: Json = {
    "resourceType": "MedicationRequest",
    "id": f"{MARK}-draft",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {"coding": [{"system": "http://www.whocc.no/atc", "code": "H02AB06"}]},
}


def sent() -> Iterator[Json]:
    """Every request that this repository has, marked; the hooks take turns."""
    hooks = list(HOOKS)
    for number, request in enumerate(_requests()):
        yield marked(for_hook(request, hooks[number % len(hooks)]) if request.get("hook") == hooks[0] else request)


def _requests() -> Iterator[Json]:
    yield from (hook_request(patient.id, TODAY) for patient in demo_patients())
    yield from (request_of(patient) for patient in worked_patients())
    rows: list[Any] = [*SAME, *TOLD]
    yield from (row.request for row in rows if isinstance(row.request, dict))
    yield from (json.loads(path.read_bytes()) for path in sorted(SHARED.glob("*.json")))


def for_hook(request: Json, hook: str) -> Json:
    """The request of a chart as another hook sends it."""
    entry = [{"resource": DRUG}]
    more: Json = {
        "order-select": {"selections": [f"MedicationRequest/{MARK}-draft"], "draftOrders": bundle(entry)},
        "order-sign": {"draftOrders": bundle(entry)},
        "encounter-start": {"encounterId": f"{MARK}-encounter"},
        "appointment-book": {
            "appointments": bundle([{"resource": {"resourceType": "Appointment", "id": f"{MARK}-a"}}])
        },
        "problem-list-item-create": {"conditions": bundle([{"resource": {"resourceType": "Condition"}}])},
    }
    return request | {"hook": hook, "context": request.get("context", {}) | more.get(hook, {})}


def bundle(entry: list[Json]) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": entry}


def marked(request: Json) -> Json:
    """The request with everything marked that names somebody."""
    changed: Json = _marked(request)
    context = changed.get("context")
    if isinstance(context, dict):
        context["userId"] = f"Practitioner/{MARK}-user"
        if isinstance(context.get("patientId"), str):
            context["patientId"] = f"{MARK}-{context['patientId'].rpartition('/')[2]}"
    if isinstance(changed.get("fhirAuthorization"), dict):
        changed["fhirAuthorization"]["access_token"] = f"{MARK}.token"
    return changed


def _marked(value: Any) -> Any:
    if isinstance(value, list):
        return [_marked(one) for one in value]
    if not isinstance(value, dict):
        return value
    changed = {name: _marked(inner) for name, inner in value.items()}
    if isinstance(changed.get("reference"), str):
        changed["reference"] = _marked_reference(changed["reference"])
        changed["display"] = f"{MARK}display"
    if isinstance(changed.get("resourceType"), str) and changed["resourceType"] != "Bundle":
        if isinstance(changed.get("id"), str):
            changed["id"] = f"{MARK}-{changed['id']}"
        changed["note"] = [{"text": f"{MARK}note"}]
        if changed["resourceType"] == "Patient":
            changed |= PERSON
    return changed


def _marked_reference(reference: str) -> str:
    """References inside a resource stay; the id of any other gets the mark."""
    if reference.startswith("#"):
        return reference
    return re.sub(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]+)", rf"\1/{MARK}-\2", reference)


def birth_dates(requests: list[Json]) -> set[bytes]:
    """The full dates of birth in the requests."""
    found = set()
    for request in requests:
        found |= set(re.findall(rb'"birthDate": "(\d{4}-\d{2}-\d{2})"', json.dumps(request).encode()))
    return found
