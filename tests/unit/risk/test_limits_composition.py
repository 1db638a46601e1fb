"""What an assessment is put together from: every part of the case, of the record and of the draft stands in it."""

import msgspec
import pytest

from cds_service.risk.assess import assess, case_of, evaluate
from cds_service.risk.assessment import LimbStatus, Tier
from cds_service.risk.body.published_scores import published_tools
from cds_service.risk.decisions.change import change
from cds_service.risk.decisions.drafted_drugs import Effect, drug_effect, with_effect
from cds_service.risk.decisions.scan_plan import scan_plan
from cds_service.risk.record import Dosage, Gap, NotCoded, PatientRecord, Quantity
from cds_service.risk.tier import tally
from cds_service.rulesets.load import load_default
from tests.unit.risk.drugs import course, drug
from tests.unit.risk.records import AS_OF, CM, LOINC, SE, condition, observation, on, patient
from tests.unit.risk.test_drafted_drugs import chart, draft, effect_of, named

RULES = load_default("se")
LEG = condition(code=(SE, "Z89.5"), ref="Condition/leg")
GAP, TEXT = Gap("Observation/x", "valueQuantity", "no-number"), NotCoded("coeliac-disease", "Condition/y", "celiaki")


def kg(value):
    return observation("bmi-observation", value, "kg", code=(LOINC, "29463-7"), effective="2026-05-01")


def assessed(*facts, **more):
    record = patient(*facts, **{"sex": "female", "birth": "1961-03-02", **more})
    return assess(record, RULES, AS_OF), record


def test_every_part_of_the_case_and_of_the_record_stands_in_the_assessment():
    came, record = assessed(LEG, course(2.5, 200), kg(60), gaps=(GAP,), not_coded=(TEXT,), ignored_others=3)
    case = case_of(record, RULES, AS_OF, came.limbs)
    assert (came.age, came.sex, came.menopause, came.body) == (case.age, "female", case.menopause, case.body)
    assert (came.gaps, came.not_coded, came.ignored_others) == ((GAP,), (TEXT,), 3)
    assert (came.tools, came.scan) == (published_tools(case), scan_plan(case.limbs, came.findings))
    assert came.body.weight
    assert came.tools
    assert came.scan.hips
    unknown = sum(item.core for item in came.unknowns)
    counted = tally(came.findings, unknown, multi=False, rules=RULES)
    assert came.change == change(counted, came.findings, came.unknowns, RULES)
    assert came.change is not None


def test_a_record_holds_what_it_was_given_and_nothing_was_ignored_unless_told():
    record = patient(gaps=(GAP,), not_coded=(TEXT,), ignored_others=2)
    assert (record.gaps, record.not_coded, record.ignored_others) == ((GAP,), (TEXT,), 2)
    assert PatientRecord.of(record.demographics).ignored_others == 0


def test_who_is_silent_still_has_limbs_that_can_be_asked_for():
    assert assessed()[0].limbs == msgspec.structs.replace(LimbStatus(), forearm_sides=("left", "right"))
    assert assessed(LEG, sex="female", birth="2015-01-01")[0].limbs.ld_class == "LL-TT"


# ---------------------------------------------------------------- a fracture or a scan beside a steroid


def wrist_at_52():
    broken = condition("fragility-fracture", code=(SE, "S52.50"), onset="2018-03-01")
    return broken, condition("external-cause-low-energy", code=(SE, "W01.9"), onset="2018-03-01")


def t_score(value, on_day="2026-01-10"):
    attributes = {"property": "T-score", "site": "lumbar-spine", "laterality": "unspecified", "diagnostic": "yes"}
    return observation("dxa-result-observation", value, "{T-score}", attributes=attributes, effective=on_day)


def regular(*facts):
    record = patient(LEG, course(7.5, 240), *facts, sex="male", birth="1965-09-01")
    came = assess(record, RULES, AS_OF)
    found = evaluate(case_of(record, RULES, AS_OF, came.limbs))
    return next(one for one in found if one.rule == "R-GC2")


