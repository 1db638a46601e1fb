"""What would change the tier."""

import pytest

from cds_service.risk.assessment import Change, Finding, Status, Tier, Unknown
from cds_service.risk.decisions.change import change
from cds_service.risk.tier import Tally
from cds_service.rulesets.load import load_default

RULES = load_default()


def weighed(points, tier, *items, findings=(), cut=4):
    tally = Tally(counted=(), points=points, cut=cut, tier=tier)
    return change(tally, tuple(findings), tuple(Unknown(item=item) for item in items), RULES)


@pytest.mark.parametrize(
    ("points", "tier", "cut", "expected"),
    [
        (0, Tier.NONE, 4, Change(tier=Tier.WATCH, points_short=1)),
        (0, Tier.INCOMPLETE, 4, Change(tier=Tier.WATCH, points_short=1)),
        (3, Tier.WATCH, 4, Change(tier=Tier.ELEVATED, points_short=1)),
        (1, Tier.WATCH, 3, Change(tier=Tier.ELEVATED, points_short=2)),
        (0, Tier.WATCH, 4, Change(tier=Tier.ELEVATED, points_short=4)),
        (5, Tier.ELEVATED, 4, Change(tier=Tier.HIGH, points_short=3)),
        (0, Tier.ELEVATED, 4, Change(tier=Tier.HIGH, points_short=8)),
        (8, Tier.HIGH, 4, None),
    ],
)
def test_how_far_the_next_tier_is(points, tier, cut, expected):
    assert weighed(points, tier, cut=cut) == expected


@pytest.mark.parametrize(
    ("short", "items"),
    [
        (1, ("smoking", "alcohol", "falls", "vitamin-d", "parental-hip-fracture")),
        (2, ("alcohol", "vitamin-d", "parental-hip-fracture")),
        (3, ("parental-hip-fracture",)),
    ],
)
def test_which_unknown_item_could_reach_it_alone(short, items):
    asked = ("smoking", "alcohol", "falls", "vitamin-d", "parental-hip-fracture")
    made = weighed(4 - short, Tier.WATCH, *asked)
    assert made is not None
    assert made.items == items


@pytest.mark.parametrize("item", ["fracture-history", "cortisone", "medication-list"])
def test_an_override_may_hide_behind_some_items(item):
    made = weighed(0, Tier.WATCH, item)
    assert made is not None
    assert made.items == (item,)


def test_what_its_family_already_gives_is_not_gained_again():
    counted = Finding(rule="R-ALC", family="ALC", status=Status.PRESENT, reason="x", weight="moderate", points=2)
    made = weighed(3, Tier.WATCH, "alcohol", findings=[counted])
    assert made is not None
    assert made.items == ()


@pytest.mark.parametrize(("tier", "items"), [(Tier.WATCH, ("frax-result",)), (Tier.ELEVATED, ())])
def test_a_frax_result_reaches_elevated_and_no_more(tier, items):
    made = weighed(2, tier, "frax-result")
    assert made is not None
    assert made.items == items


def test_what_no_points_depend_on_reaches_nothing():
    made = weighed(3, Tier.WATCH, "sex", "dxa-value", "local-rule")
    assert made is not None
    assert made.items == ()
