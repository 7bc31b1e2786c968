"""Usage queries: validated days and filters."""

from dataclasses import dataclass
from datetime import date

from botmeter.domain.account import Account
from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US
from botmeter.domain.period import DEFAULT_DAYS, UTC_NAME, Period, checked_timezone, day_of_us, day_start_us
from botmeter.reports.filters import NO_FILTERS, Filters
from botmeter.reports.presets import Preset, days_of

# A zone's offset can move the first or last day out of the calendar, where no event can be.
_CALENDAR_START_US = day_start_us(date.min)
_CALENDAR_END_US = day_start_us(date.max) + DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedDays:
    """Requested days in a time zone, None for the default; or a named period.

    Raises:
        Refused: `arguments_clash` for a named period with days.
    """

    first_on: date | None = None
    last_on: date | None = None
    timezone: str = UTC_NAME
    preset: Preset | None = None

    def __post_init__(self) -> None:
        if self.preset is not None and (self.first_on, self.last_on) != (None, None):
            raise Refused("arguments_clash", "Use either `period`, or `from` and `to`, not both.")

    @property
    def unit_months(self) -> int | None:
        """Months of a named period's calendar unit, 0 for days; None if the dates decide."""
        if self.preset is not None:
            return self.preset.unit_months
        return 0 if (self.first_on, self.last_on) == (None, None) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageQuery:
    """Sessions that start in `period` and match `filters`.

    Attributes:
        moved_from: Requested first day, if before the account's data.
        today_on: In the period's zone; its month is not over. None: every month is.
        until_us: Exclusive end of counted starts; None for the whole period.
    """

    period: Period
    filters: Filters = NO_FILTERS
    moved_from: date | None = None
    today_on: date | None = None
    until_us: int | None = None

    @property
    def start_us(self) -> int:
        return max(_CALENDAR_START_US, self.period.start_us)

    @property
    def end_us(self) -> int:
        end_us = min(self.period.end_us, _CALENDAR_END_US)
        return end_us if self.until_us is None else max(self.start_us, min(self.until_us, end_us))


def usage_query(
    account: Account, *, now_us: int, days: RequestedDays = RequestedDays(), filters: Filters = NO_FILTERS
) -> UsageQuery:
    """Build a query; days before the account's `available_from` are moved up to it.

    Args:
        days: The last day defaults to today (or a later first day), the first to 29 days before the last.

    Raises:
        Refused: `timezone_unknown`, `period_reversed`, `period_too_long`.
    """
    first_on, last_on = days.first_on, days.last_on
    today_on = day_of_us(now_us, timezone=checked_timezone(days.timezone))
    start_on = data_starts_on(account, timezone=days.timezone)
    if days.preset is not None:
        first_on, last_on = days_of(days.preset, today_on=today_on, available_from=start_on)
    if last_on is None:
        last_on = today_on if first_on is None else max(first_on, today_on)
    if first_on is None:
        # The calendar begins in year 1: a last day in its first month has no 29 days before it.
        first_on = date.fromordinal(max(1, last_on.toordinal() - DEFAULT_DAYS + 1))
    period = Period(first_on=first_on, last_on=last_on, timezone=days.timezone)
    if period.first_on >= start_on:
        return UsageQuery(period=period, filters=filters, today_on=today_on)
    moved = Period(first_on=start_on, last_on=max(last_on, start_on), timezone=days.timezone)
    return UsageQuery(period=moved, filters=filters, moved_from=first_on, today_on=today_on)


def data_starts_on(account: Account, *, timezone: str) -> date:
    """Local day of the UTC midnight at which the account's data starts."""
    return day_of_us(day_start_us(account.available_from), timezone=timezone)
