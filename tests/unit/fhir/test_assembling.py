"""One patient, the newest version of everything, the same record in whatever order it came."""

import json
from typing import Any

import pytest

from cds_service.errors import EssentialDataMissing, MalformedRequest
from cds_service.fhir import read_bundle
from cds_service.risk.record import Area, Delivery
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.load import load_default

from .conftest import RHEUMATOID, bundle, condition, observation, patient, read, read_resources, resource

RA = "rheumatoid-arthritis"


def version(clinical: str, **meta: str) -> dict[str, Any]:
    return condition(clinicalStatus=clinical, meta=meta)


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (version("active", versionId="9"), version("resolved", versionId="10")),
        (version("active"), version("resolved", versionId="1")),
        (version("active", versionId="x"), version("resolved", versionId="1")),
        (
            version("active", lastUpdated="2026-01-01T00:00:00Z"),
            version("resolved", lastUpdated="2026-01-02T00:00:00Z"),
        ),
        (
            version("active", lastUpdated="2026-01-01T23:30:00+02:00"),
            version("resolved", lastUpdated="2026-01-01T22:00:00Z"),
        ),
        (
            version("active", lastUpdated="2026-01-01", versionId="9"),
            version("resolved", lastUpdated="2026-01-02", versionId="1"),
        ),
        (version("active", versionId="9", lastUpdated="soon"), version("resolved", lastUpdated="2026-01-01T00:00:00Z")),
        (version("active", lastUpdated="0001-01-01T00:00:00+14:00"), version("resolved", lastUpdated="2026-01-01")),
        (version("active", versionId="9" * 5_000), version("resolved", versionId="1")),
        (version("active", versionId="²"), version("resolved", versionId="1")),
    ],
)
def test_the_newest_version_wins_in_whatever_order(older: dict[str, Any], newer: dict[str, Any]) -> None:
    for order in ((older, newer), (newer, older), (newer, older, newer, older)):
        assert [hit.fact.clinical for hit in read_resources(*order).conditions[RA]] == ["resolved"]


def test_versions_that_cannot_be_told_apart_still_give_one_answer() -> None:
    one, other = version("active"), version("resolved")
    assert read_resources(one, other) == read_resources(other, one)


def test_resources_without_id_are_one_when_they_are_equal() -> None:
    record = read_resources(condition(None), condition(None), condition(None, onsetDateTime="2020"))
    assert len(record.conditions[RA]) == 2
    assert {hit.fact.evidence.reference for hit in record.conditions[RA]} == {""}


@pytest.mark.parametrize(
    ("subject", "mine"),
    [
        ({"reference": "Patient/1"}, True),
        ({"reference": "1"}, True),
        ({"reference": "https://x.example/fhir/Patient/1/_history/3"}, True),
        ({"display": "somebody"}, True),
        (None, True),
        ({"reference": "Patient/2"}, False),
        ({"reference": "Group/1"}, False),
        ({"reference": "urn:uuid:1"}, False),
    ],
)
def test_only_resources_of_the_patient_in_context_count(subject: Any, mine: bool) -> None:
    record = read({"conditions": bundle(condition(subject=subject))})
    assert (RA in record.conditions, record.ignored_others) == (mine, 0 if mine else 1)


def test_the_urn_of_a_patient_whose_id_is_a_uuid_means_the_patient() -> None:
    number = "0f4b2a3c-5d6e-4f70-8192-a3b4c5d6e7f8"
    body = bundle(patient(id=number), condition(subject={"reference": f"urn:uuid:{number}"}))
    assert RA in read_bundle(json.dumps(body).encode(), load_default()).conditions


@pytest.mark.parametrize(("own", "state"), [(False, Delivery.PARTIAL), (True, Delivery.GIVEN)])
def test_a_request_in_which_nothing_names_the_patient_is_no_empty_record(own: bool, state: Delivery) -> None:
    others = condition(id="x", subject={"reference": "Patient/2"})
    procedure = resource("Procedure", id="y", subject={"reference": "Patient/1"})
    record = read({"conditions": bundle(others), "procedures": bundle(*([procedure] if own else []))})
    assert (record.delivery(Area.CONDITIONS).state, record.ignored_others) == (state, 1)


