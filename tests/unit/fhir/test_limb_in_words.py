"""Plain words for the loss of a limb, in a diagnosis or a procedure that has no code we know."""

import pytest

from cds_service.fhir.texts import plainly_limb_loss
from cds_service.risk.record import NotCoded

from .conftest import ICD10SE, read_resources, resource

WORDS = "Underbensamputation vä"


def not_coded(kind: str, **more: object) -> tuple[NotCoded, ...]:
    return read_resources(resource(kind, **{"code": {"text": WORDS}, **more})).not_coded


@pytest.mark.parametrize(
    "text",
    [
        WORDS,
        "Amputation vä underben",
        "Lårbensamputerad 2010",
        "Underbensamputerad, går med protes",
        "Knäexartikulation hö",
        "Dysmeli höger hand",
        "Reduktionsmissbildning av höger arm",
        "Fantomsmärta efter underbensamputation",
        "BELOW-KNEE AMPUTATION LEFT",
        "S/P transtibial amputation",
        "Traumatic amputation of left forearm",
        "Bilateral above-knee amputee",
        "Phocomelia",
    ],
)
def test_a_limb_and_its_loss_are_plain(text):
    assert plainly_limb_loss(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Amputation",
        "Skada på underben",
        "Ingen amputation av underben",
        "Ej benamputerad",
        "Risk för underbensamputation",
        "Hotande benamputation",
        "Inför underbensamputation",
        "Underbensamputation?",
        "Mor underbensamputerad",
        "Hereditet: dysmeli",
        "Amputation av tå II vä fot",
        "Dysmeli, fingrar",
        "Rektumamputation, ben utan anmärkning",
        "Reduktionsmissbildning av hjärnan",
        "Handamputation, replanterad",
        "No known limb loss",
        "Leg ulcer, amputation avoided",
        "High risk of leg amputation",
        "Father: below-knee amputation",
        "Fetal limb deficiency",
        "Amputation of toe, left foot",
    ],
)
def test_anything_denied_doubtful_planned_of_another_or_smaller_is_not(text):
    assert not plainly_limb_loss(text)


@pytest.mark.parametrize(
    ("verification", "plain"),
    [("confirmed", True), ("unconfirmed", True), (None, True), ("provisional", False), ("differential", False),
     ("refuted", False), ("entered-in-error", False)],
)  # fmt: skip
def test_a_diagnosis_states_it_unless_it_is_withdrawn_or_only_possible(verification, plain):
    status = {"verificationStatus": {"coding": [{"code": verification}]}} if verification else {}
    (told,) = not_coded("Condition", **status)
    assert (told.text, told.plainly_limb_loss) == (WORDS, plain)


@pytest.mark.parametrize(
    ("status", "plain"),
    [({"status": "completed"}, True), ({"status": "unknown"}, True), ({}, True), ({"status": "COMPLETED"}, True),
     ({"status": "not-done"}, False), ({"status": "completed", "notDone": True}, False),
     ({"status": "preparation"}, False), ({"status": "entered-in-error"}, False)],
)  # fmt: skip
def test_a_procedure_states_it_when_it_was_done(status, plain):
    (told,) = not_coded("Procedure", **status)
    assert told.plainly_limb_loss is plain


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("Observation", {"status": "final"}),
        ("ServiceRequest", {"status": "active"}),
        ("FamilyMemberHistory", {"relationship": {"text": "mor"}, "condition": [{"code": {"text": WORDS}}]}),
    ],
)
def test_other_resources_state_nothing_of_the_patient(kind, more):
    told = not_coded(kind, **more)
    assert told
    assert not any(one.plainly_limb_loss for one in told)


def test_a_code_that_we_know_is_read_instead_of_the_words():
    coding = {"system": ICD10SE, "code": "Z89.5"}
    assert not_coded("Condition", code={"coding": [coding], "text": WORDS}) == ()
