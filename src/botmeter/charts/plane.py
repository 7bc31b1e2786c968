"""Chart coordinates: widths, margins, scales and the value axis."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, Literal

from markupsafe import Markup

from botmeter.charts.svg import Point, element, escaped, label, rule
from botmeter.domain.text import count_text

# A card shows the widest drawing that fits (`css/parts/chart.css` lists the same widths) and never scales it. They are
# the room in a card, measured, in the usual windows: 320, 360, 390 and 768 px of telephones and tablets, 1280, 1366 and
# 1440 px (half the page), 1280, 1366, 1400, 1536, 1600, 1680 and 1920 px (all of it), with steps between.
WIDTHS: Final = (254, 294, 324, 412, 476, 524, 576, 618, 676, 776, 860, 940, 1028, 1060, 1190, 1236, 1320, 1564)
# Columns have half of the page in a report, and all of it on their own page.
COLUMN_WIDTHS: Final = tuple(width for width in WIDTHS if width <= 860 or width in {1028, 1236, 1564})
GRIDLINES_MAX: Final = 5
# A digit of 12 px in the fonts of the page is 6.7 px wide, a letter a little less on average.
LETTER_PX: Final = 6.7
# Pixels between the edges and the first and last point; `css/parts/chart.css` repeats them.
FIRST_INSET_PX: Final = 8
LAST_INSET_PX: Final = 6
# Right margin of lines over days.
RIGHT_PX: Final = 10
# Between the starts of two labels like "26 Oct".
LABEL_STEP_PX: Final = 58


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMark:
    """Hover text and link of a mark."""

    title: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Drawing for each width, with shared links on top.

    `marks` divide the width between `left` and `right`; on a line, the ends take half.
    """

    kind: Literal["line", "columns", "window", "spark"]
    drawings: tuple[Markup, ...]
    marks: tuple[LinkMark, ...] = ()
    left: int = 0
    right: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Margin:
    """Margins in pixels."""

    top: int = 0
    right: int = 0
    bottom: int = 0
    left: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Size in pixels, and coordinates inside the margins, `y` upwards."""

    width: int
    height: int
    margin: Margin
    x: tuple[float, float]
    y: tuple[float, float]

    @property
    def inner_width(self) -> int:
        return self.width - self.margin.left - self.margin.right

    @property
    def inner_height(self) -> int:
        return self.height - self.margin.top - self.margin.bottom

    def x_px(self, x: float) -> float:
        return (x - self.x[0]) / (self.x[1] - self.x[0]) * self.inner_width

    def y_px(self, y: float) -> float:
        return (self.y[1] - y) / (self.y[1] - self.y[0]) * self.inner_height

    def at(self, x: float, y: float) -> Point:
        return self.x_px(x), self.y_px(y)

    def svg(self, elements: Iterable[str], *, name: str) -> Markup:
        content = "".join(elements)
        margin = self.margin
        group = element("g", content, transform=f"translate({margin.left},{margin.top})", fill="none", font_size=12)
        # The role `img` may contain no links, so a drawing with links is a group.
        opening = (
            f'<svg class="w{self.width}" role="{"group" if "<a " in content else "img"}" aria-label="{escaped(name)}" '
            f'width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}">'
        )
        # `element` and `escaped` have escaped all outside text.
        return Markup(f"{opening}{group}</svg>")  # noqa: S704


def linked(shape: str, mark: LinkMark) -> str:
    """Add hover text and a mouse link; keyboards use the table."""
    content = f"<title>{escaped(mark.title)}</title>{shape}"
    if not mark.href:
        return element("g", content, class_="tipped")
    return element("a", content, href=mark.href, tabindex="-1")


def gridline_values(greatest: int, *, at_most: int = GRIDLINES_MAX) -> tuple[int, ...]:
    """Return 0 and up to `at_most` round values, the last at or over `greatest`."""
    step = next(step for step in _steps() if -(-greatest // step) <= at_most)
    return tuple(step * number for number in range(max(1, -(-greatest // step)) + 1))


def _steps() -> Iterator[int]:
    yield from (1, 2, 5)
    for power in count(1):
        yield from (10**power, 2 * 10**power, 25 * 10 ** (power - 1), 5 * 10**power)


def label_px(texts: Sequence[str]) -> int:
    """Width of the longest label."""
    return int(max((len(text) for text in texts), default=0) * LETTER_PX) + 1


def axis_px(values: Sequence[int]) -> int:
    """Left margin for a value axis."""
    return label_px([count_text(value) for value in values]) + 10


def point_edges(point_count: int, inner_px: int) -> tuple[float, float]:
    """Left and right end of the `x` axis of a line with points 0, 1, …; a lone point is in the middle."""
    if point_count < 2:
        return -0.5, point_count - 0.5
    a_point_px = (inner_px - FIRST_INSET_PX - LAST_INSET_PX) / (point_count - 1)
    return -FIRST_INSET_PX / a_point_px, point_count - 1 + LAST_INSET_PX / a_point_px


def base_line(plane: Plane) -> str:
    """Draw the base line."""
    return rule((0, plane.inner_height), (plane.inner_width, plane.inner_height), stroke="var(--axis)")


def value_axis(plane: Plane, values: Sequence[int]) -> Iterator[str]:
    """Draw gridlines, the base line and the labels."""
    for value in values:
        if value:
            at_px = plane.y_px(value)
            yield rule((0, at_px), (plane.inner_width, at_px), stroke="var(--grid)")
    yield base_line(plane)
    for value in values:
        yield label((-plane.margin.left, plane.y_px(value)), count_text(value), fill="var(--ink-3)")
