"""Procedures, family, orders, reports and devices, in the spellings of STU3, R4 and R5."""

from typing import Any

import pytest

from cds_service.risk.record import BodySite

from .conftest import (
    ICD10CM,
    ICD10SE,
    KVA,
    LOINC,
    SCT,
    SUBJECT,
    coded,
    read_resources,
    resource,
)

# ---------------------------------------------------------------- procedures


@pytest.mark.parametrize(
    ("more", "performed", "ended"),
    [
        ({"performedDateTime": "2010-05-06"}, "2010-05-06", None),
        ({"performedPeriod": {"start": "2010-05-06", "end": "2010-05-07"}}, "2010-05-06", "2010-05-07"),
        ({"performedPeriod": {"end": "2010"}}, "2010", "2010"),
        ({"occurrenceDateTime": "2011"}, "2011", None),
        ({"occurrencePeriod": {"start": "2012"}}, "2012", None),
        ({}, None, None),
    ],
)
def test_a_procedure_is_dated_in_every_version(more: dict[str, Any], performed: str | None, ended: str | None) -> None:
    amputation = resource("Procedure", code=coded(KVA, "NGQ19"), status="completed", **more)
    fact = read_resources(amputation).procedures["limb-deficiency-acquired-lower"][0].fact
    assert (fact.performed.text if fact.performed else None, fact.ended.text if fact.ended else None) == (
        performed,
        ended,
    )
    assert fact.status == "completed"


def test_a_procedure_that_was_not_done_says_so_and_why() -> None:
    declined = coded(SCT, "105480006")
    stu3 = resource("Procedure", code=coded(KVA, "NGQ19"), notDone=True, notDoneReason=declined, status="aborted")
    fact = read_resources(stu3).procedures["limb-deficiency-acquired-lower"][0].fact
    assert (fact.status, [reason.concept for reason in fact.status_reasons]) == ("not-done", ["override-reason"])


# ---------------------------------------------------------------- family


