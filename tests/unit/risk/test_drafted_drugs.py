"""What a drafted drug does to the tier: before -> after, and never less for more."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.risk.assess import assess, case_of
from cds_service.risk.assessment import Assessment, Tier
from cds_service.risk.decisions.drafted_drugs import Effect, drug_effect, with_effect
from cds_service.risk.decisions.ordering import doubtful_scan, raising_order
from cds_service.risk.record import Dosage, PatientRecord, Quantity
from cds_service.rulesets.load import load_default
from tests.unit.risk.drugs import course, drug, mg, prednisolone
from tests.unit.risk.records import AS_OF, SE, condition, on, patient, procedure

RULES = load_default("se")
RANK = {None: -1, Tier.INCOMPLETE: 0, Tier.NONE: 0, Tier.WATCH: 1, Tier.ELEVATED: 2, Tier.HIGH: 3}


def chart(*facts, sex="female", born="1961-03-02") -> PatientRecord:
    limb = condition(code=(SE, "Z89.5"))
    return patient(limb, *facts, sex=sex, birth=born)


def named(fact, number):
    evidence = msgspec.structs.replace(
        fact.evidence, reference=f"MedicationRequest/{number}", display=f"Order {number}"
    )
    return msgspec.structs.replace(fact, evidence=evidence, planned=True, status="draft")


def draft(dose=10.0, days=120, number="1", **more):
    dosage = Dosage(dose=mg(dose) if dose is not None else None, per_day=1, days=days)
    return named(prednisolone(dosages=(dosage,), authored=None, start=None, **more), number)


def effect_of(record, *drafts, selected=None, rules=RULES) -> tuple[Effect, Assessment | None]:
    before = assess(record, rules, AS_OF)
    case = case_of(record, rules, AS_OF, before.limbs)
    facts = PatientRecord.of(record.demographics, medications=drafts).medications
    every = {hit.fact.evidence.reference for hits in facts.values() for hit in hits}
    chosen = frozenset(every if selected is None else {f"MedicationRequest/{one}" for one in selected})
    effect = drug_effect(before, case, facts, chosen)
    return effect, raising_order(before, case, effect)


def tier_after(record, *drafts):
    before = assess(record, RULES, AS_OF)
    effect, _ = effect_of(record, *drafts)
    return with_effect(before, effect).tier


# ---------------------------------------------------------------- before -> after


def test_without_an_effect_the_assessment_stays_and_nothing_is_decided():
    record = chart()
    before = assess(record, RULES, AS_OF)
    effect, raised = effect_of(record, draft(days=5))
    assert effect == Effect()
    assert raised is None
    after = with_effect(before, effect)
    assert (after.tier, after.points, after.decisions) == (before.tier, before.points, ())


def test_the_limit_of_days_holds_from_both_sides():
    limit = int(RULES.factor("R-GC2")["days"])
    assert tier_after(chart(), draft(days=limit)) is Tier.HIGH
    assert tier_after(chart(), draft(days=limit - 1)) is Tier.WATCH


def test_a_very_high_dose_counts_after_more_than_its_days():
    rule = RULES.factor("R-GC1")
    dose, limit = rule["dose"] + 1, int(rule["days"])
    young = chart(born="1986-03-02")
    assert tier_after(young, draft(dose, limit + 1)) is Tier.HIGH
    assert tier_after(young, draft(dose, limit)) is not Tier.HIGH


def test_the_tier_is_what_counts_not_the_points():
    high = chart(course(10, 200))
    effect, raised = effect_of(high, named(drug("L02BG03", 1), "ai"))
    assert effect.after is not None
    assert effect.after.tier is Tier.HIGH
    assert raised is None


def test_watch_is_told_only_where_watch_is_shown():
    arm = condition(code=(SE, "Z89.2"))
    record = patient(arm, birth="1991-01-01", sex="female")
    rules = msgspec.structs.replace(RULES, choices={**RULES.choices, "decisions.watch_cards": "info"})
    low = draft(2.5, 120)
    assert RANK[assess(record, RULES, AS_OF).tier] < RANK[tier_after(record, low)] == RANK[Tier.WATCH]
    assert effect_of(record, low)[1] is None
    shown = effect_of(record, low, rules=rules)[1]
    assert shown is not None
    assert shown.tier is Tier.WATCH


def test_a_rule_that_is_switched_off_tells_nothing():
    off = msgspec.structs.replace(RULES.factors["R-AI"], enabled=False)
    rules = msgspec.structs.replace(RULES, factors={**RULES.factors, "R-AI": off})
    anastrozole = named(drug("L02BG03", 1), "ai")
    assert effect_of(chart(), anastrozole)[0].findings
    assert effect_of(chart(), anastrozole, rules=rules)[0] == Effect()


def test_a_known_length_suffices_without_the_drafts_of_unknown_length():
    effect, _ = effect_of(chart(), draft(10, 120, "1"), draft(2.5, None, "2"))
    assert not effect.if_continued
    effect, _ = effect_of(chart(), draft(10, None, "1"), draft(2.5, 120, "2"))
    assert effect.if_continued


def test_a_draft_that_begins_later_is_followed_to_its_end():
    later = msgspec.structs.replace(draft(10, 100), start=on("2026-07-01"))
    assert tier_after(chart(), later) is Tier.HIGH


def test_an_end_before_its_start_moves_with_it():
    old = msgspec.structs.replace(draft(10, None), start=on("2020-01-01"), end=on("2020-05-01"))
    assert tier_after(chart(), old) is Tier.HIGH
    short = msgspec.structs.replace(draft(10, None), start=on("2020-01-01"), end=on("2020-01-10"))
    assert tier_after(chart(), short) is Tier.WATCH


def test_a_cancelled_draft_is_no_exposure():
    assert tier_after(chart(), msgspec.structs.replace(draft(), status="cancelled")) is Tier.WATCH


def test_a_local_steroid_does_nothing():
    assert tier_after(chart(), draft(route="topical")) is Tier.WATCH


def test_the_finding_says_that_it_is_planned_and_keeps_the_evidence_of_what_was_taken():
    record = chart(course(10, 60, ended=30))
    effect, raised = effect_of(record, draft(10, 60))
    [finding] = effect.findings
    assert (finding.reason, finding.values["counts_as"]) == ("draft.reaches", "R-GC2")
    assert all(one.reference != "MedicationRequest/1" for one in finding.evidence)
    assert raised is not None
    assert [one.rule for one in raised.findings].count("R-GC2") == 1


def test_the_next_threshold_is_reached_only_once_by_the_selected_draft():
    effect, _ = effect_of(chart(), draft(number="1"), draft(number="2"), selected={"2"})
    assert effect == Effect()


# ---------------------------------------------------------------- what is offered


def test_a_pregnant_woman_is_offered_neither_scan_nor_treatment():
    pregnant = condition("pregnancy", onset="2026-04-01")
    _, raised = effect_of(chart(pregnant, born="1986-01-01"), draft(40, 120))
    assert raised is not None
    [decision] = raised.decisions
    assert "order-dxa" not in decision.actions
    assert "refer-osteoporosis-clinic" not in decision.actions


def test_a_young_man_is_referred_where_a_scan_alone_cannot_be_read():
    ufh = drug("B01AB01", dosages=(Dosage(dose=Quantity(20000, "[IU]"), per_day=1, days=120),))
    arm = condition(code=(SE, "Z89.2"))
    _, raised = effect_of(chart(arm, born="1990-01-01", sex="male"), named(ufh, "ufh"))
    assert raised is not None
    assert raised.decisions[0].actions == ("refer-endocrinology", "refer-ex-center", "order-vitamin-d")


def test_several_missing_limbs_are_offered_the_centre_as_well():
    arm = condition(code=(SE, "Z89.2"))
    _, raised = effect_of(chart(arm), draft())
    assert raised is not None
    assert "refer-ex-center" in raised.decisions[0].actions


def test_no_scan_no_doubt():
    assert doubtful_scan(assess(chart(), RULES, AS_OF), (), frozenset()) is None


# ---------------------------------------------------------------- more is never less

doses = st.sampled_from([None, 1.0, 2.5, 4.9, 5.0, 7.5, 29.0, 31.0, 60.0])
lengths = st.sampled_from([1, 14, 15, 30, 31, 60, 89, 90, 91, 180, 364, 365, 400, 1000])
PAST = (
    (),
    (course(5, 80, ended=340),),
    (course(5, 80, ended=20),),
    (course(2.5, 200),),
    (course(40, 25, ended=200),),
    (course(None, 60),),
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PAST), st.sampled_from([1.0, 2.5, 5.0, 7.5, 31.0]), st.floats(0, 40), lengths, lengths)
def test_a_stronger_or_longer_draft_never_gives_a_lower_tier(past, dose, more, days, longer):
    record = chart(*past)
    weak = tier_after(record, draft(dose, days))
    assert RANK[tier_after(record, draft(dose + more, days))] >= RANK[weak]
    assert RANK[tier_after(record, draft(dose, max(days, longer)))] >= RANK[weak]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(PAST), doses, lengths, doses, lengths)
def test_a_further_draft_never_gives_a_lower_tier_and_no_draft_ever_lowers_it(past, dose, days, other, other_days):
    record = chart(*past)
    one = tier_after(record, draft(dose, days))
    assert RANK[one] >= RANK[assess(record, RULES, AS_OF).tier]
    assert RANK[tier_after(record, draft(dose, days), draft(other, other_days, "2"))] >= RANK[one]


@pytest.mark.parametrize("profile", ["se", "us", "sheet"])
def test_every_profile_answers(profile):
    effect, _ = effect_of(chart(procedure("dxa-exam")), draft(), rules=load_default(profile))
    assert effect.after is not None
