"""One wrong-typed element costs that element, at most its resource, never the record; and no fault turns a meaning."""

import json
from typing import Any

import pytest

from cds_service.errors import EssentialDataMissing, MalformedRequest, TooLarge
from cds_service.fhir import read_bundle, read_hook_request, read_prefetch
from cds_service.fhir.repair import MAX_REPAIRS, RepairBudget, repair
from cds_service.risk.record import Area, Delivery, Quantity
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.load import load_default

from .conftest import RHEUMATOID, bundle, condition, observation, patient, read, read_resources, request, resource

RA = "rheumatoid-arthritis"


def gaps(*resources: Any) -> list[tuple[str, str, str]]:
    return [(gap.reference, gap.element, gap.reason) for gap in read_resources(*resources).gaps]


@pytest.mark.parametrize(
    ("broken", "element"),
    [
        ({"onsetDateTime": 2020}, "onsetDateTime"),
        ({"onsetAge": {"value": "old"}}, "onsetAge.value"),
        ({"encounter": "Encounter/1"}, "encounter"),
        ({"bodySite": {"text": "not a list"}}, "bodySite"),
        ({"code": {"coding": [*RHEUMATOID["coding"], {"code": 5}]}}, "code.coding.code"),
        ({"meta": {"versionId": 3}}, "meta.versionId"),
        ({"clinicalStatus": 5}, "clinicalStatus"),
    ],
)
def test_a_wrong_typed_element_costs_itself(broken: dict[str, Any], element: str) -> None:
    record = read_resources(condition(**broken), condition("b"))
    assert len(record.conditions[RA]) == 2
    assert [(gap.reference, gap.element, gap.reason) for gap in record.gaps] == [("Condition/a", element, "wrong-type")]


@pytest.mark.parametrize(
    "nulls",
    [
        {"bodySite": [None, {"text": "leg"}]},
        {"code": {"coding": [None, *RHEUMATOID["coding"]], "text": None}},
        {"code": {"coding": [{"system": None, "code": None}, *RHEUMATOID["coding"]]}, "bodySite": None},
        {"meta": {"security": None}, "encounter": None, "onsetDateTime": None},
    ],
)
def test_nulls_say_nothing_wherever_they_stand(nulls: dict[str, Any]) -> None:
    record = read_resources(condition(**nulls), condition("b"))
    assert len(record.conditions[RA]) == 2
    assert record.gaps == ()


@pytest.mark.parametrize("element", ["verificationStatus", "status"])
def test_an_unreadable_status_costs_the_resource_because_silence_would_turn_it(element: str) -> None:
    kind = "Condition" if element == "verificationStatus" else "Procedure"
    record = read_resources(resource(kind, code=RHEUMATOID, **{element: 5}))
    assert (record.conditions, record.procedures) == ({}, {})
    assert [(gap.reference, gap.element) for gap in record.gaps] == [(f"{kind}/a", element)]


def test_an_unreadable_comparator_costs_its_quantity() -> None:
    record = read_resources(observation(valueQuantity={"value": 10, "code": "kg", "comparator": 5}))
    assert record.observations["bmi-observation"][0].fact.value is None


def test_a_number_written_as_text_is_a_number() -> None:
    record = read_resources(observation(valueQuantity={"value": "62.5", "code": "kg"}))
    assert record.observations["bmi-observation"][0].fact.value == Quantity(62.5, "kg")
    assert record.gaps == ()


@pytest.mark.parametrize("value", ['"62,5"', "1e999", "{}", '"NaNo"'])
def test_what_is_no_number_is_a_gap(value: str, index: TerminologyIndex) -> None:
    sent = observation(valueQuantity={"value": "HERE", "code": "kg"})
    body = json.dumps(bundle(patient(), condition("b"), sent)).replace('"HERE"', value)
    record = read_bundle(body.encode(), index)
    assert record.gaps
    assert len(record.conditions[RA]) == 1


@pytest.mark.parametrize(
    ("broken", "state"),
    [
        ({"code": {"coding": [{"system": 5, "code": "M05.9"}]}}, Delivery.PARTIAL),
        ({"verificationStatus": []}, Delivery.PARTIAL),
        ({"onsetDateTime": 5}, Delivery.GIVEN),
    ],
)
def test_a_list_that_lost_a_meaning_is_not_complete(broken: dict[str, Any], state: Delivery) -> None:
    record = read({"conditions": bundle(condition("x"), condition(**broken))})
    assert record.delivery(Area.CONDITIONS).state is state


def test_a_patient_with_faults_is_still_the_patient() -> None:
    record = read({"patient": patient(active="yes?", deceasedBoolean={}, gender=5, link="x", birthDate=1955)})
    assert record.demographics.reference == "Patient/1"
    assert len(record.gaps) == 5


def test_the_reference_of_a_resource_without_usable_id_is_its_type() -> None:
    assert gaps(condition(None, onsetDateTime=5)) == [("Condition", "onsetDateTime", "wrong-type")]
    assert ("Condition", "id", "wrong-type") in gaps({**condition(), "id": 5})


