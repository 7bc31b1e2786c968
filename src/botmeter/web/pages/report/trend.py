"""Sessions by day and by month, as charts and tables."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from botmeter.charts.columns import MonthColumn, monthly_chart
from botmeter.charts.plane import Chart
from botmeter.charts.trend import Step, Trend, TrendPoint, fitting_step, spark_chart, trend_chart
from botmeter.domain import text
from botmeter.domain.period import month_last_on
from botmeter.reports.report_json import ReportDay, ReportMonth
from botmeter.web.components import Key, bar_width
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.filter_bar import before_label
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


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """A month of the table and of the bars of narrow cards."""

    month: str
    name: str
    label: str
    year: str
    number: int
    value: str
    width: str
    note: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthsWidget:
    """Sessions by month."""

    sub: str
    chart: Chart
    lines: tuple[MonthLine, ...]


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
    first_on, question, urls = context.overview.first_event_on, context.question, context.urls
    today_on = question.today_on
    return tuple(
        TrendPoint(
            on=day.on,
            count=day.session_count,
            title=_title(day, compared_count, question=question, is_today=day.on == today_on),
            href=urls.rows(question.address.between(day.on, day.on)) if day.session_count else "",
            compared_count=compared_count,
            is_partial=day.on == today_on,
            has_data=first_on is not None and first_on <= day.on <= today_on,
        )
        for day, compared_count in zip(context.report.trend, _compared_counts(context), strict=True)
    )


def _compared_counts(context: WidgetContext) -> list[int | None]:
    counts = [] if context.compared is None else [day.session_count for day in context.compared.trend]
    # A compared period cut at the first data is shorter: align its days at the end.
    return [None] * (len(context.report.trend) - len(counts)) + counts


def _title(day: ReportDay, before: int | None, *, question: Question, is_today: bool) -> str:
    on = day.on
    so_far = f" so far, until {text.clock_text(question.now_us, zone=question.zone)}" if is_today else ""
    title = f"{on:%a} {text.day_text(on)}: {text.counted(day.session_count, 'session')}{so_far}"
    if before is None:
        return title
    earlier_on = on - timedelta(days=question.compared_shift)
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


def _day_line(point: TrendPoint, ticket_count: int) -> DayLine:
    return DayLine(
        on=point.on.isoformat(),
        label=f"{point.on:%a} {text.day_text(point.on)}",
        number=point.count,
        value=text.count_text(point.count) if point.has_data else text.DASH,
        tickets=text.count_text(ticket_count) if point.has_data else text.DASH,
        before=text.DASH if point.compared_count is None else text.count_text(point.compared_count),
        note="until now" if point.is_partial else "" if point.has_data else "no data",
        href=point.href,
    )


def months_widget(context: WidgetContext) -> MonthsWidget:
    """Build the widget of sessions by month, noting partial months."""
    months = context.report.by_month
    longest = max((month.session_count for month in months), default=0)
    has_several_years = months[0].month[:4] != months[-1].month[:4]
    lines = tuple(_month_line(month, context, longest=longest, has_year=has_several_years) for month in months)
    columns = tuple(
        MonthColumn(
            label=line.label,
            count=line.number,
            title=f"{line.name}: {text.counted(line.number, 'session')}" + (f", {line.note}" if line.note else ""),
            href=line.href,
            note=line.note,
            is_partial=bool(line.note),
        )
        for line in lines
    )
    names = lines[0].name if len(lines) == 1 else f"{lines[0].name} {text.DASH} {lines[-1].name}"
    return MonthsWidget(
        sub=names,
        chart=monthly_chart(columns, name=f"Sessions consumed per month, {names}."),
        lines=lines,
    )


def _month_line(month: ReportMonth, context: WidgetContext, *, longest: int, has_year: bool) -> MonthLine:
    period = context.question.query.period
    month_first_on = date.fromisoformat(f"{month.month}-01")
    first_on, last_on = max(month_first_on, period.first_on), min(month_last_on(month_first_on), period.last_on)
    note = ""
    if month.is_partial:
        is_cut_before = first_on != month_first_on
        note = (
            f"from {text.day_text(first_on, year=False)}"
            if is_cut_before
            else f"until {text.day_text(last_on, year=False)}"
        )
    return MonthLine(
        month=month.month,
        name=text.month_text(month.month),
        label=text.month_text(month.month, year=False),
        year=month.month[:4] if has_year else "",
        number=month.session_count,
        value=text.count_text(month.session_count),
        width=bar_width(month.session_count, longest=longest),
        note=note,
        href=context.urls.rows(context.address.between(first_on, last_on)) if month.session_count else "",
    )
