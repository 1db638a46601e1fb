"""Which tests the mutation runner takes, and in which order."""

from tests.mutation.reach import Reach

REACH = Reach(
    tests_of={"f": {"narrow", "wide", "property"}, "g": {"wide", "property"}, "h": {"wide"}},
    seconds={"narrow": 0.01, "wide": 0.02, "property": 3.0},
)


def test_quick_tests_that_reach_little_come_first():
    assert REACH.chosen("f") == ["narrow", "wide", "property"]


def test_no_test_is_begun_after_the_budget():
    assert REACH.chosen("f", 0.02) == ["narrow", "wide"]
    assert REACH.chosen("f", 0) == ["narrow"]


def test_what_no_test_reaches_has_none():
    assert REACH.chosen("i") == []