@pytest.mark.parametrize(
    "entry",
    [5, "text", [], {"resource": 5}, {"resource": "x"}, {"resource": {}}, {"resource": {"resourceType": None}},
     {"fullUrl": 5, "resource": {"resourceType": "Basic"}}, {"search": "x"}],
)  # fmt: skip
def test_an_entry_that_cannot_be_read_is_a_gap_and_the_rest_stays(entry: Any, index: TerminologyIndex) -> None:
    whole = bundle(patient(), condition())
    whole["entry"].append(entry)
    record = read_bundle(json.dumps(whole).encode(), index)
    assert len(record.conditions[RA]) == 1
    assert [gap.reason for gap in record.gaps] in (["not-a-resource"], ["unreadable"])


@pytest.mark.parametrize("entry", [None, {}, {"resource": None}, {"request": {"method": "DELETE", "url": "x"}}])
@pytest.mark.parametrize("fault", [{}, {"onsetDateTime": 5}])
def test_an_empty_entry_is_nothing(entry: Any, fault: dict[str, Any], index: TerminologyIndex) -> None:
    whole = bundle(patient(), condition(**fault))
    whole["entry"].append(entry)
    record = read_bundle(json.dumps(whole).encode(), index)
    assert len(record.conditions[RA]) == 1
    assert len(record.gaps) == len(fault)


@pytest.mark.parametrize("broken", [{"entry": 5}, {"link": {"relation": "next"}}, {"total": "many"}])
def test_a_bundle_that_cannot_be_read_is_a_gap(broken: dict[str, Any]) -> None:
    record = read({"conditions": {"resourceType": "Bundle", **broken}, "procedures": None})
    assert record.delivery(Area.CONDITIONS).state is Delivery.FAILED
    assert [(gap.reference, gap.reason) for gap in record.gaps] == [("Bundle", "unreadable")]


def test_half_a_character_is_no_json(index: TerminologyIndex) -> None:
    body = json.dumps(bundle(patient(), condition(code={"text": "HERE"}))).replace("HERE", "\\ud800")
    with pytest.raises(MalformedRequest, match="not JSON"):
        read_bundle(body.encode(), index)


def test_bytes_that_are_no_utf8_in_a_faulty_resource_cost_that_resource(index: TerminologyIndex) -> None:
    body = json.dumps(bundle(patient(), condition("b"), condition(note="HERE", onsetDateTime=5)))
    record = read_bundle(body.encode().replace(b"HERE", b"\xff"), index)
    assert len(record.conditions[RA]) == 1
    assert [(gap.reference, gap.reason) for gap in record.gaps] == [("", "not-utf-8"), ("Condition", "unreadable")]


def test_bytes_that_are_no_utf8_where_nothing_is_read_leave_a_list_that_is_not_complete() -> None:
    body = request({"patient": patient(), "conditions": bundle(condition(note="HERE"))}).replace(b"HERE", b"\xe5")
    record = read_prefetch(read_hook_request(body), load_default())
    assert len(record.conditions[RA]) == 1
    assert record.delivery(Area.CONDITIONS).state is Delivery.PARTIAL


def test_too_many_faults_cost_the_resource() -> None:
    faults = [{"code": 5}] * (MAX_REPAIRS + 1)
    record = read_resources(condition(code={"coding": [*RHEUMATOID["coding"], *faults]}), condition("b"))
    assert len(record.conditions[RA]) == 1
    assert "too-many-faults" in {gap.reason for gap in record.gaps}


def test_hostile_bodies_cannot_buy_more_time_than_the_budget() -> None:
    data = json.dumps(condition(onsetDateTime=5)).encode()
    spent = repair("Condition", data, RepairBudget(left=len(data)))
    assert (spent.resource, spent.meaning_lost) == (None, True)
    assert [gap.reason for gap in spent.gaps] == ["wrong-type", "too-many-faults"]


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_a_resource_nested_too_deeply_is_refused(depth: int, index: TerminologyIndex) -> None:
    bomb = json.dumps(bundle(patient(), {"resourceType": "Patient", "id": "2", "extension": "HERE"}))
    nested = '[{"extension":' * depth + "[]" + "}]" * depth
    with pytest.raises(TooLarge):
        read_bundle(bomb.replace('"HERE"', nested).encode(), index)


def test_deep_nesting_where_the_fast_way_had_already_failed_costs_the_resource_or_is_refused(
    index: TerminologyIndex,
) -> None:
    whole = json.dumps([patient(), condition("b"), condition(bodySite="HERE")])
    for depth in (300, 3_000):
        body = whole.replace('"HERE"', "[" * depth + "]" * depth).encode()
        try:
            assert len(read_bundle(body, index).conditions[RA]) >= 1
        except TooLarge:
            assert depth == 3_000


def test_a_type_that_is_not_read_needs_no_repair() -> None:
    assert gaps({"resourceType": "Unheard", "x": 1}, condition(onsetDateTime=5)) == [
        ("Condition/a", "onsetDateTime", "wrong-type")
    ]


def test_nothing_but_faults_is_missing_not_empty(index: TerminologyIndex) -> None:
    with pytest.raises(EssentialDataMissing):
        read_bundle(b'[{"resourceType": "Patient", "id": "1"}, 5]', index)
