import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.body.heights import height_of
from cds_service.risk.body.weight import REFUSALS, REMARKS, body_size
from cds_service.risk.limbs.status import limb_status
from cds_service.risk.record import BodySite, Quantity
from cds_service.rulesets.load import load_default
from tests.unit.risk.records import AS_OF, CM, KVA, LOINC, SCT, SE, condition, item, observation, on, patient, procedure

RULES = load_default("se")
LEFT, RIGHT = (BodySite(side="left"),), (BodySite(side="right"),)


def size(*facts, **more):
    record = patient(*facts, **more)
    found = body_size(record, limb_status(record, RULES, AS_OF), RULES, AS_OF)
    assert found.refused in ("", *REFUSALS)
    assert found.height_refused in ("", *REFUSALS)
    assert set(found.remarks) <= set(REMARKS)
    return found


def cm(code, **more):
    return condition(code=(CM, code), **more)


def weight(kg, unit="kg", **more):
    return observation(value=kg, unit=unit, code=(LOINC, "29463-7"), **more)


def height(value, unit="cm", **more):
    return observation(value=value, unit=unit, code=(LOINC, "8302-2"), **more)


def bmi(value, **more):
    return observation(value=value, unit="kg/m2", code=(LOINC, "39156-5"), **more)


def ends(band, digits=1):
    return round(band.low, digits), round(band.high, digits)


TT, TF = cm("Z89.511"), cm("Z89.611")
BOTH_TF = (cm("Z89.611"), cm("Z89.612"))
HAND = cm("Z89.112")
BEFORE = item("height-before-amputation", 175)


# ---------------------------------------------------------------- worked examples of the evidence, section 1.6


def test_both_thighs_lost_in_the_upper_third():
    found = size(*BOTH_TF, weight(52.1), BEFORE, item("missing-thigh-fraction", 200 / 3))
    assert ends(found.missing_fraction, 3) == (0.253, 0.253)
    assert ends(found.weight) == (69.7, 69.7)
    assert ends(found.bmi) == (22.8, 22.8)
    assert (found.raw_weight, found.raw_height, found.raw_bmi) == (52.1, None, None)


def test_both_above_the_knee_and_no_more_known():
    found = size(*BOTH_TF, weight(52.1), BEFORE)
    assert ends(found.bmi) == (19.3, 25.0)


def test_one_above_the_knee_of_unknown_length():
    found = size(TF, weight(88), height(180))
    assert ends(found.bmi) == (28.9, 32.3)
    assert round(found.raw_bmi, 1) == 27.2


def test_a_congenital_transtibial_level():
    found = size(cm("Q72.22"), weight(39.6), height(160))
    assert ends(found.bmi) == (15.7, 16.4)


def test_both_below_the_elbow():
    found = size(cm("Q71.23"), weight(80), height(172))
    assert ends(found.missing_fraction, 3) == (0.014, 0.046)


SHARES = [
    ("toe", [cm("Z89.411")], (0.0, 0.0)),
    ("part of the foot", [procedure(code=(KVA, "NHQ14"), sites=LEFT)], (0.0, 1.5)),
    ("ankle", [cm("Z89.442")], (1.5, 1.5)),
    ("below the knee", [TT], (1.5, 5.9)),
    ("knee", [procedure(code=(KVA, "NGQ09"), sites=LEFT)], (5.9, 5.9)),
    ("above the knee", [TF], (5.9, 16.0)),
    ("hip", [procedure(code=(KVA, "NFQ09"), sites=LEFT)], (16.0, 16.0)),
    ("leg of unknown level", [cm("Z89.9", sites=(BodySite("lower", "left"),))], (0.0, 16.0)),
    ("hand", [HAND], (0.7, 0.7)),
    ("below the elbow", [cm("Z89.212")], (0.7, 2.3)),
    ("above the elbow", [cm("Z89.222")], (2.3, 5.0)),
    ("arm of unknown level", [condition(code=(SE, "Z89.2"))], (0.0, 5.0)),
    ("fingers or toes", [condition(code=(SCT, "275348004"))], (0.0, 0.0)),
    ("all limbs there", [cm("Q74.3")], (0.0, 0.0)),
]


@pytest.mark.parametrize(("facts", "expected"), [row[1:] for row in SHARES], ids=[row[0] for row in SHARES])
def test_the_missing_share_goes_from_the_joint_below_to_the_joint_above(facts, expected):
    band = size(*facts, weight(70)).missing_fraction
    assert ends(band, 4) == (round(expected[0] / 100, 4), round(expected[1] / 100, 4))
    assert math.isclose(band.mid, (band.low + band.high) / 2)


# ---------------------------------------------------------------- residual length


def share(*facts):
    return ends(size(*facts, weight(70)).missing_fraction, 4)


