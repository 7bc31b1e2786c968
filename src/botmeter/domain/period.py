"""Days, months and the calendar edges of time zones. All calendar work of Botmeter is done here.

A period is inclusive where people see it (first day, last day) and half-open in µs inside.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US, EPOCH, us_from_datetime

DEFAULT_DAYS = 30
# Enough for every question about a business; a guard against a typing slip such as year 20226.
DAYS_MAX = 366 * 200

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """UTC days from `first_on` to `last_on`, both included.

    Raises:
        Refused: `period_reversed` if it ends before it starts, `period_too_long` past 200 years.
    """

    first_on: date
    last_on: date

    def __post_init__(self) -> None:
        if self.first_on > self.last_on:
            raise Refused(
                "period_reversed",
                f"The period starts on {self.first_on} but ends before that, on {self.last_on}.",
            )
        if self.day_count > DAYS_MAX:
            raise Refused("period_too_long", f"The period has {self.day_count} days; the most is {DAYS_MAX}.")

    @property
    def day_count(self) -> int:
        return (self.last_on - self.first_on).days + 1

    @property
    def start_us(self) -> int:
        """The first instant inside."""
        return day_start_us(self.first_on)

    @property
    def end_us(self) -> int:
        """The first instant after it."""
        return day_start_us(self.last_on) + DAY_US

    def days(self) -> Iterator[date]:
        """Every day, in order."""
        return (self.first_on + timedelta(days=number) for number in range(self.day_count))


def day_from_text(text: str) -> date:
    """The day that `YYYY-MM-DD` names.

    Raises:
        Refused: `date_invalid` for anything else.
    """
    try:
        # fromisoformat alone also takes 20261122 and 2026-W47-7, which a typing slip can look like.
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise Refused(
            "date_invalid", f"{text[:40]!r} is not a date; write it as YYYY-MM-DD, such as 2026-11-22."
        ) from None


def day_start_us(day_on: date) -> int:
    """Midnight UTC at the start of `day_on`, in µs."""
    return (day_on - EPOCH.date()).days * DAY_US


def day_of_us(instant_us: int) -> date:
    """The UTC day that holds the instant."""
    return EPOCH.date() + timedelta(days=instant_us // DAY_US)


def calendar_edges_us(unit: Literal["day", "month"], *, timezone: str, start_us: int, end_us: int) -> list[int]:
    """Local midnights (of each day, or of each month's first) that enclose [start_us, end_us].

    Returns:
        Strictly ascending µs UTC; the first is ≤ `start_us`, the last > `end_us`. A local midnight
        that a change of clocks skips is the first instant after the gap; of one that comes twice,
        the first counts; a day that a country skips (Samoa's 30 December 2011) has no edge.
    """
    zone = ZoneInfo(timezone)
    local = (EPOCH + timedelta(microseconds=start_us)).astimezone(zone).date()
    local = local.replace(day=1) if unit == "month" else local - timedelta(days=1)
    edges: list[int] = []
    while not edges or edges[-1] <= end_us:
        edge_us = us_from_datetime(datetime.combine(local, time(), tzinfo=zone).astimezone(UTC))
        if not edges or edge_us > edges[-1]:
            edges.append(edge_us)
        local = _next(local, unit)
    return [edge for edge, after in zip(edges, [*edges[1:], edges[-1] + 1], strict=True) if after > start_us]


def _next(day_on: date, unit: Literal["day", "month"]) -> date:
    if unit == "day":
        return day_on + timedelta(days=1)
    return (day_on.replace(day=28) + timedelta(days=4)).replace(day=1)
