"""From findings to points and a tier."""

import pytest

from cds_service.risk.assessment import Finding, Status, Tier
from cds_service.risk.tier import tally
from cds_service.rulesets.load import load_default

RULES = load_default()
WEIGHTS = {0: "none", 1: "weak", 2: "moderate", 4: "strong"}


def found(family, points, rule="", status=Status.PRESENT, weight=None, **more):
    weight = weight or WEIGHTS[points]
    return Finding(
        rule=rule or f"R-{family}", family=family, status=status, reason="x", weight=weight, points=points, **more
    )


def count(*findings, unknown=0, multi=False):
    return tally(findings, unknown, multi=multi, rules=RULES)


def test_within_a_family_only_the_strongest_counts():
    counted = count(found("GC", 1, "R-GC5"), found("GC", 4, "R-GC2"), found("LD", 2), found("GC", 2, "R-GC3"))
    assert (counted.points, counted.counted) == (6, ("R-GC2", "R-LD"))


def test_what_gives_no_points_is_not_counted():
    assert count(found("LD", 0), found("WT", 0, weight="contested")).counted == ()


def test_what_is_possible_absent_or_unknown_gives_nothing():
    others = [found(status.value, 4, status=status) for status in Status if status is not Status.PRESENT]
    counted = count(*others)
    assert (counted.points, counted.counted, counted.tier) == (0, (), Tier.NONE)


@pytest.mark.parametrize(
    ("body", "other", "tier"),
    [(12, 0, Tier.ELEVATED), (12, 2, Tier.ELEVATED), (12, 4, Tier.HIGH), (4, 4, Tier.HIGH), (3, 4, Tier.ELEVATED)],
)
def test_age_sex_and_weight_weigh_toward_high_as_one_strong_factor_at_most(body, other, tier):
    findings = [found("BODY", body, weight="strong")] + [found("GC", other)] * bool(other)
    counted = count(*findings)
    assert (counted.points, counted.tier) == (body + other, tier)


def spread(points):
    """``points`` weak factors of as many families."""
    return [found(f"F{place}", 1) for place in range(points)]


@pytest.mark.parametrize(
    ("points", "multi", "tier"),
    [
        (0, False, Tier.NONE),
        (1, False, Tier.WATCH),
        (3, False, Tier.WATCH),
        (4, False, Tier.ELEVATED),
        (7, False, Tier.ELEVATED),
        (8, False, Tier.HIGH),
        (0, True, Tier.NONE),
        (2, True, Tier.WATCH),
        (3, True, Tier.ELEVATED),
        (7, True, Tier.ELEVATED),
        (8, True, Tier.HIGH),
    ],
)
def test_points_make_the_tier(points, multi, tier):
    counted = count(*spread(points), multi=multi)
    assert (counted.points, counted.tier) == (points, tier)
    assert counted.cut == (3 if multi else 4)


def test_one_strong_or_two_moderate_or_four_weak_reach_elevated():
    assert count(found("A", 4)).tier is Tier.ELEVATED
    assert count(found("A", 2), found("B", 2)).tier is Tier.ELEVATED
    assert count(found("A", 2), found("B", 1)).tier is Tier.WATCH


@pytest.mark.parametrize(
    ("unknown", "tier"), [(0, Tier.NONE), (1, Tier.NONE), (2, Tier.INCOMPLETE), (9, Tier.INCOMPLETE)]
)
def test_nothing_found_is_none_only_when_the_core_is_known(unknown, tier):
    assert count(unknown=unknown).tier is tier
    assert count(found("A", 1), unknown=unknown).tier is Tier.WATCH


def test_contested_factors_alone_are_watch_whatever_is_unknown():
    contested = found("WT", 0, weight="contested")
    assert count(contested, unknown=9).tier is Tier.WATCH
    assert count(contested).points == 0


def test_contested_factors_never_lift_watch():
    contested = [found(f"C{place}", 0, weight="contested") for place in range(5)]
    assert count(*spread(3), *contested).tier is Tier.WATCH


def test_an_absent_contested_factor_is_nothing():
    assert count(found("WT", 0, weight="contested", status=Status.ABSENT)).tier is Tier.NONE


def test_an_override_is_high_whatever_the_points():
    counted = count(found("FX", 4, "R-FX1", override=True))
    assert (counted.tier, counted.overrides, counted.points) == (Tier.HIGH, ("R-FX1",), 4)


def test_an_override_that_is_only_possible_is_none():
    assert count(found("FX", 0, override=True, status=Status.POSSIBLE)).tier is Tier.NONE


def test_an_override_outweighs_its_family():
    counted = count(found("GC", 4, "R-GC2"), found("GC", 4, "R-GC1", override=True))
    assert counted.counted == ("R-GC1",)


def test_a_recorded_frax_above_the_cut_is_at_least_elevated():
    counted = count(found("FRAX", 0, "R-TOOL", floor=True))
    assert (counted.tier, counted.points) == (Tier.ELEVATED, 0)
    assert count(found("FRAX", 0, "R-TOOL", floor=True), *spread(8)).tier is Tier.HIGH
    assert count(found("FRAX", 0, "R-TOOL", floor=True, status=Status.ABSENT)).tier is Tier.NONE
