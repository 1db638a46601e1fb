"""K1, K2, K4 and K8: measure, refer, treat, follow up."""

from datetime import date

import pytest

from cds_service.risk.assessment import GateFinding, LimbStatus, Menopause, MissingLimb, Tier
from cds_service.risk.decisions import refer as decide_refer
from cds_service.risk.decisions import scan as decide_scan
from cds_service.risk.decisions import treat as decide_treat
from cds_service.risk.decisions.decide import decide
from cds_service.risk.drugs.bone_treatment import BoneTreatment
from cds_service.risk.dxa import Exam
from cds_service.risk.record import Evidence
from tests.unit.risk.records import LOINC, observation, on, patient
from tests.unit.risk.situations import BOTH_HANDS_ABSENT, present, recent_scan, situation, suppressed

DIAGNOSED = GateFinding(gate="G-KNOWNOP", effect="route", remarks=("diagnosis",))
ON_DRUG = GateFinding(gate="G-KNOWNOP", effect="route", remarks=("bone-drug",))
LOW_T = recent_scan("low-t-score", effect="route")
OLD_LOW_T = recent_scan("low-t-score", effect="route", until=date(2020, 1, 1))
LOW_Z = recent_scan("low-z-score", effect="route")


def shown(made, card):
    return next((decision for decision in decide(made) if decision.card == card), None)


def cards(made):
    return [decision.card for decision in decide(made)]


# ---------------------------------------------------------------- K1


@pytest.mark.parametrize(
    ("age", "sex", "state", "reasons"),
    [
        (60, "female", "postmenopausal", ("tier", "age-50", "postmenopausal")),
        (52, "female", "unknown", ("tier", "age-50")),
        (44, "female", "postmenopausal", ("tier", "postmenopausal")),
        (50, "male", "not-applicable", ("tier", "age-50")),
    ],
)
def test_a_scan_is_advised_from_50_or_after_the_menopause(age, sex, state, reasons):
    decision = shown(situation(age=age, sex=sex, menopause=Menopause(state=state)), "K1")
    assert decision is not None
    assert (decision.reasons, decision.indicator) == (reasons, "warning")
    assert decision.actions == ("order-dxa",)
    assert decision.values == {"points": 4, "cut": 4}


@pytest.mark.parametrize(
    ("rule", "weight", "reason"),
    [
        ("R-GC1", "strong", "glucocorticoid"),
        ("R-GC2", "strong", "glucocorticoid"),
        ("R-AI", "strong", "aromatase-inhibitor"),
        ("R-OFS", "strong", "ovarian-suppression"),
        ("R-ADT", "strong", "androgen-deprivation"),
        ("R-PTH", "strong", "hyperparathyroidism"),
        ("R-MENO-E", "moderate", "ovarian-insufficiency"),
        ("R-AN", "strong", "anorexia"),
        ("R-AN", "moderate", "anorexia"),
    ],
)
def test_some_causes_justify_a_scan_from_20(rule, weight, reason):
    made = situation(Tier.ELEVATED, present(rule, weight), age=24, sex="male")
    decision = shown(made, "K1")
    assert decision is not None
    assert decision.reasons == ("tier", reason)
    assert shown(made, "K2") is None


@pytest.mark.parametrize(
    ("rule", "weight"), [("R-PTH", "weak"), ("R-AN", "weak"), ("R-GC3", "moderate"), ("R-RA", "moderate")]
)
def test_others_do_not(rule, weight):
    assert cards(situation(Tier.ELEVATED, present(rule, weight), age=24, sex="male")) == ["K2"]


def test_the_vitamin_d_test_the_frax_link_and_advice_are_folded_in():
    decision = shown(situation(unknown=("vitamin-d",)), "K1")
    assert decision is not None
    assert decision.include == ("K3", "frax-link", "K7")
    assert decision.actions == ("order-dxa", "order-vitamin-d")


@pytest.mark.parametrize(("age", "profile"), [(39, "se"), (91, "se"), (60, "us")])
def test_frax_is_linked_only_in_its_ages_and_profiles(age, profile):
    decision = shown(situation(Tier.ELEVATED, present("R-AI"), age=age, profile=profile), "K1")
    assert decision is not None
    assert decision.include == ("K7",)


def test_several_missing_limbs_are_also_offered_the_ex_center():
    decision = shown(situation(limbs=BOTH_HANDS_ABSENT), "K1")
    assert decision is not None
    assert decision.actions == ("order-dxa", "refer-ex-center")


