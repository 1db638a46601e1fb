"""What real senders write: extensions that turn meanings, codings that are none, references of all kinds, strangers."""

import json
from typing import Any

import pytest

from cds_service.fhir import read_bundle, read_hook_request, read_prefetch
from cds_service.fhir.decoding import read_delivered
from cds_service.fhir.repair import RepairBudget
from cds_service.fhir.sieve import Sieve
from cds_service.risk.record import Area, Delivery, NotCoded
from cds_service.terminology.load import load_default

from .conftest import (
    ATC,
    ICD10SE,
    LOINC,
    RHEUMATOID,
    SUBJECT,
    WEIGHT,
    bundle,
    coded,
    condition,
    observation,
    patient,
    read,
    read_resources,
    request,
    resource,
)  # fmt: skip

RA = "rheumatoid-arthritis"
PREDNISOLONE = coded(ATC, "H02AB06")
UNKNOWN_MODIFIER = [{"url": "https://ehr.example/not-this-patient", "valueBoolean": True}]


# ---------------------------------------------------------------- modifier extensions


@pytest.mark.parametrize(
    "modified",
    [
        condition(modifierExtension=UNKNOWN_MODIFIER),
        condition(stage=[{"modifierExtension": UNKNOWN_MODIFIER}]),
        resource("FamilyMemberHistory", condition=[{"code": RHEUMATOID, "modifierExtension": UNKNOWN_MODIFIER}]),
        resource("MedicationRequest", medicationCodeableConcept=PREDNISOLONE,
                 dosageInstruction=[{"modifierExtension": UNKNOWN_MODIFIER}]),
        observation(modifierExtension=UNKNOWN_MODIFIER),
    ],
)  # fmt: skip
def test_a_resource_with_a_modifier_we_do_not_know_is_a_gap_and_not_counted(modified: dict[str, Any]) -> None:
    record = read_resources(modified)
    kind = modified["resourceType"]
    assert (record.conditions, record.medications, record.observations, record.family) == ({}, {}, {}, {})
    assert [(gap.reference, gap.element, gap.reason) for gap in record.gaps] == [
        (f"{kind}/a", "modifierExtension", "not-understood")
    ]


def test_a_list_with_a_modified_resource_is_not_complete() -> None:
    record = read({"conditions": bundle(condition("b"), condition(modifierExtension=UNKNOWN_MODIFIER))})
    assert record.delivery(Area.CONDITIONS).state is Delivery.PARTIAL


def test_a_modifier_of_what_means_nothing_to_us_costs_nothing() -> None:
    record = read({"conditions": bundle(nothing(modifierExtension=UNKNOWN_MODIFIER))})
    assert record.gaps == ()
    assert record.complete(Area.CONDITIONS)


@pytest.mark.parametrize("harmless", [{"modifierExtension": []}, {"note": [{"text": 'say "modifierExtension"'}]}])
def test_no_modifier_is_no_gap(harmless: dict[str, Any]) -> None:
    assert read_resources(condition(**harmless)).gaps == ()


EXTENSION = [{"url": "https://ehr.example/x", "extension": [{"url": "y", "valueString": "z"}]}]


def test_extensions_stand_everywhere_and_change_nothing() -> None:
    extended = {
        **condition(),
        "extension": EXTENSION,
        "subject": {**SUBJECT, "extension": EXTENSION},
        "code": {"coding": [{**RHEUMATOID["coding"][0], "extension": EXTENSION, "_code": {"extension": EXTENSION}}]},
        "_onsetDateTime": {"extension": EXTENSION},
        "_id": {"extension": EXTENSION},
    }
    assert read_resources(extended) == read_resources(condition())


ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}


def test_a_primitive_that_has_only_an_extension_is_not_known() -> None:
    person = patient(_birthDate=ABSENT, _gender=ABSENT)
    del person["birthDate"], person["gender"]
    record = read({"patient": person, "conditions": bundle(condition(_onsetDateTime=ABSENT))})
    assert (record.demographics.birth_date, record.demographics.sex) == (None, "")
    assert record.conditions[RA][0].fact.onset is None
    assert record.gaps == ()


