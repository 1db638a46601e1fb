"""What a change of the rules does to one person."""

import pytest
from msgspec import structs

from cds_service.cohort.population import AS_OF
from cds_service.fhir import read_bundle
from cds_service.risk.assess import assess
from cds_service.risk.assessment import Age, Assessment, GateFinding, LimbStatus, Tier
from cds_service.simulation.effect import Cause, Effect, age_band, effect_of
from tests.unit.simulation.cases import condition, lines, patient, present


def both(after, *resources):
    text = b"[" + lines(*resources).replace(b"\n", b",") + b"]"
    record = read_bundle(text, present().index)
    return assess(record, present().rules, AS_OF), assess(record, after.rules, AS_OF)


def bare(**members) -> Assessment:
    return Assessment(rule_set="1", profile="se", as_of=AS_OF, limbs=LimbStatus(), **members)


def test_the_same_rules_change_nothing_and_name_no_cause():
    effect = effect_of(1, *both(present(), patient(), condition("Z89.6"), condition("M05.9")))
    assert not effect.changes
    assert (effect.gained, effect.lost, effect.raised, effect.causes) == ((), (), 0, ())
    assert (effect.age_band, effect.sex, effect.limb_class, effect.tier_before) == (
        "65-79",
        "female",
        "LL-TF",
        "ELEVATED",
    )


def test_a_cut_that_moves_is_a_change_of_the_settings():
    before, _ = both(present(), patient(), condition("Z89.6"))
    after = structs.replace(before, tier=Tier.WATCH, decisions=before.decisions[1:])
    effect = effect_of(1, before, after)
    assert effect.causes == (Cause("settings"),)
    assert (effect.raised, effect.lost, effect.gained) == (-1, ("K1",), ())
    assert effect_of(1, after, before).gained == ("K1",)


def test_a_factor_that_gives_other_points_is_the_cause():
    with_factor, _ = both(present(), patient(), condition("Z89.6"), condition("M05.9"))
    without = structs.replace(
        with_factor,
        findings=tuple(finding for finding in with_factor.findings if finding.rule != "R-RA"),
        points=with_factor.points - 2,
        decisions=(),
    )
    assert effect_of(1, with_factor, without).causes == (Cause("R-RA", 2, 0, -1),)
    assert effect_of(1, without, with_factor).causes == (Cause("R-RA", 0, 2, 1),)


def test_the_strongest_finding_of_a_rule_stands_for_it():
    before, _ = both(present(), patient(), condition("Z89.6"), condition("M05.9"))
    (strong,) = (one for one in before.findings if one.rule == "R-RA")
    weak = structs.replace(strong, points=1)
    both_ways = [
        structs.replace(before, findings=(*before.findings, weak)),
        structs.replace(before, findings=(weak, *before.findings)),
    ]
    for twice in both_ways:
        assert effect_of(1, before, structs.replace(twice, decisions=())).causes == (Cause("settings"),)


def test_the_weightiest_cause_comes_first():
    before, _ = both(present(), patient(), condition("Z89.6"), condition("M05.9"), condition("K90.0"))
    drop = {"R-RA": 1, "R-COE": 2}
    after = structs.replace(
        before,
        decisions=(),
        findings=tuple(
            structs.replace(one, points=one.points - drop.get(one.rule, 0)) if one.present else one
            for one in before.findings
        ),
    )
    assert [cause.rule for cause in effect_of(1, before, after).causes] == ["R-COE", "R-RA"]


def test_a_gate_that_closes_takes_away_and_one_that_opens_adds():
    before = bare(tier=Tier.ELEVATED)
    after = bare(gates=(GateFinding(gate="G-PAED", effect="route"),))
    assert effect_of(1, before, after).causes == (Cause("G-PAED", lifts=-1),)
    assert effect_of(1, after, before).causes == (Cause("G-PAED", lifts=1),)
    assert effect_of(1, after, before).raised == 0


@pytest.mark.parametrize(
    ("before", "after", "raised"),
    [("WATCH", "ELEVATED", 1), ("HIGH", "ELEVATED", -1), ("NONE", "INCOMPLETE", 1), ("HIGH", "HIGH", 0)],
)
def test_tiers_are_ordered(before, after, raised):
    effect = effect_of(1, bare(tier=Tier(before)), bare(tier=Tier(after)))
    assert effect.raised == raised
    assert effect.changes is (raised != 0)


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (Age(19, 19), "0-19"),
        (Age(20, 20), "20-49"),
        (Age(49, 49), "20-49"),
        (Age(50, 50), "50-64"),
        (Age(65, 79), "65-79"),
        (Age(80, 80), "80+"),
        (Age(64, 65), "unknown"),
        (None, "unknown"),
    ],
)
def test_ages_fall_into_bands_where_they_are_known_well_enough(age, band):
    assert age_band(bare(age=age)) == band


def test_an_effect_names_nobody():
    effect = effect_of(7, *both(present(), patient(name=[{"family": "Synthetic"}], id="p"), condition("Z89.6")))
    assert set(structs.asdict(effect)) == {
        "number", "age_band", "sex", "limb_class", "multi", "tier_before", "tier_after", "points_before",
        "points_after", "cards_before", "cards_after", "causes",
    }  # fmt: skip
    assert isinstance(effect, Effect)
