"""Silence as the engine applies it: when the store is asked, what is held back, what when it is down."""

import asyncio
import time

import msgspec
import pytest

from cds_service.errors import StoreError
from cds_service.fhir import read_hook_request
from cds_service.silence.marks import card_marks
from cds_service.silence.weighing import Silence, Verdict
from cds_service.store import ShownCard
from tests.unit.silence.silence_cases import (
    KEY,
    TERMS,
    answered,
    assessed,
)


def request(server='"https://ehr.example/fhir"', patient="alva"):
    return read_hook_request(
        f'{{"hook":"patient-view","hookInstance":"1","fhirServer":{server},'
        f'"context":{{"patientId":"{patient}","userId":"Practitioner/1"}}}}'.encode()
    )


def silence(acts, seconds=5.0):
    return Silence(acts=acts, key=KEY, terms=TERMS, seconds=seconds)


def applied(silent, assessment, asked=None):
    return asyncio.run(silent.applied(asked or request(), assessment))


def no_acts(_patient):
    return ()


def never(_patient):
    raise AssertionError("the store was asked")


@pytest.mark.parametrize(
    ("assessment", "asked"),
    [
        (assessed(decisions=()), request()),
        (assessed("O1", "O3"), request()),
        (assessed(), request(server="null")),
        (assessed(), request(server='"not an address"')),
    ],
    ids=["no cards", "only cards about an order", "no server", "no usable server"],
)
def test_the_store_is_not_asked_without_need(assessment, asked):
    verdict = applied(silence(never), assessment, asked)
    assert verdict == Verdict(kept=assessment.decisions)


def test_what_was_answered_is_asked_for_under_the_patients_mark_and_held_back():
    asked = []
    assessment = assessed("K4", "K1", "O3")
    mark = applied(silence(no_acts), assessment).patient
    shown = {decision.card: card_marks(KEY, mark, assessment, decision) for decision in assessment.decisions}
    act = answered(
        reasons=tuple(shown["K1"].reasons), facts=shown["K1"].facts, limb_facts=shown["K1"].limb_facts
    )  # fmt: skip

    def acts(patient):
        asked.append(patient)
        return (act, msgspec.structs.replace(act, kind="O3"))

    verdict = applied(silence(acts), assessment)
    assert asked == [mark]
    assert [decision.card for decision in verdict.kept] == ["K4", "O3"]
    assert [held.card for held in verdict.silenced] == ["K1"]
    assert set(verdict.marks) == {"K4", "K1"}


def test_what_is_remembered_of_the_cards_sent_goes_by_their_order():
    verdict = applied(silence(no_acts), assessed("K4", "O3"))
    first, second = verdict.shown(["u-1", "u-2"])
    marks = verdict.marks["K4"]
    assert first == ShownCard(
        uuid="u-1", kind="K4", reasons=tuple(sorted(marks.reasons)), facts=marks.facts, limb_facts=marks.limb_facts
    )
    assert second == ShownCard(uuid="u-2", kind="O3")


def test_a_store_that_is_down_hides_nothing_and_is_told_in_the_log(capsys):
    def down(_patient):
        raise StoreError("the store did not answer")

    verdict = applied(silence(down), assessed())
    assert (len(verdict.kept), verdict.silenced) == (1, ())
    logged = "".join(capsys.readouterr())
    assert "silence not read" in logged
    assert "the store did not answer" in logged
    assert verdict.patient not in logged


def test_a_store_that_is_slow_hides_nothing(capsys):
    def slow(_patient):
        time.sleep(0.3)
        return (answered(),)

    verdict = applied(silence(slow, seconds=0.02), assessed())
    assert verdict.kept
    assert "TimeoutError" in "".join(capsys.readouterr())


def test_what_is_held_back_in_a_record_is_known_by_server_and_patient():
    assessment = assessed("K4", "K1")
    mark = applied(silence(no_acts), assessment).patient
    shown = card_marks(KEY, mark, assessment, assessment.decisions[1])
    act = answered(reasons=tuple(shown.reasons), facts=shown.facts, limb_facts=shown.limb_facts)

    def acts(patient):
        return (act,) if patient == mark else ()

    [held] = silence(acts).known("https://EHR.example/fhir/", "Patient/alva", assessment)
    assert (held.card, held.why) == ("K1", "accepted")
    for server, patient in (("https://ehr.example/fhir", "other"), ("https://other.example/fhir", "alva")):
        assert silence(acts).known(server, patient, assessment) == ()
    assert silence(never).known("", "alva", assessment) == ()
    assert silence(never).known("https://ehr.example/fhir", "alva", assessed(decisions=())) == ()


def test_a_store_that_is_down_knows_of_nothing(capsys):
    def down(_patient):
        raise StoreError("the store did not answer")

    assert silence(down).known("https://ehr.example/fhir", "alva", assessed()) == ()
    assert "the store did not answer" in "".join(capsys.readouterr())


def test_the_key_is_in_no_representation():
    assert "k" * 32 not in f"{silence(no_acts)!r}"
