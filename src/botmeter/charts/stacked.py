"""Categories over time as stacked columns: what customers come for, in eight colours at most, `Other` last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from botmeter.charts.drawing import Drawing, LinkMark, Spec, svg
from botmeter.charts.monthly import half_column
from botmeter.charts.plane import Margin, Plane, Row, gridline_values, label_px, value_axis
from botmeter.domain.text import count_text

SERIES_MAX: Final = 8
WIDTH: Final = 597
HEIGHT: Final = 222
NARROW_WIDTH: Final = 326
LABEL_STEP_PX: Final = 58
# Below this a gap between stacked parts would eat the parts.
GAPPED_PX: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One column: a count for each series in the fixed order of the series; `label` is "" where none shall stand."""

    label: str
    counts: tuple[int, ...]
    title: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stacks:
    """The chart: columns, oldest first, each with the same number of series, at most eight."""

    name: str
    columns: tuple[Stack, ...]

    def __post_init__(self) -> None:
        """More series than there are colours is a mistake of the page that gathers them."""
        greatest = max((len(column.counts) for column in self.columns), default=0)
        if greatest > SERIES_MAX:
            raise ValueError(f"A stacked chart shows {SERIES_MAX} series at most; {greatest} were given.")


def stacked_drawn(stacks: Stacks, *, width: int = WIDTH, prefix: str = "stacked") -> Markup:
    """The columns as markup; give NARROW_WIDTH for the drawing of narrow cards."""
    return svg(stacked_drawing(stacks, width=width), prefix=f"{prefix}-{width}")


def stacked_drawing(stacks: Stacks, *, width: int = WIDTH) -> Drawing:
    """The columns over a value axis."""
    columns = stacks.columns
    values = gridline_values(max((sum(column.counts) for column in columns), default=0), at_most=4)
    plane = Plane(
        width=width,
        height=HEIGHT,
        margin=Margin(top=8, bottom=28, left=label_px([count_text(value) for value in values]) + 10),
        x=(-0.5, max(1, len(columns)) - 0.5),
        y=(0, values[-1]),
    )
    layers = [
        *value_axis(plane, values),
        _parts(columns, plane),
        plane.words(_names(columns, plane), align="center", fill="var(--ink-3)"),
        plane.hits([{"x": i - 0.5, "x2": i + 0.5, "spot": i} for i in range(len(columns))]),
    ]
    spots = [LinkMark(title=column.title, href=column.href) for column in columns]
    return plane.drawing(layers, name=stacks.name, spots=spots)


def _parts(columns: Sequence[Stack], plane: Plane) -> Spec:
    half = half_column(plane, len(columns))
    rows: list[Row] = []
    for i, column in enumerate(columns):
        under = 0
        for series, count in enumerate(column.counts, start=1):
            if count:
                over = under + count
                rows.append({"x": i - half, "x2": i + half, "y": over, "y2": under, "fill": f"var(--c{series})"})
                under = over
    is_gapped = 2 * half * plane.inner_width / max(1, len(columns)) >= GAPPED_PX
    return plane.layer({"type": "rect", "stroke": "var(--surface)", "strokeWidth": 1.5 if is_gapped else 0}, rows)


def _names(columns: Sequence[Stack], plane: Plane) -> list[Row]:
    """The labels that have room, counted from the last."""
    rows: list[Row] = []
    free_px = float("inf")
    for i in range(len(columns) - 1, -1, -1):
        at_px = plane.x_px(i)
        if columns[i].label and free_px - at_px >= LABEL_STEP_PX:
            rows.append({"x": i, "py": plane.inner_height + 16, "text": columns[i].label})
            free_px = at_px
    return rows
