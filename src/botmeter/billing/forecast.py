"""Forecast of a cycle's sessions, from the counts of days until now.

Counts are estimated in floating point and given as whole sessions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Final, Literal

import numpy as np

from botmeter.billing.pace import DATA_DAYS_MIN, Floats, pace_of

# Bounds the cost. More days made neither the forecasts nor their bands better.
HISTORY_DAYS: Final = 400

_DAY: Final = timedelta(days=1)

Method = Literal["pace", "line"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastDay:
    """Sessions of the cycle up to the end of a day, with the 80 % band; a straight line has none."""

    on: date
    expected_count: int
    low_count: int | None = None
    high_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """Day on which a count is reached: when sessions are many, as expected, and few. None: not in the cycle.

    Without a band, the earliest and latest day are None.
    """

    earliest_on: date | None
    expected_on: date | None
    latest_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Sessions of a cycle: counted so far and expected at its end.

    Attributes:
        method: `line` for a straight line, if fewer than 14 days have data.
        data_day_count: Whole days with data, of the last 400.
    """

    method: Method
    first_on: date
    last_on: date
    data_day_count: int
    counted_count: int
    counted_path: tuple[int, ...]
    days: tuple[ForecastDay, ...]

    @property
    def end(self) -> ForecastDay:
        if self.days:
            return self.days[-1]
        count = self.counted_count
        return ForecastDay(on=self.last_on, expected_count=count, low_count=count, high_count=count)

    @property
    def has_band(self) -> bool:
        return self.end.low_count is not None

    def crossing(self, count: int) -> Crossing:
        for number, counted in enumerate(self.counted_path):
            if counted >= count:
                on = self.first_on + number * _DAY
                return Crossing(earliest_on=on, expected_on=on, latest_on=on)
        return Crossing(
            earliest_on=self._reached_on(count, [day.high_count for day in self.days]),
            expected_on=self._reached_on(count, [day.expected_count for day in self.days]),
            latest_on=self._reached_on(count, [day.low_count for day in self.days]),
        )

    def _reached_on(self, count: int, path: Sequence[int | None]) -> date | None:
        reached = (day.on for day, sessions in zip(self.days, path, strict=True) if (sessions or 0) >= count)
        return next(reached, None)


def forecast(
    counts: Sequence[int | None], *, first_on: date, as_of_on: date, cycle_first_on: date, cycle_last_on: date
) -> Forecast | None:
    """Forecast a cycle from the counts of days; None if no whole day of the last 400 has data.

    Args:
        counts: Sessions by day from `first_on`; None for a day without data.
        as_of_on: Today. Its count is partial: the least of the day, and no part of the method.
    """
    if cycle_last_on < cycle_first_on:
        raise ValueError(f"A cycle can't end on {cycle_last_on}, before its first day {cycle_first_on}.")
    today, start, end = ((on - first_on).days for on in (as_of_on, cycle_first_on, cycle_last_on + _DAY))
    history_start = max(0, today - HISTORY_DAYS)
    days = counts[history_start : max(0, today)]
    history = np.array([np.nan if count is None else count for count in days], np.float64)
    known = np.flatnonzero(~np.isnan(history))
    if not len(known):
        return None
    history = history[: known[-1] + 1]
    counted_path = tuple(accumulate(_count(counts, day) for day in range(start, min(today, end))))
    today_count = _count(counts, today) if start <= today < end else 0
    ahead = range(max(today, start), end)
    is_pace = len(known) >= DATA_DAYS_MIN
    lead = ahead.start - history_start - len(history)
    paths = _pace(history, lead=lead, horizon=len(ahead)) if is_pace else [_line(history, horizon=len(ahead))]
    before_count = sum(counted_path[-1:])
    return Forecast(
        method="pace" if is_pace else "line",
        first_on=cycle_first_on,
        last_on=cycle_last_on,
        data_day_count=len(known),
        counted_count=before_count + today_count,
        counted_path=counted_path,
        days=_days(paths, first_on + ahead.start * _DAY, before_count=before_count, today_count=today_count),
    )


def _count(counts: Sequence[int | None], day: int) -> int:
    return (counts[day] or 0) if 0 <= day < len(counts) else 0


def _pace(history: Floats, *, lead: int, horizon: int) -> list[Floats]:
    if not horizon:
        return [np.zeros(0)] * 3
    pace = pace_of(history, lead=lead, horizon=horizon)
    return [pace.expected, pace.low, pace.high]


def _line(history: Floats, *, horizon: int) -> Floats:
    line: Floats = np.nanmean(history) * np.arange(1, horizon + 1)
    return line


def _days(paths: list[Floats], on: date, *, before_count: int, today_count: int) -> tuple[ForecastDay, ...]:
    """A day that already exceeds its forecast moves the rest."""
    excess = max(0.0, today_count - paths[0][0]) if len(paths[0]) else 0.0
    columns = [
        (before_count + np.rint(np.maximum(path + excess, today_count)).astype(np.int64)).tolist() for path in paths
    ]
    expected, low, high = columns if len(columns) == 3 else [*columns, *[[None] * len(columns[0])] * 2]
    return tuple(
        ForecastDay(on=on + number * _DAY, expected_count=counts[0], low_count=counts[1], high_count=counts[2])
        for number, counts in enumerate(zip(expected, low, high, strict=True))
    )
