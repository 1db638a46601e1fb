import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.assessment import Age, LimbStatus, MissingLimb, Status
from cds_service.risk.factors.fracture import REASONS, REMARKS, evaluate
from cds_service.risk.record import Area, ConditionFact, Delivery
from tests.unit.risk import records as r
from tests.unit.risk.records import CM, SCT, SE, WHO, on

HIP, WRIST, VERTEBRA, PUBIS = (SE, "S72.00"), (SE, "S52.50"), (SE, "S22.00"), (WHO, "S32.5")
FALL = (SE, "W01.9")
TRAFFIC = (SE, "V43.5")


def fracture(code=HIP, onset="2025-03-01", **more):
    return r.condition("fragility-fracture", code=code, onset=onset, **more)


def cause(code=FALL, onset="2025-03-01", **more):
    concept = "external-cause-high-energy" if code == TRAFFIC else "external-cause-low-energy"
    return r.condition(concept, code=code, onset=onset, **more)


def case(*facts, age=70, birth="1955-06-01", **more):
    return r.case(*facts, age=age, birth=birth, **more)


def summary(finding):
    return finding.rule, finding.status, finding.override


def amputee(limb="lower", since="2019-05-01", origin="acquired"):
    missing = MissingLimb(limb=limb, side="left", level="above-knee", origin=origin, since=on(since))
    return LimbStatus(limbs=(missing,), ld_class="LL-TF", in_cohort=True)


@pytest.mark.parametrize(
    ("facts", "rule", "points", "override", "reason"),
    [
        ([fracture(), cause()], "R-FX1", 4, True, "fx.hip-or-vertebral"),
        ([fracture(VERTEBRA)], "R-FX1", 4, True, "fx.hip-or-vertebral"),
        ([fracture((CM, "M48.56XA"), onset="2008")], "R-FX1", 4, True, "fx.hip-or-vertebral"),
        ([fracture((CM, "M48.56XA"), onset=None)], "R-FX1", 4, True, "fx.hip-or-vertebral"),
        ([fracture(WRIST), cause()], "R-FX2", 4, True, "fx.other-fragility"),
        ([fracture(WRIST, onset="2020-03-01"), cause(onset="2020-03-01")], "R-FX2", 4, False, "fx.other-fragility"),
        ([fracture((SE, "S22.30")), cause()], "R-FX2", 4, True, "fx.other-fragility"),
        ([fracture((CM, "S22.42XA"))], "R-FX3", 2, False, "fx.adult"),
        ([fracture((SCT, "42942008"))], "R-FX1", 4, True, "fx.hip-or-vertebral"),
        ([fracture((SCT, "84138006"))], "R-FX1", 4, True, "fx.hip-or-vertebral"),
        ([fracture((SCT, "263199001")), cause()], "R-FX2", 4, True, "fx.other-fragility"),
        ([fracture((SE, "M80.0A"), onset="2020")], "R-FX2", 4, False, "fx.other-fragility"),
        ([fracture()], "R-FX3", 2, False, "fx.adult"),
        ([fracture(PUBIS)], "R-FX3", 2, False, "fx.adult"),
        ([fracture(HIP, onset="2000-01-01"), cause(onset="2000-01-01")], "R-FX3", 2, False, "fx.adult"),
        ([fracture(VERTEBRA, onset="2000")], "R-FX3", 2, False, "fx.adult"),
    ],
)
def test_site_age_and_mechanism_give_the_grade(facts, rule, points, override, reason):
    (finding,) = evaluate(case(*facts))
    assert (finding.rule, finding.points, finding.override, finding.reason) == (rule, points, override, reason)
    assert finding.status is Status.PRESENT
    assert finding.evidence
    assert finding.strong_since == (
        finding.evidence[0].when.first if rule != "R-FX3" and finding.evidence[0].when else None
    )


def test_patient_30_a_hip_fracture_from_a_standing_fall_overrides_to_high():
    (finding,) = evaluate(case(fracture(encounter="Encounter/1"), cause(onset="2025-03-02", encounter="Encounter/1")))
    assert summary(finding) == ("R-FX1", Status.PRESENT, True)
    assert finding.values == {"site": "hip", "mechanism": "low-energy", "age": 69, "on": "2025-03-01"}
    assert [threshold.name for threshold in finding.thresholds] == ["from_age"]


