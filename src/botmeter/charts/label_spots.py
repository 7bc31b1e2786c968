"""Labels, each on its first free spot."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, Self

from botmeter.charts.plane import Plane, label_px
from botmeter.charts.svg import Point, label

# Between two lines of text, and between two labels on one.
LINE_PX: Final = 14
GAP_PX: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Room for a label."""

    start_px: float
    end_px: float
    middle_px: float
    anchor: Literal["start", "end"]

    @classmethod
    def starting(cls, text: str, at: Point) -> Self:
        return cls(start_px=at[0], end_px=at[0] + label_px([text]), middle_px=at[1], anchor="start")

    @classmethod
    def ending(cls, text: str, at: Point) -> Self:
        return cls(start_px=at[0] - label_px([text]), end_px=at[0], middle_px=at[1], anchor="end")

    def touches(self, other: "Spot") -> bool:
        is_beside = self.end_px + GAP_PX <= other.start_px or other.end_px + GAP_PX <= self.start_px
        return not is_beside and abs(self.middle_px - other.middle_px) < LINE_PX

    def is_crossed_by(self, line: Sequence[Point]) -> bool:
        """Test for a line, with points from left to right, through the letters."""
        return any(self._is_crossed(before, after) for before, after in pairwise(line))

    def _is_crossed(self, before: Point, after: Point) -> bool:
        first_px, last_px = max(before[0], self.start_px), min(after[0], self.end_px)
        if first_px > last_px:
            return False
        slope = (after[1] - before[1]) / (after[0] - before[0]) if after[0] > before[0] else 0.0
        heights = [before[1] + slope * (at_px - before[0]) for at_px in (first_px, last_px)]
        return min(heights) < self.middle_px + LINE_PX / 2 and max(heights) > self.middle_px - LINE_PX / 2

    def is_inside(self, plane: Plane) -> bool:
        is_above = self.middle_px <= plane.inner_height - LINE_PX / 2
        return is_above and self.start_px >= 0 and self.end_px <= plane.inner_width + plane.margin.right


def free_label(
    text: str, spots: Iterable[Spot], *, taken: list[Spot], plane: Plane, **style: str | float
) -> Iterator[str]:
    """Write a label on its first free spot, which is added to those taken; without one it is left out."""
    for spot in spots:
        if spot.is_inside(plane) and not any(map(spot.touches, taken)):
            taken.append(spot)
            at = (spot.end_px if spot.anchor == "end" else spot.start_px, spot.middle_px)
            yield label(at, text, text_anchor=spot.anchor, stroke="var(--surface)", stroke_width=3, **style)
            return
