"""Observations keep their answer, its kind and its unit; components are facts of their own."""

from datetime import date
from typing import Any

import pytest

from cds_service.risk.dates import PartialDate
from cds_service.risk.record import BodySite, ObservationFact, Quantity, Range

from .conftest import (
    LOINC,
    SCT,
    coded,
    observation,
    read_resources,
)


def one_observation(concept: str = "bmi-observation", **more: Any) -> ObservationFact:
    hits = read_resources(observation(**more)).observations[concept]
    assert len(hits) == 1
    return hits[0].fact


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
        ({"valueDateTime": "2001-05"}, PartialDate.of_month(2001, 5), "2001-05"),
        ({"valueDateTime": "2001-05-17T10:00:00Z"}, PartialDate.of_day(date(2001, 5, 17)), "2001-05-17"),
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


NORMAL = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/referencerange-meaning", "code": "normal"}]}
CRITICAL = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/referencerange-meaning", "code": "critical"}]}
ENDS = {"low": {"value": 12, "code": "pmol/L"}, "high": {"value": 22, "code": "pmol/L"}}
READ = Range(Quantity(12, "pmol/L"), Quantity(22, "pmol/L"))


@pytest.mark.parametrize(
    ("ranges", "expected"),
    [
        ([ENDS], READ),
        ([ENDS | {"type": NORMAL}], READ),
        ([ENDS, {"high": {"value": 60, "code": "pmol/L"}, "type": CRITICAL}], READ),
        ([{"high": {"value": 22, "unit": "pmol/l"}}], Range(None, Quantity(22, "pmol/L"))),
        ([ENDS | {"type": CRITICAL}], None),
        ([ENDS, ENDS], None),
        ([{"text": "12 to 22"}], None),
        ([], None),
    ],
)
def test_the_one_range_that_is_called_normal_is_kept(ranges: list[Any], expected: Range | None) -> None:
    assert one_observation(referenceRange=ranges).normal == expected


def test_a_component_has_the_range_of_its_own() -> None:
    part = {"code": coded(LOINC, "29463-7"), "valueQuantity": {"value": 60, "code": "kg"}, "referenceRange": [ENDS]}
    panel = observation(code=coded(LOINC, "00000-0"), component=[part])
    assert read_resources(panel).observations["bmi-observation"][0].fact.normal == READ


def test_a_date_that_is_none_is_a_gap_and_no_answer() -> None:
    record = read_resources(observation(valueDateTime="last spring"))
    assert record.observations["bmi-observation"][0].fact.value is None
    assert [(gap.element, gap.reason) for gap in record.gaps] == [("valueDateTime", "not-a-date")]
