"""Trend line and sparkline, from zero."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby, pairwise
from typing import Final

from markupsafe import Markup

from botmeter.charts.date_labels import Moment, NamedPoint, date_axis
from botmeter.charts.plane import (
    Chart,
    LinkMark,
    Margin,
    Plane,
    label_px,
    value_axis,
)
from botmeter.charts.svg import Point, Style, area, circle, label, pennant, polyline, rule, triangle
from botmeter.charts.time_plane import line_chart, time_plane
from botmeter.domain.text import count_text, day_text
from botmeter.reports.intervals import Interval

SPARK_WIDTHS: Final = (112, 160, 200)
# Two lines of labels, or a label and the line to its point.
LABELS_APART_PX: Final = 30
LABEL_PX: Final = 12
# Half the width of the mark above a count that the axis cuts.
CUT_PX: Final = 5
# Length of the flag above a day with a note.
FLAG_PX: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """One point, `on` its first day; not drawn without `has_data`."""

    on: date
    count: int
    title: str
    hour: int = 0
    href: str = ""
    compared_count: int | None = None
    is_partial: bool = False
    has_data: bool = True
    is_noted: bool = False

    @property
    def is_full(self) -> bool:
        return self.has_data and not self.is_partial


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Points, oldest first.

    `last_label` replaces the last date ("Today"); `partial_label` is of the newest point ("636 until 14:02").
    Counts above `cut_at` end at the top of the axis, with a mark.
    """

    name: str
    points: tuple[TrendPoint, ...]
    interval: Interval = Interval.DAY
    last_label: str = ""
    partial_label: str = ""
    peak_word: str = "Highest"
    cut_at: int | None = None

    @property
    def greatest(self) -> int:
        counts = (count for point in self.points for count in (point.count, point.compared_count or 0))
        # Room above the others, so that a cut count never looks like one of them.
        return max(counts, default=0) if self.cut_at is None else self.cut_at + self.cut_at // 4 + 1


def trend_chart(trend: Trend) -> Chart:
    """Draw the trend at each width."""
    marks = [LinkMark(title=point.title, href=point.href) for point in trend.points]
    return line_chart(lambda width: trend_svg(trend, width=width), marks=marks, greatest=trend.greatest)


def trend_svg(trend: Trend, *, width: int) -> Markup:
    """Draw the trend at one width."""
    points = trend.points
    plane, values = time_plane(len(points), greatest=trend.greatest, width=width)
    moments = [Moment(on=point.on, hour=point.hour) for point in points]
    named = NamedPoint(x=len(points) - 1, text=trend.last_label) if points and trend.last_label else None
    elements = [
        *value_axis(plane, values),
        *date_axis(moments, trend.interval, plane=plane, named=named),
        *_flags(points, plane),
        *_lines(points, plane),
        *_labels(trend, plane),
    ]
    return plane.svg(elements, name=trend.name)


def spark_chart(points: Sequence[TrendPoint], *, name: str) -> Chart:
    """Draw a trend without words at each width."""
    return Chart(kind="spark", drawings=tuple(spark_svg(points, name=name, width=width) for width in SPARK_WIDTHS))


def spark_svg(points: Sequence[TrendPoint], *, name: str, width: int) -> Markup:
    """Draw a trend without words at one width."""
    plane = Plane(
        width=width,
        height=56,
        margin=Margin(top=4, right=5, bottom=2, left=2),
        x=(0, max(1, len(points) - 1)),
        y=(0, max((1, *(point.count for point in points)))),
    )
    solid = [[plane.at(x, points[x].count) for x in run] for run in _full_runs(points) if len(run) > 1]
    dotted = [[plane.at(x, points[x].count) for x in run] for run in _partial_runs(points)]
    line: Style = {"stroke": "var(--accent)", "stroke_width": 1.5, "stroke_linejoin": "round"}
    dots = {"stroke_dasharray": "1 3", "stroke_linecap": "round"}
    hollow: Style = {"fill": "var(--surface)", "stroke": "var(--accent)", "stroke_width": 1.5}
    elements = [
        *(area(run, plane.inner_height, fill="var(--area)") for run in solid),
        *(polyline(run, **line) for run in solid),
        *(polyline(run, **line, **dots) for run in dotted),
        *(
            circle(plane.at(x, point.count), radius=2.65, **hollow)
            for x, point in enumerate(points)
            if point.is_partial and point.has_data
        ),
    ]
    return plane.svg(elements, name=name)


def _full_runs(points: Sequence[TrendPoint]) -> list[list[int]]:
    return _runs(points, is_in=lambda point: point.is_full)


def _partial_runs(points: Sequence[TrendPoint]) -> list[list[int]]:
    return [
        [x, x + 1]
        for x, (before, after) in enumerate(pairwise(points))
        if before.has_data and after.has_data and (before.is_partial or after.is_partial)
    ]


def _runs(points: Sequence[TrendPoint], *, is_in: Callable[[TrendPoint], bool]) -> list[list[int]]:
    groups = groupby(range(len(points)), key=lambda x: is_in(points[x]))
    return [list(run) for is_run, run in groups if is_run]


