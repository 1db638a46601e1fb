"""What is told of a drafted drug that raises the tier."""

import msgspec

from cds_service.risk.assessment import Assessment, Tier
from cds_service.risk.decisions.drafted_drugs import Effect
from cds_service.risk.decisions.scan_plan import measurable
from cds_service.risk.record import Dosage, Quantity
from tests.unit.risk.drugs import drug
from tests.unit.risk.records import CM, condition
from tests.unit.risk.test_drafted_drugs import chart, draft, effect_of, named
from tests.unit.risk.test_heparin import given_for


def told(effect):
    (finding,) = effect.findings
    return finding.reason, finding.remarks, finding.strong_since


def raised_by(*drafts) -> Assessment:
    raised = effect_of(chart(), *drafts)[1]
    assert raised is not None
    return raised


def test_a_draft_long_enough_reaches_the_threshold_and_has_no_course_yet():
    effect, _ = effect_of(chart(), draft(10, 120))
    assert told(effect) == ("draft.reaches", (), None)
    assert effect.orders == ("Order 1",)
    raised = raised_by(draft(10, 120))
    assert raised.decisions[0].indicator == "warning"


def test_a_draft_without_a_length_reaches_it_if_continued():
    effect, _ = effect_of(chart(), draft(10, None))
    assert told(effect) == ("draft.if-continued", (), None)
    raised = raised_by(draft(10, None))
    assert raised.decisions[0].reasons == ("order-raises-tier", "order-if-continued")


def test_only_selected_drafts_on_which_the_finding_rests_are_named():
    steroids = draft(10, 120, "1"), draft(10, 120, "2")
    assert effect_of(chart(), *steroids, selected=("1", "2"))[0].orders == ("Order 1", "Order 2")
    assert effect_of(chart(), draft(10, 60, "1"), draft(10, 120, "2"), selected=("2",))[0].orders == ("Order 2",)


def test_a_draft_without_a_name_of_its_own_is_named_by_its_code():
    nameless = draft(10, 120)
    nameless = msgspec.structs.replace(nameless, evidence=msgspec.structs.replace(nameless.evidence, display=""))
    (name,) = effect_of(chart(), nameless)[0].orders
    assert "predniso" in name.lower()


def test_the_scan_and_a_review_of_bone_protection_are_offered():
    raised = raised_by(draft(10, 120))
    assert raised.tier is Tier.HIGH
    assert raised.decisions[0].actions[0] == "order-dxa"
    assert "refer-osteoporosis-clinic" in raised.decisions[0].actions


# ---------------------------------------------------------------- beside what is taken already


def heparin(days, number="heparin"):
    units = Dosage(dose=Quantity(15_000, "[IU]"), per_day=1, days=days)
    return named(drug("B01AB01", dosages=(units,)), number)


def test_a_draft_that_is_no_stronger_than_what_is_present_today_adds_nothing():
    low = chart(given_for("B01AB05", 365))
    assert effect_of(chart(), heparin(30))[0].findings
    assert effect_of(low, heparin(30))[0] == Effect()


def test_the_day_on_which_most_is_reached_decides_and_not_the_last_one():
    """What was taken months ago counts at first and has left the window a year ahead."""
    effect, _ = effect_of(chart(given_for("B01AB01", 60, 15_000, ended=200)), heparin(40))
    (found,) = effect.findings
    assert (found.rule, found.weight, found.points) == ("R-UFH", "moderate", 2)


# ---------------------------------------------------------------- what is offered


def test_a_disease_that_needs_a_specialist_first_is_referred_with_the_draft():
    kidneys = condition("chronic-kidney-disease", attributes={"stage": "4"}, recorded="2026-01-01")
    raised = effect_of(chart(kidneys), draft(10, 120))[1]
    assert raised is not None
    assert raised.decisions[0].actions[0] == "refer-endocrinology"


def test_whoever_has_neither_hip_nor_forearm_is_referred_and_not_scanned():
    both = [condition(code=(CM, code)) for code in ("Z89.221", "Z89.222", "S78.011", "S78.012")]
    raised = effect_of(chart(*both), draft(10, 120))[1]
    assert raised is not None
    assert not measurable(raised.scan)
    assert "order-dxa" not in raised.decisions[0].actions