@pytest.mark.parametrize(
    ("relationship", "word"),
    [
        (coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "NMTH"), "mother"),
        (coded("http://hl7.org/fhir/v3/RoleCode", "FTH"), "father"),
        (coded(SCT, "66839005"), "father"),
        (coded("urn:local", "1", "Syster"), "sibling"),
        ({"text": "far"}, "father"),
        ({"text": "husband"}, "other"),
        (coded("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "GRMTH"), "other"),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_relative_is_named_by_code_or_word(relationship: Any, word: str) -> None:
    hip = {"code": coded(SCT, "64859006")}
    history = resource(
        "FamilyMemberHistory", relationship=relationship, condition=[hip], status="completed", date="2020"
    )
    fact = read_resources(history).family["family-history-osteoporosis"][0].fact
    assert (fact.relationship, fact.status) == (word, "completed")


def test_a_relative_without_conditions_is_kept_among_the_relatives() -> None:
    record = read_resources(
        resource(
            "FamilyMemberHistory",
            relationship={"text": "mor"},
            notDone=True,
            dataAbsentReason=coded("x", "subject-unknown"),
        )
    )
    assert record.family == {}
    assert [(one.relationship, one.status, one.absent_reason) for one in record.relatives] == [
        ("mother", "not-done", "subject-unknown")
    ]


def test_a_relatives_condition_without_code_is_noted_when_it_looks_relevant() -> None:
    history = resource(
        "FamilyMemberHistory", condition=[{"code": {"text": "Höftfraktur"}}, {"code": {"text": "hypertoni"}}]
    )
    assert [note.concept for note in read_resources(history).not_coded] == ["fragility-fracture"]


# ---------------------------------------------------------------- orders, appointments, reports, devices


@pytest.mark.parametrize("kind", ["ServiceRequest", "ProcedureRequest"])
@pytest.mark.parametrize("wrap", [False, True])
def test_an_order_is_read_in_every_version(kind: str, wrap: bool) -> None:
    code, why = coded(SCT, "312681000"), coded(SCT, "105480006")
    shape = {"code": {"concept": code}, "reason": [{"concept": why}]} if wrap else {"code": code, "reasonCode": [why]}
    order = resource(kind, **shape, status="Active", intent="order", doNotPerform=True, authoredOn="2026-05-01")
    fact = read_resources(order).orders["dxa-procedure"][0].fact
    assert (fact.kind, fact.status, fact.intent, fact.do_not_perform) == ("order", "active", "order", True)
    assert [reason.concept for reason in fact.reasons] == ["override-reason"]
    assert fact.authored is not None


@pytest.mark.parametrize(
    "reason",
    [
        {"reasonCode": [coded(SCT, "105480006")]},
        {"reason": [{"concept": coded(SCT, "105480006")}]},
        {"reason": coded(SCT, "105480006")},
    ],
)
def test_an_appointment_belongs_to_the_patient_who_takes_part(reason: dict[str, Any]) -> None:
    def booked(who: str, resource_id: str) -> dict[str, Any]:
        return {
            "resourceType": "Appointment", "id": resource_id, "status": "booked", "start": "2026-08-01T09:00:00Z",
            "serviceType": [coded(SCT, "312681000")], **reason,
            "participant": [{"actor": {"reference": "Practitioner/2"}}, {}, {"actor": {"reference": who}}],
        }  # fmt: skip

    other_kind = booked("Patient/1", "x") | {"serviceType": []}
    record = read_resources(booked("Patient/1", "a"), booked("Patient/2", "b"), other_kind)
    facts = [hit.fact for hit in record.orders["dxa-procedure"]]
    assert [(fact.kind, fact.status, fact.evidence.reference) for fact in facts] == [
        ("appointment", "booked", "Appointment/a")
    ]
    assert [match.concept for match in facts[0].reasons] == ["override-reason"]
    assert record.ignored_others == 1


def test_an_order_or_report_of_nothing_we_know_is_no_fact() -> None:
    record = read_resources(
        resource("ServiceRequest"),
        resource("DiagnosticReport", code=coded(LOINC, "1-1")),
        resource("ImagingStudy"),
        resource("Device"),
        resource("DeviceUseStatement"),
    )
    assert (record.orders, record.reports, record.devices) == ({}, {}, {})


def test_a_report_refers_to_its_results_and_concludes() -> None:
    report = resource(
        "DiagnosticReport", code=coded(LOINC, "38268-9"), status="final", effectiveDateTime="2025-02-03",
        result=[{"reference": "https://x.example/Observation/t"}, {"display": "no reference"}],
        conclusionCode=[coded(ICD10SE, "M81.0"), {"concept": coded(ICD10SE, "M81.9")}],
    )  # fmt: skip
    fact = read_resources(report).reports["dxa-procedure"][0].fact
    assert (fact.status, fact.results) == ("final", ("Observation/t",))
    assert [match.concept for match in fact.conclusions] == ["osteoporosis-diagnosis"]
    assert fact.effective is not None


@pytest.mark.parametrize(
    "shape", [{"procedureCode": [coded(SCT, "312681000")]}, {"procedure": [{"concept": coded(SCT, "312681000")}]},
              {"modality": coded(SCT, "312681000")["coding"]}, {"modality": [coded(SCT, "312681000")]}],
)  # fmt: skip
def test_an_imaging_study_is_read_in_every_version(shape: dict[str, Any]) -> None:
    study = {"resourceType": "ImagingStudy", "id": "i", "patient": SUBJECT, "started": "2024-01-01", **shape}
    assert "dxa-procedure" in read_resources(study).reports


@pytest.mark.parametrize("kind", [lambda code: code, lambda code: [code]])
def test_a_device_is_read_by_its_kind(kind: Any) -> None:
    left_leg = coded(ICD10CM, "Z97.14", "Left leg prosthesis")
    device = {"resourceType": "Device", "id": "d", "patient": SUBJECT, "type": kind(left_leg), "status": "active"}
    fact = read_resources(device).devices["limb-prosthesis-device"][0].fact
    assert (fact.status, fact.sites) == ("active", (BodySite(side="left"),))


@pytest.mark.parametrize("kind", ["DeviceUseStatement", "DeviceUsage"])
@pytest.mark.parametrize(
    "device",
    [
        {"reference": "Device/d"},
        {"reference": {"reference": "Device/d/_history/1"}},
        {"concept": coded(ICD10CM, "Z97.14")},
    ],
)
def test_a_device_in_use_is_found_by_reference_or_concept(kind: str, device: dict[str, Any]) -> None:
    owned = {"resourceType": "Device", "id": "d", "type": coded(ICD10CM, "Z97.14")}
    site = coded(SCT, "62175007")
    use = {
        "resourceType": kind, "id": "u", "patient": SUBJECT, "device": device, "bodySite": site,
        "timingDateTime": "2024",
    }  # fmt: skip
    facts = {
        hit.fact.evidence.resource_type: hit.fact
        for hit in read_resources(owned, use).devices["limb-prosthesis-device"]
    }
    assert facts[kind].sites == (BodySite("lower", "right"),)
