"""Views of reports, widgets and filter choices."""

from django.http import HttpResponse
from django.urls import reverse

from botmeter.people.rights import Right
from botmeter.people.saved_views import saved_view_name
from botmeter.web.access import Visit, for_member
from botmeter.web.layout import Crumb, Frame, frame
from botmeter.web.pages.report.answered import PageContext
from botmeter.web.pages.report.choices import choices_page, choices_request
from botmeter.web.pages.report.follow import fresh_answer
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.pages.report.start_page import has_events, start_page
from botmeter.web.pages.report.usage_page import HEADING, Actions, Title, usage_page
from botmeter.web.pages.report.widget_page import widget_page
from botmeter.web.pages.report.widgets import member_access, widget_named
from botmeter.web.question import preferred_zone, question
from botmeter.web.rendering import rendered
from botmeter.web.report_query import ReportAddress, read_address


@for_member(Right.SEE_REPORTS)
def report(visit: Visit) -> HttpResponse:
    """Show the report under Reports."""
    return _report(visit, entry_point=EntryPoint.REPORTS)


@for_member(Right.SEE_BILLING)
def billing_report(visit: Visit) -> HttpResponse:
    """Show the report under Billing."""
    return _report(visit, entry_point=EntryPoint.BILLING)


@for_member(Right.SEE_REPORTS)
def report_fresh(visit: Visit) -> HttpResponse:
    """Answer a poll for newer numbers."""
    return _fresh(visit, entry_point=EntryPoint.REPORTS)


@for_member(Right.SEE_BILLING)
def billing_fresh(visit: Visit) -> HttpResponse:
    """Answer a poll of the report under Billing."""
    return _fresh(visit, entry_point=EntryPoint.BILLING)


@for_member(Right.SEE_REPORTS)
def widget(visit: Visit, *, name: str) -> HttpResponse:
    """Show one widget."""
    declared = widget_named(name, member_access())
    address, urls = read_address(visit.request.GET), ReportUrls(entry_point=EntryPoint.REPORTS, owner=visit.account)
    around = _frame(visit, title=declared.title, crumbs=(_report_crumb(visit, address),))
    # htmx sends this header for deferred widgets.
    is_part = visit.request.headers.get("HX-Request") == "true"
    zone = preferred_zone(visit.account)
    with visit.reading() as ledger:
        asked = question(ledger, address, zone=zone)
        context = PageContext(frame=around, urls=urls, access=member_access(), is_part=is_part)
        page = widget_page(ledger, asked, widget=declared, context=context)
    return rendered(visit.request, "widget.html", page=page)


@for_member(Right.SEE_REPORTS)
def choices(visit: Visit, *, field: str) -> HttpResponse:
    """Show a filter's choices, as a menu or page."""
    address, urls = read_address(visit.request.GET), ReportUrls(entry_point=EntryPoint.REPORTS, owner=visit.account)
    around = _frame(visit, title="Filter", crumbs=(_report_crumb(visit, address),))
    menu, zone = choices_request(field, visit.request.GET), preferred_zone(visit.account)
    with visit.reading() as ledger:
        asked = question(ledger, address, zone=zone)
        page = choices_page(
            ledger, asked, request=menu, context=PageContext(frame=around, urls=urls, access=member_access())
        )
    return rendered(visit.request, "choices.html", page=page)


def _report(visit: Visit, *, entry_point: EntryPoint) -> HttpResponse:
    address, urls = read_address(visit.request.GET), ReportUrls(entry_point=entry_point, owner=visit.account)
    way = ("Reports", "reports") if entry_point is EntryPoint.REPORTS else ("Billing", "billing")
    crumbs = (Crumb(label=way[0], href=reverse(way[1], args=(visit.account,))),)
    # Before the ledger is locked: account titles are read from ledgers too.
    around = frame(visit, title=HEADING[entry_point], current=way[1], crumbs=crumbs)
    zone, actions = preferred_zone(visit.account), _actions(visit, address, urls=urls)
    view = saved_view_name(visit.account, visit.user, query=address.following(False).query())
    title = Title(heading=HEADING[entry_point], beside=view)
    with visit.reading() as ledger:
        if not has_events(ledger):
            return rendered(visit.request, "start.html", page=start_page(ledger, frame=around))
        asked = question(ledger, address, zone=zone)
        waiting = visit.unsettled()
        context = PageContext(frame=around, urls=urls, access=member_access(), waiting=waiting)
        page = usage_page(ledger, asked, context=context, actions=actions, title=title)
    return rendered(visit.request, "report.html", page=page)


def _fresh(visit: Visit, *, entry_point: EntryPoint) -> HttpResponse:
    address, zone = read_address(visit.request.GET), preferred_zone(visit.account)
    with visit.reading() as ledger:
        context = PageContext(
            frame=Frame(title=HEADING[entry_point], csrf_token="", theme=""),
            urls=ReportUrls(entry_point=entry_point, owner=visit.account),
            access=member_access(),
            waiting=visit.unsettled(),
        )
        return fresh_answer(visit.request, ledger, question=question(ledger, address, zone=zone), context=context)


def _actions(visit: Visit, address: ReportAddress, *, urls: ReportUrls) -> Actions:
    query = address.following(False).query()
    return Actions(
        share_href=reverse("shares", args=(visit.account,)) + (query or "?new") if visit.may(Right.SHARE) else "",
        export_href=urls.rows(address) + "#export" if visit.may(Right.EXPORT) else "",
        save_href=reverse("views", args=(visit.account,)) + (query or "?new") if visit.may(Right.SAVE_VIEWS) else "",
    )


def _report_crumb(visit: Visit, address: ReportAddress) -> Crumb:
    urls = ReportUrls(entry_point=EntryPoint.REPORTS, owner=visit.account)
    return Crumb(label=HEADING[EntryPoint.REPORTS], href=urls.report(address))


def _frame(visit: Visit, *, title: str, crumbs: tuple[Crumb, ...]) -> Frame:
    reports = Crumb(label="Reports", href=reverse("reports", args=(visit.account,)))
    return frame(visit, title=title, current="reports", crumbs=(reports, *crumbs))
