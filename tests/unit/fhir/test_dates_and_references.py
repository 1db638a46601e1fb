"""Dates at every precision; references in every spelling."""

import pytest

from cds_service.fhir.dates import parse_date
from cds_service.fhir.references import PatientIdentity, bare_id, literal, relative


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2024-02-29", "2024-02-29", "2024-02-29"),
        ("2024-05-17T23:59:59Z", "2024-05-17", "2024-05-17"),
        ("2024-05-17T00:30:00+02:00", "2024-05-17", "2024-05-17"),
        ("2024-05-17T12:00", "2024-05-17", "2024-05-17"),
        ("2024-05-17 12:00:00", "2024-05-17", "2024-05-17"),
        ("0001-01-01", "0001-01-01", "0001-01-01"),
    ],
)
def test_a_date_means_the_day_the_sender_wrote(text: str, first: str, last: str) -> None:
    found = parse_date(text)
    assert found is not None
    assert (found.first.isoformat(), found.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    "text",
    ["2023-02-29", "2024-13-01", "2024-00", "0000", "24-05-17", "17/05/2024", "2024-5-17", "2024-W01-1", "20240517",
     "2024-05-17x", "2024-05-171", "", "unknown", "２０２４", "2024-05-", "-2024"],
)  # fmt: skip
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("Patient/1", "Patient/1"),
        ("1", "1"),
        ("https://ehr.example.org/fhir/R4/Patient/1", "Patient/1"),
        ("https://ehr.example.org/fhir/R4/Patient/1/_history/7", "Patient/1"),
        ("Patient/1/_history/7", "Patient/1"),
        ("Patient/1/", "Patient/1"),
        ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"),
        ("#p", "#p"),
    ],
)
def test_references_are_brought_to_one_form(sent: str, expected: str) -> None:
    assert relative(sent) == expected


@pytest.mark.parametrize("sent", ["1", " Patient/1 ", "https://ehr.example.org/Patient/1", "Patient/1/_history/2"])
def test_a_patient_id_is_found_in_any_reference(sent: str) -> None:
    assert bare_id(sent) == "1"


def test_the_patient_is_known_by_id_reference_or_url() -> None:
    identity = PatientIdentity("1", frozenset({"urn:uuid:x"}))
    mine = ("1", "Patient/1", "https://a.example/Patient/1", "urn:uuid:x", "Patient/1")
    assert all(identity.owns(reference) for reference in mine)
    assert not any(identity.owns(reference) for reference in ("2", "Patient/11", "Group/1", "urn:uuid:y", "#1", ""))


@pytest.mark.parametrize(
    ("sent", "expected"),
    [("a-1.b_c", "Observation/a-1.b_c"), ("e" * 194, "Observation/" + "e" * 194), (None, ""), ("", ""), ("a b", ""),
     ("x](http://evil)", ""), ("e" * 300, "")],
)  # fmt: skip
def test_only_an_id_that_can_stand_in_a_reference_is_used(sent: str | None, expected: str) -> None:
    assert literal("Observation", sent) == expected
