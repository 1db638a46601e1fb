"""Where a scan should be taken."""

import pytest

from cds_service.risk.assessment import Finding, LimbStatus, MissingLimb, ScanPlan, Status
from cds_service.risk.decisions.scan_plan import FOREARMS, REMARKS, measurable, scan_plan

PRIMARY = Finding(rule="R-PTH", family="PTH", status=Status.PRESENT, reason="x", weight="strong", points=4)
CURED = Finding(rule="R-PTH", family="PTH", status=Status.PRESENT, reason="x", weight="weak", points=1)
POSSIBLE = Finding(rule="R-PTH", family="PTH", status=Status.POSSIBLE, reason="x", weight="strong")


def legs(*levels, residual=(), forearms=("left", "right")):
    limbs = tuple(
        MissingLimb(limb="lower", side=side, level=level, origin="acquired") for side, level in levels if level
    )
    return LimbStatus(limbs=limbs, residual_hip_sides=residual, forearm_sides=forearms)


def test_spine_and_both_hips_for_everyone():
    plan = scan_plan(legs(), ())
    assert plan.spine
    assert (plan.hips, plan.residual_hips, plan.forearm, plan.remarks) == (("left", "right"), (), "", ())


def test_the_hip_above_a_missing_leg_is_measured_and_reported_apart():
    plan = scan_plan(legs(("left", "above-knee"), residual=("left",)), ())
    assert plan.hips == ("left", "right")
    assert plan.residual_hips == ("left",)
    assert plan.remarks == ("report-residual-hip-apart",)


@pytest.mark.parametrize("level", ["hip", "hemipelvectomy"])
def test_a_lost_hip_cannot_be_measured(level):
    plan = scan_plan(legs(("left", level)), ())
    assert (plan.hips, plan.forearm, plan.remarks) == (("right",), "", ("one-hip-missing",))


def test_a_lost_hip_of_unknown_side_leaves_both_to_be_tried():
    assert scan_plan(legs(("unknown", "hip")), ()).hips == ("left", "right")


def test_without_hips_the_forearm_is_measured():
    plan = scan_plan(legs(("left", "hip"), ("right", "hip")), ())
    assert (plan.hips, plan.forearm, plan.remarks) == ((), "non-dominant", ("no-hip-left",))
    assert measurable(plan)


@pytest.mark.parametrize(
    ("forearms", "wanted"),
    [
        (("left", "right"), "non-dominant"),
        (("right",), "right"),
        (("left",), "left"),
        ((), "none"),
        (None, "unknown"),
    ],
)
def test_hyperparathyroidism_asks_for_a_forearm_that_exists(forearms, wanted):
    plan = scan_plan(legs(forearms=forearms), (PRIMARY,))
    assert plan.forearm == wanted
    assert wanted in FOREARMS
    assert ("no-forearm-left" in plan.remarks) is (wanted == "none")
    assert set(plan.remarks) <= set(REMARKS)


@pytest.mark.parametrize("finding", [CURED, POSSIBLE])
def test_cured_or_possible_hyperparathyroidism_does_not(finding):
    assert scan_plan(legs(), (finding,)).forearm == ""


@pytest.mark.parametrize(
    ("hips", "forearm", "expected"),
    [(("left",), "none", True), ((), "none", False), ((), "unknown", True), ((), "left", True)],
)
def test_the_spine_alone_is_not_enough(hips, forearm, expected):
    assert measurable(ScanPlan(hips=hips, forearm=forearm)) is expected
