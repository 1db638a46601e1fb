"""The clinician's own languages: read from their Practitioner alone, in every version's shape."""

import json

import pytest

from cds_service.fhir import clinician_languages, read_hook_request

R4 = [{"coding": [{"system": "urn:ietf:bcp:47", "code": "en-GB"}]}, {"coding": [{"code": "sv"}]}]
R5 = [
    {"language": {"coding": [{"code": "en"}]}},
    {"language": {"coding": [{"code": "sv-SE"}]}, "preferred": True},
]


def practitioner(communication, **more):
    return {"resourceType": "Practitioner", "id": "7", "communication": communication} | more


def languages(*values, user="Practitioner/7"):
    prefetch = {f"key {place}": value for place, value in enumerate(values)}
    body = {"hook": "patient-view", "context": {"userId": user, "patientId": "1"}, "prefetch": prefetch}
    sent = json.dumps(body).encode()
    return clinician_languages(read_hook_request(sent), sent)


def bundle(*resources):
    return {"resourceType": "Bundle", "entry": [{"resource": one} for one in resources]}


@pytest.mark.parametrize(
    ("communication", "tags"),
    [
        (R4, ("en", "sv")),
        (R5, ("sv", "en")),
        ([], ()),
        (None, ()),
        ("sv", ()),
        ([None, "sv", {"coding": "sv"}, {"coding": [None, {"code": 5}]}, {"language": "sv"}], ()),
        ([{"coding": [{"code": "SV"}, {"code": "sv-SE"}]}], ("sv",)),
    ],
)
def test_languages_are_read_in_the_shape_of_every_version_the_preferred_first(communication, tags):
    assert languages(practitioner(communication)) == tags
    assert languages(bundle({"resourceType": "Patient", "id": "1"}, practitioner(communication))) == tags


@pytest.mark.parametrize(
    "user", ["Practitioner/8", "PractitionerRole/7", "Patient/7", "7", "", "https://ehr.example/fhir/Practitioner/8"]
)
def test_another_person_is_not_the_clinician(user):
    assert languages(practitioner(R4), user=user) == ()


def test_the_clinician_may_be_named_by_a_whole_address():
    assert languages(practitioner(R4), user="https://ehr.example/fhir/Practitioner/7") == ("en", "sv")


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"resourceType": "Person", "id": "7", "communication": R4},
        {"resourceType": "Basic", "id": "7", "note": "Practitioner"},
        [],
        {"entry": [None, {"resource": None}], "x": "Practitioner"},
    ],
)
def test_nothing_is_read_where_no_practitioner_was_delivered(value):
    assert languages(value) == ()


def test_a_value_that_cannot_be_read_has_no_language():
    unreadable = b'{"\xff":"Practitioner"}'
    head = b'{"hook":"patient-view","context":{"userId":"Practitioner/7","patientId":"1"},"prefetch":{"user":'
    body = head + unreadable + b"}}"
    request = read_hook_request(body)
    assert clinician_languages(request, body) == ()


@pytest.mark.parametrize("other", [{"resourceType": "Patient", "id": "1"}, {"resourceType": "Unheard of"}])
def test_a_practitioner_is_found_beside_other_values_whether_or_not_all_could_be_glanced_at(other):
    named = {"resourceType": "Basic", "id": "b", "author": {"type": "Practitioner"}}
    assert languages(other, named, None, practitioner(R4)) == ("en", "sv")
