"""The window of one session: a lane for each conversation, its messages as marks, and what came after the end.

Shape before colour: customer a filled dot, bot a ring, agent a grey dot, ticket a square, the opening
message a diamond, the next session a hollow diamond.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from botmeter.charts.drawing import Drawing, LinkMark, Spec, link_mark, svg
from botmeter.charts.plane import Drawn, Margin, Plane, Row, Width, label_px
from botmeter.domain.text import clock_text, day_text, in_zone

MarkKind = Literal["opening", "customer", "bot", "agent", "ticket"]

LANES_MAX: Final = 12
MINUTE_US: Final = 60_000_000
HOUR_US: Final = 60 * MINUTE_US
TICK_STEPS_US: Final = tuple(
    minutes * MINUTE_US for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440, 2880, 7200, 14400, 43200)
)
TICK_PX: Final = 72
# Marks of one kind nearer than this would cover each other: the first stands for them.
MARK_PX: Final = 5
TOP_PX: Final = 26
LANE_PX: Final = 57
NARROW_LANE_PX: Final = 62
NAMES_PX: Final = 170

_LOOKS: Final[dict[MarkKind, Spec]] = {
    "bot": {"fill": "var(--surface)", "stroke": "var(--compare)", "strokeWidth": 1.5, "size": 34},
    "agent": {"fill": "var(--compare)", "size": 40},
    "customer": {"fill": "var(--accent)", "size": 46},
    "ticket": {"shape": "square", "fill": "var(--c2)", "size": 64},
    "opening": {"shape": "diamond", "fill": "var(--accent)", "stroke": "var(--surface)", "strokeWidth": 2, "size": 220},
}
# Customers above the middle of a lane, those who answer below it.
_UPPER: Final = frozenset({"opening", "customer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineMark:
    """One event at its instant (µs UTC), what its hover text says and where its line of the story is."""

    at_us: int
    kind: MarkKind
    title: str
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """One conversation: two lines that name it, and its marks in time order."""

    title: str
    subtitle: str
    marks: tuple[TimelineMark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A session's window (µs UTC) with its lanes; `next_us` is when the next session opened, if one did."""

    name: str
    started_us: int
    ended_us: int
    lanes: tuple[Lane, ...]
    start_label: str
    end_label: str
    next_us: int | None = None
    next_label: str = ""
    timezone: str = "UTC"


def timeline_drawn(timeline: Timeline, *, prefix: str = "window") -> Drawn:
    """The window in its three widths."""
    return Drawn(
        wide=svg(timeline_drawing(timeline, width=Width.WIDE), prefix=f"{prefix}-w"),
        middle=svg(timeline_drawing(timeline, width=Width.MIDDLE), prefix=f"{prefix}-m"),
        narrow=svg(timeline_drawing(timeline, width=Width.NARROW), prefix=f"{prefix}-n"),
    )


def timeline_drawing(timeline: Timeline, *, width: Width) -> Drawing:
    """The window at one width; past twelve conversations the last line says how many more there are."""
    is_narrow = width is Width.NARROW
    shown = timeline.lanes[:LANES_MAX]
    more_count = len(timeline.lanes) - len(shown)
    lane_count = len(shown) + bool(more_count)
    plane = Plane(
        width=width,
        height=TOP_PX + lane_count * (NARROW_LANE_PX if is_narrow else LANE_PX) + 42,
        margin=Margin(top=TOP_PX, bottom=42, left=0 if is_narrow else NAMES_PX),
        x=_edges(timeline, is_narrow=is_narrow),
        y=(lane_count - 0.5, -0.5),
    )
    marks = [(lane, mark) for lane, line in enumerate(shown) for mark in _thinned(line.marks, plane, timeline=timeline)]
    layers = [
        *_window(timeline, plane),
        *_ticks(timeline, plane),
        _spans(shown, plane, timeline=timeline),
        *_marks(marks, plane, timeline=timeline),
        *_next(timeline, plane, is_narrow=is_narrow),
        *_names(shown, plane, more_count=more_count),
    ]
    spots = [LinkMark(title=mark.title, href=mark.href) for _, mark in marks]
    return plane.drawing(layers, name=timeline.name, spots=spots)


def _hours(timeline: Timeline, at_us: int) -> float:
    """Hours since the start: small numbers, so that a drawing keeps its digits."""
    return round((at_us - timeline.started_us) / HOUR_US, 5)


