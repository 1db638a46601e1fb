"""Medications: which product, how much, how often, by which route, from all four resources and all versions."""

from typing import Any

import pytest

from cds_service.risk.record import Dosage, MedicationFact, Quantity, Range

from .conftest import ATC, SCT, bundle, coded, read_resources, resource

PREDNISOLONE = coded(ATC, "H02AB06", "Prednisolon 5 mg")
GLUCOCORTICOID = "drug-glucocorticoid-systemic"
EDQM = "http://standardterms.edqm.eu"


def only(*resources: Any) -> MedicationFact:
    hits = read_resources(*resources).medications[GLUCOCORTICOID]
    assert len(hits) == 1
    return hits[0].fact


def ordered(*dosages: Any, **more: Any) -> MedicationFact:
    given = {"medicationCodeableConcept": PREDNISOLONE, "dosageInstruction": list(dosages)} | more
    return only(resource("MedicationRequest", **given))


def dosage(**more: Any) -> Dosage:
    return ordered(more).dosages[0]


def amount(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit}


# ---------------------------------------------------------------- the dose


@pytest.mark.parametrize(
    ("more", "dose"),
    [
        ({"doseAndRate": [{"doseQuantity": amount(5, "mg")}]}, Quantity(5, "mg")),
        ({"doseAndRate": [{}, {"doseQuantity": amount(2, "tabletter")}]}, Quantity(2, "{tablet}")),
        ({"doseAndRate": [{"doseRange": {"low": amount(1, "mg"), "high": amount(2, "mg")}}]},
         Range(Quantity(1, "mg"), Quantity(2, "mg"))),
        ({"doseQuantity": amount(5, "mg")}, Quantity(5, "mg")),
        ({"doseRange": {"low": amount(1, "mg")}}, Range(Quantity(1, "mg"), None)),
        ({}, None),
    ],
)  # fmt: skip
def test_one_dose_in_every_version(more: dict[str, Any], dose: Any) -> None:
    assert dosage(**more).dose == dose


@pytest.mark.parametrize(
    ("repeat", "per_day"),
    [
        ({"frequency": 1, "period": 1, "periodUnit": "d"}, 1),
        ({"frequency": 3, "period": 1, "periodUnit": "d"}, 3),
        ({"frequency": 1, "period": 2, "periodUnit": "d"}, 0.5),
        ({"period": 8, "periodUnit": "h"}, 3),
        ({"frequency": 1, "period": 1, "periodUnit": "wk"}, 1 / 7),
        ({"frequency": 2, "period": 1, "periodUnit": "wk"}, 2 / 7),
        ({"frequency": 1, "period": 1, "periodUnit": "mo"}, 1 / 30.4375),
        ({"when": ["MORN", "EVE"]}, 2),
        ({"when": "MORN"}, 1),
        ({"when": [None, "HS"], "period": 1, "periodUnit": "d"}, 1),
        ({"timeOfDay": ["08:00:00", "14:00:00", "20:00:00"]}, 3),
        ({"timeOfDay": ["08:00:00", "20:00:00"], "frequency": 1, "period": 1, "periodUnit": "d"}, 2),
        ({"dayOfWeek": ["mon", "wed", "fri"]}, 3 / 7),
        ({"dayOfWeek": ["mon"], "when": ["MORN", "EVE"]}, 2 / 7),
        ({"dayOfWeek": ["mon", "thu"], "frequency": 1, "period": 1, "periodUnit": "wk"}, 2 / 7),
        ({"dayOfWeek": ["mon"], "frequency": 1, "period": 1, "periodUnit": "wk"}, 1 / 7),
        ({"dayOfWeek": ["mon", "thu"], "frequency": 2, "period": 1, "periodUnit": "d"}, 4 / 7),
        ({"frequency": 1, "frequencyMax": 2, "period": 1, "periodUnit": "d"}, None),
        ({"frequency": 1, "period": 1, "periodMax": 2, "periodUnit": "d"}, None),
        ({"frequency": 1}, None),
        ({"frequency": 1, "period": 1}, None),
        ({"frequency": 1, "period": 0, "periodUnit": "d"}, None),
        ({"frequency": 1, "period": 1, "periodUnit": "fortnight"}, None),
        ({"count": 3}, None),
        ({}, None),
    ],
)
def test_doses_a_day_from_the_timing(repeat: dict[str, Any], per_day: float | None) -> None:
    assert dosage(timing={"repeat": repeat}).per_day == pytest.approx(per_day)


