"""Suggestions: codes, targets, sites and references of the orders a card offers."""

import sys

import msgspec
import pytest
from pydantic import ValidationError

from cards import CardOptions, OrderCode, ReferralTarget, cards_for, warm_up
from cards.options import Links, built_in
from cards.orders import order_codes
from cards.requests import Order, request_resource, validate, without_empty
from cds_service.risk.assessment import Assessment, GateFinding, ScanPlan
from cds_service.risk.record import Evidence
from cds_service.terminology.load import load_default
from tests.unit.cards.patients import (
    AS_OF,
    CARDS,
    LIMB_CLASS,
    PREDNISOLONE,
    TWO_ARMS,
    WOMAN_58,
    decided,
    options,
    with_,
)


def resources(assessment: Assessment, **changes: object) -> list[dict[str, object]]:
    (card,) = cards_for(assessment, options(**changes))
    return [suggestion["actions"][0]["resource"] for suggestion in card.get("suggestions", [])]


def codes(action: str, scan: ScanPlan | None = None, given: CardOptions | None = None) -> list[tuple[str, str]]:
    return [(c.system, c.code) for c in order_codes(action, scan or ScanPlan(), given or CardOptions())]


SNOMED, KVA, LOINC = "http://snomed.info/sct", "urn:oid:1.2.752.116.1.3.2.1.4", "http://loinc.org"


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        (ScanPlan(), [(SNOMED, "312681000"), (KVA, "AN006"), (LOINC, "38268-9")]),
        (ScanPlan(hips=("left",)), [(SNOMED, "312681000"), (KVA, "AN006"), (LOINC, "38268-9")]),
        (ScanPlan(hips=(), forearm="left"), [(SNOMED, "312681000"), (LOINC, "38268-9")]),
        (ScanPlan(hips=(), spine=False, forearm="left"), [(SNOMED, "312681000"), (LOINC, "38268-9"), (KVA, "AN003")]),
        (ScanPlan(hips=(), spine=False), [(SNOMED, "312681000"), (LOINC, "38268-9")]),
    ],
)
def test_the_dxa_codes_say_no_more_than_what_is_to_be_measured(scan: ScanPlan, expected: list[tuple[str, str]]) -> None:
    assert codes("order-dxa", scan) == expected


@pytest.mark.parametrize("action", built_in().actions)
def test_every_built_in_order_code_is_one_that_a_source_confirms(action: str) -> None:
    table = {(row.system, row.code): row for row in load_default().table(built_in().actions[action].concept)}
    assert codes(action)
    assert not any(table[code].unverified for code in codes(action))


def test_a_clients_own_codes_come_before_those_of_a_target_and_those_built_in() -> None:
    own = {"order-dxa": (OrderCode("urn:x", "DXA"),), "refer-ex-center": (OrderCode("urn:x", "EX"),)}
    target = ReferralTarget(action="refer-ex-center", name="X", codes=(OrderCode("urn:y", "Y"),))
    assert codes("order-dxa", given=CardOptions(order_codes=own)) == [("urn:x", "DXA")]
    assert codes("refer-ex-center", given=CardOptions(targets=(target,))) == [("urn:y", "Y")]
    assert codes("refer-ex-center", given=CardOptions(targets=(target,), order_codes=own)) == [("urn:x", "EX")]


def test_the_dxa_order_holds_everything_the_unit_needs() -> None:
    dxa, vitamin_d = resources(CARDS["K1"], encounter="Encounter/e1")
    assert (dxa["status"], dxa["intent"], dxa["authoredOn"]) == ("draft", "order", "2026-06-01")
    assert dxa["subject"] == {"reference": "Patient/p1"}
    assert dxa["requester"] == {"reference": "Practitioner/d1"}
    assert dxa["encounter"] == {"reference": "Encounter/e1"}
    assert dxa["bodySite"] == [{"text": "left hip"}, {"text": "right hip"}, {"text": "lumbar spine"}]
    assert dxa["supportingInfo"] == [{"reference": "MedicationRequest/gc"}, {"reference": "Procedure/amputation"}]
    assert [reason["text"] for reason in dxa["reasonCode"]][:2] == ["prednisolone 8 months", "postmenopausal"]  # type: ignore[attr-defined]  # parsed JSON
    note = dxa["note"][0]["text"]  # type: ignore[index]  # parsed JSON
    assert "transfemoral amputation left (2019-04)" in note
    assert "Measure both hips and lumbar spine." in note
    assert "residual-limb side: left" in note
    assert "id" not in dxa
    assert "bodySite" not in vitamin_d


