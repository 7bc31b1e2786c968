"""Customers' local time."""

from datetime import timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np

from botmeter.demo.columns import Numbers, Units
from botmeter.demo.retailer import MARKETS
from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND, datetime_from_us

HOUR_US = 3_600 * MICROSECONDS_PER_SECOND

# Customers who write in each local hour, from midnight.
_HOURS = np.array([8, 4, 2, 1, 1, 2, 8, 20, 38, 52, 58, 60, 66, 60, 54, 52, 54, 60, 66, 78, 86, 74, 46, 20], float)
_MORNING_US = 7 * HOUR_US


def instants_of_day(days: Numbers, *, market: Numbers, hour: Units, second: Units) -> Numbers:
    """µs UTC in each UTC day (since 1970), spread by the market's waking hours.

    Args:
        hour: Part of the local day, in [0, 1).
        second: Part of the hour, in [0, 1).
    """
    cumulated = np.cumsum(_HOURS) / _HOURS.sum()
    local_hours = np.searchsorted(cumulated, hour, side="right") + second
    of_day_us = (local_hours * HOUR_US).astype(np.int64) - _utc_offsets_us(days, market)
    return days * DAY_US + of_day_us % DAY_US


def sleep_us(instants: Numbers, *, market: Numbers, chance: Units) -> Numbers:
    """Time until a customer would write; 0 by day."""
    local_us = (instants + _utc_offsets_us(instants // DAY_US, market)) % DAY_US
    morning_us = _MORNING_US + (chance * 4 * HOUR_US).astype(np.int64)
    return np.where(local_us < _MORNING_US, morning_us - local_us, 0)


def _utc_offsets_us(days: Numbers, market: Numbers) -> Numbers:
    if not len(days):
        return np.zeros(0, np.int64)
    first = int(days.min())
    table = np.array([_offsets_us(day) for day in range(first, int(days.max()) + 1)])
    return np.asarray(table[days - first, market])


@cache
def _offsets_us(day: int) -> list[int]:
    noon = datetime_from_us(day * DAY_US + DAY_US // 2)
    offsets = [noon.astimezone(ZoneInfo(market.timezone)).utcoffset() or timedelta() for market in MARKETS]
    return [offset // timedelta(microseconds=1) for offset in offsets]
