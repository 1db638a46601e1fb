"""Every example context of HL7's hook library (licence CC0-1.0), word for word, with the charts of other patients too.

``library/<hook>-<number>.json`` is the ``context`` of one example as published, in the order of the hook's page.
"""

import copy
import json
from pathlib import Path

import pytest

from cards import CardOptions, cards_for
from cds_service.risk.assessment import Tier
from cds_service.rulesets.load import load_default
from cds_service.terminology.load import load_default as load_index
from tests.conformance.cards_check import problems
from tests.unit.hooks.orders import ANASTROZOLE, PREDNISOLONE, advise, cards, chart, coded, draft_drug, draft_scan

LIBRARY = Path(__file__).parent / "library"
EXAMPLES = sorted(LIBRARY.glob("*.json"))
ATC = "http://www.whocc.no/atc"


def context_of(name: str):
    return json.loads((LIBRARY / f"{name}.json").read_text(encoding="utf-8"))


def answer(hook: str, prefetch, context):
    advice = advise(hook, prefetch, **({"encounterId": None} | context))
    return advice, cards_for(advice.assessment, CardOptions(patient="Patient/1288992", drafts=advice.drafts))


@pytest.mark.parametrize("example", EXAMPLES, ids=[path.stem for path in EXAMPLES])
@pytest.mark.parametrize(
    "prefetch",
    [chart(), chart(draft_drug(status="active", days=None, authoredOn="2026-01-01"))],
    ids=["some-risk", "high-risk"],
)
def test_every_example_is_answered_with_cards_that_conform(example, prefetch):
    hook = example.stem.rpartition("-")[0]
    _, shown = answer(hook, prefetch, context_of(example.stem))
    assert problems(shown) == []


def test_every_hook_has_its_examples():
    counted: dict[str, int] = {}
    for path in EXAMPLES:
        hook = path.stem.rpartition("-")[0]
        counted[hook] = counted.get(hook, 0) + 1
    assert counted == {
        "patient-view": 2,
        "order-select": 3,
        "order-sign": 3,
        "encounter-start": 1,
        "appointment-book": 2,
        "problem-list-item-create": 3,
    }


@pytest.mark.parametrize("name", ["order-select-1", "order-select-2", "order-sign-1", "order-sign-2"])
def test_the_amoxicillin_and_the_diet_of_the_examples_say_nothing(name):
    assert answer(name.rpartition("-")[0], chart(), context_of(name))[1] == []


@pytest.mark.parametrize("name", ["order-select-1", "order-select-2", "order-sign-1", "order-sign-2"])
def test_the_same_shape_with_a_long_course_of_prednisolone_is_told(name):
    context = copy.deepcopy(context_of(name))
    order = context["draftOrders"]["entry"][1]["resource"]
    order["medicationCodeableConcept"] = coded(ATC, PREDNISOLONE, "Prednisolone 5 mg")
    order["dispenseRequest"]["expectedSupplyDuration"]["value"] = 60
    order["dosageInstruction"][0].pop("doseAndRate", None)
    dose = {"value": 10, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
    order["dosageInstruction"][0]["doseQuantity"] = dose
    advice, shown = answer(name.rpartition("-")[0], chart(), context)
    assert cards(advice) == ["O1"]
    assert "Prednisolone 5 mg" in shown[0]["summary"]


def test_the_fracture_of_the_example_is_entered_and_changes_nothing_by_itself():
    advice, shown = answer("problem-list-item-create", chart(), context_of("problem-list-item-create-1"))
    assert advice.assessment.limbs.in_cohort
    assert shown == []


def test_the_vitamin_d_deficiency_of_the_dstu2_shape_is_read():
    advice, _ = answer("problem-list-item-create", chart(), context_of("problem-list-item-create-3"))
    assert advice.assessment.finding("R-VITD") is not None
    assert load_index().concepts("http://snomed.info/sct", "34713006") != ()


def test_two_appointments_of_one_id_are_read_as_one():
    context = context_of("appointment-book-1")
    ids = [entry["resource"]["id"] for entry in context["appointments"]["entry"]]
    assert ids == ["apt1", "apt1"]
    assert answer("appointment-book", chart(), context)[1] == []


# ---------------------------------------------------------------- the hooks that look at the whole chart

AT_RISK = chart(draft_drug(status="active", days=None, authoredOn="2026-01-01"))


def test_a_visit_and_an_open_chart_get_the_same_advice():
    assert cards(advise("encounter-start", AT_RISK)) == cards(advise("patient-view", AT_RISK)) != []


def booking(**more):
    appointment = {
        "resourceType": "Appointment",
        "id": "apt1",
        "status": "proposed",
        "start": "2026-06-20T09:00:00Z",
        "serviceType": [draft_scan()["code"]],
        "participant": [{"actor": {"reference": "Patient/1288992"}, "status": "tentative"}],
    }
    return {"resourceType": "Bundle", "entry": [{"resource": appointment | more}]}


def actions(advice):
    return {action for decision in advice.assessment.decisions for action in decision.actions}


def test_a_scan_that_is_being_booked_is_not_advised():
    elevated = chart(draft_drug(ANASTROZOLE, status="active", days=None, authoredOn="2026-01-01"))
    other = advise("appointment-book", elevated, appointments=booking(serviceType=[coded(ATC, "x", "other")]))
    booked = advise("appointment-book", elevated, appointments=booking())
    assert "order-dxa" in actions(other)
    assert "order-dxa" not in actions(booked)
    assert booked.assessment.gate("G-ORDER") is not None


@pytest.mark.parametrize("status", ["cancelled", "noshow", "entered-in-error"])
def test_a_booking_that_is_cancelled_holds_nothing_back(status):
    assert advise("appointment-book", AT_RISK, appointments=booking(status=status)).assessment.gate("G-ORDER") is None


@pytest.mark.parametrize(
    ("user", "shown"),
    [
        ("Practitioner/1", True),
        ("PractitionerRole/A2340113", True),
        ("https://ehr.example.org/fhir/Practitioner/1", True),
        ("", True),
        ("Patient/1288992", False),
        ("https://ehr.example.org/fhir/Patient/1288992", False),
        ("RelatedPerson/3", False),
    ],
)
def test_somebody_who_books_for_themselves_gets_no_cards(user, shown):
    empty = {"resourceType": "Bundle", "entry": []}
    assert bool(cards(advise("appointment-book", AT_RISK, userId=user, appointments=empty))) is shown


def test_a_new_diagnosis_that_raises_the_tier_brings_its_advice():
    fracture = {
        "resourceType": "Condition",
        "id": "new",
        "subject": {"reference": "Patient/1288992"},
        "code": coded("urn:oid:1.2.752.116.1.1.1.1.3", "M80.0", "Postmenopausal osteoporosis with fracture"),
    }
    new = {"resourceType": "Bundle", "entry": [{"resource": fracture}]}
    advice = advise("problem-list-item-create", chart(), conditions=new)
    assert cards(advice) != []
    listed = chart(fracture)
    assert cards(advise("problem-list-item-create", listed, conditions=new)) == cards(advice)


def test_the_tier_of_the_examples_chart_is_the_one_the_tests_count_on():
    assert advise("patient-view", chart()).assessment.tier is Tier.WATCH
    assert load_default("se").number("decisions.max_cards") >= 2


def test_a_problem_that_changes_nothing_takes_no_advice_back():
    nothing = {"resourceType": "Bundle", "entry": []}
    again = advise("problem-list-item-create", AT_RISK, conditions=nothing)
    assert cards(again) == cards(advise("patient-view", AT_RISK)) != []
