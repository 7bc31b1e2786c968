"""Hours, days, weeks and months into which a chart divides a period."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Final

from botmeter.domain.period import Period, month_last_on

POINTS_MAX: Final = 400
"""More points than a line has pixels for: the widest drawing has three for each."""
# Longest and shortest periods with hours, weeks and months unless one is chosen. Ninety days are thirteen weeks.
_HOURS_DAYS_MAX: Final = 2
_WEEKS_DAYS_MIN: Final = 90
_MONTHS_DAYS_MIN: Final = 730


class Interval(StrEnum):
    """Length of one point or column of a chart."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


# Shortest and longest period for which an interval is offered: two points at least, and three intervals at most.
_OFFERED_DAYS: Final = {
    Interval.HOUR: (1, 7),
    Interval.DAY: (2, POINTS_MAX),
    # From a Sunday on, the first week has one day.
    Interval.WEEK: (14, 7 * POINTS_MAX - 6),
    Interval.MONTH: (60, date.max.toordinal()),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Days of a week or month that are in the period."""

    whole: tuple[date, date]
    first_on: date
    last_on: date


def fitting_interval(day_count: int) -> Interval:
    """Default interval of a period."""
    if day_count <= _HOURS_DAYS_MAX:
        return Interval.HOUR
    if day_count < _WEEKS_DAYS_MIN:
        return Interval.DAY
    return Interval.WEEK if day_count < _MONTHS_DAYS_MIN else Interval.MONTH


def shown_interval(chosen: Interval | None, period: Period, *, points_max: int = POINTS_MAX) -> Interval:
    """Chosen interval if the period has two to `points_max` of them, else the fitting one."""
    if chosen is not None and 2 <= point_count(chosen, period) <= points_max:
        return chosen
    return fitting_interval(period.day_count)


def point_count(interval: Interval, period: Period) -> int:
    """Number of points of a period; days of 24 hours."""
    first_on, last_on = period.first_on, period.last_on
    match interval:
        case Interval.HOUR:
            return 24 * period.day_count
        case Interval.DAY:
            return period.day_count
        case Interval.WEEK:
            return (last_on.toordinal() - first_on.toordinal() + first_on.weekday()) // 7 + 1
        case Interval.MONTH:
            return 12 * (last_on.year - first_on.year) + last_on.month - first_on.month + 1


def offered_intervals(day_count: int) -> tuple[Interval, ...]:
    """Intervals to choose from, shortest first."""
    return tuple(each for each, (least, most) in _OFFERED_DAYS.items() if least <= day_count <= most)


def spans_of(period: Period, interval: Interval) -> tuple[Span, ...]:
    """Days, weeks from Monday on, or months of a period, in order."""
    groups = groupby(period.days(), key=lambda on: _whole(on, interval))
    return tuple(_span(whole, list(days)) for whole, days in groups)


def _span(whole: tuple[date, date], days: list[date]) -> Span:
    return Span(whole=whole, first_on=days[0], last_on=days[-1])


def _whole(on: date, interval: Interval) -> tuple[date, date]:
    match interval:
        case Interval.WEEK:
            # By ordinals, as the weeks at both ends of the calendar have days outside of it.
            monday = on.toordinal() - on.weekday()
            return date.fromordinal(max(1, monday)), date.fromordinal(min(monday + 6, date.max.toordinal()))
        case Interval.MONTH:
            return on.replace(day=1), month_last_on(on)
        case _:
            return on, on
