"""Charts of invented numbers for the gallery."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from botmeter.charts.monthly import MonthColumn, monthly_chart
from botmeter.charts.plane import Chart
from botmeter.charts.spark import spark_chart
from botmeter.charts.stacked import Stack, stacked_chart
from botmeter.charts.timeline import Lane, MarkKind, Timeline, TimelineMark, timeline_chart
from botmeter.charts.trend import Trend, TrendPoint, trend_chart
from botmeter.domain.text import count_text, day_text
from botmeter.web.gallery.values import COUNTS, HERE, TODAY

_HOUR_US: Final = 3_600_000_000
_OPENED_US: Final = 1_797_805_804_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawings:
    """A chart of each kind."""

    trend: Chart
    spark: Chart
    monthly: Chart
    stacked: Chart
    window: Chart


def drawings() -> Drawings:
    """Draw the charts."""
    trend = Trend(
        name="Sessions per day, invented.", points=_points(), last_label="Today", partial_label="636 until 14:02"
    )
    return Drawings(
        trend=trend_chart(trend),
        spark=spark_chart(_points(), name="Sessions per day, invented."),
        monthly=monthly_chart(_months(), name="Sessions per month, invented."),
        stacked=stacked_chart(_stacks(), name="Tickets per day by type, invented."),
        window=timeline_chart(_window()),
    )


def _points() -> tuple[TrendPoint, ...]:
    made = []
    for i in range(30):
        on = TODAY - timedelta(days=29 - i)
        count = 636 if i == 29 else COUNTS[i % len(COUNTS)] + 12 * i
        title = f"{on:%a} {day_text(on)}: {count_text(count)} sessions"
        made.append(TrendPoint(on=on, count=count, title=title, href=HERE, compared_count=COUNTS[(i + 5) % 15]))
    before = [
        replace(point, count=0, title=f"{day_text(point.on)}: no data yet", href="", has_data=False)
        for point in made[:4]
    ]
    return (*before, *made[4:29], replace(made[29], is_partial=True))


def _months() -> list[MonthColumn]:
    names = ("Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov")
    columns = [
        MonthColumn(
            label=name,
            count=26_000 + 11 * count,
            title=f"{name}: {count_text(26_000 + 11 * count)} sessions",
            href=HERE,
        )
        for name, count in zip(names, COUNTS, strict=False)
    ]
    columns[0] = replace(columns[0], note="from 9 Dec", is_partial=True)
    columns[-1] = replace(columns[-1], note="until 22 Nov", is_partial=True)
    return columns


def _stacks() -> tuple[Stack, ...]:
    return tuple(
        Stack(
            label=day_text(TODAY - timedelta(days=11 - i), year=False),
            counts=tuple(count // (j + 7) for j in range(8)),
            title=f"{count}",
            href=HERE,
        )
        for i, count in enumerate(COUNTS[:12])
    )


def _window() -> Timeline:
    def mark(hours: float, kind: MarkKind) -> TimelineMark:
        return TimelineMark(at_us=_OPENED_US + int(hours * _HOUR_US), kind=kind, title=f"{kind} message", href=HERE)

    talk = tuple(mark(0.4 * i, "bot" if i % 2 else "customer") for i in range(1, 5))
    later = tuple(mark(9.7 + 0.3 * i, "bot" if i % 2 else "customer") for i in range(7))
    return Timeline(
        name="A window of 24 hours with two conversations, invented.",
        started_us=_OPENED_US,
        ended_us=_OPENED_US + 24 * _HOUR_US,
        lanes=(
            Lane(title="Order bot", subtitle="Messenger · cv_5b1c0a", marks=(mark(0, "opening"), *talk)),
            Lane(title="Returns bot", subtitle="Messenger · cv_5b21d7", marks=(*later, mark(12.2, "ticket"))),
        ),
        start_label="Opened 22:30",
        end_label="Window ends 22:30",
        next_us=_OPENED_US + int(24.2 * _HOUR_US),
        next_label="22:41 next session",
    )
