"""The four states of a prefetch key become the availability of each kind of data; essentials are asked for by name."""

from datetime import date
from typing import Any

import pytest

from cds_service.errors import EssentialDataMissing, MalformedRequest, TooLarge
from cds_service.fhir import read_hook_request, read_prefetch
from cds_service.fhir.areas import PREFETCH_TEMPLATES, meaning_of_key
from cds_service.risk.record import Area, Availability, Delivery
from cds_service.terminology.index import TerminologyIndex

from .conftest import bundle, condition, observation, patient, read, request, resource


def outcome(code: str = "exception", severity: str = "error") -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": code}]}


def dispense(resource_id: str = "a") -> dict[str, Any]:
    return resource("MedicationDispense", resource_id)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (bundle(condition("a"), condition("b")), Availability(Delivery.GIVEN, 2)),
        (bundle(condition("a"), total=1), Availability(Delivery.GIVEN, 1, 1)),
        (condition("a"), Availability(Delivery.GIVEN, 1)),
        ([condition("a"), condition("b")], Availability(Delivery.GIVEN, 2)),
        (bundle(bundle(condition("a"), total=1), total=None), Availability(Delivery.GIVEN, 1, 1)),
        (None, Availability(Delivery.EMPTY)),
        (bundle(), Availability(Delivery.EMPTY)),
        (bundle(total=0), Availability(Delivery.EMPTY, 0, 0)),
        (bundle(total=3), Availability(Delivery.PARTIAL, 0, 3)),
        (bundle(condition("a"), total=7), Availability(Delivery.PARTIAL, 1, 7)),
        (bundle(condition("a"), link=[{"relation": "next", "url": "x"}]), Availability(Delivery.PARTIAL, 1)),
        (bundle(condition("a"), outcome("incomplete")), Availability(Delivery.PARTIAL, 1)),
        (bundle(condition("a"), outcome("informational", "information")), Availability(Delivery.GIVEN, 1)),
        (bundle(condition("a"), outcome("suppressed", "warning")), Availability(Delivery.BLOCKED, 1)),
        (outcome("exception"), Availability(Delivery.FAILED)),
        (outcome("forbidden"), Availability(Delivery.BLOCKED)),
        (outcome("security"), Availability(Delivery.BLOCKED)),
        (bundle(outcome("forbidden")), Availability(Delivery.BLOCKED)),
        ("text", Availability(Delivery.FAILED)),
        ({"no": "type"}, Availability(Delivery.FAILED)),
        ({"resourceType": 5}, Availability(Delivery.FAILED)),
        (bundle(condition("a"), condition("b", verificationStatus=5)), Availability(Delivery.PARTIAL, 1)),
    ],
)
def test_how_a_key_arrived_is_how_its_area_is_available(given: Any, expected: Availability) -> None:
    record = read({"conditions": given, "procedures": None})
    assert record.delivery(Area.CONDITIONS) == expected


def test_resources_are_found_by_type_under_any_key() -> None:
    record = read({"zzz": bundle(condition("a"), observation("b")), "conditions": bundle(condition("c"))})
    assert record.delivery(Area.CONDITIONS) == Availability(Delivery.GIVEN, 2)
    assert record.delivery(Area.OBSERVATIONS) == Availability(Delivery.GIVEN, 1)


def test_an_empty_key_of_unknown_name_says_nothing() -> None:
    record = read({"zzz": None, "item7": bundle()})
    assert record.delivery(Area.OBSERVATIONS).state is Delivery.MISSING


@pytest.mark.parametrize("key", ["problems", "Conditions", "condition_list", "diagnoses"])
def test_an_empty_key_speaks_by_its_usual_names(key: str) -> None:
    meaning = meaning_of_key(key)
    assert meaning is not None
    assert meaning.area is Area.CONDITIONS


def test_every_published_key_but_the_patient_has_a_meaning() -> None:
    assert [key for key in PREFETCH_TEMPLATES if meaning_of_key(key) is None] == ["patient"]


def test_observations_are_complete_only_when_every_delivered_list_is() -> None:
    labs = {"observations-labs": bundle(observation("a"))}
    assert read(labs | {"observations-vitals": None}).complete(Area.OBSERVATIONS)
    assert not read(labs | {"observations-vitals": outcome()}).complete(Area.OBSERVATIONS)
    partial = read(labs | {"observations-vitals": bundle(observation("b"), total=4)}).delivery(Area.OBSERVATIONS)
    assert partial == Availability(Delivery.PARTIAL, 2, 5)


