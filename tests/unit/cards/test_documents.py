"""The letter as a DocumentReference: only where it is wanted, valid in every version, and it names nobody."""

import base64
from typing import Any

import pytest
from pydantic import ValidationError

from cards import CardOptions, ReferralTarget, cards_for
from cards.documents import RESOURCE, document
from cards.letter import LetterDetails, letter, letter_text, referral_target
from cards.words import words
from cds_service.risk.assessment import Assessment
from tests.conformance.cards_check import problems
from tests.unit.cards.patients import CARDS, WOMAN_58, options

FORMATS = {"text": ["text/plain"], "pdf": ["application/pdf"], "both": ["text/plain", "application/pdf"]}
VERSIONS = ("STU3", "R4", "R4B", "R5")


def documents(assessment: Assessment, **changes: object) -> list[Any]:
    cards = cards_for(assessment, options(**({"document_reference": "text"} | changes)))
    assert problems(cards) == []
    actions = [action for card in cards for one in card.get("suggestions", []) for action in one["actions"]]
    return [one["resource"] for one in actions if one.get("resource", {}).get("resourceType") == RESOURCE]


def text_of(resource: dict[str, Any]) -> str:
    return base64.b64decode(resource["content"][0]["attachment"]["data"]).decode()


def test_nobody_gets_a_document_unless_the_site_wants_them() -> None:
    for assessment in CARDS.values():
        assert documents(assessment, document_reference="off") == []
    assert CardOptions().document_reference == "off"


def test_each_referral_of_a_card_has_its_letter_and_a_test_has_none() -> None:
    made = {name: documents(assessment) for name, assessment in CARDS.items()}
    for name, assessment in CARDS.items():
        wanted = [action for action in assessment.decisions[0].actions if action.startswith("refer-")]
        assert len(made[name]) == len(wanted), name
    assert any(made.values())
    assert made["K1"] == [] or any("refer" in action for action in CARDS["K1"].decisions[0].actions)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("form", ["text", "pdf", "both"])
def test_it_is_valid_in_every_version_and_holds_the_formats_asked_for(version: str, form: str) -> None:
    made = documents(CARDS["K2"], fhir_version=version, document_reference=form, encounter="Encounter/e1")
    assert made
    for one in made:
        kinds = [content["attachment"]["contentType"].partition(";")[0] for content in one["content"]]
        assert kinds == FORMATS[form]
        assert (one["status"], one["docStatus"]) == ("current", "preliminary")
        assert one["type"]["coding"] == [{"system": "http://loinc.org", "code": "57133-1", "display": "Referral note"}]
        assert one["subject"] == {"reference": "Patient/p1"}
        assert "id" not in one
        for content in one["content"]:
            start = base64.b64decode(content["attachment"]["data"])[:5]
            assert start == (b"%PDF-" if content["attachment"]["contentType"] == "application/pdf" else b"Refer")


@pytest.mark.parametrize(
    ("version", "context"),
    [
        ("STU3", {"encounter": {"reference": "Encounter/e1"}}),
        ("R4", {"encounter": [{"reference": "Encounter/e1"}]}),
        ("R4B", {"encounter": [{"reference": "Encounter/e1"}]}),
        ("R5", [{"reference": "Encounter/e1"}]),
    ],
)
def test_the_encounter_stands_where_the_version_has_it(version: str, context: object) -> None:
    made = documents(CARDS["K2"], fhir_version=version, encounter="Encounter/e1")
    assert made[0]["context"] == context
    assert all("context" not in one for one in documents(CARDS["K2"], fhir_version=version, encounter="nowhere"))


@pytest.mark.parametrize(
    ("version", "requester", "author"),
    [
        ("R4", "Practitioner/d1", [{"reference": "Practitioner/d1"}]),
        ("R4", "PractitionerRole/d1", [{"reference": "PractitionerRole/d1"}]),
        ("R5", "PractitionerRole/d1", [{"reference": "PractitionerRole/d1"}]),
        ("STU3", "Practitioner/d1", [{"reference": "Practitioner/d1"}]),
        ("STU3", "PractitionerRole/d1", None),
        ("R4", "nobody", None),
    ],
)
def test_the_user_is_its_author_where_the_version_allows_it(
    version: str, requester: str, author: list[dict[str, str]] | None
) -> None:
    assert documents(CARDS["K2"], fhir_version=version, requester=requester)[0].get("author") == author


@pytest.mark.parametrize("language", ["sv", "en"])
def test_it_holds_the_letter_word_for_word_and_in_its_language(language: str) -> None:
    made = documents(CARDS["K2"], language=language)[0]
    target = referral_target(CARDS["K2"].decisions[0].actions[0], language)
    written = letter(CARDS["K2"], LetterDetails(), target, language)
    assert text_of(made) == letter_text(written)
    assert made["content"][0]["attachment"]["language"] == language


def test_a_protected_identity_is_said_and_nothing_names_the_person() -> None:
    plain, protected = (text_of(documents(CARDS["K2"], protected=one)[0]) for one in (False, True))
    assert "PROTECTED IDENTITY" in protected
    assert "PROTECTED IDENTITY" not in plain
    for text in (plain, protected):
        assert "Name" not in text
        assert "Address" not in text
        assert "Patient/p1" not in text


def test_receivers_of_the_settings_have_their_letters_too() -> None:
    own = ReferralTarget(action="refer-fracture-liaison", name="Fracture liaison", address=("Street 1",))
    made = documents(CARDS["K2"], targets=(own,))
    assert "Street 1" in text_of(made[-1])


def test_without_a_patient_to_file_it_under_there_is_none() -> None:
    assert documents(CARDS["K2"], patient="") == []


def test_what_a_version_does_not_allow_is_refused() -> None:
    made = letter(WOMAN_58, LetterDetails(), referral_target("refer-endocrinology", "en"), "en")
    with pytest.raises(ValidationError):
        document(made, options(document_reference="off"), words("en"))
    with pytest.raises(KeyError):
        document(made, options(document_reference="text", fhir_version="R6"), words("en"))
