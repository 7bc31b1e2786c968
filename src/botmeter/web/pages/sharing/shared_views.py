"""Pages of a share link: report, widgets, filters, optional rows."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.urls import reverse

from botmeter.domain import text
from botmeter.people.client_address import address_of
from botmeter.people.models import ShareLink
from botmeter.people.shares import note_opening, share_over, valid_share
from botmeter.web.access import View, for_everyone
from botmeter.web.components import Link
from botmeter.web.layout import Frame, SharedNote
from botmeter.web.ledgers import reading
from botmeter.web.pages.report.choices import choices_page, choices_request
from botmeter.web.pages.report.contexts import PageContext
from botmeter.web.pages.report.follow import fresh_answer
from botmeter.web.pages.report.report_access import Fact, ReportAccess
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.pages.report.rows.page import RowsRequest, rows_page
from botmeter.web.pages.report.rows.view_options import read_rows_address
from botmeter.web.pages.report.usage_page import HEADING, Actions, usage_page
from botmeter.web.pages.report.widget_page import widget_page
from botmeter.web.pages.report.widgets import widget_named
from botmeter.web.pages.sharing.scope import Scope, shared_question
from botmeter.web.pages.sharing.shared_access import shared_access
from botmeter.web.question import Question
from botmeter.web.rendering import rendered
from botmeter.web.report_address import read_address
from botmeter.web.titles import account_title

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An opened link; the title is read before the page locks its ledger."""

    request: HttpRequest
    link: ShareLink
    secret: str
    title: str

    @property
    def urls(self) -> ReportUrls:
        return ReportUrls(entry_point=EntryPoint.SHARED, owner=self.secret, has_rows=self.link.may_see_rows)

    @property
    def scope(self) -> Scope:
        return Scope(whole=read_address(QueryDict(self.link.query)), may_see_rows=self.link.may_see_rows)

    def frame(self, title: str, *, crumbs: tuple[Link, ...] = ()) -> Frame:
        """Build the frame: account, author and expiry, without forms."""
        link = self.link
        by = f"by {link.created_by} " if link.created_by else ""
        return Frame(
            title=title,
            csrf_token="",
            theme="",
            crumbs=crumbs,
            shared=SharedNote(title=self.title, description=f"Shared {by}until {text.moment_text(link.expires_at)}"),
        )


def _with_link(view: Callable[..., HttpResponse]) -> View:
    """Declare a page of a share link: read-only, not indexed, without referrer."""

    @wraps(view)
    def opened(request: HttpRequest, *, secret: str, **parameters: str) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        link = valid_share(secret)
        title = account_title(request, link.account)
        response = view(Opening(request=request, link=link, secret=secret, title=title), **parameters)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return for_everyone(opened)


@_with_link
def shared(opening: Opening) -> HttpResponse:
    """Show the report."""
    link = opening.link
    with _answering(opening, route="shared") as answering:
        page = usage_page(
            answering.ledger,
            answering.question,
            context=answering.context(opening.frame(link.name)),
            actions=Actions(),
            subtitle=HEADING[EntryPoint.SHARED],
        )
    if opening.request.method == "GET":
        note_opening(link, visitor=opening.request.session.session_key or address_of(opening.request))
    return rendered(opening.request, "report.html", page=page)


@_with_link
def shared_fresh(opening: Opening) -> HttpResponse:
    """Answer a poll; past days are not followed."""
    with _answering(opening, route="shared") as answering:
        if not answering.access.allows(Fact.FRESHNESS):
            raise Http404
        return fresh_answer(
            opening.request, answering.ledger, question=answering.question, urls=opening.urls, waiting=None
        )


@_with_link
def shared_rows(opening: Opening) -> HttpResponse:
    """Show the rows if included."""
    if not opening.link.may_see_rows:
        raise Http404
    with _answering(opening, route="shared-rows") as answering:
        context = answering.context(opening.frame("Sessions consumed", crumbs=answering.crumbs))
        view = read_rows_address(opening.request.GET)
        page = rows_page(answering.ledger, RowsRequest(question=answering.question, view=view, page=context))
    return rendered(opening.request, "rows.html", page=page)


@_with_link
def shared_widget(opening: Opening, *, name: str) -> HttpResponse:
    """Show one widget."""
    with _answering(opening, route="shared") as answering:
        declared = widget_named(name, answering.access)
        context = answering.context(opening.frame(declared.title, crumbs=answering.crumbs))
        page = widget_page(answering.ledger, answering.question, widget=declared, page=context)
    return rendered(opening.request, "widget.html", page=page)


@_with_link
def shared_choices(opening: Opening, *, field: str) -> HttpResponse:
    """Show a filter's values."""
    menu = choices_request(field, opening.request.GET)
    with _answering(opening, route="shared") as answering:
        if menu.declared.name not in answering.access.filters:
            raise Http404
        context = answering.context(opening.frame("Filter", crumbs=answering.crumbs))
        page = choices_page(answering.ledger, answering.question, request=menu, context=context)
    return rendered(opening.request, "choices.html", page=page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answering:
    """A question with its allow-list."""

    opening: Opening
    ledger: "ReadableLedger"
    question: Question
    access: ReportAccess

    @property
    def crumbs(self) -> tuple[Link, ...]:
        return (Link(label=self.opening.link.name, href=self.opening.urls.report(self.question.address)),)

    def context(self, frame: Frame) -> PageContext:
        return PageContext(
            frame=frame,
            urls=self.opening.urls,
            access=self.access,
            is_part=self.opening.request.headers.get("HX-Request") == "true",
        )


@contextmanager
def _answering(opening: Opening, *, route: str) -> "Iterator[Answering]":
    """Open the ledger for an answer.

    Raises:
        Missing: `share_over` if the account is gone.
    """
    with ExitStack() as held:
        try:
            ledger = held.enter_context(reading(opening.request, opening.link.account))
        except Http404:
            raise share_over() from None
        found = shared_question(ledger, opening.scope, parameters=opening.request.GET)
        access = shared_access(ledger, found, whole_href=reverse(route, args=(opening.secret,)))
        yield Answering(opening=opening, ledger=ledger, question=found.narrowed, access=access)
