"""What is wrong with an export is counted and listed by file and line, never fatal, never silent."""

import orjson
import pytest

from cds_service.screening.faults import LISTED_PER_FILE, REASONS, Fault, FaultList, moved
from cds_service.screening.rows import COULD_NOT_CHECK, DUE, LIMB_DATA, LIMB_WORDS, NO_LISTS, NO_PATIENT

from .runs import (
    AS_OF,
    BELOW_KNEE,
    SINUSITIS,
    amputated,
    append,
    listed,
    patient,
    resource,
    rows,
    run,
    screened,
    whole,
    write,
)


def test_an_export_without_a_fault_has_none(tmp_path):
    found, people = screened(tmp_path, whole(tmp_path))
    assert found.faults == ()
    assert people.keys() == {"p"}
    assert all(found.counts.whole.values())


# ---------------------------------------------------------------- lines


def test_a_broken_line_about_somebody_on_the_list_makes_their_list_incomplete(tmp_path):
    export = whole(tmp_path)
    append(export, "Condition", b'{"resourceType":"Condition","subject":{"reference":"Patient/p"},"code":\n')
    found, _ = screened(tmp_path, export)
    assert listed(found) == [("Condition.ndjson", 3, "not-json")]
    assert found.counts.whole["Condition"]


def test_a_broken_condition_about_somebody_else_means_that_they_could_not_be_checked(tmp_path):
    export = whole(tmp_path)
    append(export, "Condition", b'{"resourceType":"Condition","subject":{"reference":"Patient/q"},"co\n')
    found, people = screened(tmp_path, export)
    assert (people["q"].group, people["q"].why) == (COULD_NOT_CHECK, (LIMB_DATA,))
    assert listed(found) == [("Condition.ndjson", 3, "not-json")]


def test_a_broken_line_about_nobody_known_concerns_everybody(tmp_path):
    export = whole(tmp_path)
    append(export, "Condition", b"\x00\x01 garbage\n")
    found, people = screened(tmp_path, export)
    assert found.counts.whole["Condition"] is False
    assert [fault.everyone for fault in found.faults] == [True]
    assert "limb-level" not in people["p"].gates


def test_a_broken_line_of_somebody_not_on_the_list_is_listed_all_the_same(tmp_path):
    export = whole(tmp_path, resource("Observation", "w", "q", status="final", code=SINUSITIS))
    append(export, "Observation", b'{"resourceType":"Observation","subject":{"reference":"Patient/q"},"co')
    found, _ = screened(tmp_path, export)
    assert listed(found) == [("Observation.ndjson", 2, "not-json")]
    assert found.counts.whole["Observation"]


def test_lines_of_another_type_are_listed_and_concern_everybody_where_they_tell_of_limbs(tmp_path):
    export = whole(tmp_path, resource("Observation", "w", status="final", code=SINUSITIS))
    append(export, "Observation", amputated("b")[1] + b"\n" + resource("Claim", "c")[1] + b"\n")
    found, people = screened(tmp_path, export)
    assert listed(found) == [("Observation.ndjson", 2, "other-type"), ("Observation.ndjson", 3, "other-type")]
    assert found.counts.whole["Condition"] is False
    assert people["p"].group == DUE or people["p"].tier


def test_a_resource_that_names_no_patient_is_nobodys(tmp_path):
    export = whole(tmp_path)
    append(export, "Condition", orjson.dumps({"resourceType": "Condition", "id": "n", "code": SINUSITIS}) + b"\n")
    append(export, "Condition", orjson.dumps({"resourceType": "Claim", "id": "n"}) + b"\n\n")
    found, _ = screened(tmp_path, export)
    assert listed(found) == [("Condition.ndjson", 3, "names-no-patient"), ("Condition.ndjson", 4, "other-type")]
    assert found.counts.whole["Condition"]


def test_a_patient_named_by_the_bare_id_is_found(tmp_path):
    export = whole(tmp_path)
    weight = {
        "resourceType": "Condition", "id": "osteo", "subject": {"reference": "p"},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M81.0"}]},
    }  # fmt: skip
    append(export, "Condition", orjson.dumps(weight) + b"\n")
    found, people = screened(tmp_path, export)
    assert found.faults == ()
    assert "G-KNOWNOP" in people["p"].gates