def _lines(points: Sequence[TrendPoint], plane: Plane) -> Iterator[str]:
    def counted(run: list[int]) -> list[Point]:
        return [_at(x, points[x].count, plane=plane) for x in run]

    full = [counted(run) for run in _full_runs(points)]
    solid, alone = [run for run in full if len(run) > 1], [run[0] for run in full if len(run) == 1]
    dotted = [counted(run) for run in _partial_runs(points)]
    compared = [
        [_at(x, points[x].compared_count or 0, plane=plane) for x in run]
        for run in _runs(points, is_in=lambda point: point.compared_count is not None)
    ]
    line: Style = {"stroke": "var(--accent)", "stroke_width": 2, "stroke_linejoin": "round"}
    dashes: Style = {
        "stroke": "var(--compare)",
        "stroke_width": 1.5,
        "stroke_dasharray": "4 3",
        "stroke_linejoin": "round",
    }
    yield from (area(run, plane.inner_height, fill="var(--area)") for run in solid)
    yield from (area(run, plane.inner_height, fill="var(--area-partial)") for run in dotted)
    yield from (polyline(run, **dashes) if len(run) > 1 else _dot(run[0], "var(--compare)") for run in compared)
    yield from (polyline(run, **line) for run in solid)
    yield from (polyline(run, **line, stroke_dasharray="1 4", stroke_linecap="round") for run in dotted)
    yield from (_dot(point) for point in alone)
    for x, point in enumerate(points):
        if point.is_partial and point.has_data:
            style: Style = {"fill": "var(--surface)", "stroke": "var(--accent)", "stroke_width": 2}
            yield circle(_at(x, point.count, plane=plane), radius=3.74, **style)
    yield from _cuts(points, plane)


def _at(x: int, count: int, *, plane: Plane) -> Point:
    return plane.x_px(x), _y_px(count, plane)


def _y_px(count: int, plane: Plane) -> float:
    return plane.y_px(min(count, plane.y[1]))


def _flags(points: Sequence[TrendPoint], plane: Plane) -> Iterator[str]:
    for x, point in enumerate(points):
        if point.is_noted:
            at_px, top_px = plane.x_px(x), 1 - plane.margin.top
            yield rule((at_px, plane.inner_height), (at_px, top_px), stroke="var(--control)", stroke_dasharray="1 3")
            # It flies to the left at the right edge, so that it is never cut off.
            end_px = at_px + (FLAG_PX if at_px + FLAG_PX < plane.inner_width else -FLAG_PX)
            yield pennant((at_px, top_px), end_px, fill="var(--ink-2)")


def _cuts(points: Sequence[TrendPoint], plane: Plane) -> Iterator[str]:
    top = plane.y[1]
    compared = [x for x, point in enumerate(points) if (point.compared_count or 0) > top]
    own = [x for x, point in enumerate(points) if point.count > top]
    if own or compared:
        yield rule((0, 0), (plane.inner_width, 0), stroke="var(--control)", stroke_dasharray="2 3")
    for cut, colour in ((compared, "var(--compare)"), (own, "var(--accent)")):
        for at_px in map(plane.x_px, cut):
            # A gap in the line, as where a scale is broken.
            yield rule((at_px - 12, 15), (at_px + 12, 9), stroke="var(--surface)", stroke_width=4)
            yield triangle((at_px, -CUT_PX), radius=CUT_PX, fill=colour)


def _dot(center: Point, fill: str = "var(--accent)") -> str:
    return circle(center, radius=2.65, fill=fill)


def _labels(trend: Trend, plane: Plane) -> Iterator[str]:
    points = trend.points
    newest = max((x for x, point in enumerate(points) if point.has_data), default=0)
    end_count = points[newest].count if trend.partial_label and points and points[newest].is_partial else None
    if end_count is not None:
        at = (plane.x_px(newest), _y_px(end_count, plane) + _clear_of_line(points[: newest + 1], plane))
        # Hours to come leave room at the right.
        is_left = at[0] + label_px([trend.partial_label]) > plane.inner_width
        yield _beside(at, trend.partial_label, is_left=is_left, font_weight="600", fill="var(--ink)")
    full = [(point.count, x) for x, point in enumerate(points) if point.is_full]
    greatest, peak = max(full, key=lambda pair: pair[0], default=(0, 0))
    if not (trend.peak_word and len(full) > 3 and greatest):
        return
    at_x, at_y = _at(peak, greatest, plane=plane)
    if greatest <= plane.y[1]:
        yield _dot((at_x, at_y))
    is_clear = end_count is None or plane.x_px(newest) - at_x > 2 * label_px([trend.partial_label])
    if is_clear or _y_px(end_count or 0, plane) - at_y > LABELS_APART_PX:
        text = f"{trend.peak_word}: {count_text(greatest)}, {_when(points[peak], trend.interval)}"
        # Above a line that comes in level, unless it is at the top already.
        at = (at_x, at_y - (LABEL_PX if at_y > LABEL_PX else 5))
        yield _beside(at, text, is_left=at_x > label_px([text]) + 12, fill="var(--ink-2)")


def _when(point: TrendPoint, interval: Interval) -> str:
    match interval:
        case Interval.MONTH:
            return f"{point.on:%b %Y}"
        case Interval.HOUR:
            return f"{day_text(point.on, year=False)} {point.hour:02}:00"
        case _:
            return day_text(point.on, year=False)


def _clear_of_line(points: Sequence[TrendPoint], plane: Plane) -> int:
    last_px = _y_px(points[-1].count, plane)
    before_px = min(_y_px(point.count, plane) for point in points[-4:])
    fall_px = last_px - before_px
    if len(points) == 1 or fall_px > LABELS_APART_PX:
        return 0
    return -int(fall_px) - 16 if before_px > 8 else 22


def _beside(at: Point, text: str, *, is_left: bool, **style: str) -> str:
    middle = (at[0] + (-10 if is_left else 10), at[1])
    anchor = "end" if is_left else "start"
    return label(middle, text, text_anchor=anchor, stroke="var(--surface)", stroke_width=3, **style)
