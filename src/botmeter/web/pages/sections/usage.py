"""Sessions of the month so far, against the month before, with the largest bots."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from botmeter.charts.plane import Chart
from botmeter.domain import text
from botmeter.reports.compared_period import Compare
from botmeter.reports.presets import Preset
from botmeter.web.components import Link
from botmeter.web.layout import Frame
from botmeter.web.pages.report.contexts import PageContext, WidgetContext, widget_context
from botmeter.web.pages.report.headline import Kpi, headline
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.pages.report.splits import SplitWidget, bot_split
from botmeter.web.pages.report.widgets import member_access
from botmeter.web.question import Question, report_question
from botmeter.web.report_address import ReportAddress, Split

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_BOTS_MAX: Final = 5
# With the sessions and the month before they fill the row.
_FIGURES_MAX: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionContext:
    """Context of a section; `split` attributes sessions to bots."""

    frame: Frame
    account: str
    entry_point: EntryPoint
    split: Split
    zone: str

    def answer(self, ledger: "ReadableLedger", address: ReportAddress) -> WidgetContext:
        page = PageContext(frame=self.frame, urls=self.urls, access=member_access())
        return widget_context(ledger, self.question(ledger, address), page=page)

    def question(self, ledger: "ReadableLedger", address: ReportAddress) -> Question:
        return report_question(ledger, address, zone=self.zone)

    @property
    def urls(self) -> ReportUrls:
        return ReportUrls(owner=self.account, entry_point=self.entry_point)


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthToDate:
    """Figures of the month so far; `last_month` is None without data then."""

    dates: str
    report_href: str
    sessions: Kpi
    notes: tuple[Link, ...]
    spark: Chart
    last_month: Kpi | None
    others: tuple[Kpi, ...]
    bots: SplitWidget
    all_bots_href: str


def month_to_date(ledger: "ReadableLedger", section: SectionContext) -> MonthToDate:
    """Build the figures, those of this month's report."""
    address = ReportAddress(preset=Preset.THIS_MONTH, split=section.split)
    context = section.answer(ledger, address)
    figures, bots = headline(context), bot_split(context)
    return MonthToDate(
        dates=_dates(context),
        report_href=section.urls.report(address),
        sessions=replace(figures.sessions, label="Sessions this month"),
        notes=figures.notes,
        spark=figures.spark,
        last_month=_last_month(ledger, section),
        others=figures.others[:_FIGURES_MAX],
        bots=replace(bots, lines=tuple(replace(line, opener=None) for line in bots.lines[:_BOTS_MAX])),
        all_bots_href=section.urls.widget("bot-consumption", address),
    )


def _dates(context: WidgetContext) -> str:
    question = context.question
    dates = f"{text.days_text(question.query.period)}, {question.zone}"
    compared = question.compared
    return dates if compared is None else f"{dates}, compared with {text.days_text(compared.period)}"


def _last_month(ledger: "ReadableLedger", section: SectionContext) -> Kpi | None:
    context = section.answer(ledger, ReportAddress(preset=Preset.LAST_MONTH, compare=Compare.NONE))
    period, first_on = context.question.query.period, context.overview.first_event_on
    if first_on is None or first_on > period.last_on:
        return None
    note = f"from {text.day_text(first_on)}" if first_on > period.first_on else "the whole month"
    return replace(headline(context).sessions, label=f"Sessions in {period.last_on:%B}", before=note)
