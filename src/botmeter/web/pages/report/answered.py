"""What every widget of the report is made of: the question, its answer, and where links lead."""

from dataclasses import dataclass

from botmeter.ledger.settle import Backlog
from botmeter.reports.overview import Overview
from botmeter.reports.usage import UsageReport
from botmeter.web.layout import Frame
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import Question
from botmeter.web.report_query import ReportAddress


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answered question."""

    overview: Overview
    question: Question
    places: ReportUrls

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
    """What stands around a page of the report, and where its links lead.

    Attributes:
        waiting: What was taken in and is in no number yet; None where that is not told.
        is_part: Only the widget is asked for, to stand among others; it is shorter then.
    """

    frame: Frame
    places: ReportUrls
    waiting: Backlog | None = None
    is_part: bool = False
