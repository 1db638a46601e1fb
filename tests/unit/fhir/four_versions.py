"""One synthetic patient as STU3, R4, R4B and R5 write her; every resource is checked with the models of its version."""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from .conftest import ATC, KVA, LOINC, SCT, SUBJECT, Json, coded

PACKAGES = {
    "STU3": "fhir.resources.STU3",
    "R4": "fhir.resources.R4B",
    "R4B": "fhir.resources.R4B",
    "R5": "fhir.resources",
}
VERSIONS = tuple(PACKAGES)
PREDNISOLONE = coded(ATC, "H02AB06", "Prednisolon")
AMPUTATION = coded(KVA, "NGQ19")
LEFT_THIGH = [coded(SCT, "61396006")]
DXA = coded(SCT, "312681000")
UCUM = "http://unitsofmeasure.org"


def quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def status(version: str, system: str, code: str) -> Any:
    """A Condition's status: a code in STU3, a concept since."""
    return code if version == "STU3" else coded(f"http://terminology.hl7.org/CodeSystem/{system}", code)


def pick(version: str, stu3: Json, r4: Json, r5: Json) -> Json:
    return {"STU3": stu3, "R5": r5}.get(version, r4)


def condition(version: str) -> Json:
    return {
        "resourceType": "Condition",
        "id": "c",
        "subject": SUBJECT,
        "code": coded("urn:oid:1.2.752.116.1.1.1.1.3", "M05.9", "Reumatoid artrit"),
        "clinicalStatus": status(version, "condition-clinical", "active"),
        "verificationStatus": status(version, "condition-ver-status", "confirmed"),
        "onsetDateTime": "2011-04",
        **pick(
            version,
            {"context": ENCOUNTER, "assertedDate": "2011-05-02"},
            {"encounter": ENCOUNTER, "recordedDate": "2011-05-02"},
            {"encounter": ENCOUNTER, "recordedDate": "2011-05-02"},
        ),
    }


ENCOUNTER = {"reference": "Encounter/e"}


def procedure(version: str) -> Json:
    return {
        "resourceType": "Procedure",
        "id": "p",
        "subject": SUBJECT,
        "status": "completed",
        "code": AMPUTATION,
        "bodySite": LEFT_THIGH,
        **pick(version, {"performedPeriod": SURGERY}, {"performedPeriod": SURGERY}, {"occurrencePeriod": SURGERY}),
    }


SURGERY = {"start": "2009-06-01T08:00:00+02:00", "end": "2009-06-01T11:00:00+02:00"}


def not_done(version: str) -> Json:
    told = {"status": "not-done"}
    return {
        "resourceType": "Procedure",
        "id": "q",
        "subject": SUBJECT,
        "code": coded(KVA, "NFQ19"),
        **pick(version, {"status": "suspended", "notDone": True}, told, told),
    }


def dosage(version: str) -> Json:
    dose = quantity(7.5, "mg")
    most = {"numerator": quantity(10, "mg"), "denominator": quantity(1, "d")}
    timing = {
        "repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "boundsPeriod": {"start": "2026-03-01"}},
        "code": coded("http://terminology.hl7.org/CodeSystem/v3-GTSAbbreviation", "QD"),
    }
    return {
        "timing": timing,
        "route": coded(SCT, "26643006"),
        **pick(
            version,
            {"doseQuantity": dose, "maxDosePerPeriod": most, "asNeededBoolean": False},
            {"doseAndRate": [{"doseQuantity": dose}], "maxDosePerPeriod": most, "asNeededBoolean": False},
            {"doseAndRate": [{"doseQuantity": dose}], "maxDosePerPeriod": [most], "asNeeded": False},
        ),
    }


def as_needed(version: str) -> Json:
    pain = {"text": "smärta"}
    return {
        "text": "vid behov",
        **pick(version, {"asNeededCodeableConcept": pain}, {"asNeededCodeableConcept": pain}, {"asNeededFor": [pain]}),
    }


def the_drug(version: str, concept: Json = PREDNISOLONE) -> Json:
    inline = {"medicationCodeableConcept": concept}
    return pick(version, inline, inline, {"medication": {"concept": concept}})


