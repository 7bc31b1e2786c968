"""Entry pages: Reports and Billing."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.urls import reverse

from botmeter.domain import text
from botmeter.people.rights import Right
from botmeter.people.saved_views import visible_views
from botmeter.reports.usage import usage_report
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Cell, Link
from botmeter.web.layout import Frame, frame
from botmeter.web.question import preferred_zone, report_question
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress

_LINKS: Final = (("Saved views", "views", Right.SAVE_VIEWS), ("Share links", "shares", Right.SHARE))


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionPage:
    """A report's card; under Reports also saved views and links."""

    frame: Frame
    report: Link
    sentence: str
    views: tuple[Cell, ...] = ()
    links: tuple[Link, ...] = ()


@for_member(Right.SEE_REPORTS)
def reports(visit: Visit) -> HttpResponse:
    """Link to the report and saved views."""
    page = SectionPage(
        frame=frame(visit, title="Reports", current="reports"),
        report=Link(label="Bot session consumption", href=reverse("report", args=(visit.account,)), symbol="chart"),
        sentence=f"Sessions by day, bot, channel and month, with the underlying conversations. {_last_days(visit)}",
        views=_views(visit),
        links=tuple(
            Link(label=label, href=reverse(route, args=(visit.account,)))
            for label, route, right in _LINKS
            if visit.may(right)
        ),
    )
    return rendered(visit.request, "entry_points.html", page=page)


@for_member(Right.SEE_BILLING)
def billing(visit: Visit) -> HttpResponse:
    """Link to the report under Billing."""
    page = SectionPage(
        frame=frame(visit, title="Billing", current="billing"),
        report=Link(
            label="Session usage reports", href=reverse("billing-report", args=(visit.account,)), symbol="bill"
        ),
        sentence=f"Sessions consumed, with the reason why each was charged. {_last_days(visit)}",
    )
    return rendered(visit.request, "entry_points.html", page=page)


def _last_days(visit: Visit) -> str:
    zone = preferred_zone(visit.account)
    with visit.reading() as ledger:
        query = report_question(ledger, ReportAddress(), zone=zone).query
        count = usage_report(ledger, query).sessions_consumed
    return f"{text.counted(count, 'session')} in the last 30 days."


def _views(visit: Visit) -> tuple[Cell, ...]:
    base = reverse("report", args=(visit.account,))
    return tuple(
        Cell(
            value=view.name,
            href=f"{base}?{view.query}",
            note="" if view.owner == visit.user else f"by {view.owner}",
        )
        for view in visible_views(visit.user, visit.account)
    )
