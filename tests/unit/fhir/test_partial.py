"""A record in parts: the same in whatever pieces and order it is read, and the same as from a hook request."""

import json
import random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.errors import EssentialDataMissing
from cds_service.fhir import read_hook_request, read_prefetch
from cds_service.fhir.partial import LineReader, Part, Piece, record_of_part
from cds_service.risk.record import Area, Delivery, Gap
from cds_service.terminology.load import load_default

from .conftest import ATC, RHEUMATOID, bundle, coded, condition, patient, request, resource

INDEX = load_default()
READER = LineReader(INDEX)
PREDNISOLONE = coded(ATC, "H02AB06")
SINUSITIS = coded("http://snomed.info/sct", "444814009")
KINDS = {"Condition": True, "MedicationRequest": True, "Procedure": True, "Observation": True}


def line(content):
    return json.dumps(content).encode()


def read(content):
    return READER.read(line(content))


def whole(*contents, parts=3, seed=0):
    """The part of all contents, read one by one in some order and joined in some grouping."""
    order = random.Random(seed).sample(contents, len(contents))  # noqa: S311 - it only mixes
    groups = [Part() for _ in range(parts)]
    for place, content in enumerate(order):
        groups[place % parts].join(read(content).part)
    total = Part()
    for group in groups:
        total.join(group)
    return total


def record(*contents, kinds=KINDS, **more):
    return record_of_part("1", whole(patient(), *contents), kinds, INDEX, **more)


def concepts(found):
    return sorted(found.conditions)


# ---------------------------------------------------------------- one line


def test_a_line_tells_whose_it_is_and_what_matters_in_it():
    told = read(condition())
    assert (told.kind, told.id, told.owner, told.fault) == ("Condition", "a", "Patient/1", "")
    assert told.part.pieces["Condition/a"].body


def test_of_a_resource_that_means_nothing_only_its_being_there_is_kept():
    piece = read(condition(code=SINUSITIS)).part.pieces["Condition/a"]
    assert piece.body == b""
    assert piece.head.type_name == "Condition"


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (b"{", "not-json"),
        (b'{"resourceType":"Condition","id":"a"', "not-json"),
        (b"[" * 9 + b"]" * 9, "too-deep"),
        (b'"text"', "not-a-resource"),
        (b"null", "not-read"),
        (b'{"resourceType":"Claim","id":"a"}', "not-read"),
        (line(condition(modifierExtension=[{"url": "x"}])), "not-understood"),
        (line(condition(verificationStatus=[1])), "wrong-type"),
    ],
)
def test_a_line_that_says_nothing_tells_why(sent, fault):
    assert READER.read(sent).fault == fault


def test_a_resource_without_owner_names_nobody():
    assert read({"resourceType": "Condition", "id": "a", "code": RHEUMATOID}).owner is None
    assert read({"resourceType": "Medication", "id": "m", "code": PREDNISOLONE}).owner is None


def test_what_could_not_be_read_is_kept_beside_what_could():
    told = read(condition(onsetAge=["x"]))
    assert told.fault == ""
    assert {gap.reason for gap in told.part.gaps} == {"wrong-type"}
    lost = read(condition(modifierExtension=[{"url": "x"}])).part
    assert (lost.lost, lost.pieces) == ({"Condition"}, {})


def test_resources_without_an_id_are_told_apart_by_their_content():
    one, same, other = (read(condition(None, onsetDateTime=when)).part for when in ("2020", "2020", "2021"))
    one.join(same)
    one.join(other)
    assert len(one.pieces) == 2
    nothing = read(condition(None, code=SINUSITIS)).part
    assert nothing.pieces.keys() == read(condition(None, code=SINUSITIS)).part.pieces.keys()


# ---------------------------------------------------------------- joining


def test_the_latest_version_is_kept_whatever_the_order():
    old = condition(meta={"lastUpdated": "2025-01-01T00:00:00Z"})
    new = condition(code=SINUSITIS, meta={"lastUpdated": "2026-01-01T00:00:00Z"})
    for seed in range(4):
        assert concepts(record_of_part("1", whole(patient(), old, new, seed=seed), KINDS, INDEX)) == []


def test_of_two_versions_that_claim_to_be_the_same_the_one_that_may_matter_is_kept():
    for seed in range(4):
        joined = whole(patient(), condition(code=SINUSITIS), condition(), seed=seed)
        assert concepts(record_of_part("1", joined, KINDS, INDEX)) == ["rheumatoid-arthritis"]


PIECES = st.builds(
    Piece,
    st.sampled_from(["Condition", "Procedure"]),
    st.sampled_from("ab"),
    st.sampled_from([0.0, 1.0]),
    st.sampled_from([1, 2]),
    st.sampled_from([b"", b"x", b"y"]),
)
PARTS = st.builds(
    lambda pieces, lost, gaps: (pieces, lost, gaps),
    st.lists(PIECES, max_size=4),
    st.sets(st.sampled_from(["Condition", "Device"])),
    st.sets(st.sampled_from([Gap("a", "b", "c"), Gap("d", "e", "f")])),
)


def part_of(content):
    pieces, lost, gaps = content
    part = Part(lost=set(lost), gaps=set(gaps))
    for piece in pieces:
        part.add(piece)
    return part


