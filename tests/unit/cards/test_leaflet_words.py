"""The table of advice against the rules, and its words against the table."""

import pytest

from cards.leaflet.choice import OWN_TAGS, Choice, advice_table
from cards.words import LANGUAGES
from cds_service.rulesets.load import load_default
from tests.unit.cards.test_catalogue import shelf as whole_shelf

TABLE = advice_table()
ROWS = [advice for section in TABLE.section for advice in section.advice]


def shelf(language: str, name: str) -> set[str]:
    return whole_shelf(language, f"leaflet.{name}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_and_advice_has_its_words_and_no_words_are_left_over(language: str) -> None:
    assert shelf(language, "heading") == {section.key for section in TABLE.section}
    assert shelf(language, "advice") == {advice.key for advice in ROWS}
    assert shelf(language, "title") == {"adult", "child"}
    assert shelf(language, "subtitle") == {"acquired", "congenital", "affected", "other", "child"}


def test_every_advice_stands_in_one_place_and_has_a_known_source() -> None:
    names = [advice.key for advice in ROWS]
    assert len(names) == len(set(names))
    assert all(advice.source for advice in ROWS)
    used = {source for advice in ROWS for source in advice.source}
    assert used == set(TABLE.sources)


def test_the_table_speaks_of_rules_gates_and_classes_that_exist() -> None:
    assert set(TABLE.findings) | set(TABLE.seen) <= set(load_default().factors)
    assert set(TABLE.gates) <= whole_shelf("sv", "gate")
    assert set(TABLE.classes) <= whole_shelf("sv", "ld-class")


def test_every_tag_that_is_asked_for_can_be_given_and_every_tag_given_is_asked_for() -> None:
    given = {*OWN_TAGS, *TABLE.findings.values(), *TABLE.seen.values(), *TABLE.gates.values(), *TABLE.ages}
    given |= {tag for tags in TABLE.classes.values() for tag in tags}
    asked = {tag for row in (*TABLE.section, *ROWS) for tag in row.when | row.any | row.unless}
    assert asked <= given
    assert given - asked <= {"affected", "congenital"}, "a tag that chooses nothing (these two choose the subtitle)"


@pytest.mark.parametrize(
    ("choice", "tags", "fits"),
    [
        (Choice(key="a"), set(), True),
        (Choice(key="a", when=frozenset({"x", "y"})), {"x"}, False),
        (Choice(key="a", when=frozenset({"x", "y"})), {"x", "y", "z"}, True),
        (Choice(key="a", any=frozenset({"x", "y"})), {"y"}, True),
        (Choice(key="a", any=frozenset({"x", "y"})), {"z"}, False),
        (Choice(key="a", unless=frozenset({"x"})), {"x"}, False),
        (Choice(key="a", when=frozenset({"y"}), unless=frozenset({"x"})), {"y"}, True),
    ],
)
def test_a_choice_needs_all_of_when_one_of_any_and_none_of_unless(choice: Choice, tags: set[str], fits: bool) -> None:
    assert choice.fits(frozenset(tags)) is fits
