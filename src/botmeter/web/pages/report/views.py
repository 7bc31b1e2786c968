"""Views of reports, widgets and filter choices."""

from dataclasses import replace
from typing import Final

from django.http import HttpResponse
from django.urls import reverse

from botmeter.ledger.event_rows import has_events
from botmeter.people.rights import Right
from botmeter.people.saved_views import saved_view_name
from botmeter.web.access import Visit
from botmeter.web.components import Link
from botmeter.web.layout import frame, section_links
from botmeter.web.pages.report.choices import choices_page, choices_request
from botmeter.web.pages.report.contexts import PageContext
from botmeter.web.pages.report.day_notes import notes_of_report
from botmeter.web.pages.report.follow import fresh_answer, is_update
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.pages.report.start_page import start_page
from botmeter.web.pages.report.usage_page import HEADING, usage_page
from botmeter.web.pages.report.widget_page import widget_page
from botmeter.web.pages.report.widgets import member_access, widget_named
from botmeter.web.question import preferred_zone, report_question
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress, read_address

# Sections of the navigation by entry point.
_SECTIONS: Final = {EntryPoint.REPORTS: "reports", EntryPoint.BILLING: "billing"}


def report(visit: Visit, *, entry_point: EntryPoint) -> HttpResponse:
    """Show the report, or how to send the first events."""
    address, urls = read_address(visit.request.GET), ReportUrls(owner=visit.account, entry_point=entry_point)
    section = _SECTIONS[entry_point]
    # Before the ledger is locked: account titles are read from ledgers too.
    page_frame = frame(visit, title=HEADING[entry_point], current=section, crumbs=section_links(visit.account, section))
    zone = preferred_zone(visit.account)
    view_name = saved_view_name(visit.account, visit.user, query=address.following(False).query())
    with visit.reading() as ledger:
        if not has_events(ledger):
            return rendered(visit.request, "start.html", page=start_page(visit, ledger, frame=page_frame))
        question = report_question(ledger, address, zone=zone)
        context = PageContext(
            frame=page_frame,
            urls=urls,
            access=member_access(may_export=visit.may(Right.EXPORT)),
            waiting=visit.unsettled(),
            day_notes=notes_of_report(visit, address),
            is_update=is_update(visit.request, address),
            sample_href=reverse("sample-data", args=(visit.account,)) if visit.may(Right.IMPORT_FILES) else "",
        )
        page = usage_page(ledger, question, page=context, subtitle=view_name)
    page = replace(page, actions=_actions(visit, address, urls=urls, has_sessions=page.body.has_sessions))
    return rendered(visit.request, "report.html", page=page)


def fresh(visit: Visit, *, entry_point: EntryPoint) -> HttpResponse:
    """Answer a poll for newer numbers."""
    address, zone = read_address(visit.request.GET), preferred_zone(visit.account)
    urls = ReportUrls(owner=visit.account, entry_point=entry_point)
    with visit.reading() as ledger:
        question = report_question(ledger, address, zone=zone)
        return fresh_answer(visit.request, ledger, question=question, urls=urls, waiting=visit.unsettled())


def widget(visit: Visit, *, name: str, entry_point: EntryPoint) -> HttpResponse:
    """Show one widget."""
    declared = widget_named(name, member_access())
    address, zone = read_address(visit.request.GET), preferred_zone(visit.account)
    context = member_context(visit, address, title=declared.title, entry_point=entry_point)
    with visit.reading() as ledger:
        question = report_question(ledger, address, zone=zone)
        page = widget_page(ledger, question, widget=declared, page=context)
    return rendered(visit.request, "widget.html", page=page)


def choices(visit: Visit, *, field: str, entry_point: EntryPoint) -> HttpResponse:
    """Show a filter's choices, as a menu or page."""
    address, zone = read_address(visit.request.GET), preferred_zone(visit.account)
    menu = choices_request(field, visit.request.GET)
    context = member_context(visit, address, title="Filter", entry_point=entry_point)
    with visit.reading() as ledger:
        question = report_question(ledger, address, zone=zone)
        page = choices_page(ledger, question, request=menu, page=context)
    return rendered(visit.request, "choices.html", page=page)


def member_context(visit: Visit, address: ReportAddress, *, title: str, entry_point: EntryPoint) -> PageContext:
    """Build the context of a page below the report."""
    urls, section = ReportUrls(owner=visit.account, entry_point=entry_point), _SECTIONS[entry_point]
    report_link = Link(label=HEADING[entry_point], href=urls.report(address))
    crumbs = (*section_links(visit.account, section), report_link)
    return PageContext(
        frame=frame(visit, title=title, current=section, crumbs=crumbs),
        urls=urls,
        access=member_access(may_export=visit.may(Right.EXPORT)),
        day_notes=notes_of_report(visit, address),
        # htmx sends this header for deferred widgets.
        is_part=visit.request.headers.get("HX-Request") == "true",
    )


def _actions(visit: Visit, address: ReportAddress, *, urls: ReportUrls, has_sessions: bool) -> tuple[Link, ...]:
    # Billing's report is named, so that sharing and saving lead back to it.
    back = {"back": urls.entry_point.value} if urls.entry_point is EntryPoint.BILLING else {}
    account, query = (visit.account,), address.following(False).query(**back) or "?new"
    links = (
        (Right.SHARE, Link(label="Share", symbol="link", href=reverse("shares", args=account) + query)),
        *([(Right.EXPORT, Link(label="Export", symbol="export", href=f"{urls.rows(address)}#export"))] * has_sessions),
        (
            Right.SAVE_VIEWS,
            Link(label="Save view", symbol="save", href=reverse("views", args=(visit.account,)) + query),
        ),
    )
    return tuple(link for right, link in links if visit.may(right))
