"""Sessions over time, as chart and table."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from botmeter.charts.plane import Chart
from botmeter.charts.trend import Trend, spark_chart, trend_chart
from botmeter.domain import text
from botmeter.reports.intervals import Interval, fitting_interval, shown_interval
from botmeter.reports.row_options import Grain
from botmeter.web.components import Key, Link
from botmeter.web.pages.report.chart_choices import AxisChoice, axis_choice, interval_links, unfit_note
from botmeter.web.pages.report.comparison_menu import before_label
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.trend_points import LabelledPoint, labelled_points
from botmeter.web.question import Question

# Others are on the notes' own page.
_NOTES_SHOWN: Final = 6
_NO_TICKETS: Final = Link(label=text.DASH, href="")
_NAME: Final = "session-consumption-trend"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendLine:
    """Point of the table; `on` is empty unless it is a day, `tickets` too."""

    on: str
    label: str
    number: int
    value: str
    href: str
    tickets: Link
    before: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendWidget:
    """Trend; `before_label` is empty without a comparison.

    Attributes:
        days: Lines by day at any interval, for readers who don't see the chart.
    """

    sub: str
    keys: tuple[Key, ...]
    intervals: tuple[Link, ...]
    chart: Chart
    head: str
    has_tickets: bool
    before_label: str
    lines: tuple[TrendLine, ...]
    days: tuple[TrendLine, ...]
    note: str
    axis: AxisChoice | None
    noted_days: tuple[tuple[str, str], ...]
    notes_link: Link | None


def trend_widget(context: WidgetContext) -> TrendWidget:
    """Build the trend."""
    question, compared = context.question, context.question.compared
    period, chosen = question.query.period, context.address.interval
    interval = shown_interval(chosen, period)
    points, keys = labelled_points(context, interval), [Key(label=text.days_text(period))]
    if compared is not None:
        keys.append(Key(label=text.days_text(compared.period), kind="dash"))
    days = points if interval is Interval.DAY else labelled_points(context, Interval.DAY)
    noted = context.day_notes.between(period.first_on, period.last_on)
    intervals = interval_links(context, _NAME, shown=interval)
    axis = axis_choice(context, _NAME, points=tuple(each.point for each in points), interval=interval)
    return TrendWidget(
        sub="" if intervals else f"by {interval.value}",
        keys=tuple(keys),
        intervals=intervals,
        chart=trend_chart(_trend(points, question, interval=interval, axis=axis)),
        head=interval.value.capitalize(),
        has_tickets=interval is Interval.DAY,
        before_label="" if compared is None else before_label(question),
        lines=_lines(points, context=context, interval=interval),
        days=_lines(days, context=context, interval=Interval.DAY),
        note="" if chosen in {None, interval} else unfit_note(chosen, interval, period=period),
        axis=axis,
        noted_days=tuple((text.day_text(one.on, year=False), one.text) for one in noted[-_NOTES_SHOWN:]),
        notes_link=_notes_link(context, count=len(noted)),
    )


def _notes_link(context: WidgetContext, *, count: int) -> Link | None:
    notes = context.day_notes
    if count > _NOTES_SHOWN:
        return Link(label=f"{text.counted(count - _NOTES_SHOWN, 'earlier note')}", href=notes.page_href)
    return Link(label="Edit notes" if count else "Add note", href=notes.page_href) if notes.may_write else None


def spark(context: WidgetContext) -> Chart:
    """Draw the headline's sparkline."""
    interval = fitting_interval(context.question.query.period.day_count)
    interval = Interval.DAY if interval is Interval.HOUR else interval
    points = tuple(each.point for each in labelled_points(context, interval))
    return spark_chart(points, name=f"Sessions per {interval.value}")


def _trend(
    points: tuple[LabelledPoint, ...], question: Question, *, interval: Interval, axis: AxisChoice | None
) -> Trend:
    period, drawn = question.query.period, tuple(each.point for each in points)
    newest = next((each.point for each in reversed(points) if each.point.has_data), None)
    is_running = newest is not None and newest.is_partial and period.last_on >= question.today_on
    clock = text.clock_text(question.now_us, zone=question.zone)
    compared = ", with the period it is compared with as a dashed line" if question.compared is not None else ""
    partial = [text for text, point in (("first", drawn[0]), ("last", drawn[-1])) if point.is_partial]
    return Trend(
        name=f"Sessions consumed per {interval.value}, {text.days_text(period)}{compared}."
        + (f" The {' and the '.join(partial)} one{'s are' if len(partial) > 1 else ' is'} partial." if partial else ""),
        points=drawn,
        interval=interval,
        last_label="Today" if is_running and drawn[-1] is newest and interval is Interval.DAY else "",
        partial_label=f"{text.count_text(newest.count)} until {clock}" if newest is not None and is_running else "",
        cut_at=None if axis is None else axis.cut_at,
    )


def _lines(points: tuple[LabelledPoint, ...], *, context: WidgetContext, interval: Interval) -> tuple[TrendLine, ...]:
    is_daily = interval is Interval.DAY
    tickets = _tickets(context) if is_daily else {}
    return tuple(_line(each, is_daily=is_daily, tickets=tickets.get(each.point.on, _NO_TICKETS)) for each in points)


def _tickets(context: WidgetContext) -> dict[date, Link]:
    counts = {day.on: day.ticket_count for day in context.report.trend if day.ticket_count is not None}
    return {
        on: Link(
            label=text.count_text(count),
            href=context.urls.rows(context.address.between(on, on), grain=Grain.TICKET) if count else "",
        )
        for on, count in counts.items()
    }


def _line(each: LabelledPoint, *, is_daily: bool, tickets: Link) -> TrendLine:
    point = each.point
    return TrendLine(
        on=point.on.isoformat() if is_daily else "",
        label=each.label,
        number=point.count,
        value=text.count_text(point.count) if point.has_data else text.DASH,
        href=point.href,
        tickets=tickets,
        before=text.DASH if point.compared_count is None else text.count_text(point.compared_count),
        note=each.note,
    )
