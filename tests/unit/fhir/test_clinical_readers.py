"""Conditions, observations, procedures, family, orders, reports and devices, in the spellings of STU3, R4 and R5."""

from typing import Any

import pytest

from cds_service.risk.record import BodySite, ConditionFact, ObservationFact, Quantity, Range

from .conftest import (
    ICD10CM,
    ICD10SE,
    KVA,
    LOINC,
    SCT,
    SUBJECT,
    coded,
    condition,
    observation,
    read_resources,
    resource,
)


def one_condition(**more: Any) -> ConditionFact:
    hits = read_resources(condition(**more)).conditions["rheumatoid-arthritis"]
    assert len(hits) == 1
    return hits[0].fact


def one_observation(concept: str = "bmi-observation", **more: Any) -> ObservationFact:
    hits = read_resources(observation(**more)).observations[concept]
    assert len(hits) == 1
    return hits[0].fact


# ---------------------------------------------------------------- conditions


def test_a_condition_carries_its_evidence() -> None:
    fact = one_condition(code=coded(ICD10SE, "M05.9", "RA, seropositiv"), onsetDateTime="2019-05")
    evidence = fact.evidence
    assert (evidence.resource_type, evidence.reference, evidence.system) == ("Condition", "Condition/a", ICD10SE)
    assert (evidence.code, evidence.display) == ("M05.9", "RA, seropositiv")
    assert evidence.when is not None
    assert evidence.when.text == "2019-05"


@pytest.mark.parametrize("status", ["refuted", coded("http://x", "Refuted"), {"text": "refuted"}])
def test_statuses_are_codes_in_stu3_and_concepts_later(status: Any) -> None:
    fact = one_condition(verificationStatus=status, clinicalStatus=status)
    assert (fact.verification, fact.clinical) == ("refuted", "refuted")


@pytest.mark.parametrize(
    ("more", "attribute", "expected"),
    [
        ({"onsetDateTime": "2020-01-02"}, "onset", "2020-01-02"),
        ({"onsetPeriod": {"start": "2019"}}, "onset", "2019"),
        ({"recordedDate": "2018-03-04T10:00:00Z"}, "recorded", "2018-03-04"),
        ({"assertedDate": "2017-03-04"}, "recorded", "2017-03-04"),
        ({"abatementDateTime": "2021"}, "abated", "2021"),
        ({"abatementPeriod": {"end": "2022"}}, "abated", "2022"),
    ],
)
def test_dates_of_a_condition(more: dict[str, Any], attribute: str, expected: str) -> None:
    assert getattr(one_condition(**more), attribute).text == expected


@pytest.mark.parametrize(
    ("age", "years"),
    [({"value": 41, "code": "a"}, 41), ({"value": 492, "unit": "months"}, 41), ({"value": 41}, None),
     ({"value": 41, "code": "a", "comparator": "<"}, None)],
)  # fmt: skip
def test_an_onset_age_is_in_years_when_its_unit_says_so(age: dict[str, Any], years: float | None) -> None:
    assert one_condition(onsetAge=age).onset_age == years


def test_an_encounter_is_known_by_its_relative_reference() -> None:
    assert one_condition(encounter={"reference": "https://x.example/fhir/Encounter/7"}).encounter == "Encounter/7"
    assert one_condition(context={"reference": "Encounter/8"}).encounter == "Encounter/8"


def test_two_codings_of_one_concept_are_one_hit_and_the_more_telling_row_wins() -> None:
    both = {"coding": [*coded(ICD10SE, "Z89.5")["coding"], *coded(ICD10CM, "Z89.512")["coding"]]}
    turned = {"coding": both["coding"][::-1]}
    for code in (both, turned):
        hits = read_resources(condition(code=code)).conditions["limb-deficiency-acquired-lower"]
        assert [hit.attribute("laterality") for hit in hits] == ["left"]


def test_a_row_that_counts_in_family_history_alone_is_no_hit_in_a_condition() -> None:
    hip = coded(SCT, "64859006")
    assert "family-history-osteoporosis" not in read_resources(condition(code=hip)).conditions


