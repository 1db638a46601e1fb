"""The corrected BMI of every weighing, and what a series of them says of anorexia (R-AN)."""

import pytest

from cds_service.risk.assessment import Band, BodySize, LimbStatus, MissingLimb
from cds_service.risk.body.weight import bmi_series
from cds_service.risk.factors.nutrition import evaluate
from cds_service.rulesets.load import load_default
from tests.unit.risk import records as r
from tests.unit.risk.records import AS_OF, CM, LOINC, SE, item, on

RULES = load_default("se")
THIN = BodySize(bmi=Band(15.7, 16.0, 16.4))
HEIGHT = r.observation("bmi-observation", 160, "cm", code=(LOINC, "8302-2"), effective="2026-04-01", ref="O/height")


def kg(value, day, unit="kg", **more):
    return r.observation("bmi-observation", value, unit, code=(LOINC, "29463-7"), effective=day, ref=f"O/{day}", **more)


def leg(since):
    lost = MissingLimb(limb="lower", side="left", level="below-knee", origin="acquired", since=on(since))
    return LimbStatus(limbs=(lost,), ld_class="LL-TT", in_cohort=True)


def series(*facts, limbs=r.LEFT_HAND_ABSENT):
    return bmi_series(r.patient(*facts), limbs, RULES, AS_OF)


def test_each_weighing_on_a_known_day_gives_a_corrected_bmi_oldest_first():
    found = series(HEIGHT, kg(40, "2026-05-01"), kg(45, "2024-05-01"), kg(44, "2025"), kg(43, None))
    assert [(one.day.isoformat(), one.evidence.reference) for one in found] == [
        ("2024-05-01", "O/2024-05-01"),
        ("2026-05-01", "O/2026-05-01"),
    ]
    assert found[1].bmi.mid == pytest.approx(40 / (1 - 0.007) / 1.6**2, abs=0.01)


def test_impossible_weights_and_those_of_before_the_amputation_are_left_out():
    found = series(HEIGHT, kg(40, "2026-05-01"), kg(4, "2026-04-01"), kg(60, "2020-01-01"), limbs=leg("2020-01-01"))
    assert [one.day.isoformat() for one in found] == ["2026-05-01"]
    assert series(HEIGHT, kg(60, "2020-01-02"), limbs=leg("2020-01-01"))


def test_prostheses_of_the_day_are_taken_off_each_weighing():
    worn = item("prosthesis-mass", 2, effective="2025-05-01")
    before, now = series(HEIGHT, worn, kg(42, "2025-05-01"), kg(42, "2026-05-01"), limbs=leg("2015-01-01"))
    assert before.bmi.mid < now.bmi.mid


def test_without_a_height_or_with_a_mass_that_is_not_defined_there_is_no_series():
    assert series(kg(40, "2026-05-01")) == ()
    undefined = LimbStatus(limbs=leg("2015-01-01").limbs, ld_class="LL-TT", in_cohort=True, mass_adjustable=False)
    assert series(HEIGHT, kg(40, "2026-05-01"), limbs=undefined) == ()


# ---------------------------------------------------------------- R-AN


def anorexia(*facts, onset="2025-12-01", body=THIN):
    illness = r.condition("eating-disorder", code=(SE, "F50.0"), onset=onset, ref="Condition/illness")
    case = r.case(illness, HEIGHT, *facts, age=24, body=body)
    (found,) = (one for one in evaluate(case) if one.rule == "R-AN")
    return found


@pytest.mark.parametrize(
    ("facts", "points"),
    [
        ([kg(40, "2026-05-01"), kg(41, "2024-05-01")], 4),
        ([kg(40, "2026-05-01"), kg(41, "2024-05-02")], 2),
        ([kg(40, "2026-05-01"), kg(47.2, "2025-05-01"), kg(41, "2024-05-01")], 2),
        ([kg(40, "2026-05-01"), kg(47, "2025-05-01"), kg(41, "2024-05-01")], 4),
        ([kg(40, "2026-05-01"), kg(41, "2024-05-01"), kg(60, "2023-05-01")], 4),
        ([kg(60, "2026-05-01"), kg(41, "2024-05-01"), kg(41, "2022-05-01")], 2),
        ([kg(40, "2026-05-01")], 2),
        ([], 2),
    ],
)
def test_too_light_at_every_weighing_of_two_years_proves_the_duration(facts, points):
    assert anorexia(*facts).points == points


@pytest.mark.parametrize(
    ("facts", "points"),
    [
        ([], 4),
        ([kg(60, "2024-06-01")], 4),
        ([kg(60, "2024-06-02")], 2),
        ([kg(47.2, "2025-06-01")], 2),
        ([kg(47, "2025-06-01")], 4),
    ],
)
def test_a_weighing_of_enough_within_the_two_years_contradicts_the_length_of_the_illness(facts, points):
    assert anorexia(kg(40, "2026-05-01"), *facts, onset="2020-01-01").points == points


def test_without_a_low_bmi_today_no_series_makes_it_long():
    light = kg(40, "2026-05-01"), kg(41, "2024-05-01")
    assert anorexia(*light, body=BodySize()).points == 2
    assert anorexia(*light, body=BodySize(bmi=Band(18.4, 18.5, 18.5))).points == 2


def test_the_weighings_that_prove_it_are_the_evidence():
    found = anorexia(kg(40, "2026-05-01"), kg(41, "2024-05-01"), kg(60, "2023-05-01"))
    shown = [piece.reference for piece in found.evidence]
    assert shown == ["O/2026-05-01", "Condition/illness", "O/2024-05-01"]
    assert found.values["months"] == 24


def test_the_american_code_of_partial_remission_is_no_active_illness():
    illness = r.condition("eating-disorder", code=(CM, "F50.014"))
    (found,) = (one for one in evaluate(r.case(illness, HEIGHT, kg(40, "2026-05-01"), body=THIN)) if one.rule == "R-AN")
    assert found.reason == "nut.anorexia-resolved"
