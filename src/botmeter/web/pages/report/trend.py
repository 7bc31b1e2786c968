"""Sessions by day and by month, as charts and tables."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import Final

from botmeter.charts.monthly import MonthColumn, monthly_chart
from botmeter.charts.plane import Chart
from botmeter.charts.spark import spark_chart
from botmeter.charts.trend import Step, Trend, TrendPoint, fitting_step, trend_chart
from botmeter.domain import text
from botmeter.reports.report_json import ReportDay, ReportMonth
from botmeter.web.components import Key, MonthBar, Tools, bar_width, longest_of
from botmeter.web.pages.report.answered import Answered
from botmeter.web.pages.report.filter_bar import before_label
from botmeter.web.question import Question

TREND: Final = "session-consumption-trend"
MONTHS: Final = "monthly-consumption"


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
    """The trend; `chart` is None if shown as a table."""

    tools: Tools
    sub: str
    keys: tuple[Key, ...]
    chart: Chart | None
    before_label: str
    days: tuple[DayLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """A month of the table."""

    month: str
    name: str
    number: int
    value: str
    note: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthsWidget:
    """The months, with bars for narrow cards."""

    tools: Tools
    sub: str
    chart: Chart | None
    bars: tuple[MonthBar, ...]
    lines: tuple[MonthLine, ...]


def trend_widget(answered: Answered, *, points: tuple[TrendPoint, ...]) -> TrendWidget:
    """Build the widget of sessions by day."""
    question, period = answered.question, answered.question.query.period
    step = fitting_step(len(points))
    compared = question.compared
    keys = [Key(label=text.days_text(period))]
    if compared is not None:
        keys.append(Key(label=text.days_text(compared.period), kind="dash"))
    return TrendWidget(
        tools=widget_tools(TREND, answered),
        sub="" if step is Step.DAY else f"by {step.value}",
        keys=tuple(keys),
        chart=None if TREND in answered.address.table else _chart(points, step, answered=answered),
        before_label="" if compared is None else before_label(question),
        days=tuple(_day_line(point, answered.report.trend[place].ticket_count) for place, point in enumerate(points)),
    )


def spark(answered: Answered, *, points: tuple[TrendPoint, ...]) -> Chart:
    """Draw the headline's sparkline."""
    shown = _in_steps(points, fitting_step(len(points)), answered=answered)
    return spark_chart(shown, name="Sessions per day")


def widget_tools(name: str, answered: Answered) -> Tools:
    """Return links that switch between chart and table."""
    address, urls = answered.address, answered.urls
    is_table = name in address.table
    other = urls.report(address.toggled_table(name)) + f"#w-{name}"
    this = urls.report(address) + f"#w-{name}"
    return Tools(
        is_table=is_table,
        chart_href=other if is_table else this,
        table_href=this if is_table else other,
        rows_href=urls.rows(address),
        expand_href=urls.widget(name, address),
    )


def trend_points(answered: Answered) -> tuple[TrendPoint, ...]:
    """Return a point per day; days before the first data and after today are empty."""
    overview, question, urls = answered.overview, answered.question, answered.urls
    today_on = text.in_zone(question.now_us, question.zone).date()
    before = _compared_counts(answered)
    return tuple(
        TrendPoint(
            on=day.on,
            count=day.session_count,
            title=_title(day, before[place], question=question),
            href=urls.rows(question.address.between(day.on, day.on)) if day.session_count else "",
            compared_count=before[place],
            is_partial=day.on == today_on,
            has_data=overview.first_event_on is not None and overview.first_event_on <= day.on <= today_on,
        )
        for place, day in enumerate(overview.report.trend)
    )


def _compared_counts(answered: Answered) -> list[int | None]:
    """Return the compared period's counts, aligned by first day."""
    day_count = answered.question.query.period.day_count
    if answered.compared is None:
        return [None] * day_count
    trend = answered.compared.trend
    # A compared period cut at the first data is shorter: align its days at the end.
    missing = day_count - len(trend)
    return [None] * missing + [day.session_count for day in trend]


