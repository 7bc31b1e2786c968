"""Reports: the month so far, saved views and last imports."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse

from botmeter.ledger.event_rows import has_events
from botmeter.people.rights import Right
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.layout import Frame, frame
from botmeter.web.pages.report.report_urls import EntryPoint
from botmeter.web.pages.sections.cards import ImportsCard, ViewsCard, imports_card, views_card
from botmeter.web.pages.sections.usage import MonthToDate, SectionContext, month_to_date
from botmeter.web.question import preferred_zone
from botmeter.web.rendering import rendered
from botmeter.web.report_address import Split


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportsPage:
    """Start page of Reports; `month` is None before the first event."""

    frame: Frame
    report: Link
    links: tuple[Link, ...]
    month: MonthToDate | None
    views: ViewsCard
    imports: ImportsCard | None


@for_member(Right.SEE_REPORTS)
def reports(visit: Visit) -> HttpResponse:
    """Show the page."""
    page_frame, zone = frame(visit, title="Reports", current="reports"), preferred_zone(visit.account)
    section = SectionContext(
        frame=page_frame, account=visit.account, entry_point=EntryPoint.REPORTS, split=Split.TOOK_PART, zone=zone
    )
    views = views_card(visit, EntryPoint.REPORTS)
    with visit.reading() as ledger:
        page = ReportsPage(
            frame=page_frame,
            report=Link(label="Bot session consumption", href=reverse("report", args=(visit.account,)), symbol="chart"),
            links=_links(visit),
            month=month_to_date(ledger, section) if has_events(ledger) else None,
            views=views,
            imports=imports_card(visit, ledger, zone=zone),
        )
    return rendered(visit.request, "reports.html", page=page)


def _links(visit: Visit) -> tuple[Link, ...]:
    account = (visit.account,)
    links = [Link(label="Counting rules", href=reverse("counting", args=account), symbol="info")]
    if visit.may(Right.SCHEDULE_REPORTS):
        links.insert(0, Link(label="Schedules", href=reverse("schedules", args=account), symbol="clock"))
    if visit.may(Right.SHARE):
        links.insert(0, Link(label="Share links", href=reverse("shares", args=account), symbol="link"))
    return tuple(links)
