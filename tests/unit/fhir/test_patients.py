"""The person, without anything that names them."""

from typing import Any

import pytest

from cds_service.risk.record import Demographics

from .conftest import coded, patient, read

BIRTH_SEX = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex"
US_SEX = "http://hl7.org/fhir/us/core/StructureDefinition/us-core-sex"
RECORDED_SEX = "http://hl7.org/fhir/StructureDefinition/individual-recordedSexOrGender"


def person(**more: Any) -> Demographics:
    return read({"patient": patient(**more)}).demographics


def recorded(kind: str, value: Any) -> dict[str, Any]:
    parts = [{"url": "type", "valueCodeableConcept": coded("http://loinc.org", kind)}, {"url": "value", **value}]
    return {"url": RECORDED_SEX, "extension": parts}


@pytest.mark.parametrize(
    ("gender", "extension", "sex", "differs"),
    [
        ("female", [], "female", False),
        ("Male", [], "male", False),
        ("other", [], "", False),
        ("unknown", [], "", False),
        (None, [], "", False),
        ("female", [{"url": BIRTH_SEX, "valueCode": "F"}], "female", False),
        ("female", [{"url": BIRTH_SEX, "valueCode": "M"}], "male", True),
        ("other", [{"url": BIRTH_SEX, "valueCode": "F"}], "female", True),
        ("unknown", [{"url": BIRTH_SEX, "valueCode": "F"}], "female", False),
        (None, [{"url": BIRTH_SEX, "valueString": "M"}], "male", False),
        ("female", [{"url": BIRTH_SEX, "valueCode": "UNK"}], "female", False),
        ("female", [{"url": "http://x.example/gender", "valueCode": "M"}], "female", False),
        ("male", [{"url": US_SEX, "valueCode": "248152002"}], "female", True),
        ("male", [{"url": US_SEX, "valueCoding": {"code": "248153007"}}], "male", False),
        ("male", [{"url": US_SEX, "valueCode": "248152002"}, {"url": BIRTH_SEX, "valueCode": "M"}], "male", False),
        ("male", [recorded("76689-9", {"valueCodeableConcept": coded("x", "female")})], "female", True),
        ("male", [recorded("00000-0", {"valueCodeableConcept": coded("x", "female")})], "male", False),
    ],
)
def test_sex_at_birth_comes_before_administrative_gender(gender: Any, extension: Any, sex: str, differs: bool) -> None:
    found = person(gender=gender, extension=extension)
    assert (found.sex, found.sex_differs) == (sex, differs)


@pytest.mark.parametrize(
    ("more", "attribute", "expected"),
    [
        ({}, "active", True),
        ({"active": False}, "active", False),
        ({}, "deceased", False),
        ({"deceasedBoolean": False}, "deceased", False),
        ({"deceasedBoolean": True}, "deceased", True),
        ({"deceasedDateTime": "2025-01-01"}, "deceased", True),
        ({"deceasedDateTime": "some day"}, "deceased", True),
        ({"link": [{"type": "replaced-by", "other": {}}]}, "replaced", True),
        ({"link": [{"type": "seealso"}, {"type": "replaces"}]}, "replaced", False),
        ({"meta": {"security": [{"code": "sekretessmarkering"}]}}, "protected", True),
        ({"meta": {"security": [{"code": "R"}, {"code": "skyddadFolkbokforing"}]}}, "protected", True),
        ({"meta": {"versionId": "1"}}, "protected", False),
        ({}, "reference", "Patient/1"),
    ],
)
def test_the_state_of_the_record_of_a_person(more: dict[str, Any], attribute: str, expected: Any) -> None:
    assert getattr(person(**more), attribute) == expected


def test_the_birth_date_comes_from_its_field_and_never_from_a_number() -> None:
    number = {"system": "http://electronichealth.se/identifier/personnummer", "value": "195503029999"}
    assert person(birthDate=None, identifier=[number]).birth_date is None
    known = person(birthDate="1955-03", _birthDate={"extension": [{"url": "x"}]}).birth_date
    assert known is not None
    assert known.text == "1955-03"


def test_an_impossible_birth_date_is_a_gap() -> None:
    record = read({"patient": patient(birthDate="1955-02-30")})
    assert record.demographics.birth_date is None
    assert [(gap.reference, gap.element, gap.reason) for gap in record.gaps] == [
        ("Patient/1", "birthDate", "not-a-date")
    ]


def test_no_name_or_number_is_in_the_record() -> None:
    record = read({"patient": patient(name=[{"family": "Findus"}], identifier=[{"value": "195503029999"}])})
    assert "Findus" not in repr(record)
    assert "195503029999" not in repr(record)
