"""Charts of invented numbers for the gallery."""

from datetime import date, timedelta
from typing import Final

from botmeter.charts.monthly import MonthColumn, monthly_chart
from botmeter.charts.plane import Chart
from botmeter.charts.spark import spark_chart
from botmeter.charts.stacked import Stack, stacked_chart
from botmeter.charts.timeline import Lane, Timeline, TimelineMark, timeline_chart
from botmeter.charts.trend import Trend, TrendPoint, trend_chart

_TODAY: Final = date(2026, 11, 22)
_COUNTS: Final = (1312, 1180, 1672, 1698, 1634, 1710, 1893, 1385, 1231, 1741, 1777, 636)
_HOUR_US: Final = 3_600_000_000


def drawings() -> dict[str, Chart]:
    """Draw a chart of each kind, by name."""
    days = [_TODAY - timedelta(days=number) for number in reversed(range(len(_COUNTS)))]
    points = tuple(
        TrendPoint(on=on, count=count, title=f"{on}: {count}", href="#", compared_count=1_500, is_partial=on == _TODAY)
        for on, count in zip(days, _COUNTS, strict=True)
    )
    trend = Trend(name="Sessions per day.", points=points, last_label="Today", partial_label="636 until 14:02")
    months = tuple(
        MonthColumn(label=f"{date(2026, month, 1):%b}", count=20 * count, title=f"{20 * count} sessions", href="#")
        for month, count in enumerate(_COUNTS, start=1)
    )
    stacks = tuple(
        Stack(label=str(on.day), counts=tuple(count // (8 + series) for series in range(8)), title=str(count))
        for on, count in zip(days, _COUNTS, strict=True)
    )
    return {
        "trend": trend_chart(trend),
        "spark": spark_chart(points, name="Sessions per day."),
        "monthly": monthly_chart(months, name="Sessions per month."),
        "stacked": stacked_chart(stacks, name="Tickets per day by type."),
        "window": timeline_chart(_window()),
    }


def _window() -> Timeline:
    marks = (
        TimelineMark(at_us=0, kind="opening", title="opening message", href="#"),
        TimelineMark(at_us=_HOUR_US, kind="bot", title="bot message", href="#"),
        TimelineMark(at_us=2 * _HOUR_US, kind="customer", title="customer message", href="#"),
        TimelineMark(at_us=3 * _HOUR_US, kind="ticket", title="ticket", href="#"),
    )
    return Timeline(
        name="A window of 24 hours.",
        started_us=0,
        ended_us=24 * _HOUR_US,
        lanes=(Lane(title="Order bot", subtitle="Messenger · cv_5b1c0a", marks=marks),),
        start_label="Opened 0:00",
        end_label="Ended 0:00",
        next_us=25 * _HOUR_US,
        next_label="1:00 next",
    )
