"""A visitor's own Bundle becomes the request that an EHR would send for it."""

import json
from contextlib import suppress
from datetime import date

import orjson
import pytest

from cds_service.demo import hook_request_of_bundle
from cds_service.demo.patients import LARGEST_BUNDLE, demo_bundle
from cds_service.errors import MalformedRequest, TooLarge

TODAY = date(2026, 6, 1)
PATIENT = {"resourceType": "Patient", "id": "p1"}


def bundled(*resources, kind="collection", **more):
    entries = [{"resource": resource} for resource in resources]
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries} | more).encode()


def observation(*categories):
    return {
        "resourceType": "Observation",
        "id": "-".join(categories) or "none",
        "category": [{"coding": [{"code": code}]} for code in categories],
    }


def keys_of(*resources):
    prefetch = hook_request_of_bundle(bundled(PATIENT, *resources), TODAY)["prefetch"]
    return prefetch.keys() - {"patient"}


@pytest.mark.parametrize(
    ("resource", "key"),
    [
        ({"resourceType": "Condition"}, "conditions"),
        ({"resourceType": "MedicationRequest"}, "medicationRequests"),
        ({"resourceType": "MedicationStatement"}, "medicationStatements"),
        ({"resourceType": "Medication"}, "medicationRequests"),
        ({"resourceType": "MedicationAdministration"}, "medicationRequests"),
        ({"resourceType": "Procedure"}, "procedures"),
        ({"resourceType": "FamilyMemberHistory"}, "familyHistory"),
        ({"resourceType": "DeviceUseStatement"}, "devices"),
        ({"resourceType": "ImagingStudy"}, "diagnosticReports"),
        (observation("vital-signs"), "observations-vitals"),
        (observation("laboratory"), "observations-labs"),
        (observation("social-history"), "observations-social"),
        (observation("imaging"), "observations-other"),
        (observation("survey"), "observations-other"),
        (observation(), "observations-other"),
        (observation("activity"), "observations-other"),
        ({"resourceType": "Observation", "category": "vital-signs"}, "observations-other"),
        ({"resourceType": "Observation", "category": [1, {"coding": [2]}, {"coding": 3}]}, "observations-other"),
    ],
)
def test_a_resource_comes_under_the_key_that_asks_for_it(resource, key):
    assert keys_of(resource) == {key}


def test_lists_without_resources_are_missing_not_empty():
    assert keys_of() == set()


def test_what_no_query_asks_for_is_not_sent():
    assert keys_of({"resourceType": "Immunization"}, {"resourceType": "Encounter"}) == set()


@pytest.mark.parametrize("kind", ["collection", "transaction", "searchset", "document"])
def test_the_kind_of_bundle_does_not_matter(kind):
    request = hook_request_of_bundle(bundled(PATIENT, {"resourceType": "Condition"}, kind=kind), TODAY)
    assert request["context"]["patientId"] == "p1"
    assert request["prefetch"]["conditions"]["total"] == 1


def test_a_patient_without_an_id_is_called_as_the_entry_is():
    entries = [{"fullUrl": "https://ehr.example.org/fhir/Patient/5a1f", "resource": {"resourceType": "Patient"}}]
    request = hook_request_of_bundle(json.dumps({"resourceType": "Bundle", "entry": entries}).encode(), TODAY)
    assert request["context"]["patientId"] == request["prefetch"]["patient"]["id"] == "5a1f"
    nameless = hook_request_of_bundle(bundled({"resourceType": "Patient", "id": 7}), TODAY)
    assert nameless["context"]["patientId"] == nameless["prefetch"]["patient"]["id"] == "entry-1"