def joined(*parts):
    total = Part()
    for part in parts:
        total.join(part)
    return total


@given(PARTS, PARTS, PARTS)
@settings(deadline=None)
def test_joining_is_associative_commutative_and_idempotent(one, two, three):
    a, b, c = part_of(one), part_of(two), part_of(three)
    assert joined(joined(a, b), c) == joined(a, joined(b, c))
    assert joined(a, b) == joined(b, a)
    assert joined(a, a) == joined(a)


@given(st.randoms())
@settings(deadline=None, max_examples=30)
def test_any_pieces_in_any_order_give_the_same_record(chance):
    contents = [
        patient(),
        condition(),
        condition(meta={"versionId": "2"}, clinicalStatus="resolved"),
        condition("b", code=SINUSITIS),
        resource("MedicationRequest", "m", status="active", intent="order", medicationCodeableConcept=PREDNISOLONE),
        condition("c", modifierExtension=[{"url": "x"}]),
    ]
    expected = record_of_part("1", whole(*contents), KINDS, INDEX)
    mixed = whole(*contents, parts=chance.randint(1, 5), seed=chance.random())
    assert record_of_part("1", mixed, KINDS, INDEX) == expected
    packed = msgspec.msgpack.decode(msgspec.msgpack.encode(mixed), type=Part)
    assert record_of_part("1", packed, KINDS, INDEX) == expected


# ---------------------------------------------------------------- references to other resources


@pytest.mark.parametrize(
    "named",
    [
        {"medicationReference": {"reference": "Medication/m"}},
        {"medicationReference": {"reference": "https://x.example/fhir/Medication/m/_history/2"}},
        {"medication": {"reference": {"reference": "Medication/m"}}},
    ],
)
def test_a_drug_is_found_through_the_medication_referred_to(named):
    told = read(resource("MedicationRequest", "r", status="active", intent="order", **named)).part
    assert told.refers_to() == {"Medication/m"}
    told.join(read({"resourceType": "Medication", "id": "m", "code": PREDNISOLONE}).part)
    told.join(read(patient()).part)
    told.join(read(condition()).part)
    assert "drug-glucocorticoid-systemic" in record_of_part("1", told, KINDS, INDEX).medications


def test_a_device_in_use_refers_to_its_device():
    use = resource("DeviceUseStatement", "u", status="active", device={"reference": "Device/d"})
    assert read(use).part.refers_to() == {"Device/d"}
    assert read(resource("DeviceUseStatement", "u", status="active")).part.refers_to() == set()


def test_what_is_contained_or_meant_by_a_code_refers_to_nothing():
    contained = resource("MedicationRequest", "r", medicationReference={"reference": "#m"})
    assert read(contained).part.refers_to() == set()
    assert read(condition()).part.refers_to() == set()
    assert read(condition(code=SINUSITIS)).part.refers_to() == set()


# ---------------------------------------------------------------- what was delivered


def test_a_type_that_the_export_holds_and_the_patient_lacks_is_an_empty_list():
    found = record(condition())
    assert found.delivery(Area.CONDITIONS).state is Delivery.GIVEN
    assert found.delivery(Area.MEDICATIONS).state is Delivery.EMPTY
    assert found.delivery(Area.DEVICES).state is Delivery.MISSING


def test_a_type_of_which_something_was_lost_is_whole_for_nobody():
    found = record(condition(), kinds=KINDS | {"Condition": False, "Observation": False})
    assert found.delivery(Area.CONDITIONS).state is Delivery.PARTIAL
    assert found.delivery(Area.OBSERVATIONS).state is Delivery.PARTIAL


def test_a_resource_of_the_patient_that_could_not_be_read_makes_the_list_partial():
    found = record(condition(), condition("b", modifierExtension=[{"url": "x"}]))
    assert found.delivery(Area.CONDITIONS).state is Delivery.PARTIAL
    assert [gap.reason for gap in found.gaps] == ["not-understood"]


def test_dispenses_alone_are_no_medication_list():
    dispense = resource("MedicationDispense", "d", status="completed", medicationCodeableConcept=PREDNISOLONE)
    kinds = {"Condition": True, "MedicationDispense": True, "Medication": True}
    assert record(condition(), dispense, kinds=kinds).delivery(Area.MEDICATIONS).state is Delivery.PARTIAL


def test_without_the_patient_or_the_lists_that_tell_of_limbs_there_is_no_record():
    with pytest.raises(EssentialDataMissing, match="patient"):
        record_of_part("1", read(condition()).part, KINDS, INDEX)
    with pytest.raises(EssentialDataMissing, match="conditions"):
        record_of_part("1", read(patient()).part, {"Observation": True}, INDEX)


def test_the_record_is_the_one_that_a_hook_request_gives():
    contents = [condition(), condition("b", code=SINUSITIS), condition("b", code=SINUSITIS)]
    prefetch = {"patient": patient(), "condition": bundle(*contents)}
    prefetch |= {kind.lower(): bundle() for kind in KINDS if kind != "Condition"}
    asked = read_prefetch(read_hook_request(request(prefetch)), INDEX)
    assert msgspec.structs.replace(record(*contents), availability=asked.availability) == asked
