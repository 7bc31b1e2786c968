"""Charts to try the drawing with: small, and with names that would break a careless page."""

from datetime import date, timedelta

from botmeter.charts.timeline import Lane, Timeline, TimelineMark
from botmeter.charts.trend import Trend, TrendPoint

NASTY = """<script>alert("1")</script> & 'co' \u202e"""
HOUR_US = 3_600_000_000


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


def trend(*counts: int, name: str = "Sessions per day", href: str = "/rows?day={}&bot=a") -> Trend:
    return Trend(name=name, points=points(*counts, href=href))


def mark(hours: float, kind: str = "customer", *, title: str = "a message") -> TimelineMark:
    return TimelineMark(at_us=int(hours * HOUR_US), kind=kind, title=title, href="#m1")  # type: ignore[arg-type]


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
