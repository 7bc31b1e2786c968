"""Named periods, such as "last 30 days"."""

from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from botmeter.domain.errors import Refused
from botmeter.domain.months import QUARTER, YEAR, months_later


class Preset(StrEnum):
    """Named period."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    LAST_7_DAYS = "last-7-days"
    LAST_30_DAYS = "last-30-days"
    LAST_90_DAYS = "last-90-days"
    THIS_MONTH = "this-month"
    LAST_MONTH = "last-month"
    QUARTER_TO_DATE = "quarter-to-date"
    LAST_QUARTER = "last-quarter"
    THIS_YEAR = "this-year"
    LAST_YEAR = "last-year"
    LAST_12_MONTHS = "last-12-months"
    ALL = "all"

    @property
    def label(self) -> str:
        return "All time" if self is Preset.ALL else self.value.replace("-", " ").capitalize()

    @property
    def unit_months(self) -> int:
        """Months of its calendar unit; 0 for a number of days."""
        return _UNIT_MONTHS.get(self, 0)


def days_of(preset: Preset, *, today_on: date, available_from: date) -> tuple[date, date]:
    """First and last day; "all time" starts at `available_from`."""
    if preset is Preset.ALL:
        return min(available_from, today_on), today_on
    return _DAYS[preset](today_on)


def preset_named(name: str) -> Preset:
    """Named period.

    Raises:
        Refused: `parameter_invalid`.
    """
    if name not in set(Preset):
        raise Refused("parameter_invalid", f"Unknown period {name[:40]!r}. Use one of {', '.join(Preset)}.")
    return Preset(name)


def preset_of(
    days: tuple[date, date], *, today_on: date, available_from: date, unit_months: int | None = None
) -> Preset | None:
    """Name of these days, if of this unit, or None."""
    named = (preset for preset in Preset if unit_months is None or preset.unit_months == unit_months)
    return next(
        (preset for preset in named if days_of(preset, today_on=today_on, available_from=available_from) == days), None
    )


def _last(day_count: int) -> Callable[[date], tuple[date, date]]:
    return lambda today_on: (today_on - timedelta(days=day_count - 1), today_on)


def _to_date(unit_months: int) -> Callable[[date], tuple[date, date]]:
    return lambda today_on: (_unit_first_on(today_on, unit_months), today_on)


def _unit_before(unit_months: int) -> Callable[[date], tuple[date, date]]:
    def days(today_on: date) -> tuple[date, date]:
        first_on = _unit_first_on(today_on, unit_months)
        return months_later(first_on, -unit_months), first_on - timedelta(days=1)

    return days


def _unit_first_on(on: date, unit_months: int) -> date:
    return on.replace(month=on.month - (on.month - 1) % unit_months, day=1)


_DAYS: Final[dict[Preset, Callable[[date], tuple[date, date]]]] = {
    Preset.TODAY: lambda today_on: (today_on, today_on),
    Preset.YESTERDAY: lambda today_on: (today_on - timedelta(days=1), today_on - timedelta(days=1)),
    Preset.LAST_7_DAYS: _last(7),
    Preset.LAST_30_DAYS: _last(30),
    Preset.LAST_90_DAYS: _last(90),
    Preset.THIS_MONTH: _to_date(1),
    Preset.LAST_MONTH: _unit_before(1),
    Preset.QUARTER_TO_DATE: _to_date(QUARTER),
    Preset.LAST_QUARTER: _unit_before(QUARTER),
    Preset.THIS_YEAR: _to_date(YEAR),
    Preset.LAST_YEAR: _unit_before(YEAR),
    # This month so far and the eleven before.
    Preset.LAST_12_MONTHS: lambda today_on: (months_later(today_on.replace(day=1), 1 - YEAR), today_on),
}

_UNIT_MONTHS: Final = {
    Preset.THIS_MONTH: 1,
    Preset.LAST_MONTH: 1,
    Preset.QUARTER_TO_DATE: QUARTER,
    Preset.LAST_QUARTER: QUARTER,
    Preset.THIS_YEAR: YEAR,
    Preset.LAST_YEAR: YEAR,
    Preset.LAST_12_MONTHS: YEAR,
}
