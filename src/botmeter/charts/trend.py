"""Trend line and sparkline, from zero."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby, pairwise
from typing import Final

from markupsafe import Markup

from botmeter.charts.plane import (
    LABEL_STEP_PX,
    WIDTHS,
    Chart,
    LinkMark,
    Margin,
    Plane,
    axis_px,
    gridline_values,
    label_px,
    value_axis,
)
from botmeter.charts.svg import Point, Style, area, circle, label, polyline, rule
from botmeter.domain.text import count_text, day_text

POINTS_MAX: Final = 400
SPARK_WIDTHS: Final = (112, 160, 200)
# A narrow drawing has fewer gridlines.
NARROW_PX: Final = 400
# Two lines of labels, or a label and the line to its point.
LABELS_APART_PX: Final = 30
# Pixels between the edges and the first and last point; `css/parts/chart.css` repeats them.
FIRST_INSET_PX: Final = 8
LAST_INSET_PX: Final = 6
RIGHT_PX: Final = 10


class Step(StrEnum):
    """Span of one point."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """One day, week or month; not drawn without `has_data`."""

    on: date
    count: int
    title: str
    href: str = ""
    compared_count: int | None = None
    is_partial: bool = False
    has_data: bool = True

    @property
    def is_full(self) -> bool:
        return self.has_data and not self.is_partial


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """At most 400 points, oldest first.

    `last_label` replaces the last date ("Today"); `partial_label` is like "636 until 14:02".
    """

    name: str
    points: tuple[TrendPoint, ...]
    step: Step = Step.DAY
    last_label: str = ""
    partial_label: str = ""
    peak_word: str = "Highest"


def fitting_step(day_count: int) -> Step:
    """Choose the step that gives under 400 points."""
    if day_count <= POINTS_MAX:
        return Step.DAY
    return Step.WEEK if day_count <= 7 * POINTS_MAX else Step.MONTH


def trend_chart(trend: Trend) -> Chart:
    """Draw the trend at each width."""
    return Chart(
        kind="line",
        drawings=tuple(trend_svg(trend, width=width) for width in WIDTHS),
        marks=tuple(LinkMark(title=point.title, href=point.href) for point in trend.points),
        left=_left_px(trend),
        right=RIGHT_PX,
    )


def trend_svg(trend: Trend, *, width: int) -> Markup:
    """Draw the trend at one width."""
    points, values, left = trend.points, _axis_values(trend, width), _left_px(trend)
    plane = Plane(
        width=width,
        height=220 if width < NARROW_PX else 240 if width <= 860 else 272,
        margin=Margin(top=14, right=RIGHT_PX, bottom=28, left=left),
        x=(-0.5, len(points) - 0.5) if len(points) < 2 else _edges(len(points), width - left - RIGHT_PX),
        y=(0, values[-1]),
    )
    elements = [*value_axis(plane, values), *_ticks(trend, plane), *_lines(points, plane), *_labels(trend, plane)]
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


def _axis_values(trend: Trend, width: int) -> tuple[int, ...]:
    greatest = max((count for point in trend.points for count in (point.count, point.compared_count or 0)), default=0)
    return gridline_values(greatest, at_most=3 if width < NARROW_PX else 5)


def _left_px(trend: Trend) -> int:
    return max(axis_px(_axis_values(trend, width)) for width in (WIDTHS[0], WIDTHS[-1]))


def _edges(point_count: int, inner_px: int) -> tuple[float, float]:
    a_point_px = (inner_px - FIRST_INSET_PX - LAST_INSET_PX) / (point_count - 1)
    return -FIRST_INSET_PX / a_point_px, point_count - 1 + LAST_INSET_PX / a_point_px


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
        return [plane.at(x, points[x].count) for x in run]

    full = [counted(run) for run in _full_runs(points)]
    solid, alone = [run for run in full if len(run) > 1], [run[0] for run in full if len(run) == 1]
    dotted = [counted(run) for run in _partial_runs(points)]
    compared = [
        [plane.at(x, points[x].compared_count or 0) for x in run]
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
            yield circle(plane.at(x, point.count), radius=3.74, **style)


def _dot(center: Point, fill: str = "var(--accent)") -> str:
    return circle(center, radius=2.65, fill=fill)


def _labels(trend: Trend, plane: Plane) -> Iterator[str]:
    points = trend.points
    last = len(points) - 1
    end_count = points[last].count if trend.partial_label and points and points[last].is_partial else None
    if end_count is not None:
        at = (plane.x_px(last), plane.y_px(end_count) + _clear_of_line(points, plane))
        yield _beside(at, trend.partial_label, font_weight="600", fill="var(--ink)")
    full = [(point.count, x) for x, point in enumerate(points) if point.is_full]
    greatest, peak = max(full, key=lambda pair: pair[0], default=(0, 0))
    if not (trend.peak_word and len(full) > 3 and greatest):
        return
    at_x, at_y = plane.at(peak, greatest)
    yield _dot((at_x, at_y))
    is_clear = end_count is None or plane.x_px(last) - at_x > 2 * label_px([trend.partial_label])
    if is_clear or plane.y_px(end_count or 0) - at_y > LABELS_APART_PX:
        on = points[peak].on
        when = f"{on:%b %Y}" if trend.step is Step.MONTH else day_text(on, year=False)
        yield _beside((at_x, at_y - 5), f"{trend.peak_word}: {count_text(greatest)}, {when}", fill="var(--ink-2)")


def _clear_of_line(points: Sequence[TrendPoint], plane: Plane) -> int:
    """Pixels that move the last label off a level line."""
    before_px = min(plane.y_px(point.count) for point in points[-4:])
    fall_px = plane.y_px(points[-1].count) - before_px
    if len(points) == 1 or fall_px > LABELS_APART_PX:
        return 0
    return -int(fall_px) - 16 if before_px > 8 else 22


def _beside(at: Point, text: str, **style: str) -> str:
    is_left = at[0] > label_px([text]) + 12
    middle = (at[0] + (-10 if is_left else 10), at[1])
    anchor = "end" if is_left else "start"
    return label(middle, text, text_anchor=anchor, stroke="var(--surface)", stroke_width=3, **style)


def _ticks(trend: Trend, plane: Plane) -> Iterator[str]:
    last = len(trend.points) - 1
    labels = dict(_tick_labels(trend, plane))
    below = plane.inner_height + 18
    if trend.last_label and last >= 0:
        last_px = plane.x_px(last)
        labels = {x: text for x, text in labels.items() if last_px - plane.x_px(x) >= LABEL_STEP_PX * 0.9}
        # A centred label under the last point would be cut off.
        at, anchor = ((last_px + RIGHT_PX, below), "end") if last else ((last_px, below), "middle")
        yield _tick(plane, last)
        yield label(at, trend.last_label, text_anchor=anchor, fill="var(--ink)")
    for x, text in labels.items():
        yield _tick(plane, x)
        yield label((plane.x_px(x), below), text, text_anchor="middle", fill="var(--ink-3)")


def _tick(plane: Plane, x: int) -> str:
    at_px = plane.x_px(x)
    return rule((at_px, plane.inner_height), (at_px, plane.inner_height + 5), stroke="var(--axis)")


def _tick_labels(trend: Trend, plane: Plane) -> Iterator[tuple[int, str]]:
    points, count = trend.points, len(trend.points)
    if not points:
        return
    is_by_month = trend.step is not Step.DAY or count > 130
    ticks = _tick_points(trend, a_point_px=plane.inner_width / count)
    gap_px = (plane.x_px(ticks[-1]) - plane.x_px(ticks[0])) / max(1, len(ticks) - 1) or plane.inner_width / count
    every = max(1, -(-LABEL_STEP_PX // max(1, int(gap_px))))
    for x in ticks[::-1][::every][::-1]:
        on = points[x].on
        if is_by_month:
            yield x, f"{on:%b %Y}" if on.month == 1 or count > POINTS_MAX else f"{on:%b}"
        elif plane.x_px(x) >= 12:
            yield x, day_text(on, year=False)


def _tick_points(trend: Trend, *, a_point_px: float) -> list[int]:
    points = trend.points
    if trend.step is Step.MONTH or a_point_px >= LABEL_STEP_PX:
        return list(range(len(points)))
    if trend.step is Step.DAY and len(points) <= 130:
        ticks = [x for x, point in enumerate(points) if point.on.weekday() == 0]
    else:
        first_days = 7 if trend.step is Step.WEEK else 1
        ticks = [x for x, point in enumerate(points) if point.on.day <= first_days]
    return ticks or [0]
