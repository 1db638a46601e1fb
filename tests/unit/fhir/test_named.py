"""Whose record a file is from is read only where it says so plainly."""

import json

import pytest

from cds_service.fhir import named_patient

SERVER = "https://ehr.example/fhir"


def hook(server=SERVER, patient="alva"):
    return {"hook": "patient-view", "fhirServer": server, "context": {"patientId": patient}, "prefetch": {}}


def bundle(*urls, kind="Patient"):
    return {"resourceType": "Bundle", "entry": [{"fullUrl": url, "resource": {"resourceType": kind}} for url in urls]}


@pytest.mark.parametrize(
    ("file", "named"),
    [
        (hook(), (SERVER, "alva")),
        (hook(patient="Patient/alva"), (SERVER, "Patient/alva")),
        (hook(server="HTTP://ehr.example"), ("HTTP://ehr.example", "alva")),
        (hook(server=None), ("", "")),
        (hook(server="ehr"), ("", "")),
        (hook(patient=""), ("", "")),
        (bundle(f"{SERVER}/Patient/alva"), (SERVER, "alva")),
        (bundle(f"{SERVER}/Patient/alva/_history/2"), (SERVER, "alva")),
        (bundle("urn:uuid:0000-1"), ("", "")),
        (bundle("Patient/alva"), ("", "")),
        (bundle(f"{SERVER}/Patient/a", f"{SERVER}/Patient/b"), ("", "")),
        (bundle(f"{SERVER}/Condition/a", kind="Condition"), ("", "")),
        ({"entry": [{}, {"resource": None}]}, ("", "")),
        ({"entry": 5}, ("", "")),
        ([], ("", "")),
    ],
)
def test_server_and_patient_are_read_where_both_are_named(file, named):
    assert named_patient(json.dumps(file).encode()) == named
    assert named_patient(b"\xef\xbb\xbf" + json.dumps(file).encode()) == named


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"entry":' + b"[" * 3_000])
def test_what_cannot_be_read_names_nobody(body):
    assert named_patient(body) == ("", "")