def test_an_earlier_scan_and_a_hip_it_left_out_are_told():
    limbs = LimbStatus(
        limbs=(MissingLimb(limb="lower", side="left", level="above-knee", origin="acquired"),),
        ld_class="LL-TF",
        in_cohort=True,
        residual_hip_sides=("left",),
        forearm_sides=("left", "right"),
    )
    exam = Exam(when=on("2024-01-01"), hips=frozenset({"right"}))
    decision = shown(situation(limbs=limbs, exam=exam), "K1")
    assert decision is not None
    assert decision.reasons[-2:] == ("earlier-scan-outdated", "residual-hip-not-measured")
    assert decision.values["last_scan"] == "2024-01-01"
    whole = shown(situation(limbs=limbs, exam=Exam(when=on("2015"), hips=frozenset({"left", "right"}))), "K1")
    assert whole is not None
    assert whole.reasons[-1] == "earlier-scan-outdated"
    undated = shown(situation(limbs=limbs, exam=Exam()), "K1")
    assert undated is not None
    assert "earlier-scan-outdated" not in undated.reasons
    assert "last_scan" not in undated.values


# ---------------------------------------------------------------- K2


@pytest.mark.parametrize(
    ("sex", "state", "reason"),
    [
        ("female", "premenopausal", "premenopausal"),
        ("male", "not-applicable", "man-under-50"),
        ("", "unknown", "under-50"),
    ],
)
def test_the_young_are_referred(sex, state, reason):
    made = situation(Tier.ELEVATED, age=35, sex=sex, menopause=Menopause(state=state), unknown=("vitamin-d",))
    decision = shown(made, "K2")
    assert decision is not None
    assert decision.reasons == (reason,)
    assert decision.actions == ("refer-endocrinology", "order-vitamin-d")
    assert decision.include == ("K3", "K7")
    assert cards(made) == ["K2"]


@pytest.mark.parametrize(
    ("kinds", "reasons"),
    [
        ("ckd", ("ckd",)),
        ("osteogenesis_imperfecta", ("osteogenesis-imperfecta",)),
        ("myeloma", ("myeloma",)),
        ("liver ckd", ("liver", "ckd")),
        ("copd", ()),
        ("", ()),
    ],
)
def test_some_diseases_need_a_specialist_first(kinds, reasons):
    made = situation(Tier.ELEVATED, present("R-CO", "moderate", values={"kinds": kinds}))
    decision = shown(made, "K2")
    assert (decision.reasons if decision else ()) == reasons
    assert cards(made) == (["K2"] if reasons else ["K1"])
    if decision:
        assert "order-dxa" not in decision.actions


@pytest.mark.parametrize(
    ("finding", "reason"),
    [(present("R-CO", values={"kinds": "liver"}), "liver"), (present("R-MAL", "moderate"), "malabsorption")],
)
def test_liver_disease_and_malabsorption_are_referred_together_with_the_scan(finding, reason):
    decision = shown(situation(Tier.ELEVATED, finding), "K2")
    assert decision is not None
    assert decision.reasons == (reason,)
    assert "order-dxa" in decision.actions


def test_no_site_that_can_be_measured_is_a_reason_to_refer():
    limbs = LimbStatus(
        limbs=tuple(
            MissingLimb(limb=limb, side=side, level=level, origin="acquired")
            for limb, level in (("lower", "hip"), ("upper", "elbow"))
            for side in ("left", "right")
        ),
        ld_class="LL-BI-TF",
        multi=True,
        in_cohort=True,
        forearm_sides=(),
    )
    decision = shown(situation(limbs=limbs), "K2")
    assert decision is not None
    assert decision.reasons == ("no-measurable-site",)
    assert "refer-ex-center" in decision.actions


@pytest.mark.parametrize("tier", [Tier.WATCH, Tier.NONE, Tier.ELEVATED])
def test_a_low_z_score_is_referred_whatever_the_tier(tier):
    made = situation(tier, gates=(LOW_Z,), age=40, sex="male")
    decision = shown(made, "K2")
    assert decision is not None
    assert decision.reasons == ("low-z-score",)


@pytest.mark.parametrize("gate", ["G-ORDER", "G-DECL"])
def test_an_order_or_refusal_holds_a_referral_back(gate):
    assert cards(situation(Tier.ELEVATED, gates=(suppressed(gate), LOW_Z), age=40, sex="male")) == []


