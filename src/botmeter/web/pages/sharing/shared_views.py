"""Pages of a share link."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Final

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from botmeter.domain import text
from botmeter.people.models import ShareLink
from botmeter.people.share_proofs import has_proof
from botmeter.people.shares import note_opening, share_over, valid_share
from botmeter.web.access import View, for_everyone
from botmeter.web.components import Link
from botmeter.web.layout import Frame, SharedNote
from botmeter.web.ledgers import reading
from botmeter.web.pages.report.choices import choices_page, choices_request
from botmeter.web.pages.report.contexts import PageContext
from botmeter.web.pages.report.follow import fresh_answer, is_update
from botmeter.web.pages.report.report_access import Fact, ReportAccess
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.pages.report.rows.page import TITLES, RowsRequest, rows_page
from botmeter.web.pages.report.rows.view_options import read_rows_address
from botmeter.web.pages.report.usage_page import HEADING, usage_page
from botmeter.web.pages.report.widget_page import widget_page
from botmeter.web.pages.report.widgets import widget_named
from botmeter.web.pages.sharing.password_page import password_page
from botmeter.web.pages.sharing.saved_address import address_of_query, movement_text
from botmeter.web.pages.sharing.scope import Scope, shared_question
from botmeter.web.pages.sharing.shared_access import shared_access
from botmeter.web.question import Question
from botmeter.web.rendering import rendered
from botmeter.web.report_address import read_address
from botmeter.web.titles import account_title

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

_ROBOTS: Final = "noindex, nofollow"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedVisit:
    """Visitor's request; the account's title is read before the page locks its ledger."""

    request: HttpRequest
    link: ShareLink
    secret: str
    title: str

    @property
    def urls(self) -> ReportUrls:
        return ReportUrls(owner=self.secret, entry_point=EntryPoint.SHARED, has_rows=self.link.may_see_rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedLedger:
    """Share link's open ledger."""

    visit: SharedVisit
    ledger: "ReadableLedger"
    question: Question
    access: ReportAccess

    def context(self, title: str = "") -> PageContext:
        visit, link = self.visit, self.visit.link
        report = Link(label=link.name, href=visit.urls.report(self.question.address))
        by = f"by {link.created_by} " if link.created_by else ""
        until = f"Shared {by}until {text.moment_text(link.expires_at)}."
        note = SharedNote(title=visit.title, description=f"{until} {movement_text(address_of_query(link.query))}")
        return PageContext(
            frame=Frame(
                title=title or link.name, csrf_token="", theme="", crumbs=(report,) if title else (), shared=note
            ),
            urls=visit.urls,
            access=self.access,
            is_part=visit.request.headers.get("HX-Request") == "true",
            is_update=is_update(visit.request, self.question.address),
        )


def _with_link(view: Callable[..., HttpResponse]) -> View:
    @wraps(view)
    def opened(request: HttpRequest, *, secret: str, **parameters: str) -> HttpResponse:
        link = valid_share(secret)
        if not has_proof(request, link):
            response = password_page(request, link, secret=secret)
            response.headers["X-Robots-Tag"] = _ROBOTS
            return response
        if request.method == "POST":
            # Of a password that was entered twice.
            return redirect(request.get_full_path()) if link.password else HttpResponseNotAllowed(["GET", "HEAD"])
        title = account_title(request, link.account)
        response = view(SharedVisit(request=request, link=link, secret=secret, title=title), **parameters)
        response.headers["X-Robots-Tag"] = _ROBOTS
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return for_everyone(sensitive_post_parameters("password")(require_http_methods(["GET", "HEAD", "POST"])(opened)))


@_with_link
def shared(visit: SharedVisit) -> HttpResponse:
    """Show the report."""
    with _reading(visit) as shared:
        page = usage_page(
            shared.ledger,
            shared.question,
            page=shared.context(),
            subtitle=HEADING[EntryPoint.SHARED],
        )
    if _is_opening(visit.request):
        note_opening(visit.link)
    return rendered(visit.request, "report.html", page=page)


@_with_link
def shared_fresh(visit: SharedVisit) -> HttpResponse:
    """Answer a poll; past days are not followed."""
    with _reading(visit) as shared:
        if not shared.access.allows(Fact.FRESHNESS):
            raise Http404
        return fresh_answer(visit.request, shared.ledger, question=shared.question, urls=visit.urls, waiting=None)


@_with_link
def shared_rows(visit: SharedVisit) -> HttpResponse:
    """Show the rows if included."""
    if not visit.link.may_see_rows:
        raise Http404
    with _reading(visit, route="shared-rows") as shared:
        view = read_rows_address(visit.request.GET).without_charge()
        request = RowsRequest(question=shared.question, view=view, page=shared.context(TITLES[view.grain]))
        page = rows_page(shared.ledger, request)
    return rendered(visit.request, "rows.html", page=page)


@_with_link
def shared_widget(visit: SharedVisit, *, name: str) -> HttpResponse:
    """Show one widget."""
    with _reading(visit) as shared:
        declared = widget_named(name, shared.access)
        page = widget_page(shared.ledger, shared.question, widget=declared, page=shared.context(declared.title))
    return rendered(visit.request, "widget.html", page=page)


@_with_link
def shared_choices(visit: SharedVisit, *, field: str) -> HttpResponse:
    """Show a filter's values."""
    menu = choices_request(field, visit.request.GET)
    with _reading(visit) as shared:
        if menu.declared.name not in shared.access.filters:
            raise Http404
        page = choices_page(shared.ledger, shared.question, request=menu, page=shared.context("Filter"))
    return rendered(visit.request, "choices.html", page=page)


def _is_opening(request: HttpRequest) -> bool:
    if request.method != "GET" or "prefetch" in request.headers.get("Sec-Purpose", ""):
        return False
    # Browsers send it over https and to this machine. It says where the click was; without it, a link from inside
    # usually has parameters.
    site = request.headers.get("Sec-Fetch-Site")
    return site != "same-origin" if site else not request.GET


@contextmanager
def _reading(visit: SharedVisit, *, route: str = "shared") -> "Iterator[SharedLedger]":
    """Raise Missing `share_over` if the account is gone."""
    scope = Scope(whole=read_address(QueryDict(visit.link.query)), may_see_rows=visit.link.may_see_rows)
    with ExitStack() as stack:
        try:
            ledger = stack.enter_context(reading(visit.request, visit.link.account))
        except Http404:
            raise share_over() from None
        question = shared_question(ledger, scope, parameters=visit.request.GET)
        access = shared_access(ledger, question, whole_href=reverse(route, args=(visit.secret,)))
        yield SharedLedger(visit=visit, ledger=ledger, question=question.narrowed, access=access)
