"""Months, quarters and years of the calendar, as numbers of whole months."""

from datetime import date, timedelta
from typing import Final

from botmeter.domain.period import month_last_on

QUARTER: Final = 3
YEAR: Final = 12
_UNITS: Final = (1, QUARTER, YEAR)


def months_later(first_on: date, month_count: int) -> date:
    """First day of the month so many months later, or earlier if negative.

    Raises:
        OverflowError: Outside of the calendar.
    """
    months = first_on.year * YEAR + first_on.month - 1 + month_count
    if not YEAR <= months < YEAR * (date.max.year + 1):
        raise OverflowError("date value out of range")
    return date(months // YEAR, months % YEAR + 1, 1)


def whole_months(first_on: date, last_on: date) -> int:
    """Number of whole months that these days are; 0 for other days."""
    if first_on.day != 1 or last_on != month_last_on(last_on):
        return 0
    return (last_on.year - first_on.year) * YEAR + last_on.month - first_on.month + 1


def unit_months(first_on: date, last_on: date) -> int:
    """Length of the month, quarter or year that begins on the first day and holds the last; else `whole_months`."""
    if first_on.day == 1:
        for month_count in _UNITS:
            if (first_on.month - 1) % month_count == 0 and last_on <= unit_last_on(first_on, month_count):
                return month_count
    return whole_months(first_on, last_on)


def unit_last_on(first_on: date, month_count: int) -> date:
    """Last day of so many months."""
    try:
        return months_later(first_on, month_count) - timedelta(days=1)
    except OverflowError:
        return date.max


def year_before(on: date) -> date:
    """Same date of the year before; 28 February for the 29th.

    Raises:
        OverflowError: Outside of the calendar.
    """
    if on.year == date.min.year:
        raise OverflowError("date value out of range")
    return on.replace(year=on.year - 1, day=28) if (on.month, on.day) == (2, 29) else on.replace(year=on.year - 1)
