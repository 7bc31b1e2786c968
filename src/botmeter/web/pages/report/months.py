"""Sessions by month, as chart and table."""

from dataclasses import dataclass
from datetime import date

from botmeter.charts.columns import MonthColumn, monthly_chart
from botmeter.charts.plane import Chart
from botmeter.domain import text
from botmeter.domain.period import month_last_on
from botmeter.reports.report_json import ReportMonth
from botmeter.web.components import bar_width
from botmeter.web.pages.report.contexts import WidgetContext


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """Month of the table and of the bars of narrow cards."""

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


def months_widget(context: WidgetContext) -> MonthsWidget:
    """Build the widget, noting partial months."""
    months = context.report.by_month
    longest = max((month.session_count or 0 for month in months), default=0)
    has_several_years = months[0].month[:4] != months[-1].month[:4]
    lines = tuple(_month_line(month, context, longest=longest, has_year=has_several_years) for month in months)
    columns = tuple(
        MonthColumn(
            on=date.fromisoformat(f"{line.month}-01"),
            count=line.number,
            title=f"{line.name}: {text.counted(line.number, 'session')}" + (f", {line.note}" if line.note else ""),
            href=line.href,
            note=line.note,
            is_partial=bool(line.note),
            has_data=month.session_count is not None,
        )
        for line, month in zip(lines, months, strict=True)
    )
    names = lines[0].name if len(lines) == 1 else f"{lines[0].name} {text.DASH} {lines[-1].name}"
    return MonthsWidget(
        sub=names,
        chart=monthly_chart(columns, name=f"Sessions consumed per month, {names}."),
        lines=lines,
    )


def _month_line(month: ReportMonth, context: WidgetContext, *, longest: int, has_year: bool) -> MonthLine:
    period, data_on = context.question.query.period, context.overview.days.data_on
    month_first_on = date.fromisoformat(f"{month.month}-01")
    first_on = max(month_first_on, period.first_on, data_on or period.first_on)
    last_on = min(month_last_on(month_first_on), period.last_on)
    count = month.session_count or 0
    return MonthLine(
        month=month.month,
        name=text.month_text(month.month),
        label=text.month_text(month.month, year=False),
        year=month.month[:4] if has_year else "",
        number=count,
        value=text.DASH if month.session_count is None else text.count_text(count),
        width=bar_width(count, longest=longest),
        note=_note(month, first_on=first_on, last_on=last_on),
        href=context.urls.rows(context.address.between(first_on, last_on)) if count else "",
    )


def _note(month: ReportMonth, *, first_on: date, last_on: date) -> str:
    if month.session_count is None:
        return "no data"
    if first_on.day != 1:
        return f"from {text.day_text(first_on, year=False)}"
    return f"until {text.day_text(last_on, year=False)}" if month.is_partial else ""