@pytest.mark.parametrize(
    ("prefetch", "state"),
    [
        ({"medicationDispenses": None}, Delivery.PARTIAL),
        ({"medicationStatements": None}, Delivery.PARTIAL),
        ({"medicationDispenses": bundle(dispense())}, Delivery.PARTIAL),
        ({"medicationDispenses": bundle(dispense()), "medicationRequests": None}, Delivery.GIVEN),
        ({"medicationStatements": bundle(resource("MedicationStatement"))}, Delivery.GIVEN),
        ({"medications": None}, Delivery.EMPTY),
    ],
)
def test_dispenses_or_an_empty_statement_list_alone_are_no_medication_list(
    prefetch: dict[str, Any], state: Delivery
) -> None:
    assert read(prefetch).delivery(Area.MEDICATIONS).state is state


@pytest.mark.parametrize(
    ("prefetch", "missing"),
    [
        ({}, ("patient: missing", "conditions: missing", "procedures: missing")),
        ({"patient": patient()}, ("conditions: missing", "procedures: missing")),
        ({"patient": None, "conditions": None}, ("patient: missing",)),
        ({"patient": outcome("forbidden"), "conditions": None}, ("patient: blocked",)),
        ({"patient": outcome(), "conditions": None}, ("patient: failed",)),
        ({"patient": patient(id="2"), "conditions": None}, ("patient: only other patients were delivered",)),
        (
            {"patient": patient(), "conditions": outcome(), "procedures": outcome("forbidden")},
            ("conditions: failed", "procedures: blocked"),
        ),
    ],
)
def test_what_is_essential_and_missing_is_named_with_the_reason(
    prefetch: dict[str, Any], missing: tuple[str, ...], index: TerminologyIndex
) -> None:
    with pytest.raises(EssentialDataMissing) as caught:
        read_prefetch(read_hook_request(request(prefetch)), index)
    assert caught.value.missing == missing


def test_procedures_alone_are_enough_for_the_cohort(index: TerminologyIndex) -> None:
    body = request({"patient": patient(), "conditions": outcome(), "procedures": bundle()})
    record = read_prefetch(read_hook_request(body), index)
    assert record.delivery(Area.CONDITIONS).state is Delivery.FAILED


def test_some_conditions_beside_a_failure_are_enough_for_the_cohort() -> None:
    record = read({"conditions": outcome(), "more": bundle(condition())})
    assert record.delivery(Area.CONDITIONS) == Availability(Delivery.FAILED, 1)


def test_includes_do_not_count_as_matches() -> None:
    entries = [{"resource": condition("a"), "search": {"mode": "match"}},
               {"resource": resource("Medication", "m"), "search": {"mode": "include"}}]  # fmt: skip
    record = read({"conditions": {"resourceType": "Bundle", "total": 2, "entry": entries}})
    assert record.delivery(Area.CONDITIONS).state is Delivery.PARTIAL


def test_types_that_are_not_read_are_passed_over_without_a_gap() -> None:
    others = bundle({"resourceType": "Immunization", "id": "i"}, {"resourceType": "Encounter", "status": 5})
    unheard_of = bundle({"resourceType": "XyzResource", "code": 5})
    record = read({"immunizations": others, "future": unheard_of})
    assert record.gaps == ()


def test_a_value_that_is_no_json_is_malformed(index: TerminologyIndex) -> None:
    body = request({"patient": patient(), "conditions": "HERE"}).replace(
        b'"HERE"', b'{"resourceType": "Bundle", "a": tru}'
    )
    with pytest.raises(MalformedRequest):
        read_prefetch(read_hook_request(body), index)


def test_bundles_within_bundles_within_bundles_end_somewhere() -> None:
    nested: Any = condition()
    for _ in range(20):
        nested = bundle(nested)
    with pytest.raises(TooLarge):
        read({"conditions": nested})
    with pytest.raises(TooLarge):
        read({"conditions": [nested]})


def test_an_event_dated_after_the_day_of_assessment_is_left_out_and_noted() -> None:
    later = condition("a", onsetDateTime="2026-07-01")
    grace = condition("b", onsetDateTime="2026-06-02")
    record = read({"conditions": bundle(later, grace)}, as_of=date(2026, 6, 1))
    assert [hit.fact.evidence.reference for hit in record.conditions["rheumatoid-arthritis"]] == ["Condition/b"]
    assert [(gap.reference, gap.reason) for gap in record.gaps] == [("Condition/a", "after-the-day-of-assessment")]
