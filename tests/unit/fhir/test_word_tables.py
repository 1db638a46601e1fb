"""The small tables speak the words that the record and the terminology use."""

import pytest

from cds_service.fhir import word_tables
from cds_service.terminology.index import TerminologyIndex
from cds_service.terminology.units import ucum_units

ROUTES = {"oral", "parenteral", "inhaled", "nasal", "topical", "ophthalmic", "intraarticular", "rectal", "other"}


def test_every_spelling_leads_to_a_unit_that_converts_or_counts() -> None:
    units = set(word_tables.unit_spellings().values())
    assert {unit for unit in units if unit not in ucum_units() and not unit.startswith("{")} == set()


def test_spellings_are_written_as_they_are_compared() -> None:
    spellings = word_tables.unit_spellings()
    assert [text for text in spellings if text != text.lower() or " " in text or "µ" in text] == []


def test_routes_are_those_of_the_record(index: TerminologyIndex) -> None:
    assert set(word_tables.route_words().values()) <= ROUTES
    assert {row.attributes["route"] for row in index.table("route")} == ROUTES


def test_hints_name_concepts_that_exist(index: TerminologyIndex) -> None:
    finder = word_tables.text_hints()
    found = {
        slug
        for word in ("underbensamputation", "kortison", "fraktur", "dxa", "rökare")
        for slug in finder.meanings(word)
    }
    assert len(found) == 5
    assert found <= set(index.slugs)


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("vänster", ("left",)),
        ("Hö underben", ("right",)),
        ("båda", ("bilateral",)),
        ("left and right", ("left", "right")),
        ("cleft palate, bright", ()),
        ("hötorget", ()),
        ("", ()),
    ],
)
def test_sides_are_whole_words(text: str, meanings: tuple[str, ...]) -> None:
    assert word_tables.side_words().meanings(text) == meanings


def test_relatives_and_sexes_are_the_words_of_the_record() -> None:
    assert set(word_tables.relatives().values()) == {"mother", "father", "parent", "sibling", "child"}
    assert {sex for _, _, _, sex in word_tables.birth_sexes()} == {"female", "male"}


def test_timing_codes_are_positive() -> None:
    assert min(word_tables.timing_codes().values()) > 0
