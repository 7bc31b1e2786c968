"""When sessions start: by weekday and hour of the clock on the wall."""

from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING

import numpy as np

from botmeter.domain.instant import DAY_US
from botmeter.domain.period import offsets_us
from botmeter.reports.ask import Ask
from botmeter.reports.counts import ints_of, sums
from botmeter.reports.facts import footprint_values, is_about_rows
from botmeter.reports.snapshot import snapshot, values_of

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger

_HOUR_US = DAY_US // 24
_WEEK_US = 7 * DAY_US
# The first Monday of 1970 is 5 January.
_MONDAY_US = 4 * DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Sessions by when they started, in the ask's zone; all together they are the headline.

    Attributes:
        counts: For each weekday, Monday first, the sessions that started in each of its 24 hours.
    """

    counts: tuple[tuple[int, ...], ...]


def hours(ledger: "Ledger", ask: Ask) -> Hours:
    """The sessions that answer `ask`, by weekday and hour of their start."""
    offsets = offsets_us(ask.period)
    step_us = _step_us(offsets)
    values = {**values_of(ask, ledger.touchpoints), "origin_us": ask.period.start_us, "step_us": step_us}
    with snapshot(ledger) as moment:
        if is_about_rows(values):
            moment.run("matching", values)
            found = moment.table("session_steps_from_rows", values)
        else:
            found = moment.table("session_steps", footprint_values(moment, values))
    starts_us = ask.period.start_us + ints_of(found, "step") * step_us
    changes_us, ahead_us = (np.array(column, np.int64) for column in zip(*offsets, strict=True))
    walls_us = starts_us + ahead_us[np.searchsorted(changes_us, starts_us, side="right") - 1]
    places = (walls_us - _MONDAY_US) % _WEEK_US // _HOUR_US
    counts = sums(places, ints_of(found, "session_count"), size=7 * 24).reshape(7, 24).tolist()
    return Hours(counts=tuple(tuple(day) for day in counts))


def _step_us(offsets: list[tuple[int, int]]) -> int:
    """The longest step, counted from the start on, that meets every hour of the clock and every change of it."""
    origin_us = offsets[0][0]
    return gcd(
        _HOUR_US,
        *(start_us - origin_us for start_us, _ in offsets),
        *((start_us + ahead_us) % _HOUR_US for start_us, ahead_us in offsets),
    )
