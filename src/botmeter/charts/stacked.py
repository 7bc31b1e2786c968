"""Categories over time as stacked columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from botmeter.charts.monthly import column_px, half_column
from botmeter.charts.plane import (
    COLUMN_WIDTHS,
    LABEL_STEP_PX,
    Chart,
    LinkMark,
    Margin,
    Plane,
    axis_px,
    gridline_values,
    value_axis,
)
from botmeter.charts.svg import Style, boxes, label

SERIES_MAX: Final = 8
HEIGHT: Final = 222
# Below this a gap between stacked parts would eat the parts.
GAPPED_PX: Final = 8


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
    half = half_column(plane, len(columns))
    is_gapped = 2 * half * column_px(plane, len(columns)) >= GAPPED_PX
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
