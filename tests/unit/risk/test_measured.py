import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.measured import Measured, measured
from cds_service.risk.record import Quantity, Range
from tests.unit.risk import records as r


def read(value, unit="nmol/L", substance="25-OH vitamin D"):
    return measured(r.observation("vitamin-d-lab", value), unit, substance)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Quantity(30, "nmol/L"), Measured(30, 30)),
        (Quantity(10, "ng/mL"), Measured(24.96, 24.96)),
        (Quantity(25, "nmol/L", "<"), Measured(-math.inf, 25, high_open=True)),
        (Quantity(25, "nmol/L", "<="), Measured(-math.inf, 25)),
        (Quantity(25, "nmol/L", ">"), Measured(25, math.inf, low_open=True)),
        (Quantity(25, "nmol/L", ">="), Measured(25, math.inf)),
        (Range(Quantity(20, "nmol/L"), Quantity(30, "nmol/L")), Measured(20, 30)),
        (Range(None, Quantity(30, "nmol/L")), Measured(-math.inf, 30)),
        (Range(Quantity(20, "nmol/L"), None), Measured(20, math.inf)),
        (Range(Quantity(40, "nmol/L"), Quantity(30, "nmol/L")), None),
        (Range(None, None), None),
        (Quantity(30, ""), None),
        (Quantity(30, "kg"), None),
        (True, None),
        ("30", None),
        (None, None),
    ],
)
def test_a_value_is_the_range_of_what_it_may_be(value, expected):
    assert read(value) == expected


def test_a_rule_fires_only_when_the_whole_range_is_on_its_side():
    below = read(Quantity(25, "nmol/L", "<"))
    assert below.below(25)
    assert not below.at_least(0)
    assert not below.above(0)
    assert not read(Quantity(25, "nmol/L", "<=")).below(25)
    above = read(Quantity(50, "nmol/L", ">"))
    assert above.above(50)
    assert above.at_least(50)
    assert not read(Quantity(50, "nmol/L", ">=")).above(50)
    assert not read(Quantity(50, "nmol/L")).above(50)


def test_the_number_shown_is_the_known_end():
    assert read(Quantity(25, "nmol/L", "<")).number == 25
    assert read(Quantity(25, "nmol/L", ">")).number == 25
    assert read(Range(Quantity(20, "nmol/L"), Quantity(30, "nmol/L"))).number == 20


@given(st.floats(1, 1000), st.sampled_from(["ng/mL", "ug/L", "pmol/L"]), st.floats(1, 500))
def test_the_unit_a_result_was_sent_in_never_matters(nmol, unit, cut):
    factor = {"ng/mL": 2.496, "ug/L": 2.496, "pmol/L": 0.001}[unit]
    sent = read(Quantity(nmol / factor, unit))
    assert sent.number == pytest.approx(nmol)
    if abs(nmol - cut) > 1e-6 * nmol:
        assert sent.below(cut) == read(Quantity(nmol, "nmol/L")).below(cut)
