"""Requests as real clients send them, all about one demonstration patient."""

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from cds_service.demo import hook_request

Json = dict[str, Any]
TODAY = datetime.now(UTC).date()
NAME = "Exempelsson"


def alva(**more: Any) -> Json:
    return hook_request("alva", TODAY) | more


def prefetch(change: Callable[[Json], Any]) -> Json:
    request = alva()
    return request | {"prefetch": change(copy.deepcopy(request["prefetch"]))}


def drafts(hook: str, *resources: Json) -> Json:
    entries = [{"resource": {"subject": {"reference": "Patient/alva"}, **one}} for one in resources]
    context = alva()["context"] | {
        "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": entries},
        "selections": [f"{one['resourceType']}/{one['id']}" for one in resources],
    }
    return alva(hook=hook, context=context)


def drug(number: str, **more: Any) -> Json:
    concept = {"coding": [{"system": "http://www.whocc.no/atc", "code": "H02AB06"}], "text": "Prednisolon"}
    given = {"status": "draft", "intent": "order", "medicationCodeableConcept": concept}
    return {"resourceType": "MedicationRequest", "id": number, **given, **more}


def each_resource(request: Json, change: Callable[[Json], None]) -> Json:
    request = copy.deepcopy(request)
    for value in request["prefetch"].values():
        for entry in value.get("entry", []):
            change(entry["resource"])
    return request


def with_absolute_references(resource: Json) -> None:
    if "subject" in resource:
        resource["subject"] = {"reference": "https://ehr.example/fhir/Patient/alva/_history/7", "display": NAME}


def with_wild_extensions(resource: Json) -> None:
    resource["extension"] = [{"url": "http://open.epic.com/x", "valueString": "y"}]
    resource["_status"] = {"extension": [{"url": "http://x"}]}


def capsules(request: Json) -> Json:
    """How Oracle Health writes a unit: the code in braces with a capital letter."""

    def change(resource: Json) -> None:
        for dosage in resource.get("dosageInstruction", []):
            for one in dosage.get("doseAndRate", []):
                one["doseQuantity"] |= {"unit": "mg", "code": "mg"}
        if resource["resourceType"] == "MedicationRequest" and "medicationCodeableConcept" in resource:
            product = {"resourceType": "Medication", "id": "1", "code": resource.pop("medicationCodeableConcept")}
            resource |= {"contained": [product], "medicationReference": {"reference": "#1", "display": "x"}}

    return each_resource(request, change)


def offered(cards: list[Json]) -> set[str]:
    """What can be ordered, by the codes that only such an order has."""
    created = json.dumps([one["actions"] for card in cards for one in card.get("suggestions", [])])
    signs = {"order-dxa": '"AN006"', "order-vitamin-d": '"NPU10267"', "refer": "eferral"}
    return {name for name, sign in signs.items() if sign in created}


def ordered_scan(kind: str) -> Json:
    code = {"coding": [{"system": "urn:oid:1.2.752.116.1.3.2.1.4", "code": "AN006"}]}
    about = {"subject": {"reference": "Patient/alva"}, "status": "active", "intent": "order", "code": code}
    scan = {"resourceType": kind, "id": "scan", "authoredOn": TODAY.isoformat(), **about}
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": scan}]}