def the_reason(version: str) -> Json:
    arthritis = coded(SCT, "69896004")
    return pick(version, {"reasonCode": [arthritis]}, {"reasonCode": [arthritis]}, {"reason": [{"concept": arthritis}]})


def request(version: str) -> Json:
    return {
        "resourceType": "MedicationRequest",
        "id": "m",
        "subject": SUBJECT,
        "status": "active",
        "intent": "order",
        "authoredOn": "2026-03-01",
        "dosageInstruction": [dosage(version), as_needed(version)],
        "dispenseRequest": {
            "quantity": quantity(100, "{tablet}"),
            "expectedSupplyDuration": quantity(90, "d"),
            "numberOfRepeatsAllowed": 3,
        },
        **the_drug(version),
        **the_reason(version),
    }


def request_by_reference(version: str) -> Json:
    link = {"reference": "Medication/product"}
    return {
        "resourceType": "MedicationRequest",
        "id": "n",
        "subject": SUBJECT,
        "status": "stopped",
        "intent": "order",
        "authoredOn": "2020-01-01",
        **pick(
            version, {"medicationReference": link}, {"medicationReference": link}, {"medication": {"reference": link}}
        ),
    }


def product(version: str) -> Json:
    strength = {"numerator": quantity(5, "mg"), "denominator": quantity(1, "{tablet}")}
    ingredient = pick(
        version,
        {"itemCodeableConcept": PREDNISOLONE, "amount": strength},
        {"itemCodeableConcept": PREDNISOLONE, "strength": strength},
        {"item": {"concept": PREDNISOLONE}, "strengthRatio": strength},
    )
    return {
        "resourceType": "Medication",
        "id": "product",
        "code": {"text": "Prednisolon 5 mg"},
        "ingredient": [ingredient],
    }


def statement(version: str) -> Json:
    taking = coded("http://hl7.org/fhir/CodeSystem/medication-statement-adherence", "taking")
    return {
        "resourceType": "MedicationStatement",
        "id": "s",
        "subject": SUBJECT,
        "dateAsserted": "2026-02-01",
        "effectivePeriod": {"start": "2026-01-01"},
        "dosage": [dosage(version)],
        **the_drug(version),
        **pick(
            version,
            {"status": "active", "taken": "y"},
            {"status": "active"},
            {"status": "recorded", "adherence": {"code": taking}},
        ),
    }


def refused(version: str) -> Json:
    not_taking = coded("http://hl7.org/fhir/CodeSystem/medication-statement-adherence", "not-taking")
    return {
        "resourceType": "MedicationStatement",
        "id": "t",
        "subject": SUBJECT,
        "dateAsserted": "2025-02-01",
        **the_drug(version, coded(ATC, "M05BA04")),
        **pick(
            version,
            {"status": "active", "taken": "n"},
            {"status": "not-taken"},
            {"status": "recorded", "adherence": {"code": not_taking}},
        ),
    }


def dispense(version: str) -> Json:
    return {
        "resourceType": "MedicationDispense",
        "id": "d",
        "subject": SUBJECT,
        "status": "completed",
        "quantity": quantity(100, "{tablet}"),
        "daysSupply": quantity(100, "d"),
        "whenHandedOver": "2026-03-02",
        "authorizingPrescription": [{"reference": "MedicationRequest/m"}],
        "dosageInstruction": [dosage(version)],
        **the_drug(version),
    }


def administration(version: str) -> Json:
    on = "2026-04-01T09:00:00Z"
    order = {"reference": "MedicationRequest/m"}
    return {
        "resourceType": "MedicationAdministration",
        "id": "g",
        "subject": SUBJECT,
        "status": "completed",
        "dosage": {"dose": quantity(40, "mg"), "route": coded(SCT, "78421000")},
        **the_drug(version),
        **pick(
            version,
            {"effectiveDateTime": on, "prescription": order},
            {"effectiveDateTime": on, "request": order},
            {"occurenceDateTime": on, "request": order},
        ),
    }


