"""Which cards are shown, in which order, and what holds them back."""

from datetime import date

import pytest

from cds_service.risk.assessment import GateFinding, LimbStatus, Tier
from cds_service.risk.decisions.decide import ACTIONS, CARDS, INCLUDES, decide
from cds_service.risk.drugs.bone_treatment import BoneTreatment
from cds_service.risk.record import Area, Delivery
from tests.unit.risk.situations import BOTH_HANDS_ABSENT, present, recent_scan, situation, suppressed

WATCH_ON = {"decisions.watch_cards": "info"}
DEFICIENT = {"grade": "deficient", "treated": False}
UNREAD = {Area.MEDICATIONS: Delivery.BLOCKED}


def cards(made):
    return [decision.card for decision in decide(made)]


def only(made):
    (decision,) = decide(made)
    return decision


# ---------------------------------------------------------------- the whole


@pytest.mark.parametrize(
    ("tier", "shown"),
    [
        (Tier.HIGH, ["K1"]),
        (Tier.ELEVATED, ["K1"]),
        (Tier.WATCH, []),
        (Tier.NONE, []),
        (Tier.INCOMPLETE, []),
        (None, []),
    ],
)
def test_by_default_only_a_raised_tier_shows_a_card(tier, shown):
    assert cards(situation(tier)) == shown


@pytest.mark.parametrize("gate", ["G-DEAD", "G-INACT", "G-COHORT", "G-EOL"])
def test_a_silent_gate_shows_nothing_whatever_else_there_is(gate):
    everything = present("R-FX1"), present("R-VITD", values=DEFICIENT)
    assert cards(situation(Tier.HIGH, *everything, gates=(suppressed(gate, effect="silent"),), areas=UNREAD)) == []


def test_at_most_two_cards_in_the_order_of_weight():
    everything = present("R-FX1"), present("R-VITD", values=DEFICIENT)
    made = situation(Tier.HIGH, *everything, areas=UNREAD)
    assert cards(made) == ["K4", "K1"]
    more = situation(Tier.HIGH, *everything, areas=UNREAD, numbers={"decisions.max_cards": 4})
    assert cards(more) == ["K4", "K1", "K3", "K6"]
    assert [CARDS.index(card) for card in cards(more)] == sorted(CARDS.index(card) for card in cards(more))


def test_a_vitamin_d_card_that_finds_no_room_is_folded_into_the_first():
    everything = present("R-FX1"), present("R-VITD", values=DEFICIENT)
    first, second = decide(situation(Tier.HIGH, *everything))
    assert "vitamin-d-first" in first.include
    assert "vitamin-d-first" not in second.include
    roomy = decide(situation(Tier.HIGH, *everything, numbers={"decisions.max_cards": 4}))
    assert all("vitamin-d-first" not in decision.include for decision in roomy)


def test_every_action_and_block_is_listed_for_the_words():
    made = situation(Tier.HIGH, present("R-FX1"), present("R-GC2"), unknown=("vitamin-d",), limbs=BOTH_HANDS_ABSENT)
    shown = decide(made)
    assert {action for decision in shown for action in decision.actions} <= set(ACTIONS)
    assert {block for decision in shown for block in decision.include} <= set(INCLUDES)


@pytest.mark.parametrize("gate", ["G-ORDER", "G-DECL", "G-PREG"])
def test_what_holds_the_scan_back_holds_back_the_other_cards_too(gate):
    made = situation(Tier.ELEVATED, gates=(suppressed(gate),), areas=UNREAD, choices=WATCH_ON)
    assert cards(made) == []
    watch = situation(Tier.WATCH, gates=(suppressed(gate),), choices=WATCH_ON)
    assert cards(watch) == []


def test_a_recent_scan_holds_back_but_an_outdated_one_does_not():
    assert cards(situation(gates=(recent_scan(),), areas=UNREAD)) == []
    assert cards(situation(gates=(recent_scan("low-t-score", effect="route", until=None),))) == ["K4", "K1"]


def test_a_scan_holds_back_until_its_last_day_and_no_longer():
    assert cards(situation(gates=(recent_scan(until=date(2026, 6, 2)),))) == []
    assert cards(situation(gates=(recent_scan(until=date(2026, 6, 1)),))) == ["K1"]


# ---------------------------------------------------------------- P1


def test_a_child_with_a_trigger_goes_to_paediatric_endocrinology_and_gets_no_adult_card():
    gate = GateFinding(gate="G-PAED", effect="route", remarks=("steroid",), values={"steroid_days": 152})
    made = situation(None, present("R-VITD", values=DEFICIENT), gates=(gate,), age=12)
    decision = only(made)
    assert decision.card == "P1"
    assert decision.reasons == ("paediatric-trigger", "steroid")
    assert decision.actions == ("refer-paediatric-endocrinology",)
    assert decision.values == {"steroid_days": 152}


def test_a_child_without_a_trigger_gets_no_card():
    made = situation(None, present("R-FX1"), gates=(GateFinding(gate="G-PAED", effect="route"),), age=12, areas=UNREAD)
    assert cards(made) == []


# ---------------------------------------------------------------- K3


@pytest.mark.parametrize("tier", [Tier.WATCH, Tier.NONE, Tier.INCOMPLETE, None])
def test_an_untreated_deficiency_shows_its_card_whatever_the_tier(tier):
    decision = only(situation(tier, present("R-VITD", values=DEFICIENT)))
    assert (decision.card, decision.indicator, decision.reasons) == ("K3", "info", ("vitamin-d-deficient",))
    assert decision.values == DEFICIENT


