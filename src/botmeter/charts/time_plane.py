"""Opening of the line charts over time: a scale from zero, and as much room at its left at every width."""

from collections.abc import Callable, Sequence
from typing import Final

from markupsafe import Markup

from botmeter.charts.plane import (
    RIGHT_PX,
    WIDTHS,
    Chart,
    LinkMark,
    Margin,
    Plane,
    axis_px,
    gridline_values,
    point_edges,
)

# A narrow drawing has fewer gridlines.
NARROW_PX: Final = 400


def line_chart(drawn: Callable[[int], Markup], *, marks: Sequence[LinkMark], greatest: int) -> Chart:
    """Chart drawn at each width, for counts up to the greatest."""
    return Chart(
        kind="line",
        drawings=tuple(drawn(width) for width in WIDTHS),
        marks=tuple(marks),
        left=_left_px(greatest),
        right=RIGHT_PX,
    )


def time_plane(point_count: int, *, greatest: int, width: int) -> tuple[Plane, tuple[int, ...]]:
    """Plane of points in time, and the values of its gridlines."""
    values, left = _axis_values(greatest, width), _left_px(greatest)
    plane = Plane(
        width=width,
        height=220 if width < NARROW_PX else 240 if width <= 860 else 272,
        margin=Margin(top=14, right=RIGHT_PX, bottom=28, left=left),
        x=point_edges(point_count, width - left - RIGHT_PX),
        y=(0, values[-1]),
    )
    return plane, values


def _axis_values(greatest: int, width: int) -> tuple[int, ...]:
    return gridline_values(greatest, at_most=3 if width < NARROW_PX else 5)


def _left_px(greatest: int) -> int:
    return max(axis_px(_axis_values(greatest, width)) for width in (WIDTHS[0], WIDTHS[-1]))
