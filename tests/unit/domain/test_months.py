from datetime import date

import pytest

from botmeter.domain.errors import Refused
from botmeter.domain.months import months_later, unit_last_on, unit_months, whole_months, year_before
from botmeter.domain.text import day_as_typed, day_text, span_text

D = date.fromisoformat


@pytest.mark.parametrize(
    ("first", "last", "whole", "unit", "name"),
    [
        ("2026-10-01", "2026-10-31", 1, 1, "October 2026"),
        ("2024-02-01", "2024-02-29", 1, 1, "February 2024"),
        ("2024-02-01", "2024-02-28", 0, 1, ""),
        ("2026-07-01", "2026-09-30", 3, 3, "Q3 2026"),
        ("2026-08-01", "2026-10-31", 3, 3, ""),
        ("2026-01-01", "2026-12-31", 12, 12, "2026"),
        ("2025-04-01", "2026-03-31", 12, 12, ""),
        ("2026-05-01", "2026-08-31", 4, 4, ""),
        ("2026-10-01", "2026-11-22", 0, 3, ""),
        ("2026-11-01", "2026-12-22", 0, 0, ""),
        ("2026-01-01", "2026-11-22", 0, 12, ""),
        ("2026-11-02", "2026-11-30", 0, 0, ""),
        ("9999-12-01", "9999-12-31", 1, 1, "December 9999"),
        ("0001-01-01", "9999-12-31", 9999 * 12, 9999 * 12, ""),
    ],
)
def test_days_that_are_whole_months_are_recognised(first, last, whole, unit, name) -> None:
    assert (whole_months(D(first), D(last)), unit_months(D(first), D(last))) == (whole, unit)
    assert span_text(D(first), D(last)) == name


@pytest.mark.parametrize(
    ("first", "months", "later"),
    [("2026-10-01", -1, "2026-09-01"), ("2026-01-31", -1, "2025-12-01"), ("2026-11-01", 14, "2028-01-01")],
)
def test_months_are_counted_across_years(first, months, later) -> None:
    assert months_later(D(first), months) == D(later)


def test_the_calendar_ends() -> None:
    assert unit_last_on(date(9999, 12, 1), 1) == date.max
    for beyond in (
        lambda: months_later(date.min, -1),
        lambda: months_later(date.max, 1),
        lambda: year_before(date.min),
    ):
        with pytest.raises(OverflowError):
            beyond()


def test_the_day_before_a_leap_day_is_28_february() -> None:
    assert [year_before(date(2024, 2, day)) for day in (28, 29)] == [date(2023, 2, 28)] * 2


@pytest.mark.parametrize("written", ["5 Mar 2026", "05 march 2026", " 5  MAR  2026 ", "2026-03-05", " 2026-03-05 "])
def test_a_day_is_read_as_people_type_it(written) -> None:
    assert day_as_typed(written) == date(2026, 3, 5)


@pytest.mark.parametrize("on", [date.min, date(2026, 11, 22), date.max])
def test_a_day_is_read_as_it_is_shown(on) -> None:
    assert day_as_typed(day_text(on)) == day_as_typed(on.isoformat()) == on


@pytest.mark.parametrize("written", ["5/3/2026", "05.03.2026", "5 Mar 26", "31 Feb 2026", "March 2026", "20260305", ""])
def test_a_day_that_can_be_read_in_two_ways_is_refused(written) -> None:
    with pytest.raises(Refused):
        day_as_typed(written)
