"""Months as columns that carry their value; a partial month is pale with a dashed edge and says what it holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from botmeter.charts.drawing import Drawing, LinkMark, Spec, link_mark, svg
from botmeter.charts.plane import LETTER_PX, Margin, Plane, Row, gridline_values, label_px, value_axis
from botmeter.domain.text import count_text

WIDTH: Final = 597
HEIGHT: Final = 222
# More columns leave no room for their values: a value axis stands in.
VALUES_MAX: Final = 14
COLUMN_PX_MAX: Final = 56
COLUMN_SHARE: Final = 0.66


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthColumn:
    """One month: `label` under it ("Nov"), `note` under that ("until 22 Nov"), its hover text, its rows."""

    label: str
    count: int
    title: str
    href: str = ""
    note: str = ""
    is_partial: bool = False
    has_data: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Months:
    """The monthly widget: columns, oldest first."""

    name: str
    columns: tuple[MonthColumn, ...]


def monthly_drawn(months: Months, *, prefix: str = "monthly") -> Markup:
    """The columns as markup; narrow cards show `month_bars` of the templates instead."""
    return svg(monthly_drawing(months), prefix=prefix)


def monthly_drawing(months: Months) -> Drawing:
    """The columns."""
    columns = months.columns
    greatest = max((column.count for column in columns), default=0)
    carries_values = len(columns) <= VALUES_MAX
    values = (0,) if carries_values else gridline_values(greatest)
    left = 0 if carries_values else label_px([count_text(value) for value in values]) + 10
    plane = Plane(
        width=WIDTH,
        height=HEIGHT,
        margin=Margin(top=22, bottom=40, left=left),
        x=(-0.5, max(1, len(columns)) - 0.5),
        y=(0, max(1, greatest if carries_values else values[-1])),
    )
    layers = [
        *_bars(columns, plane),
        *(_base(plane) if carries_values else value_axis(plane, values)),
        *([_values(columns, plane)] if carries_values else []),
        *_month_labels(columns, plane),
    ]
    spots = [LinkMark(title=column.title, href=column.href) for column in columns]
    return plane.drawing(layers, name=months.name, spots=spots)


def half_column(plane: Plane, column_count: int) -> float:
    """Half the width of a column in coordinates: two thirds of its place, never wider than is calm."""
    place_px = plane.inner_width / max(1, column_count)
    return min(COLUMN_SHARE, COLUMN_PX_MAX / place_px) / 2


def _bars(columns: Sequence[MonthColumn], plane: Plane) -> list[Spec]:
    half = half_column(plane, len(columns))
    full: list[Row] = []
    partial: list[Row] = []
    for i, column in enumerate(columns):
        if column.has_data:
            row = {"x": i - half, "x2": i + half, "y": column.count, "y2": 0, "spot": link_mark(i)}
            (partial if column.is_partial else full).append(row)
    look = {"type": "rect", "cornerRadiusTopLeft": 2, "cornerRadiusTopRight": 2}
    edge = {"stroke": "var(--accent)", "strokeWidth": 1.25, "strokeDash": [3, 3]}
    return [
        plane.layer({**look, "fill": "var(--bar)"}, full),
        plane.layer({**look, **edge, "fill": "var(--area)"}, partial),
    ]


def _base(plane: Plane) -> list[Spec]:
    line = plane.layer({"type": "rule", "stroke": "var(--axis)"}, [{"y": 0, "px": 0}], x2={"value": plane.inner_width})
    return [line]


def _values(columns: Sequence[MonthColumn], plane: Plane) -> Spec:
    rows = [{"x": i, "y": c.count, "text": count_text(c.count)} for i, c in enumerate(columns) if c.has_data]
    return plane.words(rows, align="center", dy=-9)


def _month_labels(columns: Sequence[MonthColumn], plane: Plane) -> list[Spec]:
    """Names under the columns, every second or third where there are many; notes only where they don't touch."""
    place_px = plane.inner_width / max(1, len(columns))
    every = max(1, -(-int(label_px([column.label for column in columns]) + LETTER_PX) // max(1, int(place_px))))
    last = len(columns) - 1
    names = [{"x": i, "py": plane.inner_height + 16, "text": columns[i].label} for i in range(last, -1, -every)]
    layers = [plane.words(names, align="center", fill="var(--ink-3)")]
    for i, column in enumerate(columns):
        # A note at an edge is longer than its column: it keeps to the drawing.
        if column.note:
            wide = label_px([column.note]) / 2
            middle = min(max(plane.x_px(i), wide - plane.margin.left), plane.inner_width - wide)
            row = {"px": round(middle, 1), "py": plane.inner_height + 32, "text": column.note}
            layers.append(plane.words([row], align="center", fill="var(--ink-3)"))
    return layers
