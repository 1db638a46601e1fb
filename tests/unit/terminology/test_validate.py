"""The report on the tables: counts, doubts, contradictions."""

from collections.abc import Callable

import pytest

from cds_service.terminology.checkdigits import loinc_is_valid, snomed_is_valid
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.load import default_reader, glucocorticoid_equivalence, load_default
from cds_service.terminology.table import ConceptRow, ConceptTable
from cds_service.terminology.validate import validate

MakeRow = Callable[..., ConceptRow]


def _problems(*rows: ConceptRow) -> tuple[str, ...]:
    index = TerminologyIndex.build([ConceptTable("demo", rows)], reader=default_reader())
    return validate(index, glucocorticoid_equivalence()).problems


def test_the_report_counts_rows_per_table_and_system(index: TerminologyIndex) -> None:
    report = validate(index)
    by_slug = {table.slug: table for table in report.tables}
    assert by_slug["drug-serm"].per_system == {"ATC": 3, "RxNorm": 1, "ICD-10-CM": 1}
    assert by_slug["dxa-procedure"].unverified == ("CPT 77080", "CPT 77081", "CPT 77085", "CPT 77086")
    assert report.rows == sum(report.per_system.values()) == sum(len(index.table(slug)) for slug in index.slugs)


def test_the_report_separates_what_counts_from_look_alikes_and_open_choices(index: TerminologyIndex) -> None:
    for table in validate(index).tables:
        assert table.enabled == 0
        assert table.rows == table.counting + table.excluded + table.open_choices


def test_the_report_shows_what_was_turned_on() -> None:
    report = validate(load_default(frozenset({"other-secondary-osteoporosis"})))
    (table,) = [table for table in report.tables if table.slug == "other-secondary-osteoporosis"]
    assert table.enabled == table.open_choices > 0
    assert table.rows == table.counting + table.excluded


def test_a_mistyped_code_is_found_by_its_check_digit(concept_row: MakeRow) -> None:
    (problem,) = _problems(concept_row("64859007", match="exact", system="snomed"))
    assert "check digit of 64859007" in problem
    (problem,) = _problems(concept_row("38268-8", match="exact", system="loinc"))
    assert "check digit of 38268-8" in problem


def test_a_row_that_can_never_decide_is_found(concept_row: MakeRow) -> None:
    (problem,) = _problems(concept_row("Z89.5", "level=knee"), concept_row("Z89.5", "level=hip", match="exact"))
    assert "Z89.5 never decides" in problem


def test_a_prefix_row_beside_an_exact_row_that_says_the_same_is_no_problem(concept_row: MakeRow) -> None:
    assert _problems(concept_row("Z89.5"), concept_row("Z89.5", match="exact")) == ()


@pytest.mark.parametrize("attributes", ["ingredient=prednisone;prednisone_mg_factor=2", "prednisone_mg_factor=1"])
def test_a_steroid_factor_without_its_source_is_found(concept_row: MakeRow, attributes: str) -> None:
    (problem,) = _problems(concept_row("H02AB07", attributes, system="atc"))
    assert "not the one in the equivalence table" in problem


# Published examples: SNOMED CT core concepts, extension concepts of the US and the UK; LOINC of the tables.
@pytest.mark.parametrize("code", ["64859006", "138875005", "448771000124104", "247541000000106"])
def test_real_snomed_identifiers_pass(code: str) -> None:
    assert snomed_is_valid(code)


@pytest.mark.parametrize(
    "code",
    [
        "64859005",
        "64589006",
        "6485900",
        "",
        "12345",
        "1" * 19,
        "6485900a",
        "6485900\N{FULLWIDTH DIGIT SIX}",
        "-4859006",
    ],
)
def test_other_numbers_fail_as_snomed(code: str) -> None:
    assert not snomed_is_valid(code)


@pytest.mark.parametrize("code", ["38268-9", "1989-3", "62292-8", "39156-5", "3137-7"])
def test_real_loinc_codes_pass(code: str) -> None:
    assert loinc_is_valid(code)


@pytest.mark.parametrize(
    "code", ["38268-8", "38286-9", "382689", "-9", "38268-", "38268-19", "3826a-9", "3826\N{FULLWIDTH DIGIT EIGHT}-9"]
)
def test_other_numbers_fail_as_loinc(code: str) -> None:
    assert not loinc_is_valid(code)