def test_a_forearm_is_a_site_only_where_one_is_to_be_measured() -> None:
    with_forearm = with_(CARDS["K1"], scan=ScanPlan(hips=("right",), forearm="right"))
    without = with_(CARDS["K1"], scan=ScanPlan(hips=(), spine=False, forearm="none"))
    assert resources(with_forearm)[0]["bodySite"] == [
        {"text": "right hip"},
        {"text": "lumbar spine"},
        {"text": "right forearm"},
    ]
    assert "bodySite" not in resources(without)[0]


def test_ex_center_is_built_in_with_its_channel_and_the_address_on_the_sheet() -> None:
    referral = resources(CARDS["K2"])[1]
    assert referral["performer"] == [{"display": "EX-Center, Amputations- och Dysmelicentrum"}]
    note = referral["note"][0]["text"]  # type: ignore[index]  # parsed JSON
    assert "Referral route: TakeCare, Amputations- och Dysmelicentrum." in note
    assert "Aktiv Ortopedteknik, Amputations- och Dysmelicentrum, Box 4041, 169 04 SOLNA" in note


def test_a_target_of_the_settings_replaces_the_built_in_one() -> None:
    target = ReferralTarget(
        action="refer-ex-center", name="Another centre", identifier_system="urn:oid:1.2.3", identifier="SE-1"
    )
    referral = resources(CARDS["K2"], targets=(target,))[1]
    assert referral["performer"] == [
        {"display": "Another centre", "identifier": {"system": "urn:oid:1.2.3", "value": "SE-1"}}
    ]
    assert "TakeCare" not in str(referral["note"])


@pytest.mark.parametrize("patient", ["", "Patient", "Patient/<x>", "p1", "Patient/../x", "https://x.example/Patient/1"])
def test_without_a_usable_patient_reference_nothing_is_offered(patient: str) -> None:
    (card,) = cards_for(CARDS["K1"], options(patient=patient))
    assert "suggestions" not in card
    assert "selectionBehavior" not in card


def test_unusable_references_are_left_out_of_an_order() -> None:
    bad = Evidence("Condition", "Condition/<script>")
    twice = (bad, Evidence("Condition", "Condition/1"), Evidence("Condition", "Condition/1"), Evidence("Condition"))
    poor = msgspec.structs.replace(PREDNISOLONE, evidence=twice)
    finding = with_(WOMAN_58, limbs=TWO_ARMS, findings=(poor,))
    (resource,) = resources(decided(finding, "K1", "order-dxa"), requester="<d>", encounter="e1")
    assert resource["reasonReference"] == [{"reference": "Condition/1"}]
    assert "requester" not in resource
    assert "encounter" not in resource


def test_an_order_without_findings_still_says_why_and_an_unknown_action_offers_nothing() -> None:
    bare = with_(WOMAN_58, findings=(), counted=())
    (resource,) = resources(decided(bare, "K1", "order-dxa", "frax-link", "something-new"))
    assert resource["reasonCode"] == [{"text": "Assessment of osteoporosis risk in limb deficiency"}]
    assert "Seen in the record" not in str(resource["note"])
    only_limb = with_(WOMAN_58, findings=(LIMB_CLASS,), counted=("R-LD",))
    assert "Seen in the record" not in str(resources(decided(only_limb, "K1", "order-dxa"))[0]["note"])


def test_a_referral_tells_what_triggered_it_and_points_at_the_evidence() -> None:
    proof = Evidence("Condition", "Condition/fx1")
    gate = GateFinding(gate="G-PAED", effect="route", evidence=(proof,))
    other = GateFinding(gate="G-ORDER", effect="suppress", evidence=(Evidence("Condition", "Condition/no"),))
    (referral,) = resources(with_(CARDS["P1"], gates=(gate, other)))
    assert referral["reasonCode"] == [{"text": "steroid for 6 months"}, {"text": "repeated long-bone fractures"}]
    assert referral["reasonReference"] == [{"reference": "Condition/fx1"}]
    text = referral["note"][0]["text"]  # type: ignore[index]  # parsed JSON
    assert "Seen in the record:\nsteroid for 6 months\nrepeated long-bone fractures\n" in text


