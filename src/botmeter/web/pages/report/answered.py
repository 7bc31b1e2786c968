"""Input of widgets, and the context of a report page."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botmeter.ledger.settle import Backlog
from botmeter.reports.overview import Overview
from botmeter.reports.report_json import UsageReport
from botmeter.web.layout import Frame
from botmeter.web.pages.report.report_access import ReportAccess
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import Question
from botmeter.web.report_query import ReportAddress

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_NO_ACCESS: Final = ReportAccess()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question with its answer; `is_whole` shows all rows of a widget."""

    ledger: "ReadableLedger"
    overview: Overview
    question: Question
    urls: ReportUrls
    access: ReportAccess = _NO_ACCESS
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContext:
    """Frame, links and allow-list of a report page.

    Attributes:
        waiting: Events not metered yet; None hides them.
        is_part: Requests only a deferred widget.
    """

    frame: Frame
    urls: ReportUrls
    access: ReportAccess = _NO_ACCESS
    waiting: Backlog | None = None
    is_part: bool = False
