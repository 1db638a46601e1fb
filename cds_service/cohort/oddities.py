"""What real exports have wrong with them: missing, double, contradicting, misspelt or misplaced data."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import timedelta
from typing import Final

from cds_service.cohort.person import Person
from cds_service.cohort.writing import Json, day, status

SHARE: Final = 0.35
"""How many of the patients have one of these."""

_SERVER: Final = "https://ehr.example.org/fhir"
_BIRTH_SEX: Final = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
_KG_PER_POUND: Final = 0.45359237


def made_odd(person: Person, resources: list[Json]) -> list[Json]:
    """Return the resources with at most one thing wrong. The first of them is the Patient."""
    if person.chance.random() >= SHARE:
        return resources
    return person.chance.choice(ODDITIES)(person, resources)


def _one(person: Person, resources: Sequence[Json]) -> Json:
    return person.chance.choice(resources[1:] or resources)


# ---------------------------------------------------------------- of the Patient


def _without_birth_date(_person: Person, resources: list[Json]) -> list[Json]:
    del resources[0]["birthDate"]
    return resources


def _year_of_birth(_person: Person, resources: list[Json]) -> list[Json]:
    resources[0]["birthDate"] = resources[0]["birthDate"][:4]
    return resources


def _without_sex(_person: Person, resources: list[Json]) -> list[Json]:
    del resources[0]["gender"]
    return resources


def _other_sex_at_birth(person: Person, resources: list[Json]) -> list[Json]:
    code = "M" if person.sex == "female" else "F"
    resources[0]["extension"] = [{"url": _BIRTH_SEX, "valueCode": code}]
    return resources


def _dead(_person: Person, resources: list[Json]) -> list[Json]:
    resources[0]["deceasedBoolean"] = True
    return resources


def _inactive(_person: Person, resources: list[Json]) -> list[Json]:
    resources[0]["active"] = False
    return resources


def _replaced(_person: Person, resources: list[Json]) -> list[Json]:
    resources[0]["link"] = [{"other": {"reference": "Patient/synthetic-other"}, "type": "replaced-by"}]
    return resources


# ---------------------------------------------------------------- of versions and references


def _twice(person: Person, resources: list[Json]) -> list[Json]:
    return [*resources, deepcopy(_one(person, resources))]


def _taken_back(person: Person, resources: list[Json]) -> list[Json]:
    """A later version says that the entry was a mistake."""
    later = deepcopy(_one(person, resources))
    later["meta"] = {"versionId": "2", "lastUpdated": f"{day(person.as_of)}T09:00:00+00:00"}
    _mark_mistaken(later)
    return [*resources, later]


def _contradicting_versions(person: Person, resources: list[Json]) -> list[Json]:
    """Two versions with the same number and moment: only their content differs."""
    other = deepcopy(_one(person, resources))
    _mark_mistaken(other)
    return [resources[0], other, *resources[1:]]


def _mark_mistaken(resource: Json) -> None:
    if resource["resourceType"] == "Condition":
        resource.pop("clinicalStatus", None)
        resource["verificationStatus"] = status("condition-ver-status", "entered-in-error")
    elif resource["resourceType"] != "Patient":
        resource["status"] = "entered-in-error"


def _absolute_reference(person: Person, resources: list[Json]) -> list[Json]:
    for resource in resources[1:]:
        _refer(resource, f"{_SERVER}/Patient/{person.id}")
    return resources


def _versioned_reference(person: Person, resources: list[Json]) -> list[Json]:
    _refer(_one(person, resources), f"Patient/{person.id}/_history/1")
    return resources


def _urn_reference(person: Person, resources: list[Json]) -> list[Json]:
    _refer(_one(person, resources), f"urn:uuid:{person.id}")
    return resources


def _refer(resource: Json, reference: str) -> None:
    for whose in ("subject", "patient"):
        if whose in resource:
            resource[whose] = {"reference": reference}


def _medication_apart(person: Person, resources: list[Json]) -> list[Json]:
    """Every drug as a Medication of its own, referred to."""
    apart = []
    for resource in resources:
        concept = resource.pop("medicationCodeableConcept", None)
        if concept:
            made = {"resourceType": "Medication", "id": person.new_id(), "code": concept}
            resource["medicationReference"] = {"reference": f"Medication/{made['id']}"}
            apart.append(made)
    return [*resources, *apart]


# ---------------------------------------------------------------- of codes, values and dates


def _words_only(person: Person, resources: list[Json]) -> list[Json]:
    resource = _one(person, resources)
    for name in ("code", "medicationCodeableConcept"):
        if name in resource:
            resource[name] = {"text": resource[name].get("text") or "not coded"}
    return resources


def _mistaken(person: Person, resources: list[Json]) -> list[Json]:
    _mark_mistaken(_one(person, resources))
    return resources


def _refuted(person: Person, resources: list[Json]) -> list[Json]:
    resource = _one(person, resources)
    if resource["resourceType"] == "Condition":
        resource["verificationStatus"] = status("condition-ver-status", "refuted")
    return resources


def _value_as_text(_person: Person, resources: list[Json]) -> list[Json]:
    for resource in resources:
        if "valueQuantity" in resource:
            resource["valueQuantity"]["value"] = str(resource["valueQuantity"]["value"])
    return resources


def _unreadable_value(person: Person, resources: list[Json]) -> list[Json]:
    resource = _one(person, resources)
    if "valueQuantity" in resource:
        resource["valueQuantity"] = [resource["valueQuantity"]]
    return resources


def _pounds(_person: Person, resources: list[Json]) -> list[Json]:
    for resource in resources:
        value = resource.get("valueQuantity")
        if value and value["unit"] == "kg":
            value |= {"value": round(value["value"] / _KG_PER_POUND, 1), "unit": "lb", "code": "[lb_av]"}
    return resources


def _without_dates(_person: Person, resources: list[Json]) -> list[Json]:
    for resource in resources[1:]:
        for name in ("onsetDateTime", "effectiveDateTime", "performedDateTime", "authoredOn"):
            resource.pop(name, None)
    return resources


def _to_come(person: Person, resources: list[Json]) -> list[Json]:
    resource = _one(person, resources)
    for name in ("onsetDateTime", "effectiveDateTime", "performedDateTime"):
        if name in resource:
            resource[name] = day(person.as_of + timedelta(days=400))
    return resources


def _not_a_date(person: Person, resources: list[Json]) -> list[Json]:
    resource = _one(person, resources)
    for name in ("onsetDateTime", "effectiveDateTime", "performedDateTime", "authoredOn"):
        if name in resource:
            resource[name] = "last spring"
    return resources


def _modified(person: Person, resources: list[Json]) -> list[Json]:
    _one(person, resources)["modifierExtension"] = [{"url": f"{_SERVER}/unknown", "valueBoolean": True}]
    return resources


ODDITIES: Final[tuple[Callable[[Person, list[Json]], list[Json]], ...]] = (
    _without_birth_date,
    _year_of_birth,
    _without_sex,
    _other_sex_at_birth,
    _dead,
    _inactive,
    _replaced,
    _twice,
    _taken_back,
    _contradicting_versions,
    _absolute_reference,
    _versioned_reference,
    _urn_reference,
    _medication_apart,
    _words_only,
    _mistaken,
    _refuted,
    _value_as_text,
    _unreadable_value,
    _pounds,
    _without_dates,
    _to_come,
    _not_a_date,
    _modified,
)
"""Each takes the person and the resources, the Patient first, and returns the resources."""