@pytest.mark.parametrize(
    "reference", ["https://x.example/fhir/Patient/p", "Patient/p/_history/4", "Patient\\/p", "p"], ids=str
)
def test_the_amputation_is_found_however_the_patient_is_named(tmp_path, reference):
    line = amputated()[1].replace(b"Patient/p", reference.encode())
    export = write(tmp_path / "export", [patient(), patient("q"), ("Condition", line)])
    assert [row.patient for row in rows(export, tmp_path / "out")] == ["p"]


def test_what_names_somebody_on_the_list_and_is_about_another_is_the_others(tmp_path):
    osteoporosis = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "M81.0"}]}
    recorded = resource("Condition", "r", "q", code=osteoporosis, recorder={"reference": "Patient/p"})
    swapped = orjson.loads(recorded[1])
    # The first name in the line is not whom it is about.
    line = orjson.dumps({"recorder": swapped.pop("recorder"), **swapped})
    export = whole(tmp_path, amputated("b", "q"), ("Condition", line))
    _, people = screened(tmp_path, export)
    assert ("G-KNOWNOP" in people["p"].gates, "G-KNOWNOP" in people["q"].gates) == (False, True)


def test_a_line_longer_than_any_resource_is_skipped_and_listed(tmp_path, monkeypatch):
    monkeypatch.setattr("cds_service.screening.opening.LONGEST_LINE", 5_000)
    monkeypatch.setattr("cds_service.screening.opening.BLOCK", 1_000)
    export = whole(tmp_path)
    append(
        export, "Condition", b'{"resourceType":"Condition","note":"' + b"x" * 20_000 + b'"}\n' + amputated("z", "q")[1]
    )
    found, people = screened(tmp_path, export)
    assert ("Condition.ndjson", 3, "too-long") in listed(found)
    assert found.counts.whole["Condition"] is False
    assert people.keys() == {"p", "q"}


def test_windows_line_ends_and_empty_lines_are_no_faults(tmp_path):
    export = whole(tmp_path)
    path = export / "Condition.ndjson"
    path.write_bytes(b"\r\n" + path.read_bytes().replace(b"\n", b"\r\n\r\n"))
    found, people = screened(tmp_path, export)
    assert (found.faults, people.keys()) == ((), {"p"})


def test_broken_patients_are_listed_and_make_their_records_impossible(tmp_path):
    export = whole(tmp_path, amputated("b", "gone"))
    append(export, "Patient", b'{"resourceType":"Patient","id":"gone"\n')
    append(export, "Patient", b'{"resourceType":"Practitioner","id":"x"}\n\n')
    append(export, "Patient", amputated("c", "q")[1] + b"\n")
    append(export, "Patient", b'{"resourceType":"Patient","id":"p","modifierExtension":[{"url":"x"}]}\n')
    found, people = screened(tmp_path, export)
    assert (people["gone"].group, people["gone"].why) == (COULD_NOT_CHECK, (NO_PATIENT,))
    assert listed(found) == [
        ("Patient.ndjson", 3, "not-json"), ("Patient.ndjson", 4, "other-type"),
        ("Patient.ndjson", 6, "other-type"), ("Patient.ndjson", 7, "not-understood"),
    ]  # fmt: skip


def test_many_faults_of_a_kind_are_counted_and_only_the_first_listed(tmp_path):
    export = whole(tmp_path)
    append(export, "Condition", b"x\n" * (LISTED_PER_FILE + 50))
    found, _ = screened(tmp_path, export)
    assert len(found.faults) == LISTED_PER_FILE + 1
    assert sum(fault.count for fault in found.faults) == LISTED_PER_FILE + 50


def test_lines_are_counted_from_the_start_of_the_file_in_every_unit(tmp_path):
    export = whole(tmp_path, *[resource("Condition", f"s{n}", "q", code=SINUSITIS) for n in range(50)])
    append(export, "Condition", b"garbage\n")
    assert listed(run(export, tmp_path / "out", unit_bytes=500)) == [("Condition.ndjson", 53, "not-json")]
    assert moved(Fault("f", 0, "not-json"), 7).line == 0


