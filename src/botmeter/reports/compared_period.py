"""The compared period of a report.

A running period is compared with the same part of the earlier days, or usage would always seem to fall.
"""

from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

from botmeter.domain.account import Account
from botmeter.domain.period import Period
from botmeter.reports.query import UsageQuery, data_starts_on

# 52 weeks, to compare Mondays with Mondays.
_YEAR_DAYS = 364


class ComparedWith(StrEnum):
    """Earlier days to compare with."""

    PREVIOUS = "previous"
    """As many days, right before."""
    YEAR = "year"
    """The days 364 days before."""


def compared_query(query: UsageQuery, *, account: Account, against: ComparedWith, now_us: int) -> UsageQuery | None:
    """Query for the compared period, if it has data.

    If the period holds `now_us`, the earlier days end at the same time of day.
    """
    period = query.period
    shift = timedelta(days=period.day_count if against is ComparedWith.PREVIOUS else _YEAR_DAYS)
    start_on = data_starts_on(account, timezone=period.timezone)
    try:
        first_on, last_on = period.first_on - shift, period.last_on - shift
    except OverflowError:
        return None
    if last_on < start_on:
        return None
    earlier = replace(
        query,
        period=Period(first_on=max(first_on, start_on), last_on=last_on, timezone=period.timezone),
        moved_from=first_on if first_on < start_on else None,
        until_us=_until_us(period, shift=shift, now_us=now_us),
    )
    return earlier if earlier.start_us < earlier.end_us else None


def _until_us(period: Period, *, shift: timedelta, now_us: int) -> int | None:
    """None unless the period is running."""
    edges_us = period.edges_us()
    if not edges_us[0] <= now_us < edges_us[-1]:
        return None
    day_no = next(number for number, edge_us in enumerate(edges_us) if edge_us > now_us) - 1
    earlier_on = period.first_on + timedelta(days=day_no) - shift
    earlier = Period(first_on=earlier_on, last_on=earlier_on, timezone=period.timezone)
    return min(earlier.end_us, earlier.start_us + now_us - edges_us[day_no])
