"""Dates as records hold them: partial, hostile, in leap years."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.risk.dates import PartialDate, add_days, add_months, whole_months, whole_years

DAYS = st.dates()


def test_a_day_is_exact_and_a_month_or_year_is_not():
    day, month, year = PartialDate.of_day(date(2024, 5, 17)), PartialDate.of_month(2024, 2), PartialDate.of_year(2023)
    assert (day.exact, month.exact, year.exact) == (True, False, False)
    assert (day.text, month.text, year.text) == ("2024-05-17", "2024-02", "2023")
    assert (month.first, month.last) == (date(2024, 2, 1), date(2024, 2, 29))
    assert (year.first, year.last) == (date(2023, 1, 1), date(2023, 12, 31))


@pytest.mark.parametrize(("year", "month"), [(2024, 0), (2024, 13), (0, 1), (10000, 1)])
def test_a_month_that_does_not_exist_is_refused(year, month):
    with pytest.raises(ValueError, match=r"."):
        PartialDate.of_month(year, month)


@pytest.mark.parametrize("year", [0, 10000])
def test_a_year_outside_the_calendar_is_refused(year):
    with pytest.raises(ValueError, match=r"."):
        PartialDate.of_year(year)


@pytest.mark.parametrize(
    ("day", "before", "on_or_after", "possibly"),
    [
        (date(2024, 5, 1), False, True, True),
        (date(2024, 5, 2), False, False, True),
        (date(2024, 5, 31), False, False, True),
        (date(2024, 6, 1), True, False, False),
    ],
)
def test_what_is_certain_of_a_month(day, before, on_or_after, possibly):
    may = PartialDate.of_month(2024, 5)
    assert may.certainly_before(day) is before
    assert may.certainly_on_or_after(day) is on_or_after
    assert may.possibly_on_or_after(day) is possibly


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 6, 1), -12, date(2025, 6, 1)),
        (date(2024, 5, 31), -3, date(2024, 2, 29)),
        (date(2023, 5, 31), -3, date(2023, 2, 28)),
        (date(2023, 11, 30), 3, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 12, 15), 1, date(2025, 1, 15)),
        (date(1, 1, 1), -1, date.min),
        (date(9999, 12, 1), 1, date.max),
    ],
)
def test_months_are_calendar_months_and_never_leave_the_calendar(day, months, expected):
    assert add_months(day, months) == expected


@given(DAYS, st.integers(-200_000, 200_000))
def test_adding_any_months_stays_in_the_calendar(day, months):
    assert date.min <= add_months(day, months) <= date.max


@pytest.mark.parametrize(
    ("day", "days", "expected"),
    [
        (date(2024, 2, 28), 1, date(2024, 2, 29)),
        (date(2024, 3, 1), -1, date(2024, 2, 29)),
        (date.min, -1, date.min),
        (date.max, 10**9, date.max),
    ],
)
def test_days_stay_in_the_calendar(day, days, expected):
    assert add_days(day, days) == expected


@pytest.mark.parametrize(
    ("birth", "on", "years"),
    [
        (date(1960, 6, 1), date(2026, 6, 1), 66),
        (date(1960, 6, 2), date(2026, 6, 1), 65),
        (date(2004, 2, 29), date(2024, 2, 28), 19),
        (date(2004, 2, 29), date(2024, 2, 29), 20),
        (date(2004, 2, 29), date(2025, 2, 28), 20),
        (date(2004, 2, 29), date(2025, 3, 1), 21),
        (date(2026, 6, 2), date(2026, 6, 1), -1),
    ],
)
def test_years_are_completed_years(birth, on, years):
    assert whole_years(birth, on) == years


@pytest.mark.parametrize(
    ("start", "end", "months"),
    [
        (date(2026, 1, 15), date(2026, 4, 15), 3),
        (date(2026, 1, 15), date(2026, 4, 14), 2),
        (date(2026, 1, 31), date(2026, 2, 28), 1),
        (date(2026, 1, 31), date(2026, 2, 27), 0),
        (date(2024, 1, 31), date(2024, 2, 29), 1),
        (date(2026, 4, 15), date(2026, 1, 15), -3),
        (date(2026, 5, 1), date(2026, 5, 1), 0),
    ],
)
def test_months_are_completed_months(start, end, months):
    assert whole_months(start, end) == months


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.integers(0, 1200))
def test_after_n_months_n_months_are_completed(day, months):
    assert whole_months(day, add_months(day, months)) == months