# ---------------------------------------------------------------- codings


@pytest.mark.parametrize(
    "code",
    [
        {"coding": [{"code": "M05.9"}]},
        {"coding": [{"code": "M05.9", "display": "Sjukdom"}], "text": "Sjukdom"},
        {"coding": [{"system": "", "code": "M05.9"}]},
        {"coding": [{"system": "urn:oid:1.2.3.4", "code": "M05.9"}]},
        {"coding": [{"system": ICD10SE}]},
        {"coding": [{"display": "M05.9", "version": "2025", "userSelected": True}]},
        {"text": "M05.9"},
        {},
    ],
)
def test_a_code_without_a_system_that_we_know_is_never_guessed(code: dict[str, Any]) -> None:
    record = read_resources(condition(code=code))
    assert (record.conditions, record.not_coded) == ({}, ())


@pytest.mark.parametrize(
    "code",
    [
        {"text": "Benskörhet"},
        {"coding": [], "text": "Benskörhet"},
        {"coding": [{"display": "Benskörhet"}]},
        {"coding": [{"code": "1", "display": "Benskörhet", "userSelected": True}]},
        {"coding": [{"system": "urn:oid:1.2.840.114350.1", "code": "7", "display": "Benskörhet"}]},
    ],
)
@pytest.mark.parametrize(
    "kind", ["Condition", "Observation", "Procedure", "DiagnosticReport", "ServiceRequest", "ProcedureRequest"]
)
def test_words_without_a_code_we_know_are_shown_and_never_counted(kind: str, code: dict[str, Any]) -> None:
    record = read_resources(resource(kind, code=code))
    assert record.not_coded == (NotCoded("osteoporosis-diagnosis", f"{kind}/a", "Benskörhet"),)
    assert record.conditions == {}


def test_an_appointment_in_words_is_shown() -> None:
    booked = {"resourceType": "Appointment", "id": "a", "serviceType": [{"text": "Bentäthetsmätning"}]}
    assert [note.concept for note in read_resources(booked).not_coded] == ["dxa-procedure"]


def test_words_beside_a_code_we_know_are_no_riddle() -> None:
    sodium = coded(LOINC, "2951-2", "Benskörhet utesluten")
    assert read_resources(observation(code=sodium)).not_coded == ()


def test_the_coding_that_means_something_is_found_among_others_in_any_place() -> None:
    codings = [{"code": "?"}, {"system": "urn:local", "code": "M05"}, *RHEUMATOID["coding"], {"display": "x"}]
    for order in (codings, codings[::-1]):
        assert RA in read_resources(condition(code={"coding": order})).conditions


# ---------------------------------------------------------------- references and ids


@pytest.mark.parametrize(
    "subject",
    [
        "Patient/1", "1", "https://ehr.example/fhir/Patient/1", "Patient/1/_history/4",
        "https://ehr.example/fhir/Patient/1/_history/4", "urn:uuid:0f9e1d2c-0000-4000-8000-000000000001",
    ],
)  # fmt: skip
def test_the_patient_is_known_by_every_kind_of_reference(subject: str) -> None:
    whole = bundle(condition(subject={"reference": subject}))
    whole["entry"].append({"fullUrl": "urn:uuid:0f9e1d2c-0000-4000-8000-000000000001", "resource": patient()})
    record = read_prefetch(read_hook_request(request({"everything": whole})), load_default())
    assert (len(record.conditions[RA]), record.ignored_others) == (1, 0)


@pytest.mark.parametrize(
    "subject",
    [
        "Patient/2",
        "2",
        "https://ehr.example/fhir/Patient/11",
        "urn:uuid:0f9e1d2c-0000-4000-8000-000000000002",
        "Group/1",
    ],
)
def test_resources_of_others_are_ignored_and_counted_whether_they_mean_something_or_not(subject: str) -> None:
    theirs = {"subject": {"reference": subject}}
    nothing = condition("n", code=coded(ICD10SE, "J06.9"), **theirs)
    record = read({"conditions": bundle(condition("m", **theirs), nothing, patient(id="2"), condition())})
    assert (len(record.conditions[RA]), record.ignored_others) == (1, 3)


