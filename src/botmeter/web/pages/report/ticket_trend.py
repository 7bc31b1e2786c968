"""Tickets over time by type."""

from dataclasses import dataclass
from typing import Final

from botmeter.charts.columns import SERIES_MAX, Stack, stacked_chart
from botmeter.charts.plane import Chart
from botmeter.domain import text
from botmeter.reports.intervals import Interval, Span, point_count, spans_of
from botmeter.reports.row_options import Grain
from botmeter.reports.ticket_trend import TicketTrend, ticket_trend
from botmeter.web.components import Key
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.trend_points import span_label, span_note

OTHER: Final = "Other"
# Most days for columns of a day, then of a week; beyond, of a month.
_DAYS_MAX: Final = 35
_WEEKS_DAYS_MAX: Final = 240
# Columns of a chosen interval: a quarter by day. The narrowest drawing has two pixels for each.
_COLUMNS_MAX: Final = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTrendWidget:
    """Tickets over time, as chart and table."""

    sub: str
    keys: tuple[Key, ...]
    chart: Chart
    columns: tuple[str, ...]
    lines: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    name: str
    colour: int
    counts: tuple[int, ...]


def ticket_trend_widget(context: WidgetContext) -> TicketTrendWidget:
    """Build the widget; of more than eight types, those after the seventh are combined."""
    period, interval = context.question.query.period, _interval(context)
    spans = spans_of(period, interval)
    answer = ticket_trend(context.ledger, context.question.query, spans=spans)
    series = _series(answer)
    stacks = tuple(
        _stack(span, number, answer=answer, series=series, interval=interval, context=context)
        for number, span in enumerate(spans)
    )
    return TicketTrendWidget(
        sub=f"by {interval.value}",
        keys=tuple(Key(label=each.name, kind=f"s{each.colour}") for each in series),
        chart=stacked_chart(
            stacks if series else (),
            name=f"Tickets by {interval.value} and type, {text.days_text(period)}.",
            interval=interval,
            colours=tuple(each.colour for each in series),
        ),
        columns=tuple(each.name for each in series),
        lines=tuple(
            (_label(span, interval, context=context), tuple(text.count_text(count) for count in stack.counts))
            for span, stack in zip(spans, stacks, strict=True)
        ),
    )


def type_colours(shown: set[str], *, known: tuple[str, ...]) -> dict[str, int]:
    """Category, from 1 to 8, of each shown type.

    It follows from the type's place among all known ones, whatever the period or filter. Of more than seven
    known types two can share a category; the later one then takes a free one.
    """
    colours: dict[str, int] = {}
    for place, name in enumerate(known):
        if name in shown:
            first = place % (SERIES_MAX - 1)
            # The eighth is for the other types, and for an eighth type if there are no others.
            free = (*range(first, SERIES_MAX - 1), *range(first), SERIES_MAX - 1)
            colours[name] = next(colour + 1 for colour in free if colour + 1 not in colours.values())
    return colours


def _series(answer: TicketTrend) -> list[_Series]:
    shown = list(answer.of_type) if len(answer.of_type) <= SERIES_MAX else list(answer.of_type)[: SERIES_MAX - 1]
    colours = type_colours(set(shown), known=answer.known_types)
    series = [_Series(name=name, colour=colour, counts=tuple(answer.of_type[name])) for name, colour in colours.items()]
    others = [answer.of_type[name] for name in answer.of_type if name not in colours]
    if others:
        counts = tuple(sum(of_span) for of_span in zip(*others, strict=True))
        series.append(_Series(name=OTHER, colour=SERIES_MAX, counts=counts))
    return series


def _stack(
    span: Span, number: int, *, answer: TicketTrend, series: list[_Series], interval: Interval, context: WidgetContext
) -> Stack:
    total = answer.totals[number]
    parts = [f"{each.name}: {text.count_text(each.counts[number])}" for each in series if each.counts[number]]
    address = context.address.between(span.first_on, span.last_on)
    return Stack(
        on=span.first_on,
        counts=tuple(each.counts[number] for each in series),
        title="; ".join((f"{_label(span, interval, context=context)}: {text.counted(total, 'ticket')}", *parts)),
        href=context.urls.rows(address, grain=Grain.TICKET) if total else "",
        is_partial=bool(span_note(span, context)),
    )


def _interval(context: WidgetContext) -> Interval:
    period, chosen = context.question.query.period, context.address.interval
    if chosen is not None and chosen is not Interval.HOUR and 2 <= point_count(chosen, period) <= _COLUMNS_MAX:
        return chosen
    if period.day_count <= _DAYS_MAX:
        return Interval.DAY
    return Interval.WEEK if period.day_count <= _WEEKS_DAYS_MAX else Interval.MONTH


def _label(span: Span, interval: Interval, *, context: WidgetContext) -> str:
    note = span_note(span, context)
    return f"{span_label(span, interval)}{', ' if note else ''}{note}"
