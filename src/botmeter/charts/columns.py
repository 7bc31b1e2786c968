"""Columns over time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from botmeter.charts.plane import (
    COLUMN_WIDTHS,
    LABEL_STEP_PX,
    LETTER_PX,
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

# Narrower cards show the months as a table of bars.
MONTHS_WIDTH_MIN: Final = 476
HEIGHT: Final = 222
COLUMN_PX_MAX: Final = 56
COLUMN_SHARE: Final = 0.66
SERIES_MAX: Final = 8
# Below this a gap between stacked parts would eat the parts.
GAPPED_PX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthColumn:
    """One month, with a label ("Nov") and a note ("until 22 Nov")."""

    label: str
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
    edge = {"stroke": "var(--accent)", "stroke_width": 1.25, "stroke_dasharray": "3 3"}
    for x, month in enumerate(columns):
        if month.has_data:
            style = {"fill": "var(--area)", **edge} if month.is_partial else {"fill": "var(--bar)"}
            shape = column(plane.at(x - half, month.count), plane.at(x + half, 0), radius=2, **style)
            yield linked(shape, LinkMark(title=month.title, href=month.href))


def _values(columns: Sequence[MonthColumn], plane: Plane) -> Iterator[str]:
    for x, month in enumerate(columns):
        if month.has_data:
            middle = (plane.x_px(x), plane.y_px(month.count) - 9)
            yield label(middle, count_text(month.count), text_anchor="middle", fill="var(--ink-2)")


def _month_labels(columns: Sequence[MonthColumn], plane: Plane) -> Iterator[str]:
    space_px = max(1, int(_column_px(plane, len(columns))))
    every = max(1, -(-int(label_px([month.label for month in columns]) + LETTER_PX) // space_px))
    style = {"text_anchor": "middle", "fill": "var(--ink-3)"}
    for x in range(len(columns) - 1, -1, -every):
        yield label((plane.x_px(x), plane.inner_height + 16), columns[x].label, **style)
    for x, month in enumerate(columns):
        if month.note:
            # A note at an edge is longer than its column: it stays inside the drawing.
            half_px = label_px([month.note]) / 2
            middle_px = min(max(plane.x_px(x), half_px - plane.margin.left), plane.inner_width - half_px)
            yield label((middle_px, plane.inner_height + 32), month.note, **style)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One column, with a count for each series."""

    label: str
    counts: tuple[int, ...]
    title: str
    href: str = ""


def stacked_chart(columns: Sequence[Stack], *, name: str) -> Chart:
    """Draw the columns, oldest first, at each width.

    Raises:
        ValueError: More than eight series.
    """
    series_count = _series_count(columns)
    if series_count > SERIES_MAX:
        raise ValueError(f"A stacked chart shows {SERIES_MAX} series at most; {series_count} were given.")
    return Chart(
        kind="columns",
        drawings=tuple(stacked_svg(columns, name=name, width=width) for width in COLUMN_WIDTHS),
        marks=tuple(LinkMark(title=column.title, href=column.href) for column in columns),
        left=axis_px(_axis_values(columns)),
    )


def stacked_svg(columns: Sequence[Stack], *, name: str, width: int) -> Markup:
    """Draw the columns over a value axis at one width."""
    values = _axis_values(columns)
    plane = Plane(
        width=width,
        height=HEIGHT,
        margin=Margin(top=8, bottom=28, left=axis_px(values)),
        x=(-0.5, max(1, len(columns)) - 0.5),
        y=(0, values[-1]),
    )
    elements = [*value_axis(plane, values), *_parts(columns, plane), *_labels(columns, plane)]
    return plane.svg(elements, name=name)


def _series_count(columns: Sequence[Stack]) -> int:
    return max((len(column.counts) for column in columns), default=0)


def _axis_values(columns: Sequence[Stack]) -> tuple[int, ...]:
    return gridline_values(max((sum(column.counts) for column in columns), default=0), at_most=4)


def _parts(columns: Sequence[Stack], plane: Plane) -> Iterator[str]:
    half = _half_column(plane, len(columns))
    is_gapped = 2 * half * _column_px(plane, len(columns)) >= GAPPED_PX
    gap: Style = {"stroke": "var(--surface)", "stroke_width": 1.5} if is_gapped else {}
    for series in range(_series_count(columns)):
        corners = [
            (plane.at(x - half, under + column.counts[series]), plane.at(x + half, under))
            for x, column in enumerate(columns)
            if column.counts[series]
            for under in [sum(column.counts[:series])]
        ]
        if corners:
            yield boxes(corners, fill=f"var(--c{series + 1})", **gap)


def _labels(columns: Sequence[Stack], plane: Plane) -> Iterator[str]:
    # Counted from the last, so that the newest column keeps its label.
    free_px = float("inf")
    for x in range(len(columns) - 1, -1, -1):
        at_px = plane.x_px(x)
        if columns[x].label and free_px - at_px >= LABEL_STEP_PX:
            yield label((at_px, plane.inner_height + 16), columns[x].label, text_anchor="middle", fill="var(--ink-3)")
            free_px = at_px
