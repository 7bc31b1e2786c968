"""Named periods, such as "last 30 days"."""

from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from typing import Final


class Preset(StrEnum):
    """A named period."""

    TODAY = "today"
    YESTERDAY = "yesterday"
    LAST_7_DAYS = "last-7-days"
    LAST_30_DAYS = "last-30-days"
    LAST_90_DAYS = "last-90-days"
    THIS_MONTH = "this-month"
    LAST_MONTH = "last-month"
    QUARTER_TO_DATE = "quarter-to-date"
    LAST_12_MONTHS = "last-12-months"
    ALL = "all"

    @property
    def label(self) -> str:
        return "All time" if self is Preset.ALL else self.value.replace("-", " ").capitalize()


def days_of(preset: Preset, *, today_on: date, available_from: date) -> tuple[date, date]:
    """Inclusive first and last day; "all time" starts at `available_from`."""
    if preset is Preset.ALL:
        return min(available_from, today_on), today_on
    return _DAYS[preset](today_on)


def preset_of(days: tuple[date, date], *, today_on: date, available_from: date) -> Preset | None:
    """Name of these days, or None."""
    return next(
        (preset for preset in Preset if days_of(preset, today_on=today_on, available_from=available_from) == days), None
    )


def _last(day_count: int) -> Callable[[date], tuple[date, date]]:
    return lambda today_on: (today_on - timedelta(days=day_count - 1), today_on)


def _month_before(today_on: date) -> tuple[date, date]:
    last_on = today_on.replace(day=1) - timedelta(days=1)
    return last_on.replace(day=1), last_on


def _last_12_months(today_on: date) -> tuple[date, date]:
    """This month so far and the eleven before."""
    months = today_on.year * 12 + today_on.month - 1 - 11
    return date(months // 12, months % 12 + 1, 1), today_on


_DAYS: Final[dict[Preset, Callable[[date], tuple[date, date]]]] = {
    Preset.TODAY: lambda today_on: (today_on, today_on),
    Preset.YESTERDAY: lambda today_on: (today_on - timedelta(days=1), today_on - timedelta(days=1)),
    Preset.LAST_7_DAYS: _last(7),
    Preset.LAST_30_DAYS: _last(30),
    Preset.LAST_90_DAYS: _last(90),
    Preset.THIS_MONTH: lambda today_on: (today_on.replace(day=1), today_on),
    Preset.LAST_MONTH: _month_before,
    Preset.QUARTER_TO_DATE: lambda today_on: (date(today_on.year, 3 * ((today_on.month - 1) // 3) + 1, 1), today_on),
    Preset.LAST_12_MONTHS: _last_12_months,
}
