"""Requests and Bundles in one line, all of one synthetic patient."""

import json
from typing import Any

import pytest

from cds_service.fhir import read_bundle, read_hook_request, read_prefetch
from cds_service.risk.record import PatientRecord
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.load import load_default

Json = dict[str, Any]

SCT = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ICD10SE = "urn:oid:1.2.752.116.1.1.1.1.3"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ATC = "http://www.whocc.no/atc"
KVA = "urn:oid:1.2.752.116.1.3.2.1.4"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SUBJECT = {"reference": "Patient/1"}


@pytest.fixture(scope="session")
def index() -> TerminologyIndex:
    return load_default()


def coded(system: str, code: str, text: str | None = None, **more: Any) -> Json:
    concept: Json = {"coding": [{"system": system, "code": code, **more}]}
    return concept | ({"text": text} if text else {})


RHEUMATOID = coded(ICD10SE, "M05.9")
WEIGHT = coded(LOINC, "29463-7")


def patient(**more: Any) -> Json:
    return {"resourceType": "Patient", "id": "1", "gender": "female", "birthDate": "1955-03-02", **more}


def resource(kind: str, resource_id: Any = "a", **more: Any) -> Json:
    owner = "patient" if kind == "FamilyMemberHistory" else "subject"
    given = {"id": resource_id} if resource_id else {}
    return {"resourceType": kind, **given, owner: SUBJECT, **more}


def condition(resource_id: str | None = "a", code: Any = RHEUMATOID, **more: Any) -> Json:
    return resource("Condition", resource_id, code=code, **more)


def observation(resource_id: str | None = "a", code: Any = WEIGHT, **more: Any) -> Json:
    return resource("Observation", resource_id, **{"status": "final", "code": code, **more})


def bundle(*resources: Any, **more: Any) -> Json:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": one} for one in resources], **more}


def request(prefetch: Any, **more: Any) -> bytes:
    body = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/9", "patientId": "1"},
        "prefetch": prefetch,
    }
    return json.dumps(body | more).encode()


def read(prefetch: Json, **more: Any) -> PatientRecord:
    """The record of a prefetch in which patient and conditions are there unless the test says otherwise."""
    whole = {"patient": patient(), "conditions": None} | prefetch
    return read_prefetch(read_hook_request(request(whole)), load_default(), **more)


def read_resources(*resources: Any) -> PatientRecord:
    """The record of a Bundle that holds a patient, an unimportant procedure, and ``resources``."""
    other = resource("Procedure", "unimportant")
    return read_bundle(json.dumps(bundle(patient(), other, *resources)).encode(), load_default())