def weight(_version: str) -> Json:
    return {
        "resourceType": "Observation",
        "id": "w",
        "subject": SUBJECT,
        "status": "final",
        "code": coded(LOINC, "29463-7"),
        "effectiveDateTime": "2026-05-01",
        "valueQuantity": quantity(55.4, "kg"),
    }


def family(_version: str) -> Json:
    return {
        "resourceType": "FamilyMemberHistory",
        "id": "f",
        "patient": SUBJECT,
        "status": "completed",
        "date": "2020",
        "relationship": coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "MTH"),
        "condition": [{"code": coded(SCT, "5913000")}],
    }


def family_unknown(version: str) -> Json:
    since = {
        "status": "completed",
        "dataAbsentReason": coded("http://terminology.hl7.org/CodeSystem/history-absent-reason", "subject-unknown"),
    }
    stu3 = {
        "status": "completed",
        "notDoneReason": coded("http://hl7.org/fhir/history-not-done-reason", "subject-unknown"),
    }
    return {
        "resourceType": "FamilyMemberHistory",
        "id": "u",
        "patient": SUBJECT,
        "relationship": {"text": "far"},
        **pick(version, stu3, since, since),
    }


def order(version: str) -> Json:
    arthritis = coded(SCT, "69896004")
    return {
        "id": "r",
        "subject": SUBJECT,
        "intent": "order",
        "authoredOn": "2026-01-09",
        **pick(
            version,
            {"resourceType": "ProcedureRequest", "status": "suspended", "code": DXA, "reasonCode": [arthritis]},
            {"resourceType": "ServiceRequest", "status": "on-hold", "code": DXA, "reasonCode": [arthritis]},
            {
                "resourceType": "ServiceRequest",
                "status": "on-hold",
                "code": {"concept": DXA},
                "reason": [{"concept": arthritis}],
            },
        ),
    }


def report(version: str) -> Json:
    finding = coded(SCT, "64859006")
    return {
        "resourceType": "DiagnosticReport",
        "id": "x",
        "subject": SUBJECT,
        "status": "final",
        "code": DXA,
        "effectiveDateTime": "2021-10-01",
        "result": [{"reference": "Observation/w"}],
        **pick(version, {"codedDiagnosis": [finding]}, {"conclusionCode": [finding]}, {"conclusionCode": [finding]}),
    }


def prosthesis_in_use(version: str) -> Json:
    device = {"reference": "Device/leg"}
    since = {"timingPeriod": {"start": "2010-02-01"}}
    r4 = {**since, "device": device, "subject": SUBJECT}
    stu3 = {"whenUsed": since["timingPeriod"], "device": device, "subject": SUBJECT}
    used = pick(version, stu3, r4, {**since, "device": {"reference": device}, "patient": SUBJECT})
    kind = "DeviceUsage" if version == "R5" else "DeviceUseStatement"
    site = {"concept": LEFT_THIGH[0]} if version == "R5" else LEFT_THIGH[0]
    return {"resourceType": kind, "id": "v", "status": "active", "bodySite": site, **used}


def prosthesis(version: str) -> Json:
    leg = coded(SCT, "74444006")
    return {"resourceType": "Device", "id": "leg", "status": "active", "type": [leg] if version == "R5" else leg}


def booked(version: str) -> Json:
    who = {"participant": [{"actor": SUBJECT, "status": "accepted"}]}
    service = [{"concept": DXA}] if version == "R5" else [DXA]
    return {
        "resourceType": "Appointment",
        "id": "b",
        "status": "booked",
        "serviceType": service,
        "start": "2026-12-01T10:00:00Z",
        "end": "2026-12-01T10:30:00Z",
        **who,
    }


MAKERS = (
    condition,
    procedure,
    not_done,
    request,
    request_by_reference,
    product,
    statement,
    refused,
    dispense,
    administration,
    weight,
    family,
    family_unknown,
    order,
    report,
    prosthesis_in_use,
    prosthesis,
    booked,
)


def resources(version: str) -> Iterable[Json]:
    """The whole record in one version; raises when a resource is not valid in it."""
    for make in MAKERS:
        resource = make(version)
        kind = resource["resourceType"]
        module = import_module(f"{PACKAGES[version]}.{kind.lower()}")
        getattr(module, kind).model_validate(resource)
        yield resource
