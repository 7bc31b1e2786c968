"""Contexts of a report page and of its widgets."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Final

from botmeter.billing.bill_cache import SERVER_BILLS
from botmeter.billing.session_charges import with_not_charged
from botmeter.domain.bounded_cache import BoundedCache
from botmeter.ledger.settle import Backlog
from botmeter.reports.intervals import Interval, shown_interval
from botmeter.reports.overview import Overview, overview
from botmeter.reports.report_json import UsageReport
from botmeter.web.layout import Frame
from botmeter.web.pages.report.filtered_page import FilteredPage
from botmeter.web.pages.report.report_access import ReportAccess
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import Question
from botmeter.web.report_address import ReportAddress

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

# Shared by a page, its deferred widgets and its polls, which are requested one by one. A year's is some 100 KB.
_overviews: Final[BoundedCache[Hashable, Overview]] = BoundedCache(32 << 20)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedDay:
    """Note on a day."""

    on: date
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayNotes:
    """Notes, oldest day first; none, and no page of them, on shared pages."""

    notes: tuple[NotedDay, ...] = ()
    page_href: str = ""
    may_write: bool = False

    def between(self, first_on: date, last_on: date) -> tuple[NotedDay, ...]:
        return tuple(note for note in self.notes if first_on <= note.on <= last_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """Context of a report page.

    Attributes:
        waiting: Events not metered yet; None hides them.
        is_part: Only a deferred widget.
        is_update: Replaces a followed page, so no widget is deferred.
        sample_href: Empty for those who may not remove sample data.
    """

    frame: Frame
    urls: ReportUrls
    access: ReportAccess
    waiting: Backlog | None = None
    is_part: bool = False
    is_update: bool = False
    sample_href: str = ""
    day_notes: DayNotes = DayNotes()


@dataclass(frozen=True, slots=True, kw_only=True)
class WidgetContext:
    """Question with its answer.

    Attributes:
        here: Page on which links of the widget stay.
        is_whole: Shows all lines of a widget.
    """

    ledger: "ReadableLedger"
    overview: Overview
    question: Question
    urls: ReportUrls
    access: ReportAccess
    here: FilteredPage
    day_notes: DayNotes = DayNotes()
    is_whole: bool = False

    @property
    def address(self) -> ReportAddress:
        return self.question.address

    @property
    def report(self) -> UsageReport:
        return self.overview.report

    @property
    def compared(self) -> UsageReport | None:
        return self.overview.compared

    @property
    def comparable(self) -> UsageReport | None:
        """Compared report, if every day of both periods has data."""
        return self.overview.comparable


def cached_overview(ledger: "ReadableLedger", question: Question) -> Overview:
    """Question's overview, cached until the ledger's version changes, which is unique per commit."""
    query, compared = question.query, question.compared
    has_hours = shown_interval(question.address.interval, query.period) is Interval.HOUR
    key = (ledger.account.name, query, compared, has_hours)

    def answer() -> Overview:
        made = overview(ledger, query, compared=compared, has_hours=has_hours)
        return replace(made, report=with_not_charged(ledger, query, report=made.report, cache=SERVER_BILLS))

    return _overviews.find_or_make(key, answer, version=ledger.version)


def widget_context(
    ledger: "ReadableLedger", question: Question, *, page: PageContext, widget: str = ""
) -> WidgetContext:
    """Answer the question for the widgets of the report, or for one on its own page."""
    answer = cached_overview(ledger, question)
    return WidgetContext(
        ledger=ledger,
        overview=answer,
        # Compared days without data are not shown.
        question=question if answer.compared is not None else replace(question, compared=None),
        urls=page.urls,
        access=page.access,
        day_notes=page.day_notes,
        here=FilteredPage(urls=page.urls, widget=widget),
        is_whole=bool(widget),
    )
