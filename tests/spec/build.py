"""From a worked patient as a clinician writes it to FHIR R4: the resources, a Bundle, and a patient-view request."""

import json
from collections.abc import Callable, Iterator

from tests.spec import clinical, therapy
from tests.spec.draft import Draft, Json, gone_wrong
from tests.spec.read import WorkedPatient

Kind = Callable[[Draft, Json], list[Json]]
KINDS: dict[str, Kind] = {**clinical.KINDS, **therapy.KINDS}

# One list of the chart per resource type: the prefetch key of an EHR that asks for plain lists, and its query.
LISTS = {
    "Condition": "conditions",
    "Observation": "observations",
    "MedicationRequest": "medicationRequests",
    "MedicationStatement": "medicationStatements",
    "MedicationDispense": "medicationDispenses",
    "MedicationAdministration": "medicationAdministrations",
    "Procedure": "procedures",
    "FamilyMemberHistory": "familyHistory",
    "ServiceRequest": "serviceRequests",
    "Appointment": "appointments",
    "DiagnosticReport": "diagnosticReports",
    "Device": "devices",
}
MEDICATIONS = ("MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration")
# What a clinician calls a list -> the resource types in it.
AREAS = {
    "conditions": ("Condition",),
    "observations": ("Observation",),
    "medications": MEDICATIONS,
    "procedures": ("Procedure",),
    "family-history": ("FamilyMemberHistory",),
    "orders": ("ServiceRequest",),
    "appointments": ("Appointment",),
    "reports": ("DiagnosticReport",),
    "devices": ("Device",),
}
SERVER = "https://ehr.example.org/fhir"
HOOK_INSTANCE = "8d1f6c1e-5f0b-4c4e-9a57-6b1f0f3a2d10"
ISSUE = {"blocked": "forbidden", "failed": "exception"}


def patient_resource(patient: WorkedPatient) -> Json:
    """The Patient."""
    about = dict(patient.patient)
    resource: Json = {"resourceType": "Patient", "id": patient.fhir_id, "active": True}
    if "sex" in about:
        resource["gender"] = about.pop("sex")
    if "born" in about:
        resource["birthDate"] = str(about.pop("born"))
    if "deceased" in about:
        dead = about.pop("deceased")
        resource |= {"deceasedBoolean": dead} if isinstance(dead, bool) else {"deceasedDateTime": str(dead)}
    return resource | about


def resources(patient: WorkedPatient) -> list[Json]:
    """Every resource of the record except the Patient, in the order the clinician listed them."""
    return [resource for number, item in _numbered(patient.record) for resource in _from_item(patient, number, item)]


def _numbered(items: tuple[Json, ...]) -> Iterator[tuple[str, Json]]:
    return ((str(number), item) for number, item in enumerate(items, start=1))


# The member of a hook's context that holds what is being ordered, booked or entered.
DRAFTS = {
    "order-select": "draftOrders",
    "order-sign": "draftOrders",
    "appointment-book": "appointments",
    "problem-list-item-create": "conditions",
}


def context(patient: WorkedPatient) -> Json:
    """The context of the hook, with ids of drafts as long as those of a real client (194 characters)."""
    given: Json = {"userId": "Practitioner/1", "patientId": patient.fhir_id}
    if patient.hook not in DRAFTS:
        return given
    built = {number: list(_from_item(patient, f"draft-{number}", item)) for number, item in _numbered(patient.drafts)}
    for resource in (one for made in built.values() for one in made):
        resource["id"] = f"{resource['id']}-".ljust(194, "e")
    entries = [{"resource": one} for made in built.values() for one in made]
    given[DRAFTS[patient.hook]] = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    if patient.selected:
        picked = [one for number in patient.selected for one in built[str(number)]]
        given["selections"] = [f"{one['resourceType']}/{one['id']}" for one in picked]
    return given


def _from_item(patient: WorkedPatient, number: str, item: Json) -> Iterator[Json]:
    ((kind, content),) = item.items()
    if kind not in KINDS:
        raise ValueError(f"patient {patient.id}: nothing is called {kind!r}")
    content = dict(content) if isinstance(content, dict) else {"": content}
    changes = gone_wrong(content)
    draft = Draft(patient.coding, f"Patient/{patient.fhir_id}", number, patient.as_of)
    for resource in KINDS[kind](draft, content):
        yield from changes(resource)
    if content.keys() - {""}:
        raise ValueError(f"patient {patient.id}: {kind} does not know {sorted(content)}")


def bundle(patient: WorkedPatient) -> Json:
    """The whole record as one Bundle of type collection."""
    every = [patient_resource(patient), *resources(patient)]
    return {"resourceType": "Bundle", "type": "collection", "entry": [_entry(resource) for resource in every]}


def _entry(resource: Json) -> Json:
    address = {"fullUrl": f"{SERVER}/{resource['resourceType']}/{resource['id']}"} if "id" in resource else {}
    return address | {"resource": resource}


def request(patient: WorkedPatient, found: list[Json] | None = None) -> Json:
    """The request of the hook; its prefetch holds one list per resource type, each whole unless told otherwise.

    ``found`` replaces the resources of the record.
    """
    lists: dict[str, list[Json]] = {kind: [] for kind in LISTS}
    for resource in resources(patient) if found is None else found:
        lists[resource["resourceType"]].append(resource)
    how = {kind: state for area, state in patient.available.items() for kind in AREAS[area]}
    prefetch: Json = {"patient": patient_resource(patient)}
    for kind, listed in lists.items():
        prefetch |= _delivered(kind, listed, how.get(kind, "given"), patient.fhir_id)
    return {
        "hook": patient.hook,
        "hookInstance": HOOK_INSTANCE,
        "context": context(patient),
        "prefetch": prefetch,
    }


def request_bytes(patient: WorkedPatient, found: list[Json] | None = None) -> bytes:
    """The request as it travels."""
    return json.dumps(request(patient, found), ensure_ascii=False).encode()


def _delivered(kind: str, found: list[Json], state: str, patient_id: str) -> Json:
    key = LISTS[kind]
    if state == "missing":
        return {}
    if state == "null":
        return {key: None}
    if state in ISSUE:
        issue = {"severity": "error", "code": ISSUE[state]}
        return {key: {"resourceType": "OperationOutcome", "issue": [issue]}}
    whole: Json = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found) if state == "given" else len(found) + 40,
        "link": [{"relation": "self", "url": f"{SERVER}/{kind}?patient={patient_id}"}],
    }
    if state == "partial":
        whole["link"].append({"relation": "next", "url": f"{SERVER}/{kind}?patient={patient_id}&page=2"})
    return {key: whole | ({"entry": [_entry(resource) for resource in found]} if found else {})}