def _edges(timeline: Timeline, *, is_narrow: bool) -> tuple[float, float]:
    """A little before the start and after the end; further where the next session opened soon after."""
    end = _hours(timeline, timeline.ended_us)
    length = max(end, 0.01)
    right = length * 1.02
    if timeline.next_us is not None and _hours(timeline, timeline.next_us) <= length * 1.25:
        right = max(right, _hours(timeline, timeline.next_us)) + length * (0.03 if is_narrow else 0.14)
    return -length * (0.04 if is_narrow else 0.03), right


def _window(timeline: Timeline, plane: Plane) -> list[Spec]:
    end = _hours(timeline, timeline.ended_us)
    whole = {"y": {"value": 0}, "y2": {"value": plane.inner_height}}
    between = [{"y": lane + 0.5, "px": 0} for lane in range(int(plane.y[0] - 0.5))]
    base = [{"px": 0, "py": plane.inner_height}]
    across = {"x2": {"value": plane.inner_width}}
    start_px, end_px = plane.x_px(0), plane.x_px(end)
    words = [{"px": start_px, "py": -14, "text": timeline.start_label}]
    # The end's word is at the left of its line and the start's at the right of its own, so both are inside.
    ends = [{"px": end_px, "py": -14, "text": timeline.end_label}]
    return [
        plane.layer({"type": "rect", "fill": "var(--window)"}, [{"x": 0, "x2": end}], **whole),
        plane.layer({"type": "rule", "stroke": "var(--grid)"}, between, **across),
        plane.layer({"type": "rule", "stroke": "var(--axis)"}, base, **across),
        plane.layer({"type": "rule", "stroke": "var(--accent)", "strokeWidth": 1.5}, [{"x": 0}, {"x": end}], **whole),
        plane.words(words, fontWeight=600, fill="var(--ink)"),
        plane.words(ends, align="right", fontWeight=600, fill="var(--ink)"),
    ]