def test_an_older_fragility_fracture_lifts_a_steroid_to_high_and_another_disease_does_not():
    assert not regular().override
    assert regular(*wrist_at_52()).override
    assert not regular(condition("rheumatoid-arthritis", code=(SE, "M05.9"))).override


def test_the_same_fracture_and_a_low_score_lift_a_drafted_steroid():
    def lifted(*facts):
        record = patient(LEG, *facts, sex="male", birth="1965-09-01")
        effect, _ = effect_of(record, draft(7.5, 240))
        (finding,) = effect.findings
        return finding.override

    assert not lifted()
    assert lifted(*wrist_at_52())
    assert not lifted(condition("rheumatoid-arthritis", code=(SE, "M05.9")))
    assert lifted(t_score(-1.5))
    assert not lifted(t_score(-0.5))


# ---------------------------------------------------------------- known osteoporosis


def test_where_osteoporosis_is_known_a_recent_scan_is_no_gate_of_its_own():
    known = condition("osteoporosis-diagnosis", code=(SE, "M81.9"), onset="2020-01-01")
    came, _ = assessed(LEG, known, t_score(-0.5))
    assert [gate.gate for gate in came.gates] == ["G-KNOWNOP"]
    assert [gate.gate for gate in assessed(LEG, t_score(-0.5))[0].gates] == ["G-DXA"]


def test_the_age_of_the_last_scan_is_known_to_the_card_of_known_osteoporosis():
    known = condition("osteoporosis-diagnosis", code=(SE, "M81.9"), onset="2020-01-01")
    bone_drug = drug("M05BA04", 70, authored="2026-01-01")
    old = assessed(LEG, known, bone_drug, t_score(-2.6, "2022-01-10"))[0]
    new = assessed(LEG, known, bone_drug, t_score(-2.6, "2026-01-10"))[0]
    assert [card.card for card in old.decisions] == ["K8"]
    assert [card.card for card in new.decisions] == []


# ---------------------------------------------------------------- with a draft


def test_the_assessment_with_a_draft_takes_over_what_the_draft_changes_and_nothing_else():
    record = chart(course(2.5, 200))
    before = assess(record, RULES, AS_OF)
    case = case_of(record, RULES, AS_OF, before.limbs)
    drafts = PatientRecord.of(record.demographics, medications=(draft(10, 120),)).medications
    effect = drug_effect(before, case, drafts, frozenset({"MedicationRequest/1"}))
    after = with_effect(before, effect)
    rules = {finding.rule for finding in effect.findings}
    assert effect.after is not None
    assert (after.counted, after.points, after.tier) == (effect.after.counted, effect.after.points, effect.after.tier)
    assert (after.overrides, after.change, after.decisions) == (effect.after.overrides, None, ())
    assert after.findings == (*(one for one in before.findings if one.rule not in rules), *effect.findings)
    assert before.decisions or before.change
    assert (after.gates, after.unknowns, after.body) == (before.gates, before.unknowns, before.body)


def test_a_draft_that_changes_nothing_leaves_only_the_decisions_out():
    before, _ = assessed(LEG, course(10, 200))
    assert before.decisions
    assert with_effect(before, Effect()) == msgspec.structs.replace(before, decisions=())


def test_what_a_draft_counts_as_is_told_with_its_drug_and_rests_on_nothing_of_the_draft_itself():
    effect, _ = effect_of(chart(), draft(10, 120))
    (finding,) = effect.findings
    assert finding.values == {"drug": "prednisolone", "counts_as": "R-GC2"}
    assert (finding.evidence, finding.strong_since) == ((), None)
    assert finding.remarks == ()


def dated(start, end, first=None):
    fact = draft(10, None)
    dosage = Dosage(dose=Quantity(10, "mg"), per_day=1, start=on(start), end=on(end))
    return msgspec.structs.replace(fact, dosages=(dosage,), start=on(first))


