"""The trend: counts over days, weeks or months as a line, with the compared period behind it.

Rules of the look: zero is on the scale; the line is straight between points and ends at the last full
one; dots lead to a partial point; where there is no data there is a gap, never zero.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise
from typing import Final

from botmeter.charts.drawing import Drawing, LinkMark, Spec, svg
from botmeter.charts.plane import (
    Drawn,
    Margin,
    Plane,
    Row,
    Width,
    gridline_values,
    label_px,
    value_axis,
)
from botmeter.domain.text import count_text, day_text

POINTS_MAX: Final = 400
HEIGHTS: Final = {Width.WIDE: 272, Width.MIDDLE: 240, Width.NARROW: 220}
# Between the starts of two labels like "26 Oct".
LABEL_STEP_PX: Final = 58
# Two lines of labels, or a label and the line that comes in to its point.
LABELS_APART_PX: Final = 30


class Step(StrEnum):
    """What one point of a trend stands for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendPoint:
    """One day, week or month: its first day, what its hover text says, and where its rows are.

    `compared_count` is None where the compared period has nothing at this place. Without `has_data`
    the count is not drawn.
    """

    on: date
    count: int
    title: str
    href: str = ""
    compared_count: int | None = None
    is_partial: bool = False
    has_data: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """A trend: at most 400 points, oldest first.

    `last_label` stands under the last point instead of its day ("Today"); `partial_label` beside it when it is
    partial ("636 until 14:02"); `peak_word` before the greatest count, "" for no such label.
    """

    name: str
    points: tuple[TrendPoint, ...]
    step: Step = Step.DAY
    last_label: str = ""
    partial_label: str = ""
    peak_word: str = "Highest"


def fitting_step(day_count: int) -> Step:
    """What a point should stand for, so that a period stays under 400 points."""
    if day_count <= POINTS_MAX:
        return Step.DAY
    return Step.WEEK if day_count <= 7 * POINTS_MAX else Step.MONTH


def trend_drawn(trend: Trend, *, prefix: str = "trend") -> Drawn:
    """The trend in its three widths."""
    return Drawn(
        wide=svg(trend_drawing(trend, width=Width.WIDE), prefix=f"{prefix}-w"),
        middle=svg(trend_drawing(trend, width=Width.MIDDLE), prefix=f"{prefix}-m"),
        narrow=svg(trend_drawing(trend, width=Width.NARROW), prefix=f"{prefix}-n"),
    )


def trend_drawing(trend: Trend, *, width: Width) -> Drawing:
    """The trend at one width."""
    points = trend.points
    greatest = max((count for point in points for count in (point.count, point.compared_count or 0)), default=0)
    values = gridline_values(greatest, at_most=3 if width is Width.NARROW else 5)
    left = label_px([count_text(value) for value in values]) + 10
    plane = Plane(
        width=width,
        height=HEIGHTS[width],
        margin=Margin(top=14, right=10, bottom=28, left=left),
        x=(-0.5, len(points) - 0.5) if len(points) < 2 else _edges(len(points), width - left - 10),
        y=(0, values[-1]),
    )
    layers = [
        *value_axis(plane, values),
        *_ticks(trend, plane),
        *_lines(points, plane),
        *_labels(trend, plane),
        plane.hits([{"x": i - 0.5, "x2": i + 0.5, "spot": i} for i in range(len(points))]),
    ]
    spots = [LinkMark(title=point.title, href=point.href) for point in points]
    return plane.drawing(layers, name=trend.name, spots=spots)


def _edges(point_count: int, inner_px: int) -> tuple[float, float]:
    """The coordinates at the edges, such that the first and the last point stand a few pixels inside."""
    a_point_px = (inner_px - 14) / (point_count - 1)
    return -8 / a_point_px, point_count - 1 + 6 / a_point_px


def _lines(points: Sequence[TrendPoint], plane: Plane) -> list[Spec]:
    solid = runs(points, is_in=lambda point: point.has_data and not point.is_partial)
    dotted = towards_partial(points)
    compared = [
        {**row, "y": points[row["x"]].compared_count}
        for row in runs(points, is_in=lambda p: p.compared_count is not None)
    ]
    alone = [row for row in solid if sum(other["run"] == row["run"] for other in solid) == 1] if len(solid) < 60 else []
    hollow = [{"x": i, "y": point.count} for i, point in enumerate(points) if point.is_partial and point.has_data]
    down = {"y2": {"datum": 0}}
    line = {"type": "line", "strokeJoin": "round", "stroke": "var(--accent)", "strokeWidth": 2}
    ring = {"type": "point", "filled": True, "opacity": 1, "fill": "var(--surface)", "stroke": "var(--accent)"}
    return [
        plane.layer({"type": "area", "fill": "var(--area)"}, solid, **down),
        plane.layer({"type": "area", "fill": "var(--area-partial)"}, dotted, **down),
        plane.layer({"type": "line", "stroke": "var(--compare)", "strokeWidth": 1.5, "strokeDash": [4, 3]}, compared),
        plane.layer(line, solid),
        plane.layer({**line, "strokeDash": [1, 4], "strokeCap": "round"}, dotted),
        plane.layer({"type": "point", "filled": True, "opacity": 1, "fill": "var(--accent)", "size": 28}, alone),
        plane.layer({**ring, "strokeWidth": 2, "size": 56}, hollow),
    ]


