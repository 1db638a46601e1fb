"""Conditions with their dates, statuses and sides; texts without a code are noted and never counted."""

from typing import Any

import pytest

from cds_service.risk.record import BodySite, ConditionFact

from .conftest import (
    ICD10CM,
    ICD10SE,
    SCT,
    coded,
    condition,
    read_resources,
    resource,
)


def one_condition(**more: Any) -> ConditionFact:
    hits = read_resources(condition(**more)).conditions["rheumatoid-arthritis"]
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
@pytest.mark.parametrize(
    "coding", [[], [{"display": "local"}], [{"system": "urn:local", "code": "1"}], [{"system": SCT}]]
)
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
