"""Which tests the mutation runner takes, in which order, and which mutants need none."""

import json

import pytest

from tests.mutation.reach import Reach
from tests.mutation.types import refused

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


SOURCE = """
def x_f__mutmut_orig(a):
    return a

def x_f__mutmut_1(a):
    return None

mutants = {}
"""


def said(line, severity="error"):
    return json.dumps({"file": "engine/a.py", "line": line, "severity": severity, "message": "no"})


def test_a_complaint_is_about_the_mutant_in_whose_lines_it_stands():
    assert refused([said(6), said(6, "note")], {"engine/a.py": SOURCE}) == {"engine.a.x_f__mutmut_1": "no"}


@pytest.mark.parametrize("line", [1, 3, 8])
def test_a_complaint_about_anything_else_is_a_fault_of_the_code(line):
    with pytest.raises(ValueError, match="no mutant"):
        refused([said(line)], {"engine/a.py": SOURCE})