def test_patient_42_the_traffic_accident_that_cost_the_leg_is_not_a_fragility_fracture():
    facts = fracture(onset="2019"), cause(TRAFFIC, onset="2019-05-01", encounter="Encounter/1")
    by_date = evaluate(case(*facts, age=61, birth="1965", limbs=amputee()))
    assert [summary(one) for one in by_date] == [
        ("R-FX1", Status.UNKNOWN, False),
        ("R-FX3", Status.NOT_COUNTED, False),
    ]
    assert by_date[1].reason == "fx.caused-amputation"
    same = [fracture(onset="2019-05-01"), cause(TRAFFIC, onset="2019-05-01")]
    assert evaluate(case(*same, age=61, birth="1965", limbs=amputee()))[1].reason == "fx.high-energy"


@pytest.mark.parametrize(
    ("fact", "limbs", "counted"),
    [
        (fracture(onset="2019-05-01"), amputee(), False),
        (fracture(onset="2019-02-01"), amputee(), False),
        (fracture(onset="2019-01-31"), amputee(), True),
        (fracture(onset="2019-05-02"), amputee(), True),
        (fracture(onset=None, recorded="2019-07-01"), amputee(), False),
        (fracture(onset=None, recorded="2019-09-01"), amputee(), True),
        (fracture(WRIST, onset="2019-05-01"), amputee(), True),
        (fracture(WRIST, onset="2019-05-01"), amputee("upper"), False),
        (fracture(onset="2019-05-01"), amputee(origin="congenital"), True),
        (fracture(onset="2019-05-01"), amputee(since=None), True),
        (fracture(PUBIS, onset="2019-05-01"), amputee(), True),
    ],
)
def test_an_unexplained_fracture_of_the_limb_in_the_months_before_its_loss_is_that_injury(fact, limbs, counted):
    findings = evaluate(case(fact, limbs=limbs))
    assert findings[0].present is counted


def traumatic(**more):
    return r.condition("limb-deficiency-acquired-lower", code=(SE, "S78.1"), **more)


@pytest.mark.parametrize(
    ("injury", "fact", "counted"),
    [
        (traumatic(onset="2019-05-01"), fracture(PUBIS, onset="2019-05-01"), False),
        (traumatic(encounter="Encounter/1"), fracture(PUBIS, onset="2019-05", encounter="Encounter/1"), False),
        (traumatic(onset="2019"), fracture(PUBIS, onset="2019"), True),
        (traumatic(onset="2019-05-01"), fracture(HIP, onset="2019-04-20"), False),
        (traumatic(onset="2019-05-01"), fracture(WRIST, onset="2019-04-20"), True),
        (traumatic(onset="2019-05-01", verification="refuted"), fracture(HIP, onset="2019-05-01"), True),
        (traumatic(), fracture(HIP, onset=None), None),
    ],
)
def test_fractures_of_the_same_event_as_a_traumatic_amputation_are_not_counted(injury, fact, counted):
    first = evaluate(case(injury, fact))[0]
    assert first.present is bool(counted)


def test_a_stated_low_energy_fracture_counts_even_before_an_amputation():
    (finding,) = evaluate(case(fracture(onset="2019-04-20"), cause(onset="2019-04-20"), limbs=amputee()))
    assert finding.rule == "R-FX1"


def test_causes_that_contradict_each_other_leave_the_mechanism_unknown():
    (finding,) = evaluate(case(fracture(), cause(), cause(TRAFFIC)))
    assert (finding.rule, finding.remarks) == ("R-FX3", ("fx.verify-mechanism",))


@pytest.mark.parametrize("told", [cause(onset="2025-03-02"), cause(verification="entered-in-error"), cause(onset=None)])
def test_a_cause_of_another_event_explains_nothing(told):
    assert evaluate(case(fracture(), told))[0].rule == "R-FX3"


def test_a_cause_coded_in_the_same_entry_explains_the_fracture():
    both = fracture()
    hits = (*both.hits, *r.matches("external-cause-low-energy", FALL, None))
    one = ConditionFact(evidence=both.evidence, hits=hits, clinical="active", onset=both.onset)
    assert evaluate(case(one))[0].rule == "R-FX1"


@pytest.mark.parametrize(
    ("fact", "age", "birth", "status", "reason"),
    [
        (fracture(onset="1990-01-01"), 70, "1955-06-01", Status.NOT_COUNTED, "fx.young"),
        (fracture(onset=None), 35, None, Status.NOT_COUNTED, "fx.young"),
        (fracture(onset=None), 70, None, Status.POSSIBLE, "fx.age-unknown"),
        (fracture(onset=None), None, None, Status.POSSIBLE, "fx.age-unknown"),
        (fracture(onset="1995"), 70, "1955-06-01", Status.POSSIBLE, "fx.age-unknown"),
        (fracture(verification="provisional"), 70, None, Status.POSSIBLE, "fx.possible"),
    ],
)
def test_young_undated_and_unconfirmed_fractures_are_shown_but_leave_the_history_unknown(
    fact, age, birth, status, reason
):
    main, other = evaluate(case(fact, age=age, birth=birth))
    assert (main.rule, main.status) == ("R-FX1", Status.UNKNOWN)
    assert (other.status, other.reason, other.points) == (status, reason, 0)