def test_an_answer_fixes_the_share_of_its_own_side_only():
    answer = item("missing-thigh-fraction", 50, sites=LEFT)
    assert share(*BOTH_TF, answer) == (round(0.059 + 0.059 + 0.0505, 4), round(0.16 + 0.059 + 0.0505, 4))
    assert share(*BOTH_TF, item("missing-thigh-fraction", 50, sites=(BodySite(side="bilateral"),))) == (0.219, 0.219)


def test_an_answer_for_another_segment_says_nothing():
    assert share(TT, item("missing-thigh-fraction", 50)) == (0.015, 0.059)
    assert share(TT, item("missing-calf-fraction", 50)) == (0.037, 0.037)
    assert share(cm("Z89.442"), item("missing-calf-fraction", 50)) == (0.015, 0.015)


@pytest.mark.parametrize(
    "value", [-1, 101, Quantity(50.0, ""), Quantity(50.0, "%", "<"), Quantity(math.nan, "%"), True]
)
def test_an_impossible_answer_is_passed_over_for_an_older_usable_one(value):
    wrong = item("missing-calf-fraction", value, "%", effective="2026-05-20", ref="Observation/new")
    right = item("missing-calf-fraction", 0.5, "1", effective="2026-05-01", ref="Observation/old")
    assert share(TT, wrong) == (0.015, 0.059)
    assert share(TT, wrong, right) == (0.037, 0.037)


def test_the_answer_used_is_shown_as_evidence():
    answer = item("missing-calf-fraction", 50)
    assert answer.evidence in size(TT, weight(70), answer).evidence
    assert answer.evidence not in size(TF, weight(70), answer).evidence


# ---------------------------------------------------------------- refusals


