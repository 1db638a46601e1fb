"""An update gives the client's own draft back whole; a delete names it; what cannot be done is not offered."""

import copy

import pytest

from cards import cards_for
from cards.drafts import completed_scan
from cards.words import words
from cds_service.risk.assessment import ScanPlan
from tests.conformance.cards_check import problems
from tests.unit.cards.patients import CARDS, COMPLETE_ORDER, DRAFT_SCAN, WOMAN_58, decided, options, with_

EN = words("en")
REFERENCE = "ServiceRequest/dxa"


def actions(assessment, **changes):
    cards = cards_for(assessment, options(**changes))
    assert problems(cards) == []
    return [action for card in cards for one in card.get("suggestions", []) for action in one["actions"]]


def test_the_update_holds_all_that_the_draft_held_and_the_missing_sites_and_limbs():
    [action] = actions(COMPLETE_ORDER)
    draft = action["resource"]
    assert action["type"] == "update"
    assert {name: draft[name] for name in DRAFT_SCAN if name != "bodySite"} == {
        name: member for name, member in DRAFT_SCAN.items() if name != "bodySite"
    }
    assert [site["text"] for site in draft["bodySite"]] == ["left hip", "right hip", "lumbar spine"]
    assert "transfemoral amputation left" in draft["note"][0]["text"]
    assert "residual-limb side: left" in draft["note"][0]["text"]


def test_the_forearm_side_is_on_the_completed_order():
    [action] = actions(with_(COMPLETE_ORDER, scan=ScanPlan(residual_hips=("left",), forearm="right")))
    assert "right forearm" in [site["text"] for site in action["resource"]["bodySite"]]


def test_an_order_that_was_completed_is_not_offered_again():
    [action] = actions(COMPLETE_ORDER)
    assert actions(COMPLETE_ORDER, drafts={REFERENCE: action["resource"]}) == []


def test_a_draft_that_only_lacks_the_note_gets_the_note_alone():
    sites = [{"text": name} for name in ("left hip", "right hip", "lumbar spine")]
    completed = completed_scan({**DRAFT_SCAN, "bodySite": sites}, WOMAN_58, EN)
    assert completed is not None
    assert completed["bodySite"] == sites
    assert len(completed["note"]) == 1


def test_the_draft_at_hand_is_not_changed():
    before = copy.deepcopy(DRAFT_SCAN)
    completed_scan(DRAFT_SCAN, WOMAN_58, EN)
    assert before == DRAFT_SCAN


def test_nothing_empty_is_added_to_a_draft_without_sites():
    nowhere = with_(WOMAN_58, scan=ScanPlan(spine=False, hips=(), forearm="none"))
    completed = completed_scan({"resourceType": "ServiceRequest", "id": "dxa"}, nowhere, EN)
    assert completed is not None
    assert "bodySite" not in completed


@pytest.mark.parametrize(
    "damaged",
    [{**DRAFT_SCAN, "bodySite": "hip"}, {**DRAFT_SCAN, "note": {"text": "x"}}, "no resource", None],
    ids=["sites", "note", "text", "missing"],
)
def test_a_draft_that_is_not_fhir_is_left_alone(damaged):
    assert actions(COMPLETE_ORDER, drafts={REFERENCE: damaged}) == []


@pytest.mark.parametrize("member", [None, 7, "hip", {"text": 7}, {}])
def test_a_strange_member_of_a_list_is_kept_and_passed_over(member):
    completed = completed_scan({**DRAFT_SCAN, "bodySite": [member]}, WOMAN_58, EN)
    assert completed is not None
    assert completed["bodySite"][0] == member
    assert len(completed["bodySite"]) == 4


def test_a_doubtful_order_may_be_taken_away_by_its_reference():
    [action] = actions(CARDS["O3"])
    assert (action["type"], action["resourceId"]) == ("delete", REFERENCE)
    assert "resource" not in action


def test_a_draft_id_of_194_characters_is_kept():
    long = f"ServiceRequest/{'e' * 194}"
    [action] = actions(decided(WOMAN_58, "O3", reasons=("dxa-order-twice",), values={"draft": long}))
    assert action["resourceId"] == long


@pytest.mark.parametrize("reference", [None, "", "ServiceRequest/", "ServiceRequest/<b>", "x y/1"])
def test_a_draft_that_cannot_be_named_is_only_spoken_of(reference):
    assert actions(decided(WOMAN_58, "O3", reasons=("dxa-order-twice",), values={"draft": reference})) == []


def test_the_card_of_a_raising_order_names_it_and_both_tiers():
    [card] = cards_for(CARDS["O1"], options())
    assert "Prednisolon 5 mg" in card["summary"]
    assert "some risk → elevated risk" in card["summary"]
    labels = [one["label"] for one in card["suggestions"]]
    assert len(labels) == 3
    assert "Bone protection" in card["detail"]
    assert "states no duration" in card["detail"]
