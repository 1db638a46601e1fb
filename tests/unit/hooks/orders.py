"""Charts, draft orders and calls of the hooks in one line, in the shapes that HL7's hook library shows."""

import json
from datetime import date
from typing import Any

from cds_service.fhir import gather, read_hook_request, record_of
from cds_service.hooks.advice import Advice, Call
from cds_service.hooks.services import HOOKS
from cds_service.rulesets.load import load_default as load_rules
from cds_service.terminology.load import load_default as load_index

Json = dict[str, Any]
AS_OF = date(2026, 6, 1)
ATC = "http://www.whocc.no/atc"
SCT = "http://snomed.info/sct"
ICD10SE = "urn:oid:1.2.752.116.1.1.1.1.3"
KVA = "urn:oid:1.2.752.116.1.3.2.1.4"
UCUM = "http://unitsofmeasure.org"
# Epic sends ids of this length for orders that are not signed.
LONG_ID = "e" * 194

PREDNISOLONE, ANASTROZOLE, GOSERELIN, HEPARIN, AMOXICILLIN = "H02AB06", "L02BG03", "L02AE03", "B01AB01", "J01CA04"


def coded(system: str, code: str, text: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": text}], "text": text}


def person(sex: str = "female", born: str = "1961-03-02") -> Json:
    return {"resourceType": "Patient", "id": "1288992", "gender": sex, "birthDate": born}


def of_patient(kind: str, number: str, **more: Any) -> Json:
    return {"resourceType": kind, "id": number, "subject": {"reference": "Patient/1288992"}, **more}


def condition(code: str, number: str = "c", **more: Any) -> Json:
    return of_patient("Condition", number, code=coded(ICD10SE, code, code), **more)


# Acquired absence of the foot and lower leg, side unknown: in the cohort.
ABSENT_LEG = condition("Z89.5", "limb")
PROSTATE_CANCER = condition("C61.9", "cancer")


def days_of(count: int) -> Json:
    return {"boundsDuration": {"value": count, "unit": "d", "system": UCUM, "code": "d"}}


def draft_drug(
    atc: str = PREDNISOLONE,
    number: str = "smart-MedicationRequest-103",
    dose: float | None = 10,
    unit: str = "mg",
    days: int | None = 120,
    **more: Any,
) -> Json:
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d", **(days_of(days) if days else {})}
    dosage: Json = {"timing": {"repeat": repeat}}
    if dose is not None:
        dosage["doseAndRate"] = [{"doseQuantity": {"value": dose, "unit": unit, "system": UCUM, "code": unit}}]
    given = {
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": coded(ATC, atc, f"Drug {atc}"),
        "dosageInstruction": [dosage],
    }
    return of_patient("MedicationRequest", number, **(given | more))


def draft_scan(number: str = "dxa-1", **more: Any) -> Json:
    given = {"status": "draft", "intent": "order", "code": coded(KVA, "AN006", "DXA")}
    return of_patient("ServiceRequest", number, **(given | more))


def bundle(*resources: Json) -> Json:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def chart(*resources: Json, about: Json | None = None) -> Json:
    """A prefetch in which every list arrived whole."""
    lists: dict[str, list[Json]] = {
        kind: []
        for kind in (
            "Condition", "Observation", "MedicationRequest", "MedicationStatement", "Procedure", "ServiceRequest",
            "Appointment", "FamilyMemberHistory", "DiagnosticReport", "Device",
        )
    }  # fmt: skip
    for one in (ABSENT_LEG, *resources):
        lists[one["resourceType"]].append(one)
    found = {
        kind: {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(rows),
            "entry": [{"resource": row} for row in rows],
        }
        for kind, rows in lists.items()
    }
    keys = {"Condition": "conditions", "Procedure": "procedures"}
    return {"patient": about or person(), **{keys.get(kind, kind.lower() + "s"): rows for kind, rows in found.items()}}


def request(hook: str, prefetch: Json, **context: Any) -> Json:
    return {
        "hook": hook,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "PractitionerRole/123", "patientId": "1288992", "encounterId": "89284", **context},
        "prefetch": prefetch,
    }


def advise(hook: str, prefetch: Json, profile: str = "se", **context: Any) -> Advice:
    read = read_hook_request(json.dumps(request(hook, prefetch, **context)).encode())
    index, rules = load_index(), load_rules(profile)
    gathered = gather(read, index)
    record = record_of(gathered, index)
    return HOOKS[hook].advise(
        Call(request=read, gathered=gathered, record=record, index=index, rules=rules, as_of=AS_OF)
    )


def selecting(*drafts: Json, among: tuple[Json, ...] = (), prefetch: Json | None = None, profile: str = "se") -> Advice:
    """The answer to order-select when ``drafts`` are selected and ``among`` stand beside them."""
    return advise(
        "order-select",
        chart() if prefetch is None else prefetch,
        profile,
        selections=[f"{one['resourceType']}/{one['id']}" for one in drafts],
        draftOrders=bundle(*drafts, *among),
    )


def signing(*drafts: Json, prefetch: Json | None = None) -> Advice:
    return advise("order-sign", chart() if prefetch is None else prefetch, draftOrders=bundle(*drafts))


def cards(advice: Advice) -> list[str]:
    return [decision.card for decision in advice.assessment.decisions]