def test_a_refuted_fracture_does_not_exist():
    assert [one.status for one in evaluate(case(fracture(verification="refuted")))] == [Status.UNKNOWN]


@pytest.mark.parametrize(
    ("fact", "remark"),
    [
        (fracture(VERTEBRA, onset=None, recorded="2025-01-01"), "fx.dated-by-recording"),
        (fracture(VERTEBRA, onset="2025"), "fx.date-imprecise"),
        (fracture((CM, "M48.56XA"), onset=None), "fx.date-not-recorded"),
    ],
)
def test_doubt_about_the_date_is_told(fact, remark):
    assert evaluate(case(fact))[0].remarks == (remark,)


def test_an_exact_date_or_an_age_at_onset_leaves_no_doubt():
    assert evaluate(case(fracture(VERTEBRA)))[0].remarks == ()
    (told,) = evaluate(case(fracture(VERTEBRA, onset=None, onset_age=61.0), birth=None))
    assert (told.rule, told.remarks, told.values["age"]) == ("R-FX1", (), 61)


def test_the_strongest_of_several_fractures_is_given_and_the_rest_is_still_seen():
    present, not_counted = evaluate(
        case(fracture(), fracture(WRIST, onset="2024-09-01"), cause(onset="2024-09-01"), cause(TRAFFIC))
    )
    assert (present.rule, not_counted.reason) == ("R-FX2", "fx.high-energy")


@pytest.mark.parametrize(
    ("answer", "age", "rule", "status", "reason"),
    [
        (r.item("fracture-low-energy", False), 70, "R-FX1", Status.ABSENT, "fx.denied"),
        (r.item("fracture-low-energy", False, effective="2020-01-01"), 70, "R-FX1", Status.UNKNOWN, "fx.unknown"),
        (r.item("fracture-low-energy", False, effective=None), 70, "R-FX1", Status.UNKNOWN, "fx.unknown"),
        (r.item("fracture-low-energy", True), 70, "R-FX3", Status.PRESENT, "fx.stated"),
        (r.item("fracture-low-energy", True, effective=None), 70, "R-FX3", Status.PRESENT, "fx.stated"),
        (r.item("fracture-low-energy", True), 35, "R-FX3", Status.POSSIBLE, "fx.stated"),
        (r.item("fracture-low-energy", True), None, "R-FX3", Status.POSSIBLE, "fx.stated"),
        (r.item("fracture-low-energy", "unsure"), 70, "R-FX1", Status.UNKNOWN, "fx.unknown"),
    ],
)
def test_the_question_answers_for_the_history_when_nothing_is_coded(answer, age, rule, status, reason):
    (finding,) = evaluate(case(answer, age=age))
    assert (finding.rule, finding.status, finding.reason) == (rule, status, reason)


def test_a_coded_fracture_beats_a_no():
    assert evaluate(case(fracture(), r.item("fracture-low-energy", False)))[0].present


def test_an_empty_list_is_unknown_not_absent_and_says_why():
    assert evaluate(case())[0].values == {"why": "not-recorded"}
    blocked = case(areas={Area.CONDITIONS: Delivery.BLOCKED})
    assert evaluate(blocked)[0].values == {"why": "blocked"}


def test_an_age_that_straddles_the_cut_takes_the_milder_grade():
    (finding,) = evaluate(case(fracture(onset="2005"), cause(onset="2005"), age=Age(70, 71), birth="1955-06-01"))
    assert finding.rule == "R-FX3"


@given(st.permutations([fracture(), fracture(WRIST, onset="2024-09-01"), cause(), fracture(PUBIS, onset="2001")]))
def test_order_and_repetition_never_matter(facts):
    once = evaluate(case(*facts))
    assert once == evaluate(case(*sorted(facts, key=lambda fact: fact.evidence.code)))
    assert once == evaluate(case(*facts, *facts))


def test_every_reason_and_remark_is_listed():
    seen = [*evaluate(case(fracture(), fracture((CM, "M48.5"), onset="2025"))), *evaluate(case())]
    assert {one.reason for one in seen} <= REASONS.keys()
    assert {remark for one in seen for remark in one.remarks} <= set(REMARKS)
    assert all(set(one.values) == set(REASONS[one.reason]) for one in seen)
