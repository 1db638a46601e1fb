"""A visitor's own Bundle becomes the request that an EHR would send for it."""

import json
from datetime import date

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
    entries = [{"fullUrl": "urn:uuid:5a1f", "resource": {"resourceType": "Patient"}}]
    request = hook_request_of_bundle(json.dumps({"resourceType": "Bundle", "entry": entries}).encode(), TODAY)
    assert request["context"]["patientId"] == "5a1f"
    nameless = hook_request_of_bundle(bundled({"resourceType": "Patient", "id": 7}), TODAY)
    assert nameless["context"]["patientId"] == "visitor"


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


def test_a_bundle_over_the_limit_is_refused():
    with pytest.raises(TooLarge):
        hook_request_of_bundle(b" " * (LARGEST_BUNDLE + 1), TODAY)