def runs(points: Sequence[TrendPoint], *, is_in: Callable[[TrendPoint], bool]) -> list[Row]:
    """The points that are in, numbered by stretches without a gap."""
    rows: list[Row] = []
    run = 0
    for i, point in enumerate(points):
        if is_in(point):
            rows.append({"x": i, "y": point.count, "run": run})
        else:
            run += 1
    return rows


def towards_partial(points: Sequence[TrendPoint]) -> list[Row]:
    """The stretches from a point to its neighbour where one of the two is partial."""
    rows: list[Row] = []
    for i, (before, after) in enumerate(pairwise(points)):
        if before.has_data and after.has_data and (before.is_partial or after.is_partial):
            rows += [{"x": i, "y": before.count, "run": i}, {"x": i + 1, "y": after.count, "run": i}]
    return rows


def _labels(trend: Trend, plane: Plane) -> list[Spec]:
    """The words in the drawing: how far the last point is counted, and the greatest count."""
    points = trend.points
    last = len(points) - 1
    layers = []
    ends = points[last].count if trend.partial_label and points and points[last].is_partial else None
    if ends is not None:
        row = {"x": last, "y": ends, "text": trend.partial_label}
        layers.append(_beside(row, plane, dy=_clear_of_line(points, plane), fontWeight=600, fill="var(--ink)"))
    full = [(point.count, i) for i, point in enumerate(points) if point.has_data and not point.is_partial]
    count, at = max(full, key=lambda pair: pair[0], default=(0, 0))
    if trend.peak_word and len(full) > 3 and count:
        dot = {"type": "point", "filled": True, "opacity": 1, "fill": "var(--accent)", "size": 28}
        layers.append(plane.layer(dot, [{"x": at, "y": count}]))
        is_clear = ends is None or plane.x_px(last) - plane.x_px(at) > 2 * label_px([trend.partial_label])
        if is_clear or plane.y_px(count - (ends or 0)) > LABELS_APART_PX:
            on = f"{points[at].on:%b %Y}" if trend.step is Step.MONTH else day_text(points[at].on, year=False)
            layers.append(
                _beside({"x": at, "y": count, "text": f"{trend.peak_word}: {count_text(count)}, {on}"}, plane, dy=-5)
            )
    return layers


def _clear_of_line(points: Sequence[TrendPoint], plane: Plane) -> int:
    """How far the last point's label is moved so that the line, where it comes in level, does not cross it."""
    before = max(point.count for point in points[-4:])
    fall_px = plane.y_px(before - points[-1].count)
    if len(points) == 1 or fall_px > LABELS_APART_PX:
        return 0
    room_px = plane.inner_height - plane.y_px(before)
    return -int(fall_px) - 16 if room_px > 8 else 22


def _beside(row: Row, plane: Plane, **look: object) -> Spec:
    """A label at the left of its point, or at the right where there is no room."""
    is_left = plane.x_px(row["x"]) > label_px([row["text"]]) + 12
    side = {"align": "right", "dx": -10} if is_left else {"align": "left", "dx": 10}
    return plane.words([row], stroke="var(--surface)", strokeWidth=3, **side, **look)


def _ticks(trend: Trend, plane: Plane) -> list[Spec]:
    """Dates under the base line, as many as there is room for."""
    last = len(trend.points) - 1
    labels = dict(_tick_labels(trend, plane))
    bold: dict[int, str] = {}
    if trend.last_label and last >= 0:
        room = LABEL_STEP_PX * 0.9
        labels = {i: text for i, text in labels.items() if plane.x_px(last) - plane.x_px(i) >= room}
        bold = {last: trend.last_label}
    marks = [{"x": i, "py": plane.inner_height} for i in (*labels, *bold)]
    below = plane.inner_height + 18
    look = {"align": "center"}
    # A label under the last point would leave the drawing by half its length.
    end_look = {"align": "right", "dx": 10} if last > 0 else look
    return [
        plane.layer({"type": "rule", "stroke": "var(--axis)"}, marks, y2={"value": plane.inner_height + 5}),
        plane.words([{"x": i, "py": below, "text": text} for i, text in labels.items()], fill="var(--ink-3)", **look),
        plane.words([{"x": i, "py": below, "text": text} for i, text in bold.items()], fill="var(--ink)", **end_look),
    ]


def _tick_labels(trend: Trend, plane: Plane) -> Iterator[tuple[int, str]]:
    points = trend.points
    if not points:
        return
    a_point_px = plane.inner_width / max(1, len(points))
    if trend.step is Step.DAY and a_point_px < LABEL_STEP_PX and len(points) <= 130:
        places = [i for i, point in enumerate(points) if point.on.weekday() == 0]
    elif trend.step is Step.MONTH or a_point_px >= LABEL_STEP_PX:
        places = list(range(len(points)))
    else:
        places = [
            i for i, point in enumerate(points) if point.on.day == 1 or (trend.step is Step.WEEK and point.on.day <= 7)
        ]
    if not places:
        places = [0]
    gap_px = (plane.x_px(places[-1]) - plane.x_px(places[0])) / max(1, len(places) - 1) or a_point_px
    every = max(1, -(-LABEL_STEP_PX // max(1, int(gap_px))))
    by_month = trend.step is Step.MONTH or (len(points) > 130 and trend.step is Step.DAY) or trend.step is Step.WEEK
    for i in places[::-1][::every][::-1]:
        on = points[i].on
        if plane.x_px(i) < 12 and not by_month:
            continue
        yield (
            i,
            f"{on:%b %Y}"
            if by_month and (on.month == 1 or len(points) > 400)
            else f"{on:%b}"
            if by_month
            else day_text(on, year=False),
        )
