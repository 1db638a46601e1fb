"""The envelope is read leniently, refused clearly, and never tells its token."""

import json

import pytest

from cds_service.errors import MalformedRequest, TooLarge
from cds_service.fhir import read_hook_request

from .conftest import request

AUTHORIZATION = {
    "access_token": "sesame",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/*.read",
    "subject": "x",
}


def test_a_request_is_read_with_its_context_and_prefetch_as_bytes() -> None:
    found = read_hook_request(
        request({"patient": {"id": "1"}}, fhirServer="https://ehr.example.org", fhirAuthorization=AUTHORIZATION)
    )
    assert (found.hook, found.hook_instance) == ("patient-view", "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea")
    assert (found.context.user_id, found.context.patient_id, found.context.encounter_id) == (
        "Practitioner/9",
        "1",
        None,
    )
    assert found.fhir_server == "https://ehr.example.org"
    assert found.fhir_authorization is not None
    assert found.fhir_authorization.access_token == "sesame"
    assert json.loads(bytes(found.prefetch["patient"])) == {"id": "1"}


def test_the_bytes_of_what_was_glanced_at_are_at_hand() -> None:
    found = read_hook_request(request({"patient": {"resourceType": "Patient", "id": "1"}, "conditions": None}))
    assert found.glanced is not None
    assert (list(found.prefetch), len(found.prefetch)) == (["patient", "conditions"], 2)
    assert json.loads(bytes(found.prefetch["patient"])) == {"resourceType": "Patient", "id": "1"}


def test_the_token_is_in_no_representation() -> None:
    found = read_hook_request(request({}, fhirAuthorization=AUTHORIZATION))
    assert "sesame" not in repr(found)
    assert "sesame" not in str(found.fhir_authorization)
    assert "sesame" not in f"{found.fhir_authorization!r}"


@pytest.mark.parametrize("more", [{"extension": {"com.example": [1, {"a": None}]}}, {"fhirServer": None, "x": [[]]}])
def test_members_that_we_do_not_use_are_passed_over(more: dict[str, object]) -> None:
    assert read_hook_request(request({}, **more)).hook == "patient-view"


@pytest.mark.parametrize("prefetch", [None, {}])
def test_a_request_without_prefetch_has_an_empty_one(prefetch: object) -> None:
    assert read_hook_request(request(prefetch)).prefetch == {}


def test_an_absent_prefetch_member_is_an_empty_prefetch() -> None:
    body = json.loads(request({}))
    del body["prefetch"]
    del body["hookInstance"]
    found = read_hook_request(json.dumps(body).encode())
    assert (found.prefetch, found.hook_instance) == ({}, "")


def test_a_byte_order_mark_is_tolerated() -> None:
    assert read_hook_request(b"\xef\xbb\xbf" + request({})).hook == "patient-view"


def test_draft_orders_and_the_whole_context_stay_bytes_for_later_hooks() -> None:
    context = {
        "patientId": "1",
        "userId": "x",
        "draftOrders": {"resourceType": "Bundle"},
        "selections": ["a"],
        "own": 1,
    }
    found = read_hook_request(request({}, context=context))
    assert json.loads(bytes(found.context.draft_orders)) == {"resourceType": "Bundle"}
    assert json.loads(bytes(found.context.selections)) == ["a"]
    assert json.loads(bytes(found.raw_context))["own"] == 1


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is not JSON in UTF-8"),
        (b"{", "the body is not JSON in UTF-8"),
        (b'{"hook": "caf\xe9"}', "the body is not JSON in UTF-8"),
        (request({}).decode().encode("utf-16"), "the body is not JSON in UTF-8"),
        (b'{"a": NaN}', "the body is not JSON in UTF-8"),
        (b"[]", "the body: is not of the type that CDS Hooks gives it"),
        (b"{}", "hook: is missing"),
        (b'{"hook": "patient-view"}', "context: is missing"),
        (request({}, hook=5), "hook: is not of the type that CDS Hooks gives it"),
        (request({}, hook=" "), "hook: must not be empty"),
        (request([]), "prefetch: is not of the type that CDS Hooks gives it"),
        (request({}, context="secret"), "context: is not of the type that CDS Hooks gives it"),
        (request({}, context={"userId": "x"}), "context.patientId: is missing"),
        (request({}, context={"patientId": 19121212}), "context.patientId: is not of the type that CDS Hooks gives it"),
        (request({}, context={"patientId": " "}), "context.patientId: must not be empty"),
        (
            request({}, fhirAuthorization={"access_token": ["secret"]}),
            "fhirAuthorization.access_token: is not of the type that CDS Hooks gives it",
        ),
    ],
)
def test_a_malformed_request_is_refused_by_place_and_never_by_value(body: bytes, message: str) -> None:
    with pytest.raises(MalformedRequest) as caught:
        read_hook_request(body)
    assert str(caught.value) == message


@pytest.mark.parametrize("depth", [5_000, 500_000])
def test_a_bomb_of_nested_arrays_is_too_large(depth: int) -> None:
    body = request({}).replace(b'"prefetch": {}', b'"prefetch": {"a": ' + b"[" * depth + b"]" * depth + b"}")
    with pytest.raises(TooLarge):
        read_hook_request(body)