def _ticks(timeline: Timeline, plane: Plane) -> list[Spec]:
    """Times under the base line; the first of each day bears the day below it."""
    start_us = timeline.started_us + int(plane.x[0] * HOUR_US)
    end_us = timeline.started_us + int(plane.x[1] * HOUR_US)
    ticks = list(
        _tick_instants(start_us, end_us=end_us, timezone=timeline.timezone, count=plane.inner_width // TICK_PX)
    )
    times: list[Row] = []
    days: list[Row] = []
    day_before = ""
    for at_us in ticks:
        place = {"x": _hours(timeline, at_us)}
        times.append({**place, "py": plane.inner_height + 16, "text": clock_text(at_us, zone=timeline.timezone)})
        day = day_text(in_zone(at_us, timeline.timezone).date(), year=False)
        if day != day_before:
            days.append({**place, "py": plane.inner_height + 32, "text": day})
        day_before = day
    strokes = [{"x": row["x"], "py": plane.inner_height} for row in times]
    look = {"align": "center", "fill": "var(--ink-3)"}
    return [
        plane.layer({"type": "rule", "stroke": "var(--axis)"}, strokes, y2={"value": plane.inner_height + 5}),
        plane.words(times, **look),
        plane.words(days, **look),
    ]


def _tick_instants(start_us: int, *, end_us: int, timezone: str, count: int) -> Iterator[int]:
    """Round instants on the clocks of the zone, at most about that many."""
    wanted_us = (end_us - start_us) // max(1, count)
    step_us = next((step for step in TICK_STEPS_US if step >= wanted_us), TICK_STEPS_US[-1])
    offset = in_zone(start_us, timezone).utcoffset()
    shift_us = int(offset.total_seconds()) * 1_000_000 if offset else 0
    at_us = -(-(start_us + shift_us) // step_us) * step_us - shift_us
    margin_us = (end_us - start_us) // 40
    while at_us <= end_us - margin_us:
        if at_us >= start_us + margin_us:
            yield at_us
        at_us += step_us


def _thinned(marks: Iterable[TimelineMark], plane: Plane, *, timeline: Timeline) -> Iterator[TimelineMark]:
    """The marks that can be told apart at this width; what opened and tickets always."""
    last_px: dict[str, float] = {}
    for mark in marks:
        at_px = plane.x_px(_hours(timeline, mark.at_us))
        if mark.kind in ("opening", "ticket") or at_px - last_px.get(mark.kind, -1e9) >= MARK_PX:
            last_px[mark.kind] = at_px
            yield mark


def _spans(lanes: Sequence[Lane], plane: Plane, *, timeline: Timeline) -> Spec:
    """From the first to the last mark of each conversation, a few pixels wider."""
    rows = []
    for lane, line in enumerate(lanes):
        if line.marks:
            first = plane.x_px(_hours(timeline, line.marks[0].at_us)) - 7
            last = plane.x_px(_hours(timeline, line.marks[-1].at_us)) + 7
            down = _down(lane, plane)
            rows.append({"px": round(first, 1), "x2": round(last, 1), "y": down - 0.27, "y2": down + 0.27})
    return plane.layer({"type": "rect", "fill": "var(--span)", "cornerRadius": 4}, rows)


def _down(lane: int, plane: Plane) -> float:
    """Where a lane's marks are: narrow, the lane's name stands above them."""
    return lane + (0.12 if plane.margin.left == 0 else 0)


def _marks(marks: Sequence[tuple[int, TimelineMark]], plane: Plane, *, timeline: Timeline) -> list[Spec]:
    rows: dict[MarkKind, list[Row]] = {kind: [] for kind in _LOOKS}
    for number, (lane, mark) in enumerate(marks):
        down = _down(lane, plane) + (-0.13 if mark.kind in _UPPER else 0.13)
        rows[mark.kind].append({"x": _hours(timeline, mark.at_us), "y": round(down, 3), "spot": link_mark(number)})
    point = {"type": "point", "filled": True, "opacity": 1}
    return [plane.layer({**point, **look}, rows[kind]) for kind, look in _LOOKS.items()]


def _next(timeline: Timeline, plane: Plane, *, is_narrow: bool) -> list[Spec]:
    if timeline.next_us is None or _hours(timeline, timeline.next_us) > plane.x[1]:
        return []
    at = _hours(timeline, timeline.next_us)
    whole = {"y": {"value": 0}, "y2": {"value": plane.inner_height}}
    look = {"filled": True, "opacity": 1, "shape": "diamond", "fill": "var(--surface)", "stroke": "var(--compare)"}
    layers = [
        plane.layer(
            {"type": "rule", "stroke": "var(--compare)", "strokeWidth": 1.5, "strokeDash": [3, 3]}, [{"x": at}], **whole
        ),
        plane.layer(
            {"type": "point", **look, "strokeWidth": 1.5, "size": 110}, [{"x": at, "y": _down(0, plane) - 0.13}]
        ),
    ]
    start_px = max(plane.x_px(at), plane.x_px(_hours(timeline, timeline.ended_us)) + 10)
    if not is_narrow and start_px + label_px([timeline.next_label]) <= plane.inner_width:
        layers.append(plane.words([{"px": start_px, "py": -14, "text": timeline.next_label}]))
    return layers


def _names(lanes: Sequence[Lane], plane: Plane, *, more_count: int) -> list[Spec]:
    """What each lane is, at its left; narrow, above its marks. Names longer than their place are cut."""
    more = [f"and {more_count} more"] if more_count else []
    if plane.margin.left == 0:
        texts = [*(f"{lane.title}, {lane.subtitle}" for lane in lanes), *more]
        rows = [
            {"y": i - 0.3, "px": round(plane.x_px(0) + 6, 1), "text": _cut(text, 270)} for i, text in enumerate(texts)
        ]
        return [plane.words(rows)]
    titles = [{"y": i - 0.15, "px": -NAMES_PX, "text": _cut(lane.title, NAMES_PX - 12)} for i, lane in enumerate(lanes)]
    under = [
        {"y": i + 0.19, "px": -NAMES_PX, "text": _cut(lane.subtitle, NAMES_PX - 12)} for i, lane in enumerate(lanes)
    ]
    rest = [{"y": len(lanes), "px": -NAMES_PX, "text": text} for text in more]
    return [
        plane.words(titles, fontSize=13, fontWeight=600, fill="var(--ink)"),
        plane.words([*under, *rest], fill="var(--ink-3)"),
    ]


def _cut(text: str, most_px: int) -> str:
    most = int(most_px / 6.2)
    return text if len(text) <= most else f"{text[: most - 1]}…"
