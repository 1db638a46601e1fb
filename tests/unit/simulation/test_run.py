"""A whole cohort under two rule sets."""

import msgspec
import pytest

from cds_service.cohort.population import AS_OF
from cds_service.simulation.members import built_in_cohort
from cds_service.simulation.run import Cancelled, Side, simulate
from cds_service.simulation.tally import MOST_SHOWN, Outcome, Tally
from cds_service.simulation.upload import read_upload
from cds_service.terminology.load import load_default as load_terminology
from tests.unit.simulation.cases import changed, condition, lines, patient, present

WEAKER = ('"LL-TF" = "moderate"', '"LL-TF" = "none"')
"""An amputation above the knee would no longer count."""


def everyone(_done: int) -> bool:
    return True


def test_the_built_in_cohort_is_always_the_same_people():
    one, two = ([member.record(present().index) for member in built_in_cohort(12)] for _ in range(2))
    assert one == two
    assert len({member.number for member in built_in_cohort(12)}) == 12


def test_every_tier_age_sex_and_limb_class_occurs_in_a_part_of_the_built_in_cohort():
    outcome = simulate(built_in_cohort(150), present(), present(), AS_OF, everyone)
    assert outcome.people == 150
    assert set(outcome.tiers_before) >= {"HIGH", "ELEVATED", "WATCH", "INCOMPLETE", "none-applies"}
    assert {"UL", "LL-TT", "LL-TF", "LL-BI-TF"} <= set(outcome.groups["limb_class"])
    assert set(outcome.groups["sex"]) >= {"female", "male"}
    assert sum(group.people for group in outcome.groups["age_band"].values()) == 150 - outcome.unchecked


def test_the_same_rules_twice_change_nobody():
    outcome = simulate(built_in_cohort(60), present(), present(), AS_OF, everyone)
    assert (outcome.changing, outcome.gained, outcome.lost, outcome.changed, outcome.moves) == (0, 0, 0, (), {})
    assert outcome.tiers_before == outcome.tiers_after


def test_a_class_that_no_longer_counts_takes_cards_away_and_is_named_as_what_did_it():
    outcome = simulate(built_in_cohort(80), present(), changed(WEAKER), AS_OF, everyone)
    assert outcome.changing == len(outcome.changed) > 0
    assert outcome.lost > 0
    assert outcome.lowered > 0
    assert outcome.raised == outcome.gained == 0
    assert outcome.causes["R-LD"].people == outcome.changing
    assert outcome.causes["R-LD"].lowered == outcome.lowered
    assert sum(outcome.moves.values()) >= outcome.lowered
    assert {effect.limb_class for effect in outcome.changed} == {"LL-TF"}
    assert outcome.groups["limb_class"]["LL-TF"].lost == outcome.lost


def test_a_stop_ends_the_run_after_the_person_at_hand():
    seen: list[int] = []

    def three(done: int) -> bool:
        seen.append(done)
        return done < 3

    with pytest.raises(Cancelled):
        simulate(built_in_cohort(50), present(), present(), AS_OF, three)
    assert seen == [1, 2, 3]


def test_whoever_cannot_be_assessed_is_counted_apart():
    people = read_upload([lines(patient(id="a"), patient(id="b"), condition("Z89.6", "a"))]).members
    assert simulate(people, present(), present(), AS_OF, everyone).unchecked == 0
    alone = read_upload([lines(patient(id="a"))]).members
    outcome = simulate(alone, present(), present(), AS_OF, everyone)
    assert (outcome.people, outcome.unchecked, outcome.tiers_before) == (1, 1, {})


def test_codes_that_only_one_side_knows_are_read_anew():
    rules = present().rules
    other = Side(rules, load_terminology(frozenset()))
    people = read_upload([lines(patient(), condition("Z89.6"))]).members
    outcome = simulate(people, present(), other, AS_OF, everyone)
    assert outcome.people == 1
    assert outcome.unchecked == 0


def test_an_outcome_can_be_kept_as_json():
    outcome = simulate(built_in_cohort(80), present(), changed(WEAKER), AS_OF, everyone)
    assert msgspec.json.decode(msgspec.json.encode(outcome), type=Outcome) == outcome


def test_only_the_first_changes_are_listed_and_all_are_counted():
    outcome = simulate(built_in_cohort(80), present(), changed(WEAKER), AS_OF, everyone)
    tally = Tally()
    for _ in range(MOST_SHOWN + 1):
        tally.add(outcome.changed[0])
    assert (tally.outcome().changing, len(tally.outcome().changed)) == (MOST_SHOWN + 1, MOST_SHOWN)