@pytest.mark.parametrize("patient_id", [{}, {"id": "0000-1"}, {"id": "another"}])
def test_names_of_a_file_become_the_references_of_a_server(patient_id):
    drug = {"resourceType": "MedicationRequest", "medicationReference": {"reference": "urn:uuid:0000-2"}}
    entries = [
        {"fullUrl": "urn:uuid:0000-1", "resource": {"resourceType": "Patient"} | patient_id},
        {"fullUrl": "urn:uuid:0000-2", "resource": {"resourceType": "Medication", "code": {"text": "Å"}}},
        {"fullUrl": "urn:uuid:0000-3", "resource": drug | {"subject": {"reference": "urn:uuid:0000-1"}}},
        {"resource": {"resourceType": "Condition", "code": {"coding": [{"system": "urn:oid:1.2.752.116.1.1.1.1.3"}]}}},
    ]
    body = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
    prefetch = hook_request_of_bundle(body, TODAY)["prefetch"]
    named = prefetch["patient"]["id"]
    assert named == patient_id.get("id", "0000-1")
    medication, request = prefetch["medicationRequests"]["entry"]
    assert medication["fullUrl"] == "https://ehr.example.org/fhir/Medication/0000-2"
    assert medication["resource"]["code"]["text"] == "Å"
    assert request["resource"]["subject"]["reference"] == f"Patient/{named}"
    assert request["resource"]["medicationReference"]["reference"] == "Medication/0000-2"
    coding = prefetch["conditions"]["entry"][0]["resource"]["code"]["coding"][0]
    assert coding["system"] == "urn:oid:1.2.752.116.1.1.1.1.3"


def test_a_demonstration_chart_can_be_pasted_dates_unfilled():
    text = json.dumps(demo_bundle("alva", TODAY)).replace("2025-10-01", "{{today-243d}}")
    request = hook_request_of_bundle(b"\xef\xbb\xbf" + text.encode(), TODAY)
    drugs = request["prefetch"]["medicationRequests"]["entry"]
    assert drugs[0]["resource"]["authoredOn"] == "2025-10-01"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "JSON"),
        (b"{", "JSON"),
        (b"\xff\xfe", "JSON"),
        (b"[" * 100_000, "JSON"),
        (b"[]", "not a FHIR Bundle"),
        (b"7", "not a FHIR Bundle"),
        (b'{"resourceType": "Patient"}', "not a FHIR Bundle"),
        (bundled(), "exactly one Patient; it holds 0"),
        (bundled(PATIENT, PATIENT), "exactly one Patient; it holds 2"),
        (b'{"resourceType": "Bundle", "entry": {"a": 1}}', "holds 0"),
        (
            b'{"resourceType": "Bundle", "entry": [1, {}, {"resource": []}, {"resource": {"resourceType": 3}}]}',
            "holds 0",
        ),
    ],
)
def test_what_is_no_chart_is_refused_in_words(body, said):
    with pytest.raises(MalformedRequest, match=said):
        hook_request_of_bundle(body, TODAY)


def test_the_refusal_never_repeats_what_was_sent():
    with pytest.raises(MalformedRequest) as refused:
        hook_request_of_bundle(b'{"resourceType": "Secret name"}', TODAY)
    assert "Secret" not in str(refused.value)


@pytest.mark.parametrize("depth", [100, *range(240, 260), 500, 1_000])
def test_a_bundle_is_sent_whole_or_refused_however_deep_it_is(depth):
    deep = b"[" * depth + b"]" * depth
    condition = b'{"resourceType": "Condition", "code": ' + deep + b"}"
    named = b'{"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient"}}'
    body = b'{"resourceType": "Bundle", "entry": [' + named + b', {"resource": ' + condition + b"}]}"
    if depth < 200:
        assert orjson.dumps(hook_request_of_bundle(body, TODAY))
        return
    with suppress(MalformedRequest):
        assert orjson.dumps(hook_request_of_bundle(body, TODAY))


def test_a_bundle_nested_deeper_than_json_writers_go_is_refused():
    deep = b'{"resourceType": "Bundle", "entry": ' + b"[" * 500 + b"]" * 500 + b"}"
    with pytest.raises(MalformedRequest, match="nested too deeply"):
        hook_request_of_bundle(deep, TODAY)


def test_a_bundle_over_the_limit_is_refused():
    with pytest.raises(TooLarge):
        hook_request_of_bundle(b" " * (LARGEST_BUNDLE + 1), TODAY)