@pytest.mark.parametrize(
    ("gates", "expected"),
    [((DIAGNOSED,), ["K2"]), ((LOW_T,), ["K2"]), ((LOW_Z,), ["K2"]), ((), []), ((ON_DRUG,), [])],
)
def test_known_osteoporosis_in_pregnancy_is_referred(gates, expected):
    made = situation(Tier.ELEVATED, present("R-FX1"), gates=(suppressed("G-PREG"), *gates), age=40)
    assert cards(made) == expected
    if expected:
        decision = shown(made, "K2")
        assert decision is not None
        assert decision.reasons == ("osteoporosis-in-pregnancy",)


def test_a_referral_without_a_tier_tells_no_points():
    decision = shown(situation(None, gates=(suppressed("G-PREG"), DIAGNOSED), age=33), "K2")
    assert decision is not None
    assert decision.values == {}


# ---------------------------------------------------------------- K4


@pytest.mark.parametrize(
    ("findings", "gates", "reasons"),
    [
        ((present("R-FX1"),), (), ("hip-or-vertebral-fracture",)),
        ((present("R-FX2"),), (), ("fragility-fracture",)),
        ((), (LOW_T,), ("low-t-score",)),
        ((present("R-GC2", override=True),), (), ("steroid-override",)),
        ((present("R-GC2"),), (), None),
        ((present("R-GC1", override=True),), (), None),
        ((present("R-FX3"),), (), None),
        ((), (LOW_Z,), None),
    ],
)
def test_treatment_is_considered_without_waiting_for_a_scan(findings, gates, reasons):
    decision = shown(situation(Tier.HIGH, *findings, gates=gates), "K4")
    assert (decision.reasons if decision else None) == reasons
    if decision:
        assert decision.actions == ("refer-osteoporosis-clinic",)
        assert decision.indicator == "warning"


@pytest.mark.parametrize("tier", [Tier.WATCH, Tier.NONE])
def test_a_low_t_score_bypasses_the_tier(tier):
    decision = shown(situation(tier, gates=(LOW_T,)), "K4")
    assert decision is not None
    assert decision.values["score"] == -2.7


def test_a_low_scan_that_is_old_is_repeated_in_a_raised_tier_only():
    assert cards(situation(Tier.ELEVATED, gates=(OLD_LOW_T,))) == ["K4", "K1"]
    assert cards(situation(Tier.ELEVATED, gates=(LOW_T,))) == ["K4"]
    assert cards(situation(Tier.WATCH, gates=(OLD_LOW_T,))) == ["K4"]


@pytest.mark.parametrize("gate", ["G-ORDER", "G-DECL", "G-DXA"])
def test_an_order_refusal_or_scan_does_not_hold_treatment_back(gate):
    held = recent_scan() if gate == "G-DXA" else suppressed(gate)
    assert cards(situation(Tier.HIGH, present("R-FX1"), gates=(held,))) == ["K4"]


@pytest.mark.parametrize(
    ("mof", "score", "expected"),
    [(20, -1.0, True), (19.9, -1.0, False), (20, -0.9, False), (35, None, False), (None, -2.0, False)],
)
def test_a_high_frax_with_a_lowered_t_score_is_treated(mof, score, expected):
    facts = []
    if score is not None:
        facts = [observation("dxa-result-observation", score, "1", code=(LOINC, "38267-1"), effective="2020-01-01")]
    made = situation(Tier.ELEVATED, present("R-TOOL", values={"mof": mof}), record=patient(*facts))
    decision = shown(made, "K4")
    assert (decision is not None) is expected
    if decision:
        assert decision.reasons == ("frax-20",)
        assert decision.values == {"frax": mof, "t_score": score}


@pytest.mark.parametrize(("age", "sex", "lone"), [(69, "male", True), (70, "male", False), (60, "female", False)])
def test_a_man_under_70_with_a_low_score_goes_to_an_endocrinologist(age, sex, lone):
    decision = shown(situation(Tier.WATCH, gates=(LOW_T,), age=age, sex=sex), "K4")
    assert decision is not None
    assert ("lone-man" in decision.reasons) is lone
    assert decision.actions == (("refer-endocrinology",) if lone else ("refer-osteoporosis-clinic",))


