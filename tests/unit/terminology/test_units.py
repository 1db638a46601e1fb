"""Units convert by UCUM or not at all."""

import importlib.util
import math
from pathlib import Path

import pytest

from cds_service.errors import TerminologyError
from cds_service.terminology.units import COLUMNS, UcumUnit, convert, load_ucum, ratio, ucum_units

ROOT = Path(__file__).resolve().parents[3]
VITAMIN_D = "25-OH vitamin D"


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (70, "kg", "g", 70_000),
        (154.3, "[lb_av]", "kg", 69.9893027),
        (5, "mg", "ug", 5000),
        (0.0075, "g", "mg", 7.5),
        (18, "ng/mL", "ug/L", 18),
        (0.3, "m[IU]/L", "u[IU]/mL", 0.3),
        (68, "[in_i]", "cm", 172.72),
        (1.75, "m", "cm", 175),
        (3, "mo", "d", 91.3125),
        (1, "a", "mo", 12),
        (30, "min/d", "min/wk", 210),
        (10, "{glass}/wk", "{glass}/wk", 10),
        (7, "{standard_glass}/wk", "{standard_glass}/d", 1),
        (0.84, "g/cm2", "mg/cm2", 840),
        (2, "{falls}", "1", 2),
        (45, "mL/min/{1.73_m2}", "mL/min/1.73.m2", 45),
    ],
)
def test_units_of_one_dimension_convert(value: float, unit: str, to: str, expected: float) -> None:
    assert convert(value, unit, to) == pytest.approx(expected, rel=1e-9)


def test_results_carry_no_noise_that_could_straddle_a_threshold() -> None:
    assert convert(0.0075, "g", "mg") == 7.5
    assert convert(0.0000025, "kg", "mg") == 2.5
    assert convert(10, "ng/mL", "nmol/L", VITAMIN_D) == 24.96


@pytest.mark.parametrize(
    ("value", "unit", "to"),
    [
        (20, "", "nmol/L"),
        (20, "", ""),
        (20, "ng/mL", "nmol/L"),
        (20, "parsec", "cm"),
        (20, "cm", "parsec"),
        (2, "{tablet}", "mg"),
        (2, "{tablet}", "{capsule}"),
        (2, "{tablet}/d", "{capsule}/d"),
        (3, "d/wk", "min/wk"),
        (5, "[IU]", "1"),
        (5, "KG", "g"),
        (math.nan, "kg", "g"),
        (math.inf, "kg", "kg"),
        (1e308, "a", "s"),
    ],
)
def test_what_does_not_convert_is_not_guessed(value: float, unit: str, to: str) -> None:
    assert convert(value, unit, to) is None


@pytest.mark.parametrize(
    ("value", "unit", "to", "expected"),
    [
        (18, "ng/mL", "nmol/L", 44.928),
        (18, "ug/L", "nmol/L", 44.928),
        (44.928, "nmol/L", "ng/mL", 18),
        (0.05, "umol/L", "nmol/L", 50),
        (1.8, "ug/dL", "nmol/L", 44.928),
    ],
)
def test_amount_of_substance_needs_the_substance(value: float, unit: str, to: str, expected: float) -> None:
    assert convert(value, unit, to, VITAMIN_D) == pytest.approx(expected)


def test_an_unknown_substance_converts_nothing() -> None:
    assert convert(18, "ng/mL", "nmol/L", "unobtainium") is None
    assert convert(18, "kg", "nmol/L", VITAMIN_D) is None


def test_ratio_of_a_unit_to_itself_is_one_even_when_it_is_unknown() -> None:
    assert ratio("{puff}", "{puff}") == 1.0


@pytest.mark.parametrize("factor", ["", "much", "0", "-1", "nan", "inf"])
def test_a_factor_that_is_no_positive_number_stops_the_start(tmp_path: Path, factor: str) -> None:
    table = tmp_path / "ucum-factors.tsv"
    table.write_text("\t".join(COLUMNS) + f"\ng\tmass\t{factor}\tg\n", encoding="utf-8")
    with pytest.raises(TerminologyError, match="line 2: the factor must be a number above 0"):
        load_ucum(table)


def test_a_unit_listed_twice_stops_the_start(tmp_path: Path) -> None:
    table = tmp_path / "ucum-factors.tsv"
    table.write_text("\t".join(COLUMNS) + "\ng\tmass\t1\tg\ng\tmass\t1\tg\n", encoding="utf-8")
    with pytest.raises(TerminologyError, match="line 3: g is listed twice"):
        load_ucum(table)


def test_the_first_unit_of_every_dimension_is_its_reference() -> None:
    references: dict[str, UcumUnit] = {}
    for unit in ucum_units().values():
        references.setdefault(unit.dimension, unit)
    assert {unit.factor for unit in references.values()} == {1.0}


def test_the_table_is_what_the_ucum_library_says() -> None:
    spec = importlib.util.spec_from_file_location("build_ucum_table", ROOT / "tools" / "build_ucum_table.py")
    assert spec
    assert spec.loader
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    assert generator.TABLE.read_text(encoding="utf-8") == generator.table()
