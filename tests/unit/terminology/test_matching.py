"""The clinical cases: which codes must, must not and may match, with the reason beside each in matching-tests.tsv."""

import csv
from pathlib import Path

import pytest

from cds_service.terminology.index import TerminologyIndex

CASES = list(
    csv.DictReader(
        (Path(__file__).parent / "data" / "matching-tests.tsv").open(encoding="utf-8"),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
)
ICD_10_SE = "urn:oid:1.2.752.116.1.1.1.1.3"
WHO = "http://hl7.org/fhir/sid/icd-10"
ICD_10_CM = "http://hl7.org/fhir/sid/icd-10-cm"


def test_no_clinical_case_was_lost() -> None:
    assert len(CASES) == 191


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['slug']}-{case['code']}")
def test_every_clinical_case_matches_as_its_reason_says(index: TerminologyIndex, case: dict[str, str]) -> None:
    verdict, *attributes = case["expected"].split(";")
    match = index.match(case["slug"], case["system"], case["code"])
    under_review = {found.concept for found in index.review(case["system"], case["code"])}

    assert (match is not None) == (verdict == "match"), case["reason"]
    assert verdict != "review" or case["slug"] in under_review
    for attribute in attributes:
        key, value = attribute.split("=")
        assert match is not None
        assert match.attributes[key] == value


@pytest.mark.parametrize(
    ("code", "status", "decided_by"),
    [
        ("Z72.0A", "current", ICD_10_SE),  # smoking, said in Swedish under the WHO URI
        ("Z72.0B", None, ICD_10_SE),  # snus: the WHO row Z72.0 must not call it smoking
        ("Z72.0", "current", WHO),  # a code both write: the URI that was sent decides
        ("Z86.4A", "former", ICD_10_SE),
        ("Z86.4", None, WHO),  # psychoactive substances in general
    ],
)
def test_swedish_codes_under_the_who_uri_are_read_as_swedish_only_when_only_sweden_writes_them(
    index: TerminologyIndex, code: str, status: str | None, decided_by: str
) -> None:
    found = index.look_up(WHO, code)
    (match,) = [match for match in (*found.counted, *found.excluded) if match.concept == "smoking"]
    assert match.system == decided_by
    assert match.counts == (status is not None)
    assert status is None or match.attributes["status"] == status


def test_a_swedish_letter_code_without_a_row_of_its_own_falls_back_on_the_who_row(index: TerminologyIndex) -> None:
    match = index.match("limb-deficiency-acquired-lower", WHO, "Z89.5A")
    assert match is not None
    assert match.code == "Z89.5"


def test_a_stump_complication_with_a_swedish_region_letter_names_the_limb_under_either_uri(
    index: TerminologyIndex,
) -> None:
    for system in (WHO, ICD_10_SE):
        match = index.match("limb-deficiency-acquired-lower", system, "T87.3G")
        assert match is not None
        assert match.attributes["level"] == "below-knee"


def test_a_code_under_the_swedish_uri_is_never_read_as_who_or_cm(index: TerminologyIndex) -> None:
    assert index.match("low-bmi", ICD_10_CM, "R63.6") is not None
    assert index.match("low-bmi", ICD_10_SE, "R63.6") is None
    assert index.match("low-bmi", WHO, "R63.6") is None


def test_a_descendants_row_matches_its_own_code_only(index: TerminologyIndex) -> None:
    match = index.match("chronic-kidney-disease", "http://snomed.info/sct", "709044004")
    assert match is not None
    assert match.kind == "exact"


def test_the_exact_row_of_a_code_knows_more_than_its_descendants_row(index: TerminologyIndex) -> None:
    match = index.match("osteoporosis-diagnosis", "http://snomed.info/sct", "64859006")
    assert match is not None
    assert match.attributes["with_fracture"] == "no"


def test_a_code_that_counts_only_in_family_history_says_so(index: TerminologyIndex) -> None:
    match = index.match("family-history-osteoporosis", "http://snomed.info/sct", "64859006")
    assert match is not None
    assert match.where == "FamilyMemberHistory.condition.code"


@pytest.mark.parametrize(
    ("code", "resource_type", "holds"),
    [
        ("64859006", "FamilyMemberHistory", True),
        ("64859006", "Condition", False),  # the patient's own osteoporosis is not heredity
        ("160313009", "Condition", True),
        ("160313009", "Observation", True),
        ("160313009", "FamilyMemberHistory", False),
    ],
)
def test_a_code_of_heredity_holds_only_in_its_own_kind_of_resource(
    index: TerminologyIndex, code: str, resource_type: str, holds: bool
) -> None:
    match = index.match("family-history-osteoporosis", "http://snomed.info/sct", code)
    assert match is not None
    assert match.holds_in(resource_type) == holds


def test_a_code_without_a_place_of_its_own_holds_everywhere(index: TerminologyIndex) -> None:
    match = index.match("diabetes", ICD_10_CM, "E10.9")
    assert match is not None
    assert match.holds_in("Condition")


def test_parents_are_recognised_under_the_uri_of_every_fhir_version(index: TerminologyIndex) -> None:
    for system in ("http://terminology.hl7.org/CodeSystem/v3-RoleCode", "http://hl7.org/fhir/v3/RoleCode"):
        match = index.match("family-history-osteoporosis", system, "NMTH")
        assert match is not None
        assert match.where == "FamilyMemberHistory.relationship"


def test_one_coding_can_have_several_concepts(index: TerminologyIndex) -> None:
    concepts = [match.concept for match in index.concepts(ICD_10_CM, "M80.051A")]
    assert concepts == ["family-history-osteoporosis", "fragility-fracture", "osteoporosis-diagnosis"]


def test_certainty_is_passed_on_and_absent_when_the_row_has_no_reservation(index: TerminologyIndex) -> None:
    weak = index.match("limb-deficiency-acquired-lower", ICD_10_CM, "Z89.621")
    plain = index.match("limb-deficiency-acquired-lower", ICD_10_CM, "Z89.511")
    assert weak is not None
    assert plain is not None
    assert (weak.certainty, plain.certainty) == ("low", None)


def test_an_unverified_code_says_so(index: TerminologyIndex) -> None:
    unseen = index.match("dxa-procedure", "http://www.ama-assn.org/go/cpt", "77080")
    seen = index.match("dxa-procedure", "http://loinc.org", "38268-9")
    assert unseen is not None
    assert seen is not None
    assert unseen.unverified
    assert not seen.unverified
