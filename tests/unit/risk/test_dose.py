"""Dose a day from structured dosages; unknown wherever a unit, a rate or the dose itself is not stated."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.drugs.dose import DailyDose, amount_of, daily_dose, single_dose, strength_of
from cds_service.risk.record import Dosage, Hit, Quantity, Range
from tests.unit.risk.drugs import drug, mg, prednisolone, tablets
from tests.unit.risk.records import match, medication

FIVE_MG = Quantity(5, "mg")


def dosage(value: float | None = None, per_day: float | None = 1, dose_unit: str = "mg", **more: Any) -> Dosage:
    """``value`` in ``dose_unit``, ``per_day`` times a day."""
    return Dosage(dose=None if value is None else Quantity(value, dose_unit), per_day=per_day, **more)


def per_day(one: Dosage, strength: Quantity | None = None) -> float | None:
    return daily_dose(one, strength, "mg").amount


@pytest.mark.parametrize(
    ("one", "strength", "expected"),
    [
        pytest.param(dosage(5), None, 5, id="5 mg once a day"),
        pytest.param(dosage(2.5, 2), None, 5, id="2.5 mg twice"),
        pytest.param(dosage(10, 0.5), None, 5, id="10 mg every other day"),
        pytest.param(dosage(5000, dose_unit="ug"), None, 5, id="micrograms"),
        pytest.param(dosage(0.005, dose_unit="g"), None, 5, id="grams"),
        pytest.param(tablets(2), FIVE_MG, 10, id="two tablets of 5 mg"),
        pytest.param(tablets(0.5), FIVE_MG, 2.5, id="half a tablet"),
        pytest.param(dosage(2, dose_unit="1"), FIVE_MG, 10, id="counted without a word"),
        pytest.param(dosage(2, dose_unit="mL"), Quantity(5, "mg/mL"), 10, id="mixture"),
        pytest.param(dosage(0.002, dose_unit="L"), Quantity(5, "mg/mL"), 10, id="mixture in litres"),
        pytest.param(tablets(2), Quantity(5, "mg/{tablet}"), 10, id="strength per tablet"),
        pytest.param(tablets(2), Quantity(5, "mg/1"), 10, id="strength per one"),
        pytest.param(tablets(2), None, None, id="tablets of unknown strength"),
        pytest.param(dosage(2, dose_unit="mL"), FIVE_MG, None, id="a volume of a tablet"),
        pytest.param(tablets(2), Quantity(5, "mg/mL"), None, id="a count of a mixture"),
        pytest.param(tablets(2), Quantity(0, "mg"), None, id="a strength of nothing"),
        pytest.param(tablets(2), Quantity(5, "mL"), None, id="a strength that is no mass"),
        pytest.param(dosage(5, dose_unit=""), FIVE_MG, None, id="no unit is never guessed"),
        pytest.param(dosage(5, dose_unit="mmol"), None, None, id="not a mass"),
        pytest.param(dosage(5, None), None, None, id="no timing"),
        pytest.param(dosage(5, 0), None, None, id="zero times a day"),
        pytest.param(dosage(5, math.inf), None, None, id="infinitely often"),
        pytest.param(dosage(5, math.nan), None, None, id="a rate that is no number"),
        pytest.param(dosage(0), None, None, id="a dose of nothing"),
        pytest.param(dosage(-5), None, None, id="a negative dose"),
        pytest.param(dosage(math.nan), None, None, id="a dose that is no number"),
        pytest.param(dosage(None), None, None, id="no dose"),
        pytest.param(dosage(5, text_only=True), None, None, id="text only"),
    ],
)
def test_dose_a_day(one: Dosage, strength: Quantity | None, expected: float | None) -> None:
    assert per_day(one, strength) == expected


def test_a_range_counts_with_its_low_end() -> None:
    ranged = Dosage(dose=Range(mg(5), mg(10)), per_day=1)
    assert daily_dose(ranged, None, "mg") == DailyDose(5, remarks=("dose-range",))


def test_a_range_without_a_low_end_is_known_from_above_only() -> None:
    ranged = Dosage(dose=Range(None, mg(10)), per_day=2)
    assert daily_dose(ranged, None, "mg") == DailyDose(None, 20, remarks=("dose-range",))


@pytest.mark.parametrize(
    ("comparator", "expected"),
    [
        ("<", DailyDose(None, 5, remarks=("dose-at-most",))),
        ("<=", DailyDose(None, 5, remarks=("dose-at-most",))),
        (">", DailyDose(5, remarks=("dose-at-least",))),
        (">=", DailyDose(5, remarks=("dose-at-least",))),
    ],
)
def test_a_comparator_bounds_the_dose_on_its_own_side(comparator: str, expected: DailyDose) -> None:
    assert daily_dose(Dosage(dose=Quantity(5, "mg", comparator), per_day=1), None, "mg") == expected


@pytest.mark.parametrize(
    ("one", "at_most"),
    [
        (dosage(5, as_needed=True), 5),
        (dosage(5, 4, as_needed=True, max_per_day=mg(10)), 10),
        (dosage(5, 1, as_needed=True, max_per_day=mg(10)), 5),
        (dosage(None, None, as_needed=True, max_per_day=mg(10)), 10),
        (dosage(5, None, as_needed=True), None),
        (dosage(text_only=True, as_needed=True), None),
    ],
)
def test_as_needed_is_never_counted_as_reached(one: Dosage, at_most: float | None) -> None:
    found = daily_dose(one, None, "mg")
    assert (found.amount, found.at_most, found.as_needed) == (None, at_most, True)


def test_the_most_a_day_caps_what_the_rest_says() -> None:
    assert daily_dose(dosage(5, 4, max_per_day=mg(15)), None, "mg") == DailyDose(15, remarks=("dose-capped",))
    assert daily_dose(dosage(5, 2, max_per_day=mg(15)), None, "mg") == DailyDose(10)
    assert daily_dose(dosage(5, 2, max_per_day=mg(10)), None, "mg") == DailyDose(10)


def test_the_most_a_day_alone_is_an_upper_limit_not_a_dose() -> None:
    assert daily_dose(dosage(None, max_per_day=mg(15)), None, "mg") == DailyDose(None, 15, remarks=("dose-at-most",))
    ranged = Dosage(dose=Range(None, mg(10)), per_day=1, max_per_day=mg(15))
    assert daily_dose(ranged, None, "mg").at_most == 10


def test_a_limit_in_tablets_is_turned_into_mass() -> None:
    assert per_day(tablets(1, 4, max_per_day=Quantity(2, "{tablet}")), FIVE_MG) == 10


def test_units_of_activity_are_doses_too() -> None:
    assert daily_dose(dosage(7500, 2, dose_unit="[IU]"), None, "[IU]").amount == 15_000
    assert daily_dose(dosage(7.5, 2, dose_unit="k[IU]"), None, "[IU]").amount == 15_000
    assert daily_dose(dosage(3, dose_unit="mL"), Quantity(5000, "[IU]/mL"), "[IU]").amount == 15_000


def test_an_unknown_equivalence_makes_a_dose_unknown() -> None:
    assert DailyDose(4, 8).times(1.25) == DailyDose(5, 10)
    assert DailyDose(4, 8).times(None) == DailyDose(None, None)


def test_one_dose_does_not_need_a_rate() -> None:
    assert single_dose(dosage(40, None), None, "mg").amount == 40


def test_strength_comes_from_the_record_before_the_code() -> None:
    coded = match("drug-glucocorticoid-systemic", strength="2.5 mg")
    assert strength_of(Hit(medication("drug-glucocorticoid-systemic"), coded)) == Quantity(2.5, "mg")
    assert strength_of(Hit(prednisolone(strength=FIVE_MG), coded)) == FIVE_MG
    assert strength_of(Hit(prednisolone(), match("drug-glucocorticoid-systemic"))) is None
    vague = match("drug-glucocorticoid-systemic", strength="various")
    assert strength_of(Hit(drug("H02AB06"), vague)) is None


@given(st.floats(0.1, 1000), st.sampled_from([("mg", 1.0), ("ug", 1e3), ("g", 1e-3)]))
def test_the_unit_a_dose_was_written_in_never_matters(value: float, unit: tuple[str, float]) -> None:
    found = amount_of(Quantity(value * unit[1], unit[0]), None, "mg")
    assert found is not None
    assert math.isclose(found, value, rel_tol=1e-9)


@given(st.floats(), st.text(max_size=8), st.none() | st.builds(Quantity, st.floats(), st.text(max_size=8)))
def test_whatever_is_sent_a_dose_is_positive_or_unknown(value: float, unit: str, strength: Quantity | None) -> None:
    found = amount_of(Quantity(value, unit), strength, "mg")
    assert found is None or (found > 0 and math.isfinite(found))


def test_a_dose_too_large_to_be_a_number_is_unknown() -> None:
    assert per_day(dosage(1e308, 1e308)) is None
    assert per_day(tablets(1e300), Quantity(1e300, "mg")) is None
