"""Local clocks as steps for SQL, which knows no zones."""

from dataclasses import dataclass
from itertools import pairwise
from math import gcd

import numpy as np

from botmeter.domain.instant import DAY_US
from botmeter.domain.period import Period, offsets_us
from botmeter.domain.week_hours import HOURS_OF_WEEK
from botmeter.reports.counts import Ints

_HOUR_US = DAY_US // 24
# The first Monday of 1970 is 5 January.
_MONDAY_US = 4 * DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class WallClock:
    """UTC offsets of a zone during a period, and equal steps from its start.

    Attributes:
        offsets: (from, offset), ascending, µs.
        step_us: Meets every local hour and offset change.
    """

    offsets: tuple[tuple[int, int], ...]
    step_us: int

    @property
    def origin_us(self) -> int:
        return self.offsets[0][0]

    def week_hours(self, steps: Ints) -> Ints:
        """Hours of the week by step, from Monday 0:00."""
        starts_us = self.origin_us + steps * self.step_us
        changes_us, ahead_us = (np.array(column, np.int64) for column in zip(*self.offsets, strict=True))
        walls_us = starts_us + ahead_us[np.searchsorted(changes_us, starts_us, side="right") - 1]
        hours: Ints = (walls_us - _MONDAY_US) // _HOUR_US % HOURS_OF_WEEK
        return hours

    def hours_between(self, start_us: int, end_us: int) -> list[tuple[int, int]]:
        """(Hour of the week, start) of the hours that clocks show between two instants, in order."""
        if start_us == end_us:  # A day that the zone skips.
            return []
        changes_us = [change_us for change_us, _ in self.offsets if start_us < change_us < end_us]
        starts: dict[int, int] = {}
        for from_us, until_us in pairwise([start_us, *changes_us, end_us]):
            ahead_us = next(ahead_us for change_us, ahead_us in reversed(self.offsets) if change_us <= from_us)
            first, last = ((at_us + ahead_us - _MONDAY_US) // _HOUR_US for at_us in (from_us, until_us - 1))
            for number in range(first, last + 1):
                starts_us = number * _HOUR_US + _MONDAY_US - ahead_us
                starts.setdefault(number % HOURS_OF_WEEK, max(from_us, starts_us))
        return list(starts.items())


def wall_clock_of(period: Period) -> WallClock:
    """Clock of a period's zone."""
    offsets = tuple(offsets_us(period))
    return WallClock(offsets=offsets, step_us=_step_us(offsets))


def _step_us(offsets: tuple[tuple[int, int], ...]) -> int:
    origin_us = offsets[0][0]
    return gcd(
        _HOUR_US,
        *(start_us - origin_us for start_us, _ in offsets),
        *((start_us + ahead_us) % _HOUR_US for start_us, ahead_us in offsets),
    )
