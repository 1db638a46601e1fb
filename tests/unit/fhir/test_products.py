"""Which product a medication is, its strength and its route: inline, contained, by reference, or not delivered."""

from typing import Any

import pytest

from cds_service.risk.record import Area, Delivery, MedicationFact, Quantity

from .conftest import ATC, RXNORM, SCT, bundle, coded, read_resources, resource

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


def amount(value: float, unit: str) -> dict[str, Any]:
    return {"value": value, "unit": unit}


# ---------------------------------------------------------------- the product


def medication(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": "m", "code": PREDNISOLONE, **more}


@pytest.mark.parametrize(
    "given",
    [
        {"medicationCodeableConcept": PREDNISOLONE},
        {"medication": {"concept": PREDNISOLONE}},
        {"medication": PREDNISOLONE},
        {
            "medicationReference": {"reference": "#m"},
            "contained": [{"resourceType": "Organization", "id": "m"}, medication()],
        },
        {"medication": {"reference": {"reference": "#m"}}, "contained": [medication()]},
        {"medicationReference": {"reference": "Medication/m"}},
        {"medicationReference": {"reference": "https://x.example/fhir/Medication/m/_history/3"}},
        {"medication": {"reference": {"reference": "Medication/m"}}},
    ],
)
def test_the_product_is_found_inline_contained_or_by_reference(given: dict[str, Any]) -> None:
    assert only(resource("MedicationRequest", **given), medication()).evidence.code == "H02AB06"


def test_the_product_is_found_by_the_url_its_bundle_gives_it() -> None:
    order = resource("MedicationRequest", medicationReference={"reference": "urn:uuid:77"})
    inner = bundle(order)
    inner["entry"].append({"fullUrl": "urn:uuid:77", "resource": medication(id=None)})
    assert only(inner).evidence.reference == "MedicationRequest/a"


@pytest.mark.parametrize(
    "given",
    [{"medicationReference": {"reference": "#gone"}}, {"medicationReference": {"reference": "Medication/gone"}},
     {"medicationReference": {"reference": "Patient/1"}}, {"medicationReference": {}},
     {"medicationReference": {"reference": "#m"}, "contained": [{"resourceType": "Organization", "id": "m"}]}],
)  # fmt: skip
@pytest.mark.parametrize(
    "kind", ["MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration"]
)
def test_a_product_that_did_not_come_along_is_a_gap_and_leaves_a_list_that_is_not_complete(
    kind: str, given: dict[str, Any]
) -> None:
    record = read_resources(resource(kind, **given), resource("MedicationRequest", "other"))
    assert record.medications == {}
    assert [(gap.reference, gap.element, gap.reason) for gap in record.gaps] == [
        (f"{kind}/a", "medication", "not-delivered")
    ]
    assert record.delivery(Area.MEDICATIONS).state is Delivery.PARTIAL


@pytest.mark.parametrize("kind", ["MedicationRequest", "MedicationStatement"])
@pytest.mark.parametrize("given", [{}, {"medicationCodeableConcept": coded(ATC, "C09AA03")}])
def test_a_product_that_is_none_of_ours_is_no_fact_and_no_gap(kind: str, given: dict[str, Any]) -> None:
    record = read_resources(resource(kind, **given))
    assert (record.medications, record.gaps) == ({}, ())
    assert record.complete(Area.MEDICATIONS)


@pytest.mark.parametrize(
    "given",
    [
        {"medicationReference": {"reference": "Medication/gone", "display": "Prednisolon 5 mg tablett"}},
        {"medicationReference": {"display": "Prednisolon 5 mg tablett"}},
        {"medication": {"reference": {"reference": "Medication/gone", "display": "Prednisolon 5 mg tablett"}}},
        {"medication": {"reference": "Medication/gone", "display": "Prednisolon 5 mg tablett"}},
    ],
)
def test_what_a_reference_calls_a_product_that_did_not_come_along_is_shown(given: dict[str, Any]) -> None:
    [note] = read_resources(resource("MedicationRequest", **given)).not_coded
    assert (note.concept, note.text) == (GLUCOCORTICOID, "Prednisolon 5 mg tablett")


def test_a_product_by_reference_that_has_a_code_beside_it_needs_nothing_more() -> None:
    gone = {"medicationReference": {"reference": "Medication/gone"}, "medicationCodeableConcept": PREDNISOLONE}
    record = read_resources(resource("MedicationRequest", **gone))
    assert (len(record.medications[GLUCOCORTICOID]), record.gaps) == (1, ())


def test_a_contained_product_that_cannot_be_read_is_a_gap() -> None:
    broken = {"resourceType": "Medication", "id": "m", "code": 5}
    record = read_resources(resource("MedicationRequest", medicationReference={"reference": "#m"}, contained=[broken]))
    assert [(gap.element, gap.reason) for gap in record.gaps] == [
        ("contained", "unreadable"),
        ("medication", "not-delivered"),
    ]


STRENGTH = {"numerator": amount(5, "mg"), "denominator": amount(1, "tablet")}


@pytest.mark.parametrize(
    ("ingredients", "strength"),
    [
        ([{"strength": STRENGTH}], Quantity(5, "mg")),
        ([{"amount": STRENGTH}], Quantity(5, "mg")),
        ([{"strengthRatio": STRENGTH}], Quantity(5, "mg")),
        ([{"strengthQuantity": amount(5, "mg")}], Quantity(5, "mg")),
        ([{"strength": {"numerator": amount(5, "mg")}}], Quantity(5, "mg")),
        ([{"strength": {"numerator": amount(10, "mg"), "denominator": amount(2, "tablets")}}], Quantity(5, "mg")),
        ([{"strength": {"numerator": amount(20, "mg"), "denominator": amount(5, "mL")}}], Quantity(4, "mg/mL")),
        ([{"strength": {"numerator": amount(20, "stones"), "denominator": amount(5, "mL")}}], None),
        ([{"strength": {"numerator": amount(5, "mg"), "denominator": amount(0, "tablet")}}], None),
        ([{"strength": {"denominator": amount(1, "tablet")}}], None),
        ([{"strength": STRENGTH}, {"strength": {"numerator": amount(9, "g")}}], None),
        (
            [
                {"itemCodeableConcept": coded(SCT, "387207008"), "strength": {"numerator": amount(9, "mg")}},
                {"item": {"concept": PREDNISOLONE}, "strength": STRENGTH},
            ],
            Quantity(5, "mg"),
        ),
        ([], None),
    ],
)
def test_the_strength_is_that_of_the_ingredient_that_matters(ingredients: Any, strength: Quantity | None) -> None:
    order = resource("MedicationRequest", medicationReference={"reference": "Medication/m"})
    assert only(order, medication(ingredient=ingredients)).strength == strength


def test_a_product_may_be_known_by_its_ingredient_alone() -> None:
    order = resource("MedicationRequest", medicationReference={"reference": "Medication/m"})
    product = medication(code=None, ingredient=[{"itemCodeableConcept": PREDNISOLONE, "strength": STRENGTH}])
    assert only(order, product).strength == Quantity(5, "mg")


def test_the_code_itself_may_state_strength_and_route() -> None:
    prednisone_5_mg_tablet = coded(RXNORM, "312617")
    fact = ordered(medicationCodeableConcept=prednisone_5_mg_tablet)
    assert (fact.strength, fact.route) == (Quantity(5, "mg"), "oral")


# ---------------------------------------------------------------- the route


@pytest.mark.parametrize(
    ("route", "word"),
    [
        (coded(SCT, "26643006"), "oral"),
        (coded(EDQM, "20053000"), "oral"),
        (coded("https://standardterms.edqm.eu", "20045000"), "parenteral"),
        (coded("urn:oid:0.4.0.127.0.16.1.1.2.1", "20020000"), "inhaled"),
        (coded(SCT, "12130007"), "intraarticular"),
        (coded(SCT, "418730005"), "oral"),
        ({"text": "Peroralt"}, "oral"),
        (coded("urn:local", "1", display="Intramuskulärt"), "parenteral"),
        ({"coding": coded(SCT, "7771000")["coding"], "text": "by mouth"}, "oral"),
        ({"text": "somehow"}, ""),
        (None, ""),
    ],
)
def test_the_route_is_told_by_code_or_by_an_unambiguous_word(route: Any, word: str) -> None:
    assert ordered({"route": route}).route == word


def test_routes_that_disagree_are_no_route() -> None:
    assert ordered({"route": {"text": "oral"}}, {"route": {"text": "iv"}}).route == ""