def test_an_observation_about_another_person_of_the_same_record_is_not_the_patients() -> None:
    record = read_resources(
        observation("a", focus=[{"reference": "RelatedPerson/baby"}]),
        observation("b", focus=[{"reference": "Patient/1"}]),
        observation("c", focus=[{"reference": "Device/scale"}, {}]),
    )
    facts = [hit.fact.evidence.reference for hit in record.observations["bmi-observation"]]
    assert sorted(facts) == ["Observation/b", "Observation/c"]
    assert [(gap.reference, gap.element, gap.reason) for gap in record.gaps] == [
        ("Observation/a", "focus", "not-the-patient")
    ]


LONG = "e" * 194


def test_ids_of_194_characters_are_kept() -> None:
    record = read({"conditions": bundle(condition(LONG)), "patient": patient()})
    assert record.conditions[RA][0].fact.evidence.reference == f"Condition/{LONG}"


@pytest.mark.parametrize("name", ["Patient/1", "1", "https://ehr.example/fhir/Patient/1"])
def test_the_context_names_its_patient_with_or_without_type(name: str) -> None:
    body = request({"p": patient(), "c": None, "conditions": None}, context={"patientId": name, "userId": "x"})
    assert read_prefetch(read_hook_request(body), load_default()).demographics.reference == "Patient/1"


def test_a_medication_under_another_key_is_found() -> None:
    order = resource("MedicationRequest", medicationReference={"reference": "Medication/m", "display": "Prednisolon"})
    product = {"resourceType": "Medication", "id": "m", "code": PREDNISOLONE}
    record = read({"medicationRequests": bundle(order), "item7": bundle(bundle(product))})
    assert len(record.medications["drug-glucocorticoid-systemic"]) == 1


def test_a_medication_by_reference_beside_a_concept_that_means_nothing_is_found() -> None:
    link = {"reference": "Medication/m"}
    order = resource("MedicationRequest", medicationReference=link, medicationCodeableConcept={"text": "tabl"})
    record = read_resources(order, {"resourceType": "Medication", "id": "m", "code": PREDNISOLONE})
    assert len(record.medications["drug-glucocorticoid-systemic"]) == 1


# ---------------------------------------------------------------- what is only glanced at


def nothing(resource_id: str = "n", **more: Any) -> dict[str, Any]:
    return condition(resource_id, code=coded(ICD10SE, "J06.9"), **more)


def test_what_means_nothing_still_counts_as_delivered() -> None:
    record = read({"conditions": bundle(nothing(), condition(), total=2)})
    assert (record.delivery(Area.CONDITIONS).delivered, record.delivery(Area.CONDITIONS).state) == (2, Delivery.GIVEN)


@pytest.mark.parametrize("meta", [{"versionId": "2"}, {"lastUpdated": "2026-01-02T00:00:00Z", "versionId": "1"}])
def test_a_newer_version_that_means_nothing_replaces_an_older_one_that_did(meta: dict[str, str]) -> None:
    older = condition(meta={"versionId": "1"} | ({"lastUpdated": "2026-01-01T00:00:00Z"} if len(meta) > 1 else {}))
    for order in ((older, nothing("a", meta=meta)), (nothing("a", meta=meta), older)):
        assert read({"conditions": bundle(*order)}).conditions == {}


@pytest.mark.parametrize("meta", [None, 5, {"versionId": 5}, {}])
def test_versions_that_cannot_be_told_apart_are_decided_the_same_way_in_any_order(meta: Any) -> None:
    pair = (nothing("a", meta=meta), condition(meta={"versionId": "3"}))
    assert [len(read({"conditions": bundle(*order)}).conditions) for order in (pair, pair[::-1])] == [1, 1]


