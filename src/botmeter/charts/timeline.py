"""One session's window: a lane per conversation, marks of distinct shapes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from markupsafe import Markup

from botmeter.charts.plane import WIDTHS, Chart, LinkMark, Margin, Plane, base_line, label_px, linked
from botmeter.charts.svg import Point, Style, box, circle, diamond, label, rule, square
from botmeter.domain.text import clock_text, day_text, in_zone

MarkKind = Literal["opening", "customer", "bot", "agent", "ticket"]

LANES_MAX: Final = 12
MINUTE_US: Final = 60_000_000
# Shorter windows are drawn as if they were this long.
LENGTH_MIN_US: Final = 36_000_000
TICK_STEPS_US: Final = tuple(
    minutes * MINUTE_US for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400, 43200)
)
TICK_PX: Final = 72
# Marks of one kind nearer than this would cover each other: the first stands for them.
MARK_PX: Final = 5
TOP_PX: Final = 26
LANE_PX: Final = 57
# Below this width the name of a lane stands above its marks instead of beside them.
NARROW_PX: Final = 500
NARROW_LANE_PX: Final = 62
NAMES_PX: Final = 170

# Customers above the middle of a lane, bots and agents below it.
_UPPER: Final = frozenset({"opening", "customer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineMark:
    """One event, with its hover text and link."""

    at_us: int
    kind: MarkKind
    title: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One conversation, with its marks in time order."""

    title: str
    subtitle: str
    marks: tuple[TimelineMark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Session's window; `next_us` is the start of the next session."""

    name: str
    started_us: int
    ended_us: int
    lanes: tuple[Lane, ...]
    start_label: str
    end_label: str
    next_us: int | None = None
    next_label: str = ""
    timezone: str = "UTC"


def timeline_chart(timeline: Timeline) -> Chart:
    """Draw the window at each width."""
    return Chart(kind="window", drawings=tuple(timeline_svg(timeline, width=width) for width in WIDTHS))


def timeline_svg(timeline: Timeline, *, width: int) -> Markup:
    """Draw the window; the last line counts conversations past twelve."""
    is_narrow = width < NARROW_PX
    lanes = timeline.lanes[:LANES_MAX]
    more_count = len(timeline.lanes) - len(lanes)
    lane_count = len(lanes) + bool(more_count)
    plane = Plane(
        width=width,
        height=TOP_PX + lane_count * (NARROW_LANE_PX if is_narrow else LANE_PX) + 42,
        margin=Margin(top=TOP_PX, bottom=42, left=0 if is_narrow else NAMES_PX),
        x=_edges_us(timeline, is_narrow=is_narrow),
        y=(lane_count - 0.5, -0.5),
    )
    elements = [
        *_window(timeline, plane, lane_count=lane_count),
        *_ticks(timeline, plane),
        *_spans(lanes, plane),
        *_marks(lanes, plane),
        *_next(timeline, plane, is_narrow=is_narrow),
        *_names(timeline, plane, more_count=more_count),
    ]
    return plane.svg(elements, name=timeline.name)


def _edges_us(timeline: Timeline, *, is_narrow: bool) -> tuple[float, float]:
    start_us = timeline.started_us
    length_us = max(timeline.ended_us - start_us, LENGTH_MIN_US)
    right_us = length_us * 1.02
    if timeline.next_us is not None and timeline.next_us - start_us <= length_us * 1.25:
        right_us = max(right_us, timeline.next_us - start_us) + length_us * (0.03 if is_narrow else 0.14)
    return start_us - length_us * (0.04 if is_narrow else 0.03), start_us + right_us


def _window(timeline: Timeline, plane: Plane, *, lane_count: int) -> Iterator[str]:
    start_px, end_px = plane.x_px(timeline.started_us), plane.x_px(timeline.ended_us)
    yield box((start_px, 0), (end_px, plane.inner_height), fill="var(--window)")
    for lane in range(lane_count - 1):
        between_px = plane.y_px(lane + 0.5)
        yield rule((0, between_px), (plane.inner_width, between_px), stroke="var(--grid)")
    yield base_line(plane)
    for at_px in (start_px, end_px):
        yield rule((at_px, 0), (at_px, plane.inner_height), stroke="var(--accent)", stroke_width=1.5)
    strong = {"font_weight": "600", "fill": "var(--ink)"}
    yield label((start_px, -14), timeline.start_label, **strong)
    # The end's label is at the left of its line and the start's at the right of its own, so both are inside.
    yield label((end_px, -14), timeline.end_label, text_anchor="end", **strong)


def _ticks(timeline: Timeline, plane: Plane) -> Iterator[str]:
    bottom = plane.inner_height
    style = {"text_anchor": "middle", "fill": "var(--ink-3)"}
    day_before = ""
    for at_us in _tick_instants(timeline, plane):
        at_px = plane.x_px(at_us)
        yield rule((at_px, bottom), (at_px, bottom + 5), stroke="var(--axis)")
        yield label((at_px, bottom + 16), clock_text(at_us, zone=timeline.timezone), **style)
        day = day_text(in_zone(at_us, timeline.timezone).date(), year=False)
        if day != day_before:
            yield label((at_px, bottom + 32), day, **style)
        day_before = day


def _tick_instants(timeline: Timeline, plane: Plane) -> Iterator[int]:
    start_us = int(plane.x[0])
    end_us = int(plane.x[1])
    step_min_us = (end_us - start_us) // max(1, plane.inner_width // TICK_PX)
    step_us = next((step for step in TICK_STEPS_US if step >= step_min_us), TICK_STEPS_US[-1])
    offset = in_zone(start_us, timeline.timezone).utcoffset()
    shift_us = int(offset.total_seconds()) * 1_000_000 if offset else 0
    first_us = -(-(start_us + shift_us) // step_us) * step_us - shift_us
    margin_us = (end_us - start_us) // 40
    for at_us in range(first_us, end_us - margin_us + 1, step_us):
        if at_us >= start_us + margin_us:
            yield at_us


def _thinned(marks: Iterable[TimelineMark], plane: Plane) -> Iterator[TimelineMark]:
    """Marks that fit, and all openings and tickets."""
    last_px: dict[str, float] = {}
    for mark in marks:
        at_px = plane.x_px(mark.at_us)
        if mark.kind in ("opening", "ticket") or at_px - last_px.get(mark.kind, -1e9) >= MARK_PX:
            last_px[mark.kind] = at_px
            yield mark


def _spans(lanes: Sequence[Lane], plane: Plane) -> Iterator[str]:
    for lane_no, lane in enumerate(lanes):
        if lane.marks:
            first_px = plane.x_px(lane.marks[0].at_us) - 7
            last_px = plane.x_px(lane.marks[-1].at_us) + 7
            middle = _middle(lane_no, plane)
            top, bottom = plane.y_px(middle - 0.27), plane.y_px(middle + 0.27)
            yield box((first_px, top), (last_px, bottom), rx=4, fill="var(--span)")


def _middle(lane_no: int, plane: Plane) -> float:
    # Lower in a narrow drawing, where the lane's name stands above its marks.
    return lane_no + (0.12 if plane.margin.left == 0 else 0)


def _marks(lanes: Sequence[Lane], plane: Plane) -> Iterator[str]:
    shapes_of: dict[MarkKind, list[str]] = {kind: [] for kind in ("bot", "agent", "customer", "ticket", "opening")}
    for lane_no, lane in enumerate(lanes):
        for mark in _thinned(lane.marks, plane):
            y = _middle(lane_no, plane) + (-0.13 if mark.kind in _UPPER else 0.13)
            shape = _shape(mark.kind, plane.at(mark.at_us, y))
            shapes_of[mark.kind].append(linked(shape, LinkMark(title=mark.title, href=mark.href)))
    for shapes in shapes_of.values():
        yield from shapes


def _shape(kind: MarkKind, at: Point) -> str:
    match kind:
        case "bot":
            return circle(at, radius=2.92, fill="var(--surface)", stroke="var(--compare)", stroke_width=1.5)
        case "agent":
            return circle(at, radius=3.16, fill="var(--compare)")
        case "customer":
            return circle(at, radius=3.39, fill="var(--accent)")
        case "ticket":
            return square(at, radius=4, fill="var(--c2)")
        case "opening":
            return diamond(at, radius=7.42, fill="var(--accent)", stroke="var(--surface)", stroke_width=2)


def _next(timeline: Timeline, plane: Plane, *, is_narrow: bool) -> Iterator[str]:
    if timeline.next_us is None or timeline.next_us > plane.x[1]:
        return
    at_px = plane.x_px(timeline.next_us)
    line: Style = {"stroke": "var(--compare)", "stroke_width": 1.5}
    yield rule((at_px, 0), (at_px, plane.inner_height), **line, stroke_dasharray="3 3")
    yield diamond((at_px, plane.y_px(_middle(0, plane) - 0.13)), radius=5.24, fill="var(--surface)", **line)
    label_start_px = max(at_px, plane.x_px(timeline.ended_us) + 10)
    if not is_narrow and label_start_px + label_px([timeline.next_label]) <= plane.inner_width:
        yield label((label_start_px, -14), timeline.next_label, fill="var(--ink-2)")


def _names(timeline: Timeline, plane: Plane, *, more_count: int) -> Iterator[str]:
    lanes, more = timeline.lanes[:LANES_MAX], f"and {more_count} more"
    if plane.margin.left == 0:
        left, most_px = plane.x_px(timeline.started_us) + 6, plane.width - 56
        for lane_no, lane in enumerate(lanes):
            text = _cut(f"{lane.title}, {lane.subtitle}", most_px)
            yield label((left, plane.y_px(lane_no - 0.3)), text, fill="var(--ink-2)")
        if more_count:
            yield label((left, plane.y_px(len(lanes) - 0.3)), more, fill="var(--ink-2)")
        return
    for lane_no, lane in enumerate(lanes):
        title, subtitle = (_cut(text, NAMES_PX - 12) for text in (lane.title, lane.subtitle))
        yield label((-NAMES_PX, plane.y_px(lane_no - 0.15)), title, font_size=13, font_weight="600", fill="var(--ink)")
        yield label((-NAMES_PX, plane.y_px(lane_no + 0.19)), subtitle, fill="var(--ink-3)")
    if more_count:
        yield label((-NAMES_PX, plane.y_px(len(lanes))), more, fill="var(--ink-3)")


def _cut(text: str, most_px: int) -> str:
    most = int(most_px / 6.2)
    return text if len(text) <= most else f"{text[: most - 1]}…"