def test_another_patient_in_the_prefetch_is_ignored_and_counted() -> None:
    record = read({"patients": bundle(patient(id="2", gender="male"))})
    assert (record.demographics.sex, record.ignored_others) == ("female", 1)


@pytest.mark.parametrize("patient_id", ["1", "Patient/1", "https://x.example/fhir/Patient/1"])
def test_the_patient_of_the_context_is_found_in_any_spelling(patient_id: str) -> None:
    from cds_service.fhir import read_hook_request, read_prefetch  # noqa: PLC0415 - only here
    from cds_service.terminology.load import load_default  # noqa: PLC0415 - only here

    from .conftest import request  # noqa: PLC0415 - only here

    body = request({"patient": patient(), "conditions": None}, context={"patientId": patient_id})
    assert read_prefetch(read_hook_request(body), load_default()).demographics.reference == "Patient/1"


# ---------------------------------------------------------------- a Bundle as a file


def file(*resources: Any) -> bytes:
    return json.dumps(bundle(*resources, type="collection")).encode()


def test_what_a_file_does_not_hold_is_missing_not_empty(index: TerminologyIndex) -> None:
    record = read_bundle(b"\xef\xbb\xbf" + file(patient(), condition()), index)
    assert record.delivery(Area.CONDITIONS).state is Delivery.GIVEN
    assert record.delivery(Area.MEDICATIONS).state is Delivery.MISSING


def test_a_file_with_several_patients_needs_to_be_told_which(index: TerminologyIndex) -> None:
    body = file(
        patient(), patient(id="2", gender="male"), condition(), condition("b", subject={"reference": "Patient/2"})
    )
    with pytest.raises(MalformedRequest, match="several patients"):
        read_bundle(body, index)
    second = read_bundle(body, index, patient_id="Patient/2")
    assert (second.demographics.sex, second.ignored_others) == ("male", 2)
    with pytest.raises(EssentialDataMissing, match="patient: missing"):
        read_bundle(body, index, patient_id="3")


def test_a_file_without_patient_or_without_cohort_data_cannot_be_assessed(index: TerminologyIndex) -> None:
    with pytest.raises(EssentialDataMissing, match="patient: missing"):
        read_bundle(file(condition()), index)
    with pytest.raises(EssentialDataMissing, match="conditions: missing; procedures: missing"):
        read_bundle(file(patient(), observation()), index)


@pytest.mark.parametrize("body", [b"", b"{", b"[", b'{"resourceType": "Bundle", "entry": [}', b"\xff\xfe{}"])
def test_a_file_that_is_no_json_is_refused(body: bytes, index: TerminologyIndex) -> None:
    with pytest.raises(MalformedRequest):
        read_bundle(body, index)


def test_resources_may_point_to_the_patient_by_the_url_in_the_bundle(index: TerminologyIndex) -> None:
    entries = [
        {"fullUrl": "urn:uuid:p", "resource": {"resourceType": "Patient", "gender": "male"}},
        {"fullUrl": "urn:uuid:c", "resource": condition(None, subject={"reference": "urn:uuid:p"})},
        {"fullUrl": "urn:uuid:d", "resource": condition(None, subject={"reference": "urn:uuid:q"}, code=RHEUMATOID)},
    ]
    body = json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": entries}).encode()
    record = read_bundle(body, index)
    assert (len(record.conditions[RA]), record.ignored_others, record.demographics.reference) == (1, 1, "")


def test_a_single_resource_or_an_array_is_a_file_too(index: TerminologyIndex) -> None:
    body = json.dumps([patient(), None, [condition()], bundle(resource("Procedure"))]).encode()
    assert RA in read_bundle(body, index).conditions