def test_every_reason_that_is_noted_is_one_of_the_list():
    faults = FaultList("f")
    for reason in REASONS:
        faults.note(1, reason)
    assert [fault.reason for fault in faults.listed()] == sorted(REASONS)
    assert Fault("f", 1, "empty-file").takes_something is False
    assert Fault("f", 1, "other-type", everyone=True).takes_something is True


# ---------------------------------------------------------------- what is not known of people


def test_without_conditions_and_procedures_nothing_is_known(tmp_path):
    answer = {
        "coding": [{"system": "urn:uuid:25b549e3-89bf-4c8b-a7bf-a22c59c1b865", "code": "multiple-limb-deficiency"}]
    }
    said = resource("Observation", "o", status="final", code=answer, valueBoolean=True, effectiveDateTime=f"{AS_OF}")
    export = write(tmp_path / "export", [patient(), said])
    _, people = screened(tmp_path, export)
    assert (people["p"].group, people["p"].why) == (COULD_NOT_CHECK, (NO_LISTS,))


def test_an_answer_that_several_limbs_are_missing_brings_somebody_in(tmp_path):
    answer = {
        "coding": [{"system": "urn:uuid:25b549e3-89bf-4c8b-a7bf-a22c59c1b865", "code": "multiple-limb-deficiency"}]
    }
    said = resource(
        "Observation", "o", "q", status="final", code=answer, valueBoolean=True, effectiveDateTime=f"{AS_OF}"
    )
    _, people = screened(tmp_path, whole(tmp_path, said))
    assert people["q"].multi


def test_words_without_a_code_that_look_like_a_limb_deficiency_are_no_nothing(tmp_path):
    words = resource("Condition", "t", "q", code={"text": "Amputation of left leg"})
    _, people = screened(tmp_path, whole(tmp_path, words))
    assert (people["q"].group, people["q"].why) == (COULD_NOT_CHECK, (LIMB_WORDS,))


def test_a_condition_without_a_code_or_a_reference_tells_of_nobody(tmp_path):
    lines = [resource("Condition", "n", "q", code=None), resource("Procedure", "n", "q", status="completed")]
    orphan = ("Condition", orjson.dumps({"resourceType": "Condition", "id": "x", "code": BELOW_KNEE}))
    found, people = screened(tmp_path, whole(tmp_path, *lines, orphan))
    assert people.keys() == {"p"}
    assert [fault.reason for fault in found.faults] == ["names-no-patient"]


# ---------------------------------------------------------------- what is referred to


DRUG = {"coding": [{"system": "http://www.whocc.no/atc", "code": "M05BA04"}]}


def test_a_drug_is_found_through_the_medication_whatever_file_it_is_in(tmp_path):
    asked = resource("MedicationRequest", "r", status="active", medicationReference={"reference": "Medication/m"})
    others = [resource("Medication", f"m{number}", code=SINUSITIS) for number in range(20)]
    export = whole(tmp_path, asked, resource("Medication", "m", code=DRUG), *others)
    append(export, "Medication", b"garbage\n\n")
    found, people = screened(tmp_path, export)
    assert "G-KNOWNOP" in people["p"].gates
    assert [(fault.reason, fault.everyone) for fault in found.faults] == [("not-json", True)]


def test_a_medication_that_does_not_come_along_leaves_the_list_of_drugs_unknown(tmp_path):
    asked = resource("MedicationRequest", "r", status="active", medicationReference={"reference": "Medication/gone"})
    _, people = screened(tmp_path, whole(tmp_path, asked, resource("Medication", "m", code=DRUG)))
    assert "medication-list" in people["p"].unknowns


def test_a_device_is_taken_by_its_patient_and_by_whoever_uses_it(tmp_path):
    wheelchair = {"coding": [{"system": "http://snomed.info/sct", "code": "58938008"}]}
    use = resource("DeviceUseStatement", "u", status="active", device={"reference": "Device/d"})
    ownerless = ("Device", orjson.dumps({"resourceType": "Device", "id": "d", "type": wheelchair, "note": "Patient/p"}))
    found, people = screened(tmp_path, whole(tmp_path, use, ownerless, resource("Device", "e", type=wheelchair)))
    assert found.faults == ()
    assert people.keys() == {"p"}
