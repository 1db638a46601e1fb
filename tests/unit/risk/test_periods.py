"""Stretches of days: union, length, gaps that are one course, and ends known only as a month or year."""

from datetime import date, timedelta
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.dates import PartialDate
from cds_service.risk.drugs.periods import Span, bridged, days_in, period, period_of_days, span, union
from tests.unit.risk import records

START = date(2025, 1, 1)


def on(text: str) -> PartialDate:
    found = records.on(text)
    assert found is not None
    return found


def stretch(first: int, last: int) -> Span:
    """Days counted from the first of January 2025."""
    return Span(START + timedelta(first), START + timedelta(last))


def day(text: str) -> date:
    return date.fromisoformat(text)


def part(first: str, last: str) -> Span:
    return Span(day(first), day(last))


SPANS = st.lists(
    st.builds(lambda first, length: stretch(first, first + length), st.integers(0, 300), st.integers(0, 60)), max_size=8
)


def test_both_ends_belong_to_a_span() -> None:
    assert stretch(0, 0).days == 1
    assert stretch(0, 9).days == 10


def test_a_span_never_runs_backwards() -> None:
    assert span(START, START - timedelta(1)) is None
    assert span(START, START) == stretch(0, 0)


def test_overlapping_days_are_counted_once() -> None:
    assert union([stretch(5, 9), stretch(0, 6), stretch(2, 3)]) == (stretch(0, 9),)
    assert days_in(union([stretch(0, 9), stretch(20, 29)])) == 20


def test_stretches_that_touch_become_one() -> None:
    assert union([stretch(0, 4), stretch(5, 9)]) == (stretch(0, 9),)
    assert union([stretch(0, 4), stretch(6, 9)]) == (stretch(0, 4), stretch(6, 9))


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        pytest.param([(0, 29), (50, 79)], 80, id="a refill 20 days late is one course"),
        pytest.param([(0, 39), (70, 109)], 110, id="30 days is the longest gap"),
        pytest.param([(0, 39), (71, 110)], 80, id="31 days is too long"),
        pytest.param([(0, 6), (35, 41), (70, 76)], 21, id="bursts of a week are not a course"),
        pytest.param([(0, 6), (14, 20)], 21, id="a gap as long as what it interrupts"),
        pytest.param([(0, 6), (15, 21)], 14, id="a gap longer than what it interrupts"),
        pytest.param([(0, 4), (14, 18), (28, 87)], 88, id="a long course draws in what is near it"),
        pytest.param([(0, 59), (70, 70), (80, 119)], 120, id="a single day inside a gap cannot break the bridge"),
        pytest.param([(0, 0), (2, 2), (4, 4)], 5, id="every other day"),
        pytest.param([(0, 0), (7, 7), (14, 14)], 3, id="once a week"),
    ],
)
def test_short_gaps_belong_to_a_course_and_pauses_between_bursts_do_not(
    spans: list[tuple[int, int]], expected: int
) -> None:
    assert days_in(bridged([stretch(*one) for one in spans], 30)) == expected


@given(SPANS, SPANS)
def test_more_days_never_make_fewer(some: list[Span], more: list[Span]) -> None:
    assert days_in(bridged([*some, *more], 30)) >= days_in(bridged(some, 30))


@given(SPANS, st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_matters(spans: list[Span], random: Random) -> None:
    shuffled = [*spans, *spans]
    random.shuffle(shuffled)
    assert bridged(shuffled, 30) == bridged(spans, 30)


@given(SPANS)
def test_what_is_bridged_neither_overlaps_nor_touches(spans: list[Span]) -> None:
    found = bridged(spans, 0)
    assert all(left.end + timedelta(1) < right.start for left, right in pairwise(found))


def test_exact_ends_make_every_day_certain() -> None:
    assert period(on("2025-01-01"), on("2025-03-31")).certain == part("2025-01-01", "2025-03-31")


def test_a_month_is_certain_only_where_every_reading_agrees() -> None:
    found = period(on("2025-01"), on("2025-03"))
    assert found.certain == part("2025-01-31", "2025-03-01")
    assert found.possible == part("2025-01-01", "2025-03-31")


def test_within_one_year_no_day_is_certain_and_every_day_possible() -> None:
    found = period(on("2025"), on("2025"))
    assert found.certain is None
    assert found.possible == part("2025-01-01", "2025-12-31")


def test_an_end_before_the_start_leaves_nothing_certain() -> None:
    found = period(on("2025-03-01"), on("2025-01-01"))
    assert found.certain is None
    assert found.possible == part("2025-03-01", "2025-03-01")


def test_a_number_of_days_includes_the_first() -> None:
    assert period_of_days(on("2025-01-01"), 7).certain == part("2025-01-01", "2025-01-07")
    assert period_of_days(on("2025-01"), 60).certain == part("2025-01-31", "2025-03-01")
    assert period_of_days(on("2025-01-01"), 0).certain == part("2025-01-01", "2025-01-01")


def test_a_period_is_cut_at_a_day_and_to_spans() -> None:
    whole = period(on("2025-01-01"), on("2025-12-31"))
    assert whole.until(day("2025-02-01")).certain == part("2025-01-01", "2025-02-01")
    assert whole.until(day("2024-02-01")).possible is None
    spans = (part("2024-01-01", "2024-12-31"), part("2025-05-01", "2026-01-31"))
    assert [one.certain for one in whole.inside(spans)] == [part("2025-05-01", "2025-12-31")]