@pytest.mark.parametrize(
    ("start", "end", "first", "raises"),
    [
        ("2026-06-01", "2026-08-29", None, True),
        ("2026-06-01", "2026-08-28", None, False),
        ("2026-07-01", "2026-09-28", None, True),
        ("2026-07-01", "2026-09-27", None, False),
        ("2025-01-01", "2025-03-31", None, True),
        ("2025-01-01", "2025-03-30", None, False),
        ("2025-01-01", "2025-03-31", "2025-01-01", True),
        ("2025-01-01", "2025-03-30", "2025-01-01", False),
    ],
)
def test_the_bounds_of_a_drafted_dosage_count_and_move_to_today_when_they_lie_in_the_past(start, end, first, raises):
    assert (effect_of(chart(), dated(start, end, first))[1] is not None) is raises


def test_as_strong_as_today_is_no_gain():
    effect, raised = effect_of(chart(course(10, 200)), draft(10, 120))
    assert raised is None
    assert effect.findings == ()


def test_a_supply_or_an_end_states_how_long_a_draft_lasts():
    for more in ({"days_supply": 120.0}, {"end": on("2026-10-01")}):
        effect, raised = effect_of(chart(), msgspec.structs.replace(draft(10, None), **more))
        assert effect.if_continued is False
        assert raised is not None


# ---------------------------------------------------------------- the card about a draft


def decided(*drafts, facts=(), rules=RULES, **more):
    raised = effect_of(chart(*facts, **more), *drafts, rules=rules)[1]
    assert raised is not None
    (card,) = raised.decisions
    return card, raised


def test_the_card_says_which_orders_raise_the_tier_from_what_to_what():
    card, raised = decided(draft(10, 120, "1"), named(drug("L02BG03", 1), "ai"))
    assert card.card == "O1"
    assert card.values == {"order": "Order 1, Order ai", "before": "WATCH", "after": "HIGH"}
    assert (card.indicator, card.reasons) == ("warning", ("order-raises-tier",))
    assert card.include == ("bone-protection", "K3")
    assert raised.scan == scan_plan(raised.limbs, raised.findings)
    assert raised.scan.hips


def test_an_order_that_counts_only_if_continued_is_told_mildly():
    card, _ = decided(draft(10, None))
    assert (card.indicator, card.reasons) == ("info", ("order-raises-tier", "order-if-continued"))


def test_vitamin_d_is_not_asked_for_again_when_it_is_known():
    level = observation("vitamin-d-lab", 80, "nmol/L", code=(LOINC, "14635-7"), effective="2026-04-01")
    card, _ = decided(draft(10, 120), facts=(level,))
    assert card.include == ("bone-protection",)
    assert "order-vitamin-d" not in card.actions


def test_a_recent_scan_holds_the_order_of_another_back():
    card, _ = decided(draft(10, 120), facts=(t_score(-0.5),))
    assert "order-dxa" not in card.actions


def test_without_a_bone_that_can_be_measured_no_scan_is_offered():
    arms_and_legs = (
        condition(code=(CM, "Z89.611")), condition(code=(CM, "Z89.612")), condition(code=(CM, "Z89.211")),
        condition(code=(CM, "Z89.212")),
    )  # fmt: skip
    card, raised = decided(draft(10, 120), facts=arms_and_legs)
    assert raised.tier is Tier.HIGH
    assert card.actions


def test_watch_is_told_only_where_watch_cards_are_shown():
    arm = condition(code=(SE, "Z89.2"))
    record = patient(arm, birth="1991-01-01", sex="female")
    shown = msgspec.structs.replace(RULES, choices={**RULES.choices, "decisions.watch_cards": "info"})
    assert effect_of(record, draft(2.5, 120))[1] is None
    raised = effect_of(record, draft(2.5, 120), rules=shown)[1]
    assert raised is not None
    assert raised.tier is Tier.WATCH
