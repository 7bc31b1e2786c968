"""Time axis with the finest dates that fit, and the year where it is new."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from math import inf
from typing import Final

from botmeter.charts.plane import Plane, label_px
from botmeter.charts.svg import label, rule
from botmeter.domain.text import day_text
from botmeter.reports.intervals import Interval

# Between two labels.
_GAP_PX: Final = 10
# So few days are labelled one by one, more on Mondays.
_LONE_DAYS_MAX: Final = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Start of a point on local clocks."""

    on: date
    hour: int = 0

    @property
    def before(self) -> "Moment":
        """An hour earlier; the first of the calendar is its own."""
        if self.hour:
            return Moment(on=self.on, hour=self.hour - 1)
        return Moment(on=self.on - timedelta(days=1), hour=23) if self.on > date.min else self


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedPoint:
    """Point `x` with a word instead of its date, such as "Today"; dates give way to it."""

    x: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DateLabel:
    """Label of the point `x`."""

    x: int
    middle_px: float
    text: str

    @property
    def edges_px(self) -> tuple[float, float]:
        half_px = label_px([self.text]) / 2
        return self.middle_px - half_px, self.middle_px + half_px


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """Labels where the number of a unit changes and is divisible by `every`.

    Attributes:
        text, text_with_year: Of a moment.
        is_dated: Labels need no year, unless the axis has several.
    """

    number: Callable[[Moment], int]
    text: Callable[[Moment], str]
    text_with_year: Callable[[Moment], str]
    every: int = 1
    is_dated: bool = False


def date_axis(
    moments: Sequence[Moment], interval: Interval, *, plane: Plane, named: NamedPoint | None = None
) -> Iterator[str]:
    """Draw ticks with their dates, and the named point."""
    below, taken_px = plane.inner_height + 18, (inf, -inf)
    if named is not None:
        at_px, width_px = plane.x_px(named.x), label_px([named.text])
        # A centred label under the last points would be cut off.
        is_cut = len(moments) > 1 and at_px + width_px / 2 > plane.inner_width + plane.margin.right
        taken_px = (at_px - width_px, inf) if is_cut else (at_px - width_px / 2 - 6, at_px + width_px / 2 + 6)
        label_at_px = min(at_px + plane.margin.right, plane.inner_width + plane.margin.right) if is_cut else at_px
        yield _tick(plane, at_px)
        yield label((label_at_px, below), named.text, text_anchor="end" if is_cut else "middle", fill="var(--ink)")
    for each in date_labels(moments, interval, plane=plane):
        if each.edges_px[1] < taken_px[0] or each.edges_px[0] > taken_px[1]:
            yield _tick(plane, plane.x_px(each.x))
            yield label((each.middle_px, below), each.text, text_anchor="middle", fill="var(--ink-3)")


def _tick(plane: Plane, at_px: float) -> str:
    return rule((at_px, plane.inner_height), (at_px, plane.inner_height + 5), stroke="var(--axis)")


def date_labels(moments: Sequence[Moment], interval: Interval, *, plane: Plane) -> list[DateLabel]:
    """Label the finest level that fits, within the drawing."""
    labels: list[DateLabel] = []
    for level in _levels(interval, len(moments)):
        labels = _labels(moments, level, plane=plane) or labels
        if labels and all(after.edges_px[0] - before.edges_px[1] >= _GAP_PX for before, after in pairwise(labels)):
            return labels
    return labels[-1:]


def _labels(moments: Sequence[Moment], level: _Level, *, plane: Plane) -> list[DateLabel]:
    names_years = not level.is_dated or len({moment.on.year for moment in moments}) > 1
    labels, year = [], None
    for x in _ticks(moments, level):
        moment = moments[x]
        names_year = names_years and moment.on.year != year
        text = level.text_with_year(moment) if names_year else level.text(moment)
        year = moment.on.year
        half_px = label_px([text]) / 2
        middle_px = min(max(plane.x_px(x), half_px - plane.margin.left), plane.width - plane.margin.left - half_px)
        labels.append(DateLabel(x=x, middle_px=middle_px, text=text))
    return labels


def _ticks(moments: Sequence[Moment], level: _Level) -> Iterator[int]:
    number = level.number
    for x, moment in enumerate(moments):
        before = moments[x - 1] if x else moment.before
        if number(moment) != number(before) and number(moment) % level.every == 0:
            yield x


def _levels(interval: Interval, count: int) -> Iterator[_Level]:
    match interval:
        case Interval.HOUR:
            yield from (replace(_HOURS, every=every) for every in (1, 2, 3, 6, 12))
            yield from (replace(_DAYS, every=every) for every in (1, 2))
        case Interval.DAY if count <= _LONE_DAYS_MAX:
            yield from (replace(_DAYS, every=every) for every in (1, 2, 3))
        case Interval.DAY:
            yield from (replace(_WEEKS, every=every) for every in (1, 2))
        case Interval.WEEK:
            yield _DAYS
            yield replace(_WEEKS, every=2)
        case Interval.MONTH:
            # A month that the period cuts begins on another day than its first.
            yield replace(_MONTHS, number=_day)
    yield from (replace(_MONTHS, every=every) for every in (1, 3, 6))
    yield from (replace(_YEARS, every=every) for every in (1, 2, 5, 10, 20, 50, 100))


def _day(moment: Moment) -> int:
    return moment.on.toordinal()


def _week(moment: Moment) -> int:
    # The first day of the calendar is a Monday.
    return (moment.on.toordinal() - 1) // 7


def _hour_text(moment: Moment) -> str:
    return f"{moment.hour:02}:00" if moment.hour else day_text(moment.on, year=False)


def _short_day_text(moment: Moment) -> str:
    return day_text(moment.on, year=False)


def _day_text(moment: Moment) -> str:
    return day_text(moment.on)


_HOURS: Final = _Level(
    number=lambda moment: _day(moment) * 24 + moment.hour, text=_hour_text, text_with_year=_hour_text, is_dated=True
)
_DAYS: Final = _Level(number=_day, text=_short_day_text, text_with_year=_day_text, is_dated=True)
_WEEKS: Final = replace(_DAYS, number=_week)
_MONTHS: Final = _Level(
    number=lambda moment: moment.on.year * 12 + moment.on.month - 1,
    text=lambda moment: f"{moment.on:%b}",
    text_with_year=lambda moment: f"{moment.on:%b %Y}",
)
_YEARS: Final = _Level(
    number=lambda moment: moment.on.year,
    text=lambda moment: str(moment.on.year),
    text_with_year=lambda moment: str(moment.on.year),
)
