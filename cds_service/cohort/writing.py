"""The FHIR R4 shapes that all resources of the population share."""

from datetime import date
from typing import Any, Final

from cds_service.cohort.person import Person
from cds_service.cohort.recipes import Coding

Json = dict[str, Any]
UCUM: Final = "http://unitsofmeasure.org"
TERMINOLOGY: Final = "http://terminology.hl7.org/CodeSystem"
_WHOSE: Final = {"FamilyMemberHistory": "patient", "Device": "patient"}


def resource(person: Person, kind: str, **elements: Any) -> Json:
    """Return a resource of the person's, with id, version and subject; elements that are None are left out."""
    made: Json = {
        "resourceType": kind,
        "id": person.new_id(),
        "meta": {"versionId": "1", "lastUpdated": f"{person.days_ago((0, 2)).isoformat()}T08:00:00+00:00"},
    }
    if kind != "Appointment":
        made[_WHOSE.get(kind, "subject")] = {"reference": f"Patient/{person.id}"}
    return made | {name: value for name, value in elements.items() if value is not None}


def codeable(coding: Coding) -> Json:
    """Return a CodeableConcept with one coding and its words."""
    return {"coding": [coding]} | ({"text": coding["display"]} if "display" in coding else {})


def status(system: str, code: str) -> Json:
    """Return a status as HL7 codes it."""
    return {"coding": [{"system": f"{TERMINOLOGY}/{system}", "code": code}]}


def quantity(value: float, unit: str) -> Json:
    """Return a Quantity in UCUM."""
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def day(when: date) -> str:
    """Return a date as FHIR writes it."""
    return when.isoformat()


def patient_resource(person: Person) -> Json:
    """Return the Patient. It bears no name: nobody could mistake it for somebody."""
    return {
        "resourceType": "Patient",
        "id": person.id,
        "meta": {"versionId": "1", "lastUpdated": "2026-01-02T08:00:00+00:00", "tag": [_synthetic()]},
        "active": True,
        "gender": person.sex,
        "birthDate": day(person.born),
    }


def _synthetic() -> Coding:
    return {"system": f"{TERMINOLOGY}/v3-ActReason", "code": "HTEST", "display": "test health data"}