def test_several_missing_limbs_are_offered_the_ex_center_with_treatment_too():
    decision = shown(situation(Tier.HIGH, present("R-FX1"), limbs=BOTH_HANDS_ABSENT), "K4")
    assert decision is not None
    assert decision.actions == ("refer-osteoporosis-clinic", "refer-ex-center")


# ---------------------------------------------------------------- K8


@pytest.mark.parametrize(
    ("treatment", "reason"),
    [
        (BoneTreatment(), "treatment-gap"),
        (BoneTreatment(last_seen=date(2024, 5, 31)), "treatment-gap"),
        (BoneTreatment(last_seen=date(2024, 6, 1)), None),
        (BoneTreatment(complete=False), None),
        (BoneTreatment(current=True), None),
        (BoneTreatment(current=True, overdue_since=date(2026, 5, 1)), "denosumab-overdue"),
        (BoneTreatment(last_seen=date(2025, 1, 1), overdue_since=date(2025, 8, 1)), "denosumab-overdue"),
    ],
)
def test_known_osteoporosis_is_treated_or_says_so(treatment, reason):
    decision = shown(situation(None, gates=(DIAGNOSED,), treatment=treatment), "K8")
    assert (decision.reasons if decision else None) == ((reason,) if reason else None)
    if decision:
        assert (decision.indicator, decision.actions) == ("info", ("refer-osteoporosis-clinic",))


@pytest.mark.parametrize(
    ("day", "gates", "expected"),
    [
        ("2023-05-31", (), True),
        ("2023-06-01", (), False),
        ("2023-05-31", (suppressed("G-ORDER"),), False),
        (None, (), False),
    ],
)
def test_under_treatment_an_old_scan_is_repeated(day, gates, expected):
    made = situation(None, gates=(DIAGNOSED, *gates), treatment=BoneTreatment(current=True), exam=Exam(when=on(day)))
    decision = shown(made, "K8")
    assert (decision is not None) is expected
    if decision:
        assert (decision.reasons, decision.actions) == (("scan-outdated",), ("order-dxa",))
        assert decision.values == {"last_scan": day}


def test_without_any_scan_nothing_is_said_under_treatment():
    assert cards(situation(None, gates=(ON_DRUG,), treatment=BoneTreatment(current=True))) == []


def test_a_man_under_70_with_a_treatment_gap_goes_to_an_endocrinologist():
    decision = shown(situation(None, gates=(DIAGNOSED,), age=66, sex="male", treatment=BoneTreatment()), "K8")
    assert decision is not None
    assert (decision.reasons, decision.actions) == (("treatment-gap", "lone-man"), ("refer-endocrinology",))


@pytest.mark.parametrize(
    ("gates", "actions"),
    [((), ("refer-osteoporosis-clinic", "order-dxa")), ((suppressed("G-ORDER"),), ("refer-osteoporosis-clinic",))],
)
def test_an_unconfirmed_diagnosis_is_to_be_confirmed_by_a_scan(gates, actions):
    doubt = GateFinding(gate="G-KNOWNOP", effect="route", remarks=("diagnosis", "unconfirmed"))
    decision = shown(situation(None, gates=(doubt, *gates), treatment=BoneTreatment()), "K8")
    assert decision is not None
    assert (decision.reasons, decision.actions) == (("treatment-gap", "diagnosis-unconfirmed"), actions)


def test_known_osteoporosis_shows_no_risk_card():
    made = situation(None, present("R-FX1"), gates=(DIAGNOSED,), treatment=BoneTreatment(current=True))
    assert cards(made) == []


def test_in_pregnancy_nothing_is_said_of_treatment():
    assert decide_treat.known_osteoporosis(situation(None, gates=(suppressed("G-PREG"), DIAGNOSED))) is None


def test_every_reason_is_listed_for_the_words():
    listed = {
        *decide_scan.REASONS,
        *decide_refer.REASONS,
        *decide_treat.TREAT_REASONS,
        *decide_treat.KNOWN_REASONS,
    }
    exam = Exam(when=on("2010"), evidence=(Evidence("Observation"),))
    made = [
        situation(Tier.HIGH, present("R-FX1"), present("R-FX2"), gates=(OLD_LOW_T,), exam=exam, age=60, sex="male"),
        situation(Tier.HIGH, present("R-CO", values={"kinds": "ckd liver"}), present("R-MAL")),
        situation(None, gates=(DIAGNOSED,), age=60, sex="male"),
    ]
    said = {reason for one in made for decision in decide(one) for reason in decision.reasons}
    assert said <= listed
