"""Days, months and calendar edges of time zones: inclusive for people, half-open in µs inside."""

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo

from botmeter.domain.errors import Refused
from botmeter.domain.instant import DAY_US, EPOCH, INSTANT_END_US, INSTANT_FIRST_US
from botmeter.domain.time_zone import is_timezone

DEFAULT_DAYS = 30
# Long enough for every report; a guard against a typing slip such as the year 20226.
DAYS_MAX = 366 * 200

UTC_NAME = "UTC"

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EPOCH_ORDINAL = EPOCH.date().toordinal()


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days from `first_on` to `last_on`, both included, in an IANA time zone.

    Raises:
        Refused: `timezone_unknown`, `period_reversed`, or `period_too_long` past 200 years.
    """

    first_on: date
    last_on: date
    timezone: str = UTC_NAME

    def __post_init__(self) -> None:
        checked_timezone(self.timezone)
        if self.first_on > self.last_on:
            raise Refused(
                "period_reversed",
                f"The period starts on {self.first_on} and ends before that, on {self.last_on}.",
            )
        if self.day_count > DAYS_MAX:
            raise Refused("period_too_long", f"The period has {self.day_count} days; the limit is {DAYS_MAX}.")

    @property
    def day_count(self) -> int:
        return (self.last_on - self.first_on).days + 1

    @property
    def start_us(self) -> int:
        return _midnight_us(_day_number(self.first_on), self.timezone)

    @property
    def end_us(self) -> int:
        return _midnight_us(_day_number(self.last_on) + 1, self.timezone)

    def days(self) -> Iterator[date]:
        return (self.first_on + timedelta(days=number) for number in range(self.day_count))

    def edges_us(self) -> list[int]:
        """Start of each day, then the end; ascending, equal around a skipped day."""
        first = _day_number(self.first_on)
        if self.timezone == UTC_NAME:
            return [(first + number) * DAY_US for number in range(self.day_count + 1)]
        return [_midnight_us(first + number, self.timezone) for number in range(self.day_count + 1)]


def checked_timezone(name: str) -> str:
    """Existing time zone's name.

    Raises:
        Refused: `timezone_unknown`.
    """
    if not is_timezone(name):
        raise Refused(
            "timezone_unknown", f"{name[:40]!r} is not in the IANA time zone database. Use a name such as Asia/Kolkata."
        )
    return name


def day_from_text(text: str) -> date:
    """Parse a day in the form `YYYY-MM-DD`.

    Raises:
        Refused: `date_invalid`.
    """
    try:
        # fromisoformat alone also accepts 20261122 and 2026-W47-7, which are likely typing slips.
        return date.fromisoformat(text if _DAY.fullmatch(text) else "")
    except ValueError:
        raise Refused(
            "date_invalid", f"{text[:40]!r} is not a date. Use the form YYYY-MM-DD, such as 2026-11-22."
        ) from None


def day_start_us(day_on: date) -> int:
    """Midnight UTC of a day."""
    return (day_on - EPOCH.date()).days * DAY_US


def day_of_us(instant_us: int, *, timezone: str = UTC_NAME) -> date:
    """Local day of an instant; where midnight comes twice, it begins at the first."""
    if timezone == UTC_NAME:
        return _date(instant_us // DAY_US)
    number = (instant_us + offset_us(instant_us, timezone)) // DAY_US
    return _date(number + 1 if instant_us >= _midnight_us(number + 1, timezone) else number)


def month_last_on(first_on: date) -> date:
    """Last day of a month."""
    return first_on.replace(day=monthrange(first_on.year, first_on.month)[1])


def calendar_edges_us(unit: Literal["day", "month"], *, timezone: str, start_us: int, end_us: int) -> list[int]:
    """Local midnights (of days, or of months' firsts) that enclose [start_us, end_us], strictly ascending.

    A midnight skipped by a clock change is the first instant after it; of two, the first counts; a skipped day has no
    edge.
    """
    local = (EPOCH + timedelta(microseconds=start_us)).astimezone(ZoneInfo(timezone)).date()
    local = local.replace(day=1) if unit == "month" else local - timedelta(days=1)
    edges: list[int] = []
    while not edges or edges[-1] <= end_us:
        edge_us = _midnight_us(_day_number(local), timezone)
        if not edges or edge_us > edges[-1]:
            edges.append(edge_us)
        local = _next(local, unit)
    return [edge for edge, after in zip(edges, [*edges[1:], edges[-1] + 1], strict=True) if after > start_us]


def offsets_us(period: Period) -> list[tuple[int, int]]:
    """Zone's (start, offset) in µs, ascending from the period's start."""
    edges_us = period.edges_us()
    offsets = [(edges_us[0], offset_us(edges_us[0], period.timezone))]
    for start_us, end_us in pairwise(edges_us):
        # Where a zone skips midnight, its offset changes exactly at the day's start.
        if (ahead_us := offset_us(start_us, period.timezone)) != offsets[-1][1]:
            offsets.append((start_us, ahead_us))
        if start_us < end_us and offset_us(end_us - 1, period.timezone) != ahead_us:
            change_us = _change_us(start_us, end_us, timezone=period.timezone)
            offsets.append((change_us, offset_us(change_us, period.timezone)))
    return offsets


def _change_us(start_us: int, end_us: int, *, timezone: str) -> int:
    before = offset_us(start_us, timezone)
    while end_us - start_us > 1:
        middle_us = (start_us + end_us) // 2
        if offset_us(middle_us, timezone) == before:
            start_us = middle_us
        else:
            end_us = middle_us
    return end_us


def offset_us(instant_us: int, timezone: str) -> int:
    """Offset of the zone in µs."""
    # Beyond the range of an event's instant, the offset at its end counts.
    within_us = min(max(INSTANT_FIRST_US, instant_us), INSTANT_END_US)
    offset = (EPOCH + timedelta(microseconds=within_us)).astimezone(ZoneInfo(timezone)).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)


def _midnight_us(day_number: int, timezone: str) -> int:
    midnight_us = day_number * DAY_US
    if timezone == UTC_NAME:
        return midnight_us
    # Only the offset is computed with `datetime`, so that its range is never exceeded.
    offset = datetime.combine(_date(day_number), time(), tzinfo=ZoneInfo(timezone)).utcoffset()
    return midnight_us if offset is None else midnight_us - offset // timedelta(microseconds=1)


def _date(day_number: int) -> date:
    """Day, or the first or last of the calendar, which an offset can leave."""
    return date.fromordinal(min(max(1, day_number + _EPOCH_ORDINAL), date.max.toordinal()))


def _day_number(on: date) -> int:
    return on.toordinal() - _EPOCH_ORDINAL


def _next(day_on: date, unit: Literal["day", "month"]) -> date:
    if unit == "day":
        return day_on + timedelta(days=1)
    return (day_on.replace(day=28) + timedelta(days=4)).replace(day=1)
