"""The sheet that charts are laid on: pixels around, coordinates inside, and layers made of rows.

Axes are drawn as rules and words like everything else. Vega's own would measure and shift labels by the
fonts of the machine; here a drawing has the same geometry everywhere, and a label is data, never code.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import count
from typing import Any, Final

from markupsafe import Markup

from botmeter.charts.drawing import Drawing, LinkMark, Spec, link_mark
from botmeter.domain.text import count_text

Row = dict[str, Any]

GRIDLINES_MAX: Final = 5
# A digit of 12 px in the fonts of the stack is 6.7 px wide, a letter a little less on average.
LETTER_PX: Final = 6.7


_NOTHING: Final = Markup("")


class Width(IntEnum):
    """The widths that a wide widget is drawn at; its card picks one by its own width."""

    WIDE = 1064
    MIDDLE = 690
    NARROW = 326


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """One thing as markup in its widths; an empty one is not offered (`chart.html`: drawings)."""

    wide: Markup
    middle: Markup = _NOTHING
    narrow: Markup = _NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """Pixels around the coordinates."""

    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Width and height in pixels, margins within them, and the coordinates at the edges of what is left.

    `x` is left and right, `y` is bottom and top; a bottom greater than the top counts downwards.
    """

    width: int
    height: int
    margin: Margin
    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def inner_width(self) -> int:
        """Pixels between the left and the right edge of the coordinates."""
        return self.width - self.margin.left - self.margin.right

    @property
    def inner_height(self) -> int:
        """Pixels between the top and the bottom edge of the coordinates."""
        return self.height - self.margin.top - self.margin.bottom

    def x_px(self, x: float) -> float:
        """Pixels from the left edge of the coordinates."""
        return (x - self.x[0]) / (self.x[1] - self.x[0]) * self.inner_width

    def y_px(self, y: float) -> float:
        """Pixels up from the base line, where the coordinates begin at zero."""
        return y / self.y[1] * self.inner_height

    def layer(self, mark: Spec, rows: Sequence[Row], **encoding: Any) -> Spec:
        """Marks, one for each row (a line or area: one for each `run`), placed by the rows' own fields.

        A row's fields: x, x2, y, y2 in coordinates, px and py in pixels instead of x and y, run, text,
        fill, spot.
        """
        fields = rows[0].keys() if rows else ()
        placed: Spec = {}
        if "x" in fields:
            placed["x"] = self._scaled("x", self.x)
        if "px" in fields:
            placed["x"] = {"field": "px", "type": "quantitative", "scale": None}
        if "y" in fields:
            placed["y"] = self._scaled("y", self.y)
        if "py" in fields:
            placed["y"] = {"field": "py", "type": "quantitative", "scale": None}
        for edge in ("x2", "y2"):
            if edge in fields:
                placed[edge] = {"field": edge}
        if "run" in fields:
            placed["detail"] = {"field": "run", "type": "nominal"}
        if "text" in fields:
            placed["text"] = {"field": "text", "type": "nominal"}
        if "fill" in fields:
            placed["fill"] = {"field": "fill", "type": "nominal", "scale": None}
        if "spot" in fields:
            placed["description"] = {"field": "spot", "type": "nominal"}
        return {"data": {"values": list(rows)}, "mark": mark, "encoding": {**placed, **encoding}}

    def words(self, rows: Sequence[Row], **look: Any) -> Spec:
        """Text at each row; `align`, `baseline`, `dx`, `dy`, `fontWeight`, `fill` as Vega names them."""
        return self.layer({"type": "text", "baseline": "middle", "align": "left", **look}, rows)

    def hits(self, rows: Sequence[Row]) -> Spec:
        """Invisible fields over the whole height that bear links: rows of x, x2 and the number of their spot."""
        left, right = self.x
        marked = [
            {"x": max(left, row["x"]), "x2": min(right, row["x2"]), "spot": link_mark(row["spot"])} for row in rows
        ]
        over = {"y": {"value": 0}, "y2": {"value": self.inner_height}}
        return self.layer({"type": "rect", "fill": None}, marked, **over)

    def drawing(self, layers: Sequence[Spec], *, name: str, spots: Sequence[LinkMark] = ()) -> Drawing:
        """The layers as a drawing; a layer without rows is left out."""
        margin = self.margin
        spec = {
            "width": self.inner_width,
            "height": self.inner_height,
            "padding": {"left": margin.left, "right": margin.right, "top": margin.top, "bottom": margin.bottom},
            "layer": [layer for layer in layers if layer["data"]["values"]],
        }
        return Drawing(spec=spec, name=name, width=self.width, height=self.height, spots=tuple(spots))

    def _scaled(self, name: str, domain: tuple[float, float]) -> Spec:
        scale = {"domain": list(domain), "nice": False, "zero": False}
        return {"field": name, "type": "quantitative", "scale": scale, "axis": None, "stack": None}


def gridline_values(greatest: int, *, at_most: int = GRIDLINES_MAX) -> tuple[int, ...]:
    """Zero and whole, round values above it, at most that many, the last at or over the greatest count."""
    step = next(step for step in _steps() if -(-greatest // step) <= at_most)
    return tuple(step * number for number in range(max(1, -(-greatest // step)) + 1))


def _steps() -> Iterator[int]:
    """1, 2, 5, 10, 20, 25, 50, 100 … without end."""
    yield from (1, 2, 5)
    for power in count(1):
        yield from (10**power, 2 * 10**power, 25 * 10 ** (power - 1), 5 * 10**power)


def label_px(texts: Sequence[str]) -> int:
    """Pixels that the longest of the labels takes, by the width of a digit."""
    return int(max((len(text) for text in texts), default=0) * LETTER_PX) + 1


def value_axis(plane: Plane, values: Sequence[int]) -> list[Spec]:
    """Hairlines at the values, the base line, and the labels at the card's left edge."""
    lines = [{"y": value, "px": 0} for value in values if value]
    base = [{"y": 0, "px": 0}]
    labels = [{"y": value, "px": -plane.margin.left, "text": count_text(value)} for value in values]
    across = {"x2": {"value": plane.inner_width}}
    return [
        plane.layer({"type": "rule", "stroke": "var(--grid)"}, lines, **across),
        plane.layer({"type": "rule", "stroke": "var(--axis)"}, base, **across),
        plane.words(labels, fill="var(--ink-3)"),
    ]
