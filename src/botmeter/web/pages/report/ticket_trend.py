"""Tickets over time by type."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from botmeter.charts.columns import SERIES_MAX, Stack, stacked_chart
from botmeter.charts.plane import Chart
from botmeter.domain import text
from botmeter.web.components import Key
from botmeter.web.pages.report.contexts import WidgetContext

OTHER: Final = "Other"
# Most days for columns of a day, then of a week; beyond, of a month.
_DAYS_MAX: Final = 35
_WEEKS_DAYS_MAX: Final = 240
_LABELS_MAX: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTrendWidget:
    """Tickets over time, as chart and table."""

    sub: str
    keys: tuple[Key, ...]
    chart: Chart
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[str, ...]], ...]


def ticket_trend_widget(context: WidgetContext) -> TicketTrendWidget:
    """Build the widget; of more than eight types, those after the seventh are combined."""
    period = context.question.query.period
    columns = _columns([one.ticket_type for one in context.report.by_ticket_type])
    starts, step = _starts(period.first_on, period.last_on)
    counts = _counts(context, starts, columns=columns)
    stacks = _stacks(starts, counts, context=context) if columns else ()
    return TicketTrendWidget(
        sub=f"by {step}",
        keys=tuple(Key(label=column, kind=f"s{number}") for number, column in enumerate(columns, start=1)),
        chart=stacked_chart(stacks, name=f"Tickets by {step} and type, {text.days_text(period)}."),
        columns=tuple(columns),
        lines=tuple(
            (text.day_text(start_on), tuple(text.count_text(count) for count in own))
            for start_on, own in zip(starts, counts, strict=True)
        ),
    )


def _columns(kinds: list[str]) -> list[str]:
    return kinds if len(kinds) <= SERIES_MAX else [*kinds[: SERIES_MAX - 1], OTHER]


def _counts(context: WidgetContext, starts: list[date], *, columns: list[str]) -> list[list[int]]:
    counts = [[0] * len(columns) for _ in starts]
    rows = [counts[bisect_right(starts, day.on) - 1] for day in context.report.trend]
    for kind, of_day in context.overview.ticket_trend.items():
        position = columns.index(kind) if kind in columns else len(columns) - 1
        for row, ticket_count in zip(rows, of_day, strict=True):
            row[position] += ticket_count
    return counts


def _stacks(starts: list[date], counts: list[list[int]], *, context: WidgetContext) -> tuple[Stack, ...]:
    label_step = max(1, -(-len(starts) // _LABELS_MAX))
    ends = [*(start_on - timedelta(days=1) for start_on in starts[1:]), context.question.query.period.last_on]
    return tuple(
        Stack(
            label=text.day_text(start_on, year=False) if position % label_step == 0 else "",
            counts=tuple(own),
            title=f"{text.day_text(start_on)}: {text.counted(sum(own), 'ticket')}",
            href=context.urls.rows(context.address.between(start_on, end_on), sort="-tickets") if sum(own) else "",
        )
        for position, (start_on, end_on, own) in enumerate(zip(starts, ends, counts, strict=True))
    )


def _starts(first_on: date, last_on: date) -> tuple[list[date], str]:
    day_count = (last_on - first_on).days + 1
    days = [first_on + timedelta(days=number) for number in range(day_count)]
    if day_count <= _DAYS_MAX:
        return days, "day"
    if day_count <= _WEEKS_DAYS_MAX:
        return [on for on in days if on.weekday() == 0 or on == first_on], "week"
    return [on for on in days if on.day == 1 or on == first_on], "month"
