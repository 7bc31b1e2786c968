"""Charts to draw in tests: small ones, some with names that would break a careless page, and readers of drawings."""

import re
from datetime import date, timedelta
from xml.etree import ElementTree as ET

from botmeter.charts.timeline import Lane, Timeline, TimelineMark
from botmeter.charts.trend import Trend, TrendPoint

NASTY = """<script>alert("1")</script> & 'co' \u202e\x00\x1b\ufffe"""
# The same as text of a drawing: characters that no XML document may hold are replaced.
NASTY_SHOWN = """<script>alert("1")</script> & 'co' \u202e\ufffd\ufffd\ufffd"""
HOUR_US = 3_600_000_000


def parsed(markup: str) -> ET.Element:
    return ET.fromstring(markup)  # noqa: S314 - our own drawing


def shapes(markup: str, tag: str, **attributes: str) -> list[ET.Element]:
    """The elements of a kind that have these attributes, with `_` for `-`."""
    expected = {name.replace("_", "-"): value for name, value in attributes.items()}
    return [
        each for each in parsed(markup).iter(tag) if all(each.get(name) == value for name, value in expected.items())
    ]


def texts(markup: str) -> list[str]:
    return [each.text or "" for each in shapes(markup, "text")]


def corners(path: ET.Element) -> list[tuple[float, float]]:
    """The points that a line goes through."""
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", path.attrib["d"])]


def points(
    *counts: int, first_on: date = date(2026, 10, 24), href: str = "/rows?day={}&bot=a"
) -> tuple[TrendPoint, ...]:
    return tuple(
        TrendPoint(
            on=first_on + timedelta(days=i),
            count=count,
            title=f"day {i}: {count} sessions",
            href=href.format(i) if href else "",
        )
        for i, count in enumerate(counts)
    )


def trend(*counts: int, name: str = "Sessions per day") -> Trend:
    return Trend(name=name, points=points(*counts))


def mark(hours: float, kind: str = "customer", *, title: str = "a message", href: str = "#m1") -> TimelineMark:
    return TimelineMark(at_us=int(hours * HOUR_US), kind=kind, title=title, href=href)  # type: ignore[arg-type]


def timeline(*lanes: Lane, hours: float = 24, next_hours: float | None = None, timezone: str = "UTC") -> Timeline:
    return Timeline(
        name="The window",
        started_us=0,
        ended_us=int(hours * HOUR_US),
        lanes=lanes,
        start_label="Opened 00:00",
        end_label="Ends 00:00",
        next_us=None if next_hours is None else int(next_hours * HOUR_US),
        next_label="next session",
        timezone=timezone,
    )
