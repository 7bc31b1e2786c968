"""Sessions by day, as chart and table."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from botmeter.charts.plane import Chart
from botmeter.charts.trend import Step, Trend, TrendPoint, fitting_step, spark_chart, trend_chart
from botmeter.domain import text
from botmeter.reports.report_json import ReportDay
from botmeter.web.components import Key
from botmeter.web.pages.report.comparison_menu import before_label
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.question import Question


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """A day of the table."""

    on: str
    label: str
    number: int
    value: str
    tickets: str
    before: str
    note: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendWidget:
    """The trend; `before_label` is empty without a comparison."""

    sub: str
    keys: tuple[Key, ...]
    chart: Chart
    before_label: str
    days: tuple[DayLine, ...]


def trend_widget(context: WidgetContext) -> TrendWidget:
    """Build the widget of sessions by day."""
    question, compared = context.question, context.question.compared
    points = _day_points(context)
    step = fitting_step(len(points))
    keys = [Key(label=text.days_text(question.query.period))]
    if compared is not None:
        keys.append(Key(label=text.days_text(compared.period), kind="dash"))
    return TrendWidget(
        sub="" if step is Step.DAY else f"by {step.value}",
        keys=tuple(keys),
        chart=trend_chart(_trend(_in_steps(points, step, context=context), question, step=step)),
        before_label="" if compared is None else before_label(question),
        days=tuple(_day_line(point, day.ticket_count) for point, day in zip(points, context.report.trend, strict=True)),
    )


def spark(context: WidgetContext) -> Chart:
    """Draw the headline's sparkline."""
    points = _day_points(context)
    return spark_chart(_in_steps(points, fitting_step(len(points)), context=context), name="Sessions per day")


def _day_points(context: WidgetContext) -> tuple[TrendPoint, ...]:
    question, urls = context.question, context.urls
    today_on = question.today_on
    return tuple(
        TrendPoint(
            on=day.on,
            count=day.session_count or 0,
            title=_title(day, compared_count, question=question, is_today=day.on == today_on),
            href=urls.rows(question.address.between(day.on, day.on)) if day.session_count else "",
            compared_count=compared_count,
            is_partial=day.on == today_on,
            has_data=day.session_count is not None,
        )
        for day, compared_count in zip(context.report.trend, _compared_counts(context), strict=True)
    )


def _compared_counts(context: WidgetContext) -> list[int | None]:
    counts = {} if context.compared is None else {day.on: day.session_count for day in context.compared.trend}
    earlier_days = [context.question.compared_day(day.on) for day in context.report.trend]
    return [None if earlier_on is None else counts.get(earlier_on) for earlier_on in earlier_days]


def _title(day: ReportDay, before: int | None, *, question: Question, is_today: bool) -> str:
    on = day.on
    so_far = f" so far, until {text.clock_text(question.now_us, zone=question.zone)}" if is_today else ""
    count = "no data" if day.session_count is None else text.counted(day.session_count, "session")
    title = f"{on:%a} {text.day_text(on)}: {count}{so_far}"
    earlier_on = question.compared_day(on)
    if before is None or earlier_on is None:
        return title
    return f"{title}; {earlier_on:%a} {text.day_text(earlier_on)}: {text.count_text(before)}"


def _trend(points: tuple[TrendPoint, ...], question: Question, *, step: Step) -> Trend:
    period = question.query.period
    ends_today = bool(points) and points[-1].is_partial
    clock = text.clock_text(question.now_us, zone=question.zone)
    compared = ", with the period it is compared with as a dashed line" if question.compared is not None else ""
    return Trend(
        name=f"Sessions consumed per {step.value}, {text.days_text(period)}{compared}."
        + (" The last one is partial." if ends_today else ""),
        points=points,
        step=step,
        last_label="Today" if ends_today and step is Step.DAY else "",
        partial_label=f"{text.count_text(points[-1].count)} until {clock}" if ends_today else "",
    )


def _in_steps(points: tuple[TrendPoint, ...], step: Step, *, context: WidgetContext) -> tuple[TrendPoint, ...]:
    if step is Step.DAY:
        return points
    groups = groupby(points, key=lambda point: _start_of(point.on, step))
    return tuple(_joined(start_on, list(days), step=step, context=context) for start_on, days in groups)


def _joined(start_on: date, days: list[TrendPoint], *, step: Step, context: WidgetContext) -> TrendPoint:
    count = sum(day.count for day in days)
    compared = [day.compared_count for day in days if day.compared_count is not None]
    return TrendPoint(
        on=start_on,
        count=count,
        title=f"{step.value.capitalize()} from {text.day_text(days[0].on)}: {text.counted(count, 'session')}",
        href=context.urls.rows(context.address.between(days[0].on, days[-1].on)),
        compared_count=sum(compared) if compared else None,
        is_partial=any(day.is_partial for day in days),
        has_data=any(day.has_data for day in days),
    )


def _start_of(on: date, step: Step) -> date:
    return on - timedelta(days=on.weekday()) if step is Step.WEEK else on.replace(day=1)


def _day_line(point: TrendPoint, ticket_count: int | None) -> DayLine:
    return DayLine(
        on=point.on.isoformat(),
        label=f"{point.on:%a} {text.day_text(point.on)}",
        number=point.count,
        value=text.count_text(point.count) if point.has_data else text.DASH,
        tickets=text.DASH if ticket_count is None else text.count_text(ticket_count),
        before=text.DASH if point.compared_count is None else text.count_text(point.compared_count),
        note="until now" if point.is_partial else "" if point.has_data else "no data",
        href=point.href,
    )