def test_the_day_on_the_order_may_be_given() -> None:
    assert resources(CARDS["K1"], as_of=AS_OF.replace(day=9))[0]["authoredOn"] == "2026-06-09"


# ---------------------------------------------------------------- FHIR versions

ORDER = Order(
    kind="order",
    code={"text": "DXA"},
    subject="Patient/1",
    authored_on=AS_OF,
    reasons=({"text": "why"},),
    evidence=("Condition/1", "DetectedIssue/2", "MedicationRequest/3"),
    sites=("left hip",),
)


@pytest.mark.parametrize(
    ("version", "resource_type", "reason", "support"),
    [
        ("R4", "ServiceRequest", {"reasonCode": 1, "reasonReference": 1}, 2),
        ("R4B", "ServiceRequest", {"reasonCode": 1, "reasonReference": 1}, 2),
        ("R5", "ServiceRequest", {"reason": 3}, 1),
        ("STU3", "ProcedureRequest", {"reasonCode": 1, "reasonReference": 1}, 2),
    ],
)
def test_an_order_takes_the_shape_of_the_clients_version(
    version: str, resource_type: str, reason: dict[str, int], support: int
) -> None:
    resource = request_resource(ORDER, version)
    assert resource["resourceType"] == resource_type
    assert {name: len(resource[name]) for name in reason} == reason
    assert len(resource["supportingInfo"]) == support


def test_a_resource_that_its_version_does_not_allow_is_refused() -> None:
    with pytest.raises(ValidationError):
        validate({"resourceType": "ServiceRequest", "status": "draft", "intent": "order"}, "R4")
    with pytest.raises(KeyError):
        request_resource(ORDER, "R6")


def test_members_without_a_value_are_left_out_at_any_depth() -> None:
    assert without_empty({"a": None, "b": [{"c": ""}, "d", []], "e": {"f": {}}, "g": 0, "h": False}) == {
        "b": ["d"],
        "g": 0,
        "h": False,
    }


@pytest.mark.parametrize("version", ["R4", "R4B", "R5", "STU3"])
def test_warming_up_leaves_nothing_to_load_for_the_first_order(version: str) -> None:
    warm_up((version,))  # type: ignore[arg-type]  # a parametrised literal
    loaded = set(sys.modules)
    cards_for(CARDS["K1"], options(fhir_version=version))
    cards_for(CARDS["K2"], options(fhir_version=version, language="sv"))
    assert {name for name in set(sys.modules) - loaded if name.startswith("fhir")} == set()


def test_links_are_absolute_and_left_out_without_an_address() -> None:
    (card,) = cards_for(CARDS["K1"], options(links=Links(base_url="https://x.example/", leaflet="leaflet/sv")))
    assert [link["url"] for link in card["links"]] == [
        "https://x.example/rules",
        "https://x.example/leaflet/sv",
        "https://frax.shef.ac.uk/FRAX/",
    ]
    (bare,) = cards_for(CARDS["K1"], options(links=Links(frax="")))
    assert "links" not in bare
    assert "url" not in bare["source"]
    (own,) = cards_for(CARDS["K5"], options(links=Links(frax="https://frax.example/")))
    assert [link["url"] for link in own["links"]] == ["https://frax.example/"]


def test_override_reasons_are_the_same_on_every_card_with_other_last() -> None:
    lists = [cards_for(assessment, options())[0]["overrideReasons"] for assessment in CARDS.values()]
    assert all(given == lists[0] for given in lists)
    assert [reason["code"] for reason in lists[0]][-1] == "other"
    assert {reason["system"] for reason in lists[0]} == {"urn:uuid:04dfb002-5d86-4686-9b6b-1277671a74dc", SNOMED}


def test_each_card_and_suggestion_has_a_new_uuid() -> None:
    first, second = (cards_for(CARDS["K1"], CardOptions(patient="Patient/1")) for _ in range(2))
    assert first[0]["uuid"] != second[0]["uuid"]


def test_no_decision_gives_no_card() -> None:
    assert cards_for(WOMAN_58, options()) == []
