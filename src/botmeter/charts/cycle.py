"""Cycle's cumulative sessions: counted, expected with a band, and last cycle's, under horizontal marks."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Final, Literal, Self

from markupsafe import Markup

from botmeter.charts.date_labels import Moment, NamedPoint, date_axis
from botmeter.charts.label_spots import GAP_PX, LINE_PX, Spot, free_label
from botmeter.charts.plane import (
    Chart,
    LinkMark,
    Plane,
    value_axis,
)
from botmeter.charts.svg import Point, Style, area, circle, polygon, polyline, rule
from botmeter.charts.time_plane import line_chart, time_plane
from botmeter.reports.intervals import Interval

MarkKind = Literal["grant", "limit"]

# A mark so many times above all lines would flatten them: it is named at the top instead.
MARK_FACTOR: Final = 4
# A day's new sessions change its last point and the labels alone: axes and lines of the charts of some ten accounts, at
# 18 widths, are drawn once. Each takes 4 KB.
_DRAWINGS_MAX: Final = 256
_LINE: Final[Style] = {"stroke": "var(--accent)", "stroke_width": 2, "stroke_linejoin": "round"}
_DASHES: Final[Style] = {"stroke_width": 1.5, "stroke_dasharray": "4 3", "stroke_linejoin": "round"}
_MARK_STYLES: Final[dict[MarkKind, Style]] = {
    "grant": {"stroke": "var(--control)"},
    "limit": {"stroke": "var(--ink-2)", "stroke_dasharray": "6 3"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CyclePoint:
    """End of a day: sessions of the cycle until then.

    Attributes:
        count: Counted; None for days to come.
        expected_count: Forecast; with `low_count` and `high_count` if it has a band.
    """

    on: date
    title: str
    href: str = ""
    count: int | None = None
    is_partial: bool = False
    expected_count: int | None = None
    low_count: int | None = None
    high_count: int | None = None
    compared_count: int | None = None

    @property
    def counts(self) -> Iterator[int]:
        counts = (self.count, self.compared_count, self.expected_count, self.high_count)
        return (count for count in counts if count is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleMark:
    """Horizontal line: sessions that a grant ends at, or a limit such as a budget or cap."""

    count: int
    label: str
    kind: MarkKind = "grant"


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleLine:
    """Point for each day of the cycle, oldest first.

    `today_label` names the day below ("Today"), `partial_label` its count, `end_label` the end ("1,240 expected").
    """

    name: str
    points: tuple[CyclePoint, ...]
    marks: tuple[CycleMark, ...] = ()
    today_label: str = ""
    partial_label: str = ""
    end_label: str = ""

    @property
    def greatest(self) -> int:
        greatest = max((count for point in self.points for count in point.counts), default=0)
        # Without a count, as on the first morning, the scale is that of the marks.
        most = MARK_FACTOR * greatest or min((mark.count for mark in self.marks), default=0)
        return max([greatest, *(mark.count for mark in self.marks if mark.count <= most)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """Counts by day that a day's new sessions don't change; None: no count."""

    full: tuple[int | None, ...]
    expected: tuple[int | None, ...]
    low: tuple[int | None, ...]
    high: tuple[int | None, ...]
    compared: tuple[int | None, ...]

    @classmethod
    def of(cls, points: Sequence[CyclePoint]) -> Self:
        return cls(
            full=tuple(None if point.is_partial else point.count for point in points),
            expected=tuple(point.expected_count for point in points),
            low=tuple(point.low_count for point in points),
            high=tuple(point.high_count for point in points),
            compared=tuple(point.compared_count for point in points),
        )


def cycle_chart(line: CycleLine) -> Chart:
    """Draw the cycle at each width."""
    marks = [LinkMark(title=point.title, href=point.href) for point in line.points]
    series, greatest = _Series.of(line.points), line.greatest
    return line_chart(lambda width: _svg(line, series, greatest=greatest, width=width), marks=marks, greatest=greatest)


def cycle_svg(line: CycleLine, *, width: int) -> Markup:
    """Draw the cycle at one width."""
    return _svg(line, _Series.of(line.points), greatest=line.greatest, width=width)


def _svg(line: CycleLine, series: _Series, *, greatest: int, width: int) -> Markup:
    points = line.points
    plane, values = time_plane(len(points), greatest=greatest, width=width)
    today = next((x for x, point in enumerate(points) if point.is_partial or point.expected_count is not None), None)
    named = NamedPoint(x=today, text=line.today_label) if today is not None and line.today_label else None
    elements = [
        _axes(plane, values, days=tuple(point.on for point in points), named=named),
        _lines(plane, series),
        *_partial_line(points, series, plane=plane),
        *_rules(line, plane),
        *_labels(line, plane),
    ]
    return plane.svg(elements, name=line.name)


@lru_cache(maxsize=_DRAWINGS_MAX)
def _axes(plane: Plane, values: tuple[int, ...], *, days: tuple[date, ...], named: NamedPoint | None) -> str:
    moments = [Moment(on=on) for on in days]
    return "".join([*value_axis(plane, values), *date_axis(moments, Interval.DAY, plane=plane, named=named)])


@lru_cache(maxsize=_DRAWINGS_MAX)
def _lines(plane: Plane, series: _Series) -> str:
    return "".join(_line_elements(plane, series))


def _line_elements(plane: Plane, series: _Series) -> Iterator[str]:
    full, expected, low, high, compared = (
        _path(counts, plane) for counts in (series.full, series.expected, series.low, series.high, series.compared)
    )
    last = full[-1:]
    if len(full) > 1:
        yield area(full, plane.inner_height, fill="var(--area)")
    if low and high:
        yield polygon([*last, *low, *reversed(high)], fill="var(--area)")
    yield from _drawn(compared, stroke="var(--compare)", **_DASHES)
    if expected:
        yield from _drawn([*last, *expected], **_LINE, stroke_dasharray="7 4")
    yield from _drawn(full, **_LINE)


def _partial_line(points: Sequence[CyclePoint], series: _Series, *, plane: Plane) -> Iterator[str]:
    last = _path(series.full, plane)[-1:]
    for at in _path((point.count if point.is_partial else None for point in points), plane):
        yield from _drawn([*last, at], **_LINE, stroke_dasharray="1 4", stroke_linecap="round")
        yield circle(at, radius=3.74, fill="var(--surface)", stroke="var(--accent)", stroke_width=2)


def _path(counts: Iterable[int | None], plane: Plane) -> list[Point]:
    return [plane.at(x, count) for x, count in enumerate(counts) if count is not None]


def _drawn(line: Sequence[Point], **style: str | float) -> Iterator[str]:
    if len(line) > 1:
        yield polyline(line, **style)
    elif line:
        yield circle(line[0], radius=2.65, fill=style["stroke"])


def _rules(line: CycleLine, plane: Plane) -> Iterator[str]:
    for mark in line.marks:
        if mark.count <= plane.y[1]:
            at_px = plane.y_px(mark.count)
            yield rule((0, at_px), (plane.inner_width, at_px), **_MARK_STYLES[mark.kind])


def _labels(line: CycleLine, plane: Plane) -> Iterator[str]:
    taken: list[Spot] = []
    strong: Style = {"font_weight": "600", "fill": "var(--ink)"}
    end_count = line.points[-1].expected_count if line.points else None
    if end_count is not None and line.end_label:
        at_px, y_px = plane.at(len(line.points) - 1, end_count)
        yield circle((at_px, y_px), radius=2.65, fill="var(--accent)")
        ends = [Spot.ending(line.end_label, (at_px + 6, y_px + dy)) for dy in ((-12, 16) if y_px > 12 else (16,))]
        yield from free_label(line.end_label, ends, taken=taken, plane=plane, **strong)
    for x, point in enumerate(line.points):
        if point.is_partial and point.count is not None and line.partial_label:
            lines = [_path(counts, plane) for counts in _line_counts(line.points)]
            spots = _beside(line.partial_label, plane.at(x, point.count), plane=plane)
            # First where no line goes through the letters.
            clear_first = sorted(spots, key=lambda spot: any(map(spot.is_crossed_by, lines)))
            yield from free_label(line.partial_label, clear_first, taken=taken, plane=plane, **strong)
    for mark in sorted(line.marks, key=lambda mark: mark.count):
        is_above = mark.count > plane.y[1]
        text = f"↑ {mark.label}" if is_above else mark.label
        spots = _along(text, 0.0 if is_above else plane.y_px(mark.count), marks=line.marks, taken=taken, plane=plane)
        yield from free_label(text, spots, taken=taken, plane=plane, fill="var(--ink-2)")


def _line_counts(points: Sequence[CyclePoint]) -> Iterator[list[int | None]]:
    yield [point.expected_count if point.count is None else point.count for point in points]
    yield [point.compared_count for point in points]


def _beside(text: str, at: Point, *, plane: Plane) -> Iterator[Spot]:
    """Spots beside a point of a rising line: below it, or above at its left; then further off."""
    x, y = at
    yield Spot.starting(text, (x + 10, min(y + 14, plane.inner_height - 8)))
    yield Spot.ending(text, (x - 10, y - 14))
    yield Spot.starting(text, (x + 10, min(y + 28, plane.inner_height - 8)))
    yield Spot.ending(text, (x - 10, y - 28))
    yield from (Spot.ending(text, (x + 4, y + more_px)) for more_px in (18, 34, 50))
    yield from (Spot.ending(text, (x - 10, y - more_px)) for more_px in (44, 60))
    yield from (Spot.ending(text, (x + 4, y + more_px)) for more_px in (66, 82))
    yield Spot.starting(text, (0, y - 30))
    yield from (Spot.starting(text, (0, y - more_px)) for more_px in (48, 72, 96))


def _along(
    text: str, at_px: float, *, marks: Sequence[CycleMark], taken: Sequence[Spot], plane: Plane
) -> Iterator[Spot]:
    """Spots along a horizontal line: above it from the left, behind others, at its end; or below it."""
    others = [plane.y_px(mark.count) for mark in marks]
    # First where no other line goes through the letters.
    for middle_px in sorted((at_px - 8, at_px + 9), key=lambda y: any(abs(other - y) < 7 for other in others)):
        starts = sorted(other.end_px + GAP_PX for other in taken if abs(other.middle_px - middle_px) < LINE_PX)
        yield from (Spot.starting(text, (start_px, middle_px)) for start_px in (4, *starts))
        yield Spot.ending(text, (plane.inner_width, middle_px))
