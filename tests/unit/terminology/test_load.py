"""The shipped tables are complete, and the numeric facts are what their sources say."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cds_service.errors import TerminologyError
from cds_service.terminology import load
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.quantities import load_equivalence, load_units, load_vitamin_d
from cds_service.terminology.validate import validate

from .conftest import SHIPPED


def test_every_table_in_the_package_is_expected_so_that_losing_one_stops_the_start() -> None:
    shipped = {file.name.removesuffix(".tsv") for file in SHIPPED.iterdir() if file.name.endswith(".tsv")}
    assert shipped == load.EXPECTED_TABLES | load.HELPER_TABLES


def test_the_index_is_built_once_per_set_of_switches() -> None:
    assert load.load_default() is load.load_default(frozenset())
    assert load.load_default(frozenset({"other-secondary-osteoporosis"})) is not load.load_default()


@pytest.mark.parametrize("name", ["diabetes", "order-dxa", "units", "vitamin-d-thresholds"])
def test_a_missing_table_stops_the_start(tables_copy: Path, name: str) -> None:
    (tables_copy / f"{name}.tsv").unlink()
    with pytest.raises(TerminologyError, match=f"missing tables: {name}"):
        load.load_tables(tables_copy, load.load_reader(tables_copy))


def test_a_directory_of_tables_loads_like_the_package(tables_copy: Path, index: TerminologyIndex) -> None:
    tables = load.load_tables(tables_copy, load.load_reader(tables_copy))
    assert {table.slug: table.rows for table in tables} == {slug: index.table(slug) for slug in index.slugs}


def test_the_shipped_tables_have_no_problems() -> None:
    report = validate(load.load_default(), load.glucocorticoid_equivalence())
    assert report.problems == ()


def test_the_override_reasons_of_the_project_use_the_one_uri_defined_for_them(index: TerminologyIndex) -> None:
    own = [row for row in index.table("override-reason") if row.verified.startswith("project-defined")]
    assert own
    assert {row.system for row in own} == {load.code_systems().uri("override-reason")}


@pytest.mark.parametrize(
    ("ingredient", "factor"),
    [
        ("prednisolone", 1),
        ("hydrocortisone", 0.25),
        ("dexamethasone", 6.67),
        ("cortisone", 0.2),
        ("fludrocortisone", None),
    ],
)
def test_steroid_factors_are_those_of_the_formulary(ingredient: str, factor: float | None) -> None:
    assert load.glucocorticoid_equivalence()[ingredient].prednisone_mg_factor == factor


def test_every_steroid_factor_is_five_mg_prednisone_over_the_equivalent_dose() -> None:
    for row in load.glucocorticoid_equivalence().values():
        if row.prednisone_mg_factor is not None:
            assert row.equivalent_mg is not None
            assert row.source
            assert row.prednisone_mg_factor == pytest.approx(5 / row.equivalent_mg, rel=0.005)


def test_units_convert_to_the_reference_unit() -> None:
    factors = load.unit_factors()
    assert factors["25-OH vitamin D", "ng/mL"].factor == 2.496
    assert factors["25-OH vitamin D", "ug/L"].factor == factors["25-OH vitamin D", "ng/mL"].factor
    assert factors["vitamin D dose", "ug"].reference_ucum == "[IU]"


def test_vitamin_d_bands_keep_their_sources_and_open_ends() -> None:
    bands = load.vitamin_d_thresholds()
    assert all(band.source and band.label for band in bands)
    assert [band.low_nmol_l for band in bands if band.high_nmol_l is None] == [250]
    assert all(band.high_nmol_l is None or band.low_nmol_l < band.high_nmol_l for band in bands)


@pytest.mark.parametrize(
    ("read", "name", "old", "new", "message"),
    [
        (
            load_equivalence,
            "glucocorticoid-equivalence",
            "prednisone\t5\t1",
            "prednisone\t5\tone",
            "line 2: prednisone_mg",
        ),
        (load_equivalence, "glucocorticoid-equivalence", "prednisolone\t5", "prednisone\t5", "line 3: .* listed twice"),
        (
            load_equivalence,
            "glucocorticoid-equivalence",
            "deflazacort\t6\t0.83\tELMMB",
            "deflazacort\t6\t0.83\t",
            "a source",
        ),
        (load_units, "units", "vitamin D\tng/mL\t2.496", "vitamin D\tng/mL\t", "line 3: factor_to_reference"),
        (load_units, "units", "vitamin D\tng/mL", "vitamin D\tnmol/L", "line 3: .* listed twice"),
        (
            load_vitamin_d,
            "vitamin-d-thresholds",
            "0\t25\t0\t10\tdeficiency (brist)",
            "0\t25\t0\t10\t",
            "line 2: .*label",
        ),
        (load_vitamin_d, "vitamin-d-thresholds", "250\t\t100\t\trisk", "250\t\tlots\t\trisk", "line 13: low_ng_mL"),
    ],
)
def test_malformed_numbers_stop_the_start(
    tables_copy: Path, read: Callable[[Path], object], name: str, old: str, new: str, message: str
) -> None:
    file = tables_copy / f"{name}.tsv"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(TerminologyError, match=message):
        read(file)
