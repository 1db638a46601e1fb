"""What is told of a drafted drug that raises the tier."""

import msgspec

from cds_service.risk.assessment import Assessment, Tier
from tests.unit.risk.test_drafted_drugs import chart, draft, effect_of


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
