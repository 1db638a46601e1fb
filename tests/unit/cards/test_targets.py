"""Which receivers of the settings take a patient, and what a card makes of one that only the settings know."""

from typing import Any

import pytest
from msgspec import structs

from cards import CardOptions, ReferralTarget, cards_for
from cards.letter import offered_targets
from cards.options import Who
from cards.targets import for_patient, own_referrals, qualifies
from cds_service.risk.assessment import Assessment, GateFinding
from tests.unit.cards.patients import CARDS, MAN_40, WOMAN_58, options, with_
from tests.unit.cards.test_orders import resources

CHILD = with_(MAN_40, gates=(GateFinding(gate="G-PAED", effect="route"),))
SEVERAL = with_(WOMAN_58, limbs=structs.replace(WOMAN_58.limbs, multi=True))
ONE = with_(WOMAN_58, limbs=structs.replace(WOMAN_58.limbs, multi=False))
FRACTURES = ReferralTarget(action="refer-fracture-liaison", name="Fracture liaison unit", channel="TakeCare")


def labels(assessment: Assessment, **changes: object) -> list[str]:
    (card,) = cards_for(assessment, options(**changes))
    return [one["label"] for one in card.get("suggestions", [])]


def made(assessment: Assessment, **changes: object) -> list[Any]:
    """The orders of the one card."""
    return list(resources(assessment, **changes))


@pytest.mark.parametrize(
    ("who", "taken"),
    [
        ("everybody", (True, True, True)),
        ("adults", (True, True, False)),
        ("children", (False, False, True)),
        ("multiple-limb-deficiency", (False, True, CHILD.limbs.multi)),
    ],
)
def test_a_receiver_takes_those_it_says(who: Who, taken: tuple[bool, ...]) -> None:
    assert tuple(qualifies(who, one) for one in (ONE, SEVERAL, CHILD)) == taken


def test_the_first_receiver_that_takes_the_patient_counts() -> None:
    special = ReferralTarget(action="refer-endocrinology", name="A", who="multiple-limb-deficiency")
    usual = ReferralTarget(action="refer-endocrinology", name="B")
    given = CardOptions(targets=(special, usual))
    assert [target.name for target in for_patient(given, SEVERAL).targets] == ["A"]
    assert [target.name for target in for_patient(given, ONE).targets] == ["B"]


def test_a_receiver_that_does_not_take_the_patient_leaves_the_built_in_one() -> None:
    children = ReferralTarget(action="refer-ex-center", name="For children", who="children")
    referral = made(CARDS["K2"], targets=(children,))[1]
    assert referral["performer"][0]["display"].startswith("EX-Center")


def test_a_referral_that_only_settings_know_is_offered_beside_those_of_the_card() -> None:
    assert own_referrals(CardOptions(targets=(FRACTURES,))) == ("refer-fracture-liaison",)
    plain, more = made(CARDS["K2"]), made(CARDS["K2"], targets=(FRACTURES,))
    assert len(more) == len(plain) + 1
    own = more[-1]
    assert own["code"]["text"] == "Referral to Fracture liaison unit: assessment of osteoporosis risk"
    assert own["code"]["coding"][0]["code"] == "103696004"
    assert own["performer"] == [{"display": "Fracture liaison unit"}]


@pytest.mark.parametrize("version", ["STU3", "R4", "R4B", "R5"])
def test_it_is_a_referral_in_every_version(version: str) -> None:
    own = made(CARDS["K2"], targets=(FRACTURES,), fhir_version=version)[-1]
    assert own["resourceType"] == ("ReferralRequest" if version == "STU3" else "ServiceRequest")


def test_a_card_without_a_referral_offers_none() -> None:
    without = [one for one in CARDS if not any("refer" in action for action in CARDS[one].decisions[0].actions)]
    assert without
    for name in without:
        plain, more = (labels(CARDS[name], **given) for given in ({}, {"targets": (FRACTURES,)}))
        assert plain == more


def test_ex_center_is_offered_a_letter_where_several_limbs_are_missing() -> None:
    assert "refer-ex-center" in offered_targets(SEVERAL)
    nothing = with_(ONE, decisions=())
    assert "refer-ex-center" not in offered_targets(nothing)
    own = ReferralTarget(action="refer-ex-center", name="Open to all")
    assert "refer-ex-center" in offered_targets(nothing, (own,))
