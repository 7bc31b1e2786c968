"""Columns over time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup

from botmeter.charts.date_labels import Moment, date_labels
from botmeter.charts.plane import (
    COLUMN_WIDTHS,
    Chart,
    LinkMark,
    Margin,
    Plane,
    axis_px,
    base_line,
    gridline_values,
    label_px,
    linked,
    value_axis,
)
from botmeter.charts.svg import Style, boxes, column, label
from botmeter.domain.text import count_text
from botmeter.reports.intervals import Interval

# Narrower cards show the months as a table of bars.
MONTHS_WIDTH_MIN: Final = 476
HEIGHT: Final = 222
COLUMN_PX_MAX: Final = 56
COLUMN_SHARE: Final = 0.66
SERIES_MAX: Final = 8
ALL_COLOURS: Final = tuple(range(1, SERIES_MAX + 1))
# A column of which a part is missing.
PARTIAL_OPACITY: Final = 0.35
PARTIAL_EDGE: Final[Style] = {"stroke": "var(--accent)", "stroke_width": 1.25, "stroke_dasharray": "3 3"}
# Below this a gap between stacked parts would eat the parts.
GAPPED_PX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthColumn:
    """One month, with a note ("until 22 Nov")."""

    on: date
    count: int
    title: str
    href: str = ""
    note: str = ""
    is_partial: bool = False
    has_data: bool = True


def monthly_chart(columns: Sequence[MonthColumn], *, name: str) -> Chart:
    """Draw the months, oldest first, at each width except for narrow cards."""
    widths = [width for width in COLUMN_WIDTHS if width >= MONTHS_WIDTH_MIN]
    return Chart(kind="columns", drawings=tuple(monthly_svg(columns, name=name, width=width) for width in widths))


def monthly_svg(columns: Sequence[MonthColumn], *, name: str, width: int) -> Markup:
    """Draw columns with their values, or an axis if they don't fit."""
    greatest = max((column.count for column in columns), default=0)
    carries_values = label_px([count_text(greatest)]) <= width / max(1, len(columns))
    values = gridline_values(greatest)
    plane = Plane(
        width=width,
        height=HEIGHT,
        margin=Margin(top=22, bottom=40, left=0 if carries_values else axis_px(values)),
        x=(-0.5, max(1, len(columns)) - 0.5),
        y=(0, max(1, greatest if carries_values else values[-1])),
    )
    elements = [
        *_columns(columns, plane),
        *([base_line(plane), *_values(columns, plane)] if carries_values else value_axis(plane, values)),
        *_month_labels(columns, plane),
    ]
    return plane.svg(elements, name=name)


def _half_column(plane: Plane, column_count: int) -> float:
    return min(COLUMN_SHARE, COLUMN_PX_MAX / _column_px(plane, column_count)) / 2


def _column_px(plane: Plane, column_count: int) -> float:
    return plane.inner_width / max(1, column_count)


def _columns(columns: Sequence[MonthColumn], plane: Plane) -> Iterator[str]:
    half = _half_column(plane, len(columns))
    for x, month in enumerate(columns):
        if month.has_data:
            style = {"fill": "var(--area)", **PARTIAL_EDGE} if month.is_partial else {"fill": "var(--bar)"}
            shape = column(plane.at(x - half, month.count), plane.at(x + half, 0), radius=2, **style)
            yield linked(shape, LinkMark(title=month.title, href=month.href))


def _values(columns: Sequence[MonthColumn], plane: Plane) -> Iterator[str]:
    for x, month in enumerate(columns):
        if month.has_data:
            middle = (plane.x_px(x), plane.y_px(month.count) - 9)
            yield label(middle, count_text(month.count), text_anchor="middle", fill="var(--ink-2)")


