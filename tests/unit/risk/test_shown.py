"""The table of what findings show is complete, and says no to what it does not hold."""

import pytest

from tests.unit.risk import shown


def test_every_reason_of_a_rule_has_its_line():
    assert set(shown.table()) == shown.reasons()


@pytest.mark.parametrize(
    ("cell", "seen", "holds"),
    [
        ("-", set(), True),
        ("-", {"A"}, False),
        ("A B?", {"A"}, True),
        ("A B?", {"A", "B"}, True),
        ("A B?", {"B"}, False),
        ("A/B", {"B"}, True),
        ("A/B", set(), False),
        ("A/B", {"A", "C"}, False),
        ("course?", {"on-hold"}, True),
    ],
)
def test_a_cell_says_what_is_always_and_what_is_sometimes_shown(cell, seen, holds):
    assert shown.allowed(cell, seen) is holds
