"""Compared period of a report.

A running period is compared with the same part of the earlier days, or usage would always seem to fall.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import assert_never

from botmeter.domain.account import Account
from botmeter.domain.errors import Refused
from botmeter.domain.months import months_later, unit_last_on, unit_months, whole_months, year_before
from botmeter.domain.period import Period, day_of_us
from botmeter.reports.query import UsageQuery, data_starts_on

# 52 weeks, to compare Mondays with Mondays.
_YEAR_DAYS = 364


class Compare(StrEnum):
    """Days to compare with."""

    AUTOMATIC = "auto"
    """`calendar` for whole months and named calendar periods, else `previous`."""
    CALENDAR = "calendar"
    """The month, quarter or year before; of a running one as many of its days. Other periods: as `previous`."""
    PREVIOUS = "previous"
    """As many days, right before."""
    WEEKDAYS = "weekdays"
    """As many days before, whole weeks earlier, so that each has its weekday."""
    YEAR_DATES = "year-dates"
    """The same dates of the year before."""
    YEAR = "year"
    """The days 364 days before, with the same weekdays."""
    CUSTOM = "custom"
    """Other days."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Choice of compared days.

    Attributes:
        unit_months: Months of the unit of a named period, 0 for days; None: by the dates.
        days: First and last day of CUSTOM.

    Raises:
        Refused: `comparison_invalid` for CUSTOM without days, or days with another choice; `period_reversed`,
            `period_too_long`.
    """

    choice: Compare = Compare.AUTOMATIC
    unit_months: int | None = None
    days: tuple[date, date] | None = None

    def __post_init__(self) -> None:
        if (self.choice is Compare.CUSTOM) != (self.days is not None):
            raise comparison_invalid()
        if self.days is not None:
            Period(first_on=self.days[0], last_on=self.days[1])

    def months_of(self, query: UsageQuery) -> int:
        """Months of the calendar unit to compare; 0 to compare as many days."""
        first_on, last_on = _first_on(query), query.period.last_on
        if self.unit_months is not None:
            return self.unit_months
        return (unit_months if self.choice is Compare.CALENDAR else whole_months)(first_on, last_on)

    def effective(self, query: UsageQuery) -> Compare:
        """Choice that is applied to a query."""
        if self.choice in {Compare.AUTOMATIC, Compare.CALENDAR}:
            return Compare.CALENDAR if self.months_of(query) else Compare.PREVIOUS
        # Whole weeks have the same weekdays anyway.
        is_previous = self.choice is Compare.WEEKDAYS and query.period.day_count % 7 == 0
        return Compare.PREVIOUS if is_previous else self.choice


NO_COMPARISON = Comparison(choice=Compare.NONE)


def comparison_named(name: str) -> Comparison:
    """Choice by name.

    Raises:
        Refused: `comparison_invalid`.
    """
    if name not in set(Compare):
        raise Refused("comparison_invalid", f"{name[:40]!r} is not a comparison. Use one of {', '.join(Compare)}.")
    return Comparison(choice=Compare(name))


def comparison_invalid() -> Refused:
    """Error for compared days that are missing, or given with another choice."""
    return Refused(
        "comparison_invalid",
        "A comparison with other days needs their first and last day; only the choice `custom` takes them.",
    )


def compared_query(query: UsageQuery, *, account: Account, comparison: Comparison, now_us: int) -> UsageQuery | None:
    """Query for the compared period, if it can have data.

    If the period holds `now_us`, the earlier days end at the same time of day.
    """
    period = query.period
    start_on = data_starts_on(account, timezone=period.timezone)
    try:
        days = _days(query, comparison, now_us=now_us)
        until_us = None if days is None else _until_us(query, days, comparison=comparison, now_us=now_us)
    except OverflowError:
        return None
    if days is None or days[1] < start_on:
        return None
    first_on, last_on = days
    earlier = replace(
        query,
        period=Period(first_on=max(first_on, start_on), last_on=last_on, timezone=period.timezone),
        moved_from=first_on if first_on < start_on else None,
        until_us=until_us,
    )
    return earlier if earlier.start_us < earlier.end_us else None


def compared_day(on: date, *, query: UsageQuery, compared: UsageQuery, choice: Compare) -> date | None:
    """Day beside a day of the period, by number or else by date."""
    try:
        earlier_on = _earlier_on(on, query, days=(_first_on(compared), compared.period.last_on), choice=choice)
    except OverflowError:
        return None
    return earlier_on if earlier_on is not None and earlier_on >= compared.period.first_on else None


def _first_on(query: UsageQuery) -> date:
    return query.moved_from or query.period.first_on


def _days(query: UsageQuery, comparison: Comparison, *, now_us: int) -> tuple[date, date] | None:
    period, before = query.period, timedelta(days=1)
    match comparison.effective(query):
        case Compare.NONE | Compare.AUTOMATIC:
            return None
        case Compare.CUSTOM:
            return comparison.days
        case Compare.PREVIOUS:
            return period.first_on - timedelta(days=period.day_count), period.first_on - before
        case Compare.WEEKDAYS:
            weeks = timedelta(weeks=-(-period.day_count // 7))
            return period.first_on - weeks, period.last_on - weeks
        case Compare.YEAR:
            shift = timedelta(days=_YEAR_DAYS)
            return period.first_on - shift, period.last_on - shift
        case Compare.YEAR_DATES:
            return year_before(period.first_on), year_before(period.last_on)
        case Compare.CALENDAR:
            return _calendar_days(query, comparison.months_of(query), now_us=now_us)
        case _ as other:
            assert_never(other)


def _calendar_days(query: UsageQuery, month_count: int, *, now_us: int) -> tuple[date, date]:
    first_on, last_on = _first_on(query), query.period.last_on
    earlier_on, unit_end_on = months_later(first_on, -month_count), first_on - timedelta(days=1)
    is_running = query.period.start_us <= now_us < query.period.end_us
    if last_on == unit_last_on(first_on, month_count) and not is_running:
        return earlier_on, unit_end_on
    return earlier_on, min(earlier_on + (last_on - first_on), unit_end_on)


def _earlier_on(on: date, query: UsageQuery, *, days: tuple[date, date], choice: Compare) -> date | None:
    if choice is Compare.YEAR_DATES:
        return None if (on.month, on.day) == (2, 29) else year_before(on)
    origin_on = _first_on(query) if choice is Compare.CALENDAR else query.period.first_on
    earlier_on = days[0] + (on - origin_on)
    return earlier_on if earlier_on <= days[1] else None


def _until_us(query: UsageQuery, days: tuple[date, date], *, comparison: Comparison, now_us: int) -> int | None:
    """None unless the period is running, or the days are others."""
    period = query.period
    if not period.start_us <= now_us < period.end_us:
        return None
    choice = comparison.effective(query)
    if choice is Compare.CUSTOM and (days[1] - days[0]).days + 1 != period.day_count:
        return None
    today_on = day_of_us(now_us, timezone=period.timezone)
    earlier_on = _earlier_on(today_on, query, days=days, choice=choice)
    if earlier_on is None:
        return None
    today = replace(period, first_on=today_on, last_on=today_on)
    earlier = replace(period, first_on=earlier_on, last_on=earlier_on)
    return min(earlier.end_us, earlier.start_us + now_us - today.start_us)