REFUSED = [
    ("no weight", [TT], "weight-missing"),
    ("a weight without unit", [TT, weight(70, "")], "weight-missing"),
    ("an upper bound", [TT, observation(value=Quantity(70.0, "kg", "<"), code=(LOINC, "29463-7"))], "weight-missing"),
    ("a preliminary weight", [TT, weight(70, status="preliminary")], "weight-missing"),
    ("700 kg", [TT, weight(700)], "weight-implausible"),
    ("7 kg", [TT, weight(7)], "weight-implausible"),
    ("two years and a day old", [TT, weight(70, effective="2024-05-31")], "weight-outdated"),
    ("two years old", [TT, weight(70, effective="2024-06-01")], ""),
    ("some day of the year two years ago", [TT, weight(70, effective="2024")], "weight-outdated"),
    ("undated", [TT, weight(70, effective=None)], "weight-outdated"),
    ("before the amputation", [cm("Z89.511", onset="2026-05-10"), weight(70)], "weight-before-amputation"),
    ("on its day", [cm("Z89.511", onset="2026-05-01"), weight(70)], "weight-before-amputation"),
    ("perhaps before", [cm("Z89.511", onset="2026"), weight(70)], "weight-before-amputation"),
    ("after it", [cm("Z89.511", onset="2026-04-30"), weight(70)], ""),
    ("between two amputations", [
        procedure(code=(KVA, "NGQ19"), sites=RIGHT, performed="2020-01-01"),
        procedure(code=(KVA, "NFQ19"), sites=RIGHT, performed="2026-05-20"),
        weight(70),
    ], "weight-before-amputation"),
    ("a short femur", [cm("Q72.42"), weight(70)], "mass-not-defined"),
    ("a limb nobody names", [cm("Z89.9"), weight(70)], "level-unknown"),
    ("both thighs and both arms", [*BOTH_TF, cm("Z89.221"), cm("Z89.222"), weight(70)], "too-much-missing"),
    ("both hips", [
        procedure(code=(KVA, "NFQ09"), sites=LEFT), procedure(code=(KVA, "NFQ09"), sites=RIGHT), weight(70),
    ], ""),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "expected"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_weight_is_corrected_or_refused_with_its_reason(facts, expected):
    found = size(*facts)
    assert found.refused == expected
    assert (found.weight is None) is bool(expected)


def test_what_is_refused_keeps_its_raw_value():
    found = size(TT, weight(70, effective="2020-01-01"), height(175))
    assert (found.raw_weight, found.raw_height, found.weighed_on) == (70, 175, on("2020-01-01"))
    assert round(found.raw_bmi, 1) == 22.9
    assert (found.weight, found.bmi) == (None, None)


def test_an_implausible_newer_weight_gives_way_to_a_plausible_older_one():
    assert size(TT, weight(700, effective="2026-05-20"), weight(70)).raw_weight == 70


def test_a_weight_of_the_future_is_not_seen():
    assert size(TT, weight(70, effective="2026-07-01")).refused == "weight-missing"


def test_the_newest_weight_counts_whatever_code_it_carries():
    measured = observation(value=66, unit="kg", code=(LOINC, "3141-9"), effective="2026-05-20")
    assert size(TT, weight(70), measured).raw_weight == 66


def test_a_mass_that_a_clinician_entered_settles_what_no_table_can():
    found = size(cm("Q72.42"), weight(54), item("missing-body-mass", 10))
    assert (found.refused, ends(found.weight)) == ("", (60.0, 60.0))
    assert size(cm("Z89.9"), weight(54), item("missing-body-mass", 10)).refused == ""
    assert size(cm("Z89.9"), weight(54), item("missing-body-mass", 36)).refused == "too-much-missing"
    assert size(cm("Z89.9"), weight(54), item("missing-body-mass", 35)).refused == ""


@pytest.mark.parametrize("value", [-1, 100, Quantity(10.0, "kg")])
def test_an_impossible_entered_mass_is_passed_over(value):
    assert size(cm("Q72.42"), weight(54), item("missing-body-mass", value, "%")).refused == "mass-not-defined"


# ---------------------------------------------------------------- prostheses on the scale

WORN, NOT_WORN = item("weighed-with-prosthesis", True), item("weighed-with-prosthesis", False)
MASS = item("prosthesis-mass", 4)
ANKLE = cm("Z89.442")
PROSTHESES = [
    ("not told", [], (70.0, 70.0), ("weight-may-include-prosthesis",)),
    ("not worn", [NOT_WORN], (70.0, 70.0), ()),
    ("not worn, though its mass is known", [NOT_WORN, MASS], (70.0, 70.0), ()),
    ("worn, mass known", [WORN, MASS], (66.0, 66.0), ("prosthesis-mass-subtracted",)),
    ("mass told, so it was worn", [MASS], (66.0, 66.0), ("prosthesis-mass-subtracted",)),
    ("worn, mass unknown", [WORN], (65.0, 70.0), ("prosthesis-mass-unknown",)),
    ("worn, mass impossible", [WORN, item("prosthesis-mass", 70)], (65.0, 70.0), ("prosthesis-mass-unknown",)),
    ("worn, mass without a unit", [WORN, item("prosthesis-mass", 4, "")], (65.0, 70.0), ("prosthesis-mass-unknown",)),
    ("told of another weighing", [item("weighed-with-prosthesis", True, effective="2026-01-01")], (70.0, 70.0),
     ("weight-may-include-prosthesis",)),
    ("told near the weighing", [item("weighed-with-prosthesis", True, effective="2026-04-01")], (65.0, 70.0),
     ("prosthesis-mass-unknown",)),
    ("told without a date", [item("weighed-with-prosthesis", False, effective=None)], (70.0, 70.0), ()),
    ("answered in words", [item("weighed-with-prosthesis", "ja")], (70.0, 70.0), ("weight-may-include-prosthesis",)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "scale", "remarks"), [row[1:] for row in PROSTHESES], ids=[row[0] for row in PROSTHESES]
)
def test_prostheses_are_taken_off_the_scale_weight(facts, scale, remarks):
    found = size(ANKLE, weight(70), *facts)
    assert ends(found.weight) == (round(scale[0] / 0.985, 1), round(scale[1] / 0.985, 1))
    assert found.remarks == remarks


def test_each_leg_may_carry_a_prosthesis_and_an_arm_adds_none():
    both = size(ANKLE, cm("Z89.441"), weight(70), WORN)
    assert ends(both.weight) == (round(60 / 0.97, 1), round(70 / 0.97, 1))
    assert both.weight.mid == pytest.approx(65 / 0.97)
    assert ends(size(HAND, weight(70), WORN).weight, 2) == (70.49, 70.49)
    assert size(HAND, weight(70)).remarks == ()


def test_an_undated_weight_has_no_answers_near_it():
    assert size(ANKLE, weight(70, effective=None), WORN).refused == "weight-outdated"


# ---------------------------------------------------------------- height and BMI


HEIGHTS = [
    ("one leg, standing", [TT, height(175)], 175, ""),
    ("an arm, standing", [HAND, height(175)], 175, ""),
    ("none", [TT], None, "height-missing"),
    ("nobody is 3 m tall", [TT, height(300)], None, "height-missing"),
    ("both legs, standing on prostheses", [*BOTH_TF, height(175)], None, "height-on-prostheses"),
    ("both legs, measured before", [
        cm("Z89.611", onset="2020-01-01"), cm("Z89.612", onset="2020-01-01"), height(175, effective="2019-12-31"),
    ], 175, ""),
    ("both legs, one still there", [
        cm("Z89.611", onset="2010-01-01"), cm("Z89.612", onset="2020-01-01"), height(175, effective="2015-01-01"),
    ], 175, ""),
    ("both legs, measured after", [
        cm("Z89.611", onset="2020-01-01"), cm("Z89.612", onset="2020-01-01"), height(190, effective="2020-01-02"),
    ], None, "height-on-prostheses"),
    ("both legs, one loss undated", [
        cm("Z89.611", onset="2020-01-01"), cm("Z89.612"), height(175, effective="2019-12-31"),
    ], None, "height-on-prostheses"),
    ("both legs, height undated", [
        cm("Z89.611", onset="2020-01-01"), cm("Z89.612", onset="2020-01-01"), height(175, effective=None),
    ], None, "height-on-prostheses"),
    ("born without legs", [cm("Q72.23"), height(175, effective="1990-01-01")], None, "height-on-prostheses"),
    ("both legs, estimated", [*BOTH_TF, height(190), item("height-estimated", 174)], 174, ""),
    ("both legs, known from before", [*BOTH_TF, height(190), item("height-estimated", 174), BEFORE], 175, ""),
    ("one leg, standing beats an estimate", [TT, height(175), item("height-estimated", 160)], 175, ""),
    ("limb not named, perhaps both legs", [cm("Z89.9"), height(175)], None, "height-on-prostheses"),
]  # fmt: skip


@pytest.mark.parametrize(("facts", "cm_", "refused"), [row[1:] for row in HEIGHTS], ids=[row[0] for row in HEIGHTS])
def test_height_is_never_that_of_prostheses(facts, cm_, refused):
    record = patient(*facts)
    found = height_of(record, limb_status(record, RULES, AS_OF), RULES, AS_OF)
    assert (found.cm, found.refused) == (cm_, refused)


def test_a_childs_height_is_not_an_adults():
    child = height(140, effective="2001-01-01")
    assert size(TT, weight(70), child, birth="1990-01-01").height_refused == "height-missing"
    assert size(TT, weight(70), child).height_refused == ""
    assert size(TT, weight(70), height(170, effective="2008-01-01"), birth="1990-01-01").height_refused == ""
    assert size(TT, weight(70), height(170, effective=None), birth="1990-01-01").height_refused == ""


def test_where_a_height_comes_from_is_remarked():
    assert "height-before-amputation" in size(*BOTH_TF, weight(52), BEFORE).remarks
    assert "height-estimated" in size(*BOTH_TF, weight(52), item("height-estimated", 174)).remarks


def test_a_recorded_bmi_serves_only_someone_who_lacks_no_mass():
    whole = size(cm("Q74.3"), bmi(18.0))
    assert (ends(whole.bmi), whole.raw_bmi, whole.height_refused) == ((18.0, 18.0), 18.0, "")
    assert whole.remarks == ("bmi-as-recorded",)
    lacking = size(TT, bmi(18.0))
    assert (lacking.bmi, lacking.raw_bmi, lacking.height_refused) == (None, 18.0, "height-missing")


def test_weight_and_height_beat_a_recorded_bmi():
    found = size(cm("Q74.3"), bmi(18.0), weight(80), height(170))
    assert round(found.bmi.mid, 1) == round(found.raw_bmi, 1) == 27.7


@pytest.mark.parametrize("fact", [bmi(18, effective="2020-01-01"), bmi(3), bmi(300), bmi(18, status="cancelled")])
def test_an_old_or_impossible_recorded_bmi_is_no_bmi(fact):
    found = size(cm("Q74.3"), fact)
    assert (found.bmi, found.raw_bmi) == (None, None)


# ---------------------------------------------------------------- properties

LEGS = st.sampled_from([(TT,), (TF,), BOTH_TF, (HAND,), (ANKLE, WORN)])


@given(LEGS, st.integers(40, 150), st.integers(140, 200))
def test_units_never_matter(limbs, kg, centimetres):
    metric = size(*limbs, weight(kg), item("height-before-amputation", centimetres))
    pounds = size(*limbs, weight(kg / 0.45359237, "[lb_av]"), item("height-before-amputation", centimetres / 100, "m"))
    for one, other in ((metric.weight, pounds.weight), (metric.bmi, pounds.bmi)):
        assert one.low == pytest.approx(other.low, rel=1e-6)
        assert one.high == pytest.approx(other.high, rel=1e-6)


@given(LEGS, st.integers(40, 150))
def test_the_corrected_weight_is_never_less_than_without_prostheses_and_its_band_is_ordered(limbs, kg):
    band = size(*limbs, weight(kg)).weight
    lightest = kg - 5 * (WORN in limbs)
    assert lightest <= band.low <= band.mid <= band.high


@given(LEGS, st.integers(40, 150), st.integers(0, 100))
def test_knowing_the_residual_length_only_narrows_the_band(limbs, kg, percent):
    wide = size(*limbs, weight(kg)).weight
    answers = [item(f"missing-{part}-fraction", percent) for part in ("thigh", "calf")]
    narrow = size(*limbs, weight(kg), *answers).weight
    assert wide.low - 1e-9 <= narrow.low <= narrow.high <= wide.high + 1e-9