@pytest.mark.parametrize(
    ("sites", "expected"),
    [
        ([coded(SCT, "48979004")], (BodySite("lower", "left", "lower-leg"),)),
        ([coded(SCT, "30021000"), coded(SCT, "24028007")], (BodySite("lower", "right", "lower-leg"),)),
        ([{"coding": [*coded(SCT, "61685007")["coding"], *coded(SCT, "7771000")["coding"]]}],
         (BodySite("lower", "left"),)),
        ([coded(SCT, "51440002")], (BodySite("", "bilateral"),)),
        ([{"text": "Vänster underben"}], (BodySite("lower", "left"),)),
        ([{"text": "right forearm"}], (BodySite("upper", "right"),)),
        ([{"text": "left and right leg"}], (BodySite("lower", ""),)),
        ([coded(SCT, "48979004"), coded(SCT, "32696007")],
         (BodySite("lower", "left", "lower-leg"), BodySite("lower", "right", "lower-leg"))),
        ([coded(SCT, "30021000", "lower leg"), {"text": "something"}], (BodySite("lower", "", "lower-leg"),)),
        ([{"text": "pancreas"}], ()),
    ],
)  # fmt: skip
def test_body_sites_tell_limb_side_and_segment(sites: list[Any], expected: tuple[BodySite, ...]) -> None:
    assert one_condition(bodySite=sites).sites == expected


def test_the_text_of_the_code_tells_the_side_when_no_site_does() -> None:
    left = coded(ICD10SE, "M05.9", "Amputation, vä underben")
    assert one_condition(code=left).sites == (BodySite(side="left"),)
    assert one_condition(code=left, bodySite=[coded(SCT, "30021000")]).sites == (
        BodySite("lower", "left", "lower-leg"),
    )
    assert one_condition(code=left, bodySite=[coded(SCT, "32696007")]).sites[0].side == "right"


# ---------------------------------------------------------------- text without code


@pytest.mark.parametrize(
    ("resource_type", "element", "text", "concept"),
    [
        ("Condition", "code", "Underbensamputerad efter trafikolycka", "limb-deficiency-acquired-unspecified"),
        ("Procedure", "code", "Transtibial AMPUTATION", "limb-deficiency-acquired-unspecified"),
        ("MedicationRequest", "medicationCodeableConcept", "Prednisolon 5 mg", "drug-glucocorticoid-systemic"),
        ("MedicationStatement", "medicationCodeableConcept", "Kortison", "drug-glucocorticoid-systemic"),
        ("MedicationDispense", "medicationCodeableConcept", "Heparin", "drug-heparin"),
        ("MedicationAdministration", "medicationCodeableConcept", "Zoledronsyra", "drug-bone-active"),
        ("ServiceRequest", "code", "Bentäthetsmätning", "dxa-procedure"),
        ("Device", "type", "Underbensprotes", "limb-prosthesis-device"),
        ("DeviceUseStatement", "device", "arm prosthesis", "limb-prosthesis-device"),
    ],
)
@pytest.mark.parametrize("coding", [[], [{"display": "local"}], [{"system": "urn:local", "code": "1"}]])
def test_a_relevant_text_without_known_code_is_noted_and_never_a_fact(
    resource_type: str, element: str, text: str, concept: str, coding: list[Any]
) -> None:
    record = read_resources(resource(resource_type, **{element: {"text": text, "coding": coding}}))
    assert [(note.concept, note.reference, note.text) for note in record.not_coded] == [
        (concept, f"{resource_type}/a", text)
    ]


@pytest.mark.parametrize(
    "code", [{"text": "Hypertoni"}, {}, coded(SCT, "38341003", "fraktur"), {"coding": [{"code": "1"}]}]
)
def test_other_texts_and_texts_with_a_known_code_system_are_not_noted(code: Any) -> None:
    assert read_resources(condition(code=code), condition("b", code=None)).not_coded == ()


def test_a_display_stands_in_for_a_missing_text_and_is_cut() -> None:
    record = read_resources(condition(code={"coding": [{"display": "Osteoporos " + "x" * 5_000}]}))
    assert [len(note.text) for note in record.not_coded] == [200]


# ---------------------------------------------------------------- observations