@pytest.mark.parametrize("gate", ["G-ORDER", "G-DECL", "G-PREG", "G-DXA"])
def test_a_deficiency_is_told_even_when_no_scan_is_advised(gate):
    held = recent_scan() if gate == "G-DXA" else suppressed(gate)
    assert cards(situation(Tier.ELEVATED, present("R-VITD", values=DEFICIENT), gates=(held,))) == ["K3"]


def test_a_deficiency_is_told_in_known_osteoporosis_too():
    known = GateFinding(gate="G-KNOWNOP", effect="route", remarks=("bone-drug",))
    made = situation(None, present("R-VITD", values=DEFICIENT), gates=(known,), treatment=BoneTreatment(current=True))
    assert cards(made) == ["K3"]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"grade": "deficient", "treated": True}, []),
        ({"grade": "deficient", "treated": None}, ["K3"]),
        ({"grade": "insufficient", "treated": False}, []),
    ],
)
def test_only_a_deficiency_that_is_not_treated(values, shown):
    assert cards(situation(Tier.WATCH, present("R-VITD", values=values))) == shown


# ---------------------------------------------------------------- K5 and K7


@pytest.mark.parametrize(
    ("age", "profile", "card"),
    [(39, "se", "K7"), (40, "se", "K5"), (90, "se", "K5"), (91, "se", "K7"), (60, "us", "K7")],
)
def test_watch_asks_for_frax_in_its_ages_and_profiles(age, profile, card):
    decision = only(situation(Tier.WATCH, choices=WATCH_ON, age=age, profile=profile))
    assert (decision.card, decision.indicator, decision.reasons) == (card, "info", ("watch",))
    assert ("frax-link" in decision.actions) is (card == "K5")


def test_watch_through_contested_factors_alone_shows_no_card():
    assert cards(situation(Tier.WATCH, points=0, choices=WATCH_ON)) == []


def test_a_strong_factor_newer_than_the_scan_asks_for_frax_and_tells_when_the_scan_is_due():
    decision = only(situation(Tier.ELEVATED, gates=(recent_scan("newer-strong-factor"),)))
    assert (decision.card, decision.indicator, decision.reasons) == ("K5", "warning", ("newer-strong-factor",))
    assert decision.values["due"] == "2026-12-01"
    assert decision.actions == ("frax-link",)


def test_it_does_so_for_watch_although_watch_cards_are_off():
    decision = only(situation(Tier.WATCH, gates=(recent_scan("newer-strong-factor"),), age=35))
    assert (decision.card, decision.indicator, decision.actions) == ("K5", "info", ())


@pytest.mark.parametrize("gate", ["G-ORDER", "G-DECL", "G-PREG"])
def test_not_while_another_scan_is_ordered_refused_or_unwise(gate):
    assert cards(situation(Tier.ELEVATED, gates=(suppressed(gate), recent_scan("newer-strong-factor")))) == []


def test_a_low_scan_is_treated_or_referred_and_needs_no_frax():
    low = recent_scan("low-t-score", "newer-strong-factor", effect="route")
    assert cards(situation(Tier.ELEVATED, gates=(low,))) == ["K4"]


# ---------------------------------------------------------------- K6


@pytest.mark.parametrize("tier", [Tier.INCOMPLETE, Tier.WATCH, Tier.NONE])
def test_an_unread_medication_list_is_asked_for(tier):
    decision = only(situation(tier, areas=UNREAD))
    assert (decision.card, decision.indicator, decision.reasons) == ("K6", "info", ("medication-list-unavailable",))


def test_a_partial_list_is_not():
    assert cards(situation(Tier.INCOMPLETE, areas={Area.MEDICATIONS: Delivery.PARTIAL})) == []


def test_an_unknown_limb_level_is_asked_for():
    limbs = LimbStatus(ld_class="LL-UNK", in_cohort=True, level_unknown=True, forearm_sides=("left", "right"))
    assert only(situation(Tier.WATCH, limbs=limbs)).reasons == ("limb-level-unknown",)


@pytest.mark.parametrize(
    ("age", "limbs", "shown"),
    [(49, None, []), (50, None, ["K6"]), (30, BOTH_HANDS_ABSENT, ["K6"])],
)
def test_data_are_asked_for_from_50_or_in_several_missing_limbs(age, limbs, shown):
    about = {"limbs": limbs} if limbs else {}
    assert cards(situation(Tier.INCOMPLETE, areas=UNREAD, age=age, sex="male", **about)) == shown


def test_other_gaps_are_told_inside_other_cards_only():
    assert cards(situation(Tier.INCOMPLETE, unknown=("smoking", "falls", "alcohol"))) == []


def test_an_unknown_age_is_asked_for_at_any_age():
    decision = only(situation(None, unknown=("birth-date",), age=None, sex="male"))
    assert decision.reasons == ("birth-date-unknown",)


def test_in_known_osteoporosis_an_unread_medication_list_is_asked_for_instead_of_claiming_a_gap():
    known = GateFinding(gate="G-KNOWNOP", effect="route", remarks=("diagnosis",))
    made = situation(None, gates=(known,), areas=UNREAD, treatment=BoneTreatment(readable=False, complete=False))
    assert cards(made) == ["K6"]
