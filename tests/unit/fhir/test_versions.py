"""STU3, R4, R4B and R5 spell the same record differently; the facts are the same."""

import json
import re
from typing import Any

import msgspec
import pytest

from cds_service.fhir import read_bundle
from cds_service.risk.record import PatientRecord
from cds_service.terminology.load import load_default

from .conftest import bundle, coded, patient, read_resources, resource
from .four_versions import DXA, MAKERS, VERSIONS, resources

# Types that were renamed; the references in the evidence follow the type.
RENAMED = {"ProcedureRequest": "ServiceRequest", "DeviceUsage": "DeviceUseStatement"}


def record_in(version: str) -> PatientRecord:
    return read_bundle(json.dumps(bundle(patient(), *resources(version))).encode(), load_default())


def facts(record: PatientRecord) -> Any:
    text = msgspec.json.encode(record).decode()
    return json.loads(re.sub("|".join(RENAMED), lambda name: RENAMED[name.group()], text))


@pytest.mark.parametrize("version", [version for version in VERSIONS if version != "R4"])
def test_one_patient_has_the_same_facts_in_every_version(version: str) -> None:
    assert facts(record_in(version)) == facts(record_in("R4"))


def test_the_patient_of_the_four_versions_has_a_fact_of_every_resource() -> None:
    record = record_in("R4")
    assert (record.gaps, record.not_coded, record.ignored_others) == ((), (), 0)
    found = re.findall(r'"reference":"([A-Z]\w+/\w+)"', msgspec.json.encode(record).decode())
    named = {f"{made['resourceType']}/{made['id']}" for made in (make("R4") for make in MAKERS)}
    assert named - set(found) == {"Medication/product"}


REFUSED = "http://hl7.org/fhir/CodeSystem/medication-statement-adherence"


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({"status": "recorded"}, "recorded"),
        ({"status": "recorded", "adherence": {"code": coded(REFUSED, "taking-as-directed")}}, "active"),
        ({"status": "recorded", "adherence": {"code": coded(REFUSED, "not-taking")}}, "not-taken"),
        ({"status": "recorded", "adherence": {"code": coded(REFUSED, "on-hold-as-directed")}}, "on-hold"),
        ({"status": "recorded", "adherence": {"code": coded(REFUSED, "stopped")}}, "stopped"),
        ({"status": "recorded", "adherence": {"code": coded(REFUSED, "unknown")}}, "recorded"),
        ({"status": "entered-in-error", "adherence": {"code": coded(REFUSED, "taking")}}, "entered-in-error"),
        ({"status": "active", "taken": "n"}, "not-taken"),
        ({"status": "entered-in-error", "taken": "n"}, "entered-in-error"),
        ({"status": "completed", "taken": "y"}, "completed"),
        ({"status": "active", "taken": "unk"}, "active"),
    ],
)
def test_what_is_taken_is_told_by_status_taken_or_adherence(told: dict[str, Any], status: str) -> None:
    drug = {"medicationCodeableConcept": coded("http://www.whocc.no/atc", "H02AB06")}
    record = read_resources(resource("MedicationStatement", **drug, **told))
    assert record.medications["drug-glucocorticoid-systemic"][0].fact.status == status


@pytest.mark.parametrize(
    "ended", [{"abatementBoolean": True}, {"abatementAge": {"value": 50, "code": "a"}}, {"abatementString": "i våras"}]
)
def test_what_ended_on_an_untold_day_is_inactive_unless_a_status_says_more(ended: dict[str, Any]) -> None:
    arthritis = {"code": coded("http://snomed.info/sct", "69896004")}

    def clinical(**more: Any) -> str:
        return (
            read_resources(resource("Condition", **arthritis, **more))
            .conditions["rheumatoid-arthritis"][0]
            .fact.clinical
        )

    assert clinical(**ended) == "inactive"
    assert clinical(**ended, clinicalStatus="remission") == "remission"
    assert clinical(abatementBoolean=False) == ""


def test_a_referral_of_stu3_is_an_order() -> None:
    referral = resource("ReferralRequest", status="cancelled", intent="order", serviceRequested=[{"text": "dxa"}, DXA])
    hits = [hit.fact for facts in read_resources(referral).orders.values() for hit in facts]
    assert {(fact.evidence.resource_type, fact.status) for fact in hits} == {("ReferralRequest", "revoked")}
    unknown = read_resources(resource("ReferralRequest", serviceRequested=[{"text": "dxa"}]))
    assert [note.text for note in unknown.not_coded] == ["dxa"]


def test_a_study_of_stu3_lists_its_modalities() -> None:
    modality = DXA["coding"][0]
    study = {"resourceType": "ImagingStudy", "id": "i", "patient": {"reference": "Patient/1"}, "started": "2020"}
    listed = read_resources({**study, "modalityList": [modality]})
    assert listed.reports
    assert listed.reports == read_resources({**study, "modality": [modality]}).reports


BOUNDED = {"timing": {"repeat": {"boundsPeriod": {"start": "2025-01-01"}}}}


@pytest.mark.parametrize(
    ("dosages", "period", "expected"),
    [
        ([], {"start": "2026-01-01", "end": "2026-02-01"}, ("2026-01-01", "2026-02-01")),
        (
            [{"timing": {"repeat": {"boundsPeriod": {"start": "2025-01-01"}}}}],
            {"start": "2026-01-01"},
            ("2025-01-01", None),
        ),
    ],
)
def test_r5_tells_the_period_of_all_doses(dosages: Any, period: Any, expected: tuple[str, str | None]) -> None:
    drug = {"medication": {"concept": coded("http://www.whocc.no/atc", "H02AB06")}}
    given = resource("MedicationRequest", **drug, dosageInstruction=dosages, effectiveDosePeriod=period)
    fact = read_resources(given).medications["drug-glucocorticoid-systemic"][0].fact
    start, end = fact.start, fact.end
    assert (start and start.first.isoformat(), end and end.first.isoformat()) == expected