def _month_labels(columns: Sequence[MonthColumn], plane: Plane) -> Iterator[str]:
    yield from _date_labels([month.on for month in columns], Interval.MONTH, plane=plane)
    for x, month in enumerate(columns):
        if month.note:
            # A note at an edge is longer than its column: it stays inside the drawing.
            half_px = label_px([month.note]) / 2
            middle_px = min(max(plane.x_px(x), half_px - plane.margin.left), plane.inner_width - half_px)
            yield label((middle_px, plane.inner_height + 32), month.note, text_anchor="middle", fill="var(--ink-3)")


def _date_labels(days: Sequence[date], interval: Interval, *, plane: Plane) -> Iterator[str]:
    for each in date_labels([Moment(on=on) for on in days], interval, plane=plane):
        at = (each.middle_px, plane.inner_height + 16)
        yield label(at, each.text, text_anchor="middle", fill="var(--ink-3)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One column, with a count for each series."""

    on: date
    counts: tuple[int, ...]
    title: str
    href: str = ""
    is_partial: bool = False


def stacked_chart(
    columns: Sequence[Stack], *, name: str, interval: Interval = Interval.DAY, colours: Sequence[int] = ALL_COLOURS
) -> Chart:
    """Draw the columns, oldest first, at each width.

    Args:
        colours: Category of each series, from 1 to 8.

    Raises:
        ValueError: More than eight series.
    """
    series_count = _series_count(columns)
    if series_count > SERIES_MAX:
        raise ValueError(f"A stacked chart shows {SERIES_MAX} series at most; {series_count} were given.")
    return Chart(
        kind="columns",
        drawings=tuple(
            stacked_svg(columns, name=name, interval=interval, colours=colours, width=width) for width in COLUMN_WIDTHS
        ),
        marks=tuple(LinkMark(title=column.title, href=column.href) for column in columns),
        left=axis_px(_axis_values(columns)),
    )


def stacked_svg(
    columns: Sequence[Stack], *, name: str, interval: Interval, width: int, colours: Sequence[int] = ALL_COLOURS
) -> Markup:
    """Draw the columns over a value axis at one width."""
    values = _axis_values(columns)
    plane = Plane(
        width=width,
        height=HEIGHT,
        margin=Margin(top=8, bottom=28, left=axis_px(values)),
        x=(-0.5, max(1, len(columns)) - 0.5),
        y=(0, values[-1]),
    )
    elements = [
        *value_axis(plane, values),
        *_parts(columns, colours, plane=plane),
        *_date_labels([each.on for each in columns], interval, plane=plane),
    ]
    return plane.svg(elements, name=name)


def _series_count(columns: Sequence[Stack]) -> int:
    return max((len(column.counts) for column in columns), default=0)


def _axis_values(columns: Sequence[Stack]) -> tuple[int, ...]:
    return gridline_values(max((sum(column.counts) for column in columns), default=0), at_most=4)


def _parts(columns: Sequence[Stack], colours: Sequence[int], *, plane: Plane) -> Iterator[str]:
    half = _half_column(plane, len(columns))
    is_gapped = 2 * half * _column_px(plane, len(columns)) >= GAPPED_PX
    gap: Style = {"stroke": "var(--surface)", "stroke_width": 1.5} if is_gapped else {}
    for series in range(_series_count(columns)):
        for is_partial, style in ((False, gap), (True, {**gap, "fill_opacity": PARTIAL_OPACITY})):
            corners = [
                (plane.at(x - half, under + column.counts[series]), plane.at(x + half, under))
                for x, column in enumerate(columns)
                if column.counts[series] and column.is_partial is is_partial
                for under in [sum(column.counts[:series])]
            ]
            if corners:
                yield boxes(corners, fill=f"var(--c{colours[series]})", **style)
    edges = [
        (plane.at(x - half, sum(stack.counts)), plane.at(x + half, 0))
        for x, stack in enumerate(columns)
        if stack.is_partial and any(stack.counts)
    ]
    if edges:
        yield boxes(edges, **PARTIAL_EDGE)
