"""Periods before and after a period: months step by months, days by days."""

from datetime import date, timedelta
from enum import IntEnum

from botmeter.domain.months import months_later, unit_last_on


class Direction(IntEnum):
    """Direction of a step in time."""

    BACK = -1
    FORTH = 1


def stepped_days(
    days: tuple[date, date], direction: Direction, *, unit_months: int, today_on: date
) -> tuple[date, date] | None:
    """First and last day of the period beside; a unit of months ends today at the latest. None if it is to come.

    Args:
        unit_months: Months of the period's calendar unit; 0 for a number of days.
    """
    first_on, last_on = days
    try:
        if unit_months:
            first_on = months_later(first_on, direction * unit_months)
            last_on = unit_last_on(first_on, unit_months)
            last_on = min(last_on, max(first_on, today_on))
        else:
            shift = timedelta(days=direction * ((last_on - first_on).days + 1))
            first_on, last_on = first_on + shift, last_on + shift
    except OverflowError:
        return None
    return None if first_on > today_on else (first_on, last_on)