@pytest.mark.parametrize(
    ("more", "value", "shown"),
    [
        ({"valueQuantity": {"value": 62.5, "unit": "kgs", "code": "kg"}}, Quantity(62.5, "kg"), "62.5 kg"),
        ({"valueQuantity": {"value": 20, "unit": "nmol/l"}}, Quantity(20, "nmol/L"), "20 nmol/L"),
        ({"valueQuantity": {"value": 8, "unit": "NG/ML"}}, Quantity(8, "ng/mL"), "8 ng/mL"),
        ({"valueQuantity": {"value": 8, "code": "ng/ml"}}, Quantity(8, "ng/mL"), "8 ng/mL"),
        ({"valueQuantity": {"value": 8, "unit": "µg/L"}}, Quantity(8, "ug/L"), "8 ug/L"),
        ({"valueQuantity": {"value": 8, "unit": "furlong"}}, Quantity(8, "furlong"), "8 furlong"),
        ({"valueQuantity": {"value": 8}}, Quantity(8), "8"),
        ({"valueQuantity": {"value": 10, "comparator": "<", "code": "g"}}, Quantity(10, "g", "<"), "<10 g"),
        ({"valueInteger": 3}, Quantity(3, "1"), "3 1"),
        ({"valueBoolean": False}, False, "false"),
        ({"valueBoolean": True}, True, "true"),
        ({"valueString": "two"}, "two", "two"),
        ({"valueDateTime": "2001-05"}, "2001-05", "2001-05"),
        ({"valueCodeableConcept": {"text": "Never"}}, "Never", "Never"),
        ({"valueRange": {"low": {"value": 2, "code": "mg"}, "high": {"value": 4, "code": "mg"}}},
         Range(Quantity(2, "mg"), Quantity(4, "mg")), "2 mg - 4 mg"),
        ({"valueRange": {"high": {"value": 4, "code": "mg"}}}, Range(None, Quantity(4, "mg")), "? - 4 mg"),
        ({"valueRange": {}}, None, ""),
        ({}, None, ""),
    ],
)  # fmt: skip
def test_an_answer_keeps_its_kind_and_its_unit(more: dict[str, Any], value: Any, shown: str) -> None:
    fact = one_observation(**more)
    assert fact.value == value
    assert type(fact.value) is type(value)
    assert fact.evidence.value == shown


@pytest.mark.parametrize("quantity", [{"unit": "kg"}, {"value": 5, "comparator": "about"}])
def test_a_quantity_without_usable_number_is_a_gap(quantity: dict[str, Any]) -> None:
    record = read_resources(observation(valueQuantity=quantity))
    assert record.observations["bmi-observation"][0].fact.value is None
    assert [(gap.reference, gap.element) for gap in record.gaps] == [("Observation/a", "valueQuantity")]


def test_a_coded_answer_tells_its_concepts() -> None:
    fact = one_observation("smoking", code=coded(LOINC, "72166-2"), valueCodeableConcept=coded(SCT, "266919005"))
    assert [answer.concept for answer in fact.answers] == ["smoking"]
    assert fact.value == "266919005"


def test_a_missing_answer_gives_its_reason() -> None:
    fact = one_observation(dataAbsentReason=coded("http://x", "asked-declined"))
    assert (fact.value, fact.absent_reason) == (None, "asked-declined")


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"effectiveDateTime": "2026-01-02T10:00:00+01:00"}, "2026-01-02"),
        ({"effectiveInstant": "2026-01-03T10:00:00Z"}, "2026-01-03"),
        ({"effectivePeriod": {"start": "2026-01-01", "end": "2026-01-04"}}, "2026-01-04"),
        ({"effectivePeriod": {"start": "2026-01-01"}}, "2026-01-01"),
    ],
)
def test_an_observation_is_dated_by_when_it_held(more: dict[str, Any], expected: str) -> None:
    effective = one_observation(**more, issued="2030-01-01").effective
    assert effective is not None
    assert effective.text == expected


def test_components_are_facts_of_their_own() -> None:
    panel = observation(
        code=coded(LOINC, "00000-0"),
        effectiveDateTime="2026-01-01",
        component=[
            {"code": coded(LOINC, "29463-7"), "valueQuantity": {"value": 60, "code": "kg"}},
            {"code": coded(LOINC, "8302-2"), "valueQuantity": {"value": 170, "code": "cm"}},
            {"code": coded(LOINC, "99999-9")},
        ],
    )
    facts = [hit.fact for hit in read_resources(panel).observations["bmi-observation"]]
    assert {(fact.value.value, fact.status) for fact in facts if isinstance(fact.value, Quantity)} == {
        (60, "final"),
        (170, "final"),
    }
    assert {fact.effective.text for fact in facts if fact.effective} == {"2026-01-01"}


def test_method_and_site_of_an_observation_are_kept() -> None:
    fact = one_observation(method={"coding": [{"code": "DXA"}]}, bodySite=coded(SCT, "287679003"))
    assert (fact.method, fact.sites) == ("DXA", (BodySite("lower", "left", "hip"),))


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