@pytest.mark.parametrize(
    ("timing", "per_day"),
    [
        ({"code": {"coding": [{"code": "BID"}]}}, 2),
        ({"code": {"coding": [{"code": "local"}, {"code": "q6h"}]}}, 4),
        ({"code": {"text": " qod "}}, 0.5),
        ({"code": {"text": "AM"}, "repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}}, 2),
        ({"code": {"text": "TID"}, "repeat": {"boundsPeriod": {"start": "2026"}}}, 3),
        ({"code": {"text": "as told"}}, None),
        ({"code": {}}, None),
        ({"event": ["2026-01-01"]}, None),
    ],
)
def test_doses_a_day_from_a_timing_code(timing: dict[str, Any], per_day: float | None) -> None:
    assert dosage(timing=timing).per_day == per_day


@pytest.mark.parametrize(
    "more",
    [{"asNeededBoolean": True}, {"asNeededCodeableConcept": {"text": "pain"}}, {"asNeeded": True},
     {"asNeededFor": [{"text": "pain"}]}],
)  # fmt: skip
def test_as_needed_in_every_version(more: dict[str, Any]) -> None:
    assert dosage(**more).as_needed
    assert not dosage(asNeededBoolean=False).as_needed


@pytest.mark.parametrize("wrap", [lambda one: one, lambda one: [{}, one]])
def test_the_most_a_day_is_brought_to_one_day(wrap: Any) -> None:
    weekly = {"numerator": amount(70, "mg"), "denominator": amount(1, "wk")}
    assert dosage(maxDosePerPeriod=wrap(weekly)).max_per_day == Quantity(10, "mg")


@pytest.mark.parametrize("denominator", [amount(0, "d"), amount(1, "kg"), None])
def test_a_most_per_something_else_is_none(denominator: Any) -> None:
    assert dosage(maxDosePerPeriod={"numerator": amount(70, "mg"), "denominator": denominator}).max_per_day is None


def test_bounds_give_the_period_or_the_days() -> None:
    bounded = dosage(timing={"repeat": {"boundsPeriod": {"start": "2026-01-01", "end": "2026-02"}}})
    assert bounded.start is not None
    assert bounded.end is not None
    assert (bounded.start.text, bounded.end.text) == ("2026-01-01", "2026-02")
    assert dosage(timing={"repeat": {"boundsDuration": amount(2, "veckor")}}).days == 14


def test_a_text_alone_is_flagged() -> None:
    assert dosage(text="1x1").text_only
    assert not dosage(text="1x1", doseQuantity=amount(1, "tablet")).text_only
    assert not dosage().text_only


# ---------------------------------------------------------------- the four resources


def test_a_request_tells_its_intent_supply_and_period() -> None:
    def instruction(**period: str) -> dict[str, Any]:
        return {"timing": {"repeat": {"boundsPeriod": period}}}

    fact = ordered(
        instruction(start="2026-02-01", end="2026-03-01"), instruction(start="2026-01-01", end="2026-02-01"),
        status="active", intent="order", authoredOn="2026-01-01T10:00:00Z", doNotPerform=True,
        reasonCode=[coded("urn:oid:1.2.752.116.1.1.1.1.3", "M05.9")],
        dispenseRequest={
            "expectedSupplyDuration": amount(30, "d"), "numberOfRepeatsAllowed": 2, "quantity": amount(30, "tab"),
        },
    )  # fmt: skip
    assert (fact.source, fact.status, fact.intent, fact.do_not_perform) == ("request", "active", "order", True)
    assert (fact.days_supply, fact.amount) == (90, Quantity(30, "{tablet}"))
    assert fact.start is not None
    assert fact.end is not None
    assert (fact.start.text, fact.end.text) == ("2026-01-01", "2026-03-01")
    assert [reason.concept for reason in fact.reasons] == ["rheumatoid-arthritis"]


def test_one_open_dosage_leaves_the_end_open() -> None:
    closed = {"timing": {"repeat": {"boundsPeriod": {"start": "2026-01-01", "end": "2026-02-01"}}}}
    open_ended = {"timing": {"repeat": {"boundsPeriod": {"start": "2026-02-01"}}}}
    assert ordered(closed, open_ended).end is None
    assert ordered(dispenseRequest={}).days_supply is None


@pytest.mark.parametrize("kind", ["MedicationStatement", "MedicationUsage"])
@pytest.mark.parametrize(
    ("more", "status", "start", "end"),
    [
        ({"effectivePeriod": {"start": "2025", "end": "2026"}}, "active", "2025", "2026"),
        ({"effectiveDateTime": "2025-03-04"}, "active", "2025-03-04", None),
        ({"taken": "n", "effectiveDateTime": "2025"}, "not-taken", "2025", None),
        ({"taken": "y"}, "active", None, None),
        ({"adherence": {"code": coded("x", "not-taking")}}, "not-taken", None, None),
        (
            {"dosage": [{"timing": {"repeat": {"boundsPeriod": {"start": "2024", "end": "2025"}}}}]},
            "active",
            "2024",
            "2025",
        ),
    ],
)
def test_a_statement_tells_what_is_taken_and_when(
    kind: str, more: dict[str, Any], status: str, start: str | None, end: str | None
) -> None:
    given = {"medicationCodeableConcept": PREDNISOLONE, "status": "active", "dateAsserted": "2026-01-01"} | more
    fact = only(resource(kind, **given, reason=[{"concept": PREDNISOLONE}]))
    dates = tuple(day.text if day else None for day in (fact.start, fact.end, fact.authored))
    assert (fact.source, fact.status, *dates) == ("statement", status, start, end, "2026-01-01")


@pytest.mark.parametrize(
    ("more", "authored", "status"),
    [
        ({"whenHandedOver": "2026-02-01", "whenPrepared": "2026-01-31"}, "2026-02-01", "completed"),
        ({"whenPrepared": "2026-01-31"}, "2026-01-31", "completed"),
        ({"notDone": True, "whenPrepared": "2026-01-31"}, "2026-01-31", "not-done"),
    ],
)
def test_a_dispense_tells_how_long_it_lasts_and_what_it_answers(
    more: dict[str, Any], authored: str, status: str
) -> None:
    given = {
        "medicationCodeableConcept": PREDNISOLONE, "status": "completed", "daysSupply": amount(100, "days"),
        "quantity": amount(100, "tablets"),
        "authorizingPrescription": [{}, {"reference": "MedicationRequest/7/_history/1"}],
    }  # fmt: skip
    fact = only(resource("MedicationDispense", **given, **more))
    assert fact.authored is not None
    assert (fact.source, fact.status, fact.authored.text) == ("dispense", status, authored)
    assert (fact.days_supply, fact.amount, fact.based_on) == (100, Quantity(100, "{tablet}"), "MedicationRequest/7")


def test_a_dispense_finds_its_request_by_the_url_of_the_bundle() -> None:
    order = resource("MedicationRequest", "7", medicationCodeableConcept=PREDNISOLONE)
    handed = resource(
        "MedicationDispense",
        medicationCodeableConcept=PREDNISOLONE,
        authorizingPrescription=[{"reference": "urn:uuid:7"}],
    )
    whole = bundle(handed)
    whole["entry"].append({"fullUrl": "urn:uuid:7", "resource": order})
    facts = [hit.fact for hit in read_resources(whole).medications[GLUCOCORTICOID]]
    assert {fact.based_on for fact in facts if fact.source == "dispense"} == {"MedicationRequest/7"}


@pytest.mark.parametrize(
    ("more", "start", "end"),
    [
        ({"effectiveDateTime": "2026-01-01"}, "2026-01-01", None),
        ({"effectivePeriod": {"start": "2026-01-01", "end": "2026-01-02"}}, "2026-01-01", "2026-01-02"),
        ({"occurenceDateTime": "2026-01-01"}, "2026-01-01", None),
        ({"occurrencePeriod": {"start": "2026-01-01"}}, "2026-01-01", None),
    ],
)
def test_an_administration_tells_what_was_given(more: dict[str, Any], start: str, end: str | None) -> None:
    given = {
        "dosage": {"dose": amount(40, "mg"), "route": coded(SCT, "12130007")},
        "request": {"reference": "MedicationRequest/7"},
    }
    fact = only(
        resource(
            "MedicationAdministration", medicationCodeableConcept=PREDNISOLONE, status="completed", **given, **more
        )
    )
    assert (fact.source, fact.status, fact.amount) == ("administration", "completed", Quantity(40, "mg"))
    assert (fact.route, fact.based_on) == ("intraarticular", "MedicationRequest/7")
    assert (fact.start and fact.start.text, fact.end and fact.end.text) == (start, end)


def test_an_administration_that_was_not_given_says_so() -> None:
    fact = only(resource("MedicationAdministration", medicationCodeableConcept=PREDNISOLONE, notGiven=True))
    assert (fact.status, fact.amount, fact.route, fact.based_on) == ("not-done", None, "", "")