@pytest.mark.parametrize(
    "fault", [{"subject": 5}, {"id": 5}, {"code": 5}, {"code": {"coding": 5}}, {"code": {"coding": [{"code": 5}]}}]
)
def test_a_fault_where_it_is_glanced_at_is_found_and_noted(fault: dict[str, Any]) -> None:
    record = read({"conditions": bundle(condition(), {**condition("b"), **fault})})
    assert len(record.gaps) >= 1
    assert len(record.conditions[RA]) >= 1


def test_a_fault_elsewhere_in_what_means_nothing_is_no_gap_even_beside_real_faults() -> None:
    record = read({"conditions": bundle(nothing(onsetDateTime=5), condition(id=5), {"resourceType": "Basic", "id": 5})})
    assert [gap.element for gap in record.gaps] == ["id"]
    assert len(record.conditions[RA]) == 1


@pytest.mark.parametrize("alone", [nothing(), [nothing()], bundle(bundle(nothing()))])
def test_a_resource_alone_or_inside_is_glanced_at_all_the_same(alone: Any) -> None:
    record = read({"conditions": alone})
    assert (record.conditions, record.delivery(Area.CONDITIONS).delivered) == ({}, 1)


@pytest.mark.parametrize("wrap", [{}, {"response": {"status": "200 OK"}}])
def test_an_entry_around_the_resource_is_opened(wrap: dict[str, Any]) -> None:
    record = read({"patient": {**wrap, "resource": patient()}, "conditions": {**wrap, "resource": bundle(condition())}})
    assert (len(record.conditions[RA]), record.gaps) == (1, ())


@pytest.mark.parametrize("given", [{"response": {"status": "500"}}, {"resource": None}, {"resource": 5}, {"search": 5}])
def test_an_entry_without_a_resource_is_a_failed_list(given: dict[str, Any]) -> None:
    record = read({"conditions": given, "procedures": None})
    assert record.delivery(Area.CONDITIONS).state is Delivery.FAILED


def test_without_a_sieve_everything_is_read_whole() -> None:
    data = json.dumps(bundle(nothing(), condition())).encode()
    whole = read_delivered(data, RepairBudget())
    sieved = read_delivered(data, RepairBudget(), Sieve(load_default()))
    assert [type(one.resource).__name__ for one in whole.resources] == ["Condition", "Condition"]
    assert ([one.resource.type_name for one in sieved.resources], len(sieved.skimmed)) == (["Condition"], 1)


# ---------------------------------------------------------------- Sweden


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("http://hl7.org/fhir/sid/icd-10-se", "M05.9"), ("http://hl7.org/fhir/sid/icd-10", "M059"),
        ("urn:oid:1.2.752.116.1.1.1.1.3", "M059"), ("urn:oid:1.2.752.116.1.1.1.1.8", "M05.9"),
        ("urn:oid:1.2.752.116.1.1.1", "M05.9"), ("1.2.752.116.1.1.1.1.3", "m05.9"),
    ],
)  # fmt: skip
def test_swedish_diagnoses_are_known_by_every_name_of_their_system(system: str, code: str) -> None:
    assert RA in read_resources(condition(code=coded(system, code))).conditions


@pytest.mark.parametrize("label", ["sekretessmarkering", "skyddadFolkbokforing"])
def test_a_protected_identity_is_seen(label: str) -> None:
    security = [{"system": "http://electronichealth.se/fhir/ValueSet/SecurityLabel", "code": label}]
    assert read({"patient": patient(meta={"security": security})}).demographics.protected
    assert not read({"patient": patient()}).demographics.protected


def test_birth_date_and_sex_are_never_taken_from_a_personal_number() -> None:
    number = {"system": "http://electronichealth.se/identifier/personnummer", "value": "195503622386"}
    person = patient(identifier=[number])
    del person["birthDate"], person["gender"]
    record = read_bundle(json.dumps(bundle(person, condition())).encode(), load_default())
    assert (record.demographics.birth_date, record.demographics.sex) == (None, "")


def test_a_weight_is_read_whatever_stands_around_it() -> None:
    odd = observation(code=WEIGHT, category=None, performer=[{}], referenceRange=[{"low": {"value": "?"}}])
    assert read_resources(odd).observations["bmi-observation"]