def _title(day: ReportDay, before: int | None, *, question: Question) -> str:
    on, now = day.on, text.in_zone(question.now_us, question.zone)
    so_far = f" so far, until {now:%H:%M}" if on == now.date() else ""
    title = f"{on:%a} {text.day_text(on)}: {text.counted(day.session_count, 'session')}{so_far}"
    if before is None:
        return title
    earlier_on = on - timedelta(days=question.compared_shift)
    return f"{title}; {earlier_on:%a} {text.day_text(earlier_on)}: {text.count_text(before)}"


def _chart(points: tuple[TrendPoint, ...], step: Step, *, answered: Answered) -> Chart:
    shown = _in_steps(points, step, answered=answered)
    return trend_chart(_trend(shown, answered.question, step=step))


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


def _in_steps(points: tuple[TrendPoint, ...], step: Step, *, answered: Answered) -> tuple[TrendPoint, ...]:
    if step is Step.DAY:
        return points
    groups = groupby(points, key=lambda point: _start_of(point.on, step))
    joined = []
    for start_on, group in groups:
        days = list(group)
        href = answered.urls.rows(answered.address.between(days[0].on, days[-1].on))
        joined.append(replace(_together(start_on, days, step=step), href=href))
    return tuple(joined)


def _together(start_on: date, days: list[TrendPoint], *, step: Step) -> TrendPoint:
    count = sum(day.count for day in days)
    compared = [day.compared_count for day in days if day.compared_count is not None]
    word = "Week from" if step is Step.WEEK else "Month from"
    return replace(
        days[0],
        on=start_on,
        count=count,
        title=f"{word} {text.day_text(days[0].on)}: {text.counted(count, 'session')}",
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


def months_widget(answered: Answered) -> MonthsWidget:
    """Build the widget of sessions by month, noting partial months."""
    months = answered.report.by_month
    lines = tuple(_month_line(month, answered) for month in months)
    longest = longest_of([line.number for line in lines])
    years = {month.month[:4] for month in months}
    columns = tuple(
        MonthColumn(
            label=text.month_text(line.month, year=False),
            count=line.number,
            title=f"{line.name}: {text.counted(line.number, 'session')}" + (f", {line.note}" if line.note else ""),
            href=line.href,
            note=line.note,
            is_partial=month.is_partial,
        )
        for line, month in zip(lines, months, strict=True)
    )
    name = f"Sessions consumed per month, {_months_text(lines)}."
    is_table = MONTHS in answered.address.table
    return MonthsWidget(
        tools=widget_tools(MONTHS, answered),
        sub=_months_text(lines),
        chart=None if is_table else monthly_chart(columns, name=name),
        bars=tuple(
            MonthBar(
                label=text.month_text(line.month, year=False),
                value=line.value,
                width=bar_width(line.number, longest=longest),
                href=line.href,
                year=line.month[:4] if len(years) > 1 else "",
                note=line.note,
                is_partial=bool(line.note),
            )
            for line in reversed(lines)
        ),
        lines=lines,
    )


def _months_text(lines: tuple[MonthLine, ...]) -> str:
    return lines[0].name if len(lines) == 1 else f"{lines[0].name} {text.DASH} {lines[-1].name}"


def _month_line(month: ReportMonth, answered: Answered) -> MonthLine:
    period = answered.question.query.period
    first_on = date.fromisoformat(f"{month.month}-01")
    next_on = (first_on + timedelta(days=31)).replace(day=1)
    shown_first, shown_last = max(first_on, period.first_on), min(next_on - timedelta(days=1), period.last_on)
    return MonthLine(
        month=month.month,
        name=text.month_text(month.month),
        number=month.session_count,
        value=text.count_text(month.session_count),
        note=_month_note(month, first_on, shown=(shown_first, shown_last)),
        href=answered.urls.rows(answered.address.between(shown_first, shown_last)) if month.session_count else "",
    )


def _month_note(month: ReportMonth, first_on: date, *, shown: tuple[date, date]) -> str:
    if not month.is_partial:
        return ""
    if shown[0] != first_on:
        return f"from {text.day_text(shown[0], year=False)}"
    return f"until {text.day_text(shown[1], year=False)}"
