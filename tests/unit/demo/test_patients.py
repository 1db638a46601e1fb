"""The synthetic patients are valid FHIR, hold only codes that we know, and never grow old."""

import json
import re
from datetime import date
from importlib.resources import files

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.bundle import Bundle

from cds_service.demo import demo_patients, hook_request
from cds_service.demo.patients import demo_bundle
from cds_service.demo.placeholders import filled
from cds_service.fhir.areas import PREFETCH_TEMPLATES
from cds_service.terminology.load import code_systems, load_default

TODAY = date(2026, 6, 1)
IDS = [patient.id for patient in demo_patients()]
# Codes that mean nothing to us, for charts that look like charts; each occurs in published synthetic records.
NOISE = {
    "snomed": {"38341003", "40055000", "428251008"},
    "loinc": {"55284-4", "8480-6", "8462-4", "2947-0", "6298-4", "49765-1", "38483-4", "4548-4", "2339-0", "2093-3"},
    "rxnorm": {"197361", "860975", "248642", "316672"},
    "atc": {"N02BE01"},
}
FOREIGN = ("http://terminology.hl7.org/CodeSystem/", "urn:ietf:bcp:47")


def codings(node):
    if isinstance(node, dict):
        if isinstance(node.get("coding"), list):
            yield from node["coding"]
        for value in node.values():
            yield from codings(value)
    elif isinstance(node, list):
        for value in node:
            yield from codings(value)


def resources(patient_id, today=TODAY):
    return [entry["resource"] for entry in demo_bundle(patient_id, today)["entry"]]


def test_there_are_at_least_ten_with_swedish_and_american_coding():
    assert len(IDS) == len(set(IDS)) >= 10
    assert {patient.coding for patient in demo_patients()} == {"se", "us"}


def test_every_chart_in_the_folder_is_listed():
    stored = {file.name.removesuffix(".json") for file in files("cds_service.demo").joinpath("patients").iterdir()}
    assert {name for name in stored if not name.endswith(".toml")} == set(IDS)


def test_names_are_clearly_invented_and_nobody_has_an_identity_number():
    for patient in demo_patients():
        assert re.match(r"(Test|Demo)-\w+ \w+$", patient.name)
        person = resources(patient.id)[0]
        assert person["resourceType"] == "Patient"
        assert not person.keys() & {"identifier", "address", "telecom", "photo"}


@pytest.mark.parametrize("patient_id", IDS)
def test_every_chart_is_valid_fhir_r4b(patient_id):
    bundle = demo_bundle(patient_id, TODAY)
    Bundle.model_validate(bundle | {"entry": bundle["entry"][:1]})
    for resource in resources(patient_id):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@pytest.mark.parametrize("patient_id", IDS)
def test_every_code_stands_in_our_tables_or_is_known_noise(patient_id):
    index, systems = load_default(), code_systems()
    for coding in codings(resources(patient_id)):
        if coding["system"].startswith(FOREIGN):
            continue
        found = index.look_up(coding["system"], coding["code"])
        known = found.counted or found.review or found.excluded
        system = systems.resolve(coding["system"])
        assert system is not None
        assert known or coding["code"] in NOISE[system.key], coding


@pytest.mark.parametrize("patient_id", IDS)
def test_every_reference_is_to_the_patient_of_the_chart(patient_id):
    text = json.dumps(resources(patient_id))
    assert set(re.findall(r'"reference": "([^"]+)"', text)) == {f"Patient/{patient_id}"}


def test_ids_within_a_chart_differ():
    for patient_id in IDS:
        ids = [resource["id"] for resource in resources(patient_id)]
        assert len(ids) == len(set(ids))


def test_dates_move_with_the_day():
    later = TODAY.replace(year=TODAY.year + 1)
    for patient_id in IDS:
        assert "{{" not in json.dumps(resources(patient_id))
        assert resources(patient_id)[0]["birthDate"] < resources(patient_id, later)[0]["birthDate"]


def test_nothing_in_a_chart_lies_in_the_future():
    for patient_id in IDS:
        assert max(re.findall(r"\d{4}-\d{2}-\d{2}", json.dumps(resources(patient_id)))) < TODAY.isoformat()


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("{{today}}", "2024-02-29"),
        ("{{today-1d}}", "2024-02-28"),
        ("{{today-1y}}", "2023-02-28"),
        ("{{today-4y}}", "2020-02-29"),
        ("{{today-58y-131d}}", "1965-10-20"),
        ("{{today-100y}}", "{{today-100y}}"),
        ("{{yesterday}}", "{{yesterday}}"),
    ],
)
def test_a_placeholder_counts_back_from_today(written, day):
    assert filled(f"a {written} b", date(2024, 2, 29)) == f"a {day} b"


@pytest.mark.parametrize("patient_id", IDS)
def test_the_request_is_what_discovery_asks_an_ehr_for(patient_id):
    request = hook_request(patient_id, TODAY)
    assert request["hook"] == "patient-view"
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", request["hookInstance"])
    assert request["context"]["patientId"] == patient_id
    assert request["context"].keys() == {"userId", "patientId", "encounterId"}
    assert request["prefetch"].keys() == PREFETCH_TEMPLATES.keys()


def test_each_opening_of_a_chart_is_an_instance_of_its_own():
    assert hook_request("alva", TODAY)["hookInstance"] != hook_request("alva", TODAY)["hookInstance"]


def test_every_resource_of_a_chart_is_sent_once():
    for patient_id in IDS:
        lists = [value for key, value in hook_request(patient_id, TODAY)["prefetch"].items() if key != "patient"]
        sent = [entry["resource"]["id"] for answer in lists for entry in answer.get("entry", [])]
        assert sorted(sent) == sorted(resource["id"] for resource in resources(patient_id)[1:])


def test_a_blocked_list_is_refused_and_not_empty():
    prefetch = hook_request("carl", TODAY)["prefetch"]
    assert prefetch["medicationRequests"]["resourceType"] == "OperationOutcome"
    assert prefetch["medicationRequests"]["issue"][0]["code"] == "forbidden"
    assert prefetch["conditions"]["total"] > 0
    assert prefetch["procedures"] == prefetch["procedures"] | {"total": 0}


def test_a_large_chart_is_made_when_read():
    assert len(resources("walter")) > 400
    assert resources("walter") == resources("walter")


def test_an_unknown_id_is_told():
    with pytest.raises(LookupError):
        hook_request("nobody", TODAY)
