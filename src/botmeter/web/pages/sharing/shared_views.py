"""What whoever has a share link can open: the report, its rows if they were shared, widgets and choices of filters."""

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
from botmeter.people.shares import note_opening, opened_share, share_over
from botmeter.web.access import View, for_everyone
from botmeter.web.layout import Crumb, Frame, SharedNote
from botmeter.web.ledgers import reading
from botmeter.web.pages.report.answered import PageContext
from botmeter.web.pages.report.choices import field_named
from botmeter.web.pages.report.follow import fresh_answer, goes_on
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.pages.report.rows.page import RowsQuestion, rows_page
from botmeter.web.pages.report.rows.view_options import read_rows_address
from botmeter.web.pages.report.usage_page import Actions, usage_page
from botmeter.web.pages.report.widget_page import WIDGETS, widget_page
from botmeter.web.pages.sharing.scope import Scope, shared_question
from botmeter.web.pages.sharing.shared_pages import Trimmer
from botmeter.web.rendering import rendered
from botmeter.web.report_query import read_address
from botmeter.web.titles import account_title

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A link that was opened.

    Attributes:
        secret: As it stands in the address.
        title: What the account is called; read before its ledger is held for the page.
    """

    request: HttpRequest
    link: ShareLink
    secret: str
    title: str

    @property
    def places(self) -> ReportUrls:
        return ReportUrls(door=EntryPoint.SHARED, owner=self.secret, has_rows=self.link.may_see_rows)

    @property
    def scope(self) -> Scope:
        return Scope(whole=read_address(QueryDict(self.link.query)), may_see_rows=self.link.may_see_rows)

    def frame(self, title: str, *, crumbs: tuple[Crumb, ...] = ()) -> Frame:
        """What stands around: the account's title, who shared it, until when. There is nothing to send."""
        link = self.link
        by = f"by {link.created_by} " if link.created_by else ""
        return Frame(
            title=title,
            csrf_token="",
            theme="",
            crumbs=crumbs,
            shared=SharedNote(title=self.title, said=f"Shared {by}until {text.moment_text(link.expires_at)}"),
        )


def _for_whoever_has_it(view: Callable[..., HttpResponse]) -> View:
    """A page behind a share link: read only, found by no search engine, told to no other site."""

    @wraps(view)
    def opened(request: HttpRequest, *, secret: str, **place: str) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        link = opened_share(secret)
        title = account_title(request, link.account)
        response = view(Opening(request=request, link=link, secret=secret, title=title), **place)
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return for_everyone(opened)


@_for_whoever_has_it
def shared(opening: Opening) -> HttpResponse:
    """The report."""
    link = opening.link
    with _trimmer(opening, route="shared") as trimmer:
        page = usage_page(
            trimmer.ledger,
            trimmer.shared.asked,
            stage=PageContext(frame=opening.frame(link.name), places=opening.places),
            actions=Actions(),
        )
        page = trimmer.report(page, name=link.name)
    if opening.request.method == "GET":
        note_opening(link, visitor=opening.request.session.session_key or address_of(opening.request))
    return rendered(opening.request, "report.html", page=page)


@_for_whoever_has_it
def shared_fresh(opening: Opening) -> HttpResponse:
    """Whether there is more than the report shows; days that are over are not followed. What waits is not told."""
    with _trimmer(opening, route="shared") as trimmer:
        if not goes_on(trimmer.shared.whole):
            raise Http404
        stage = PageContext(frame=opening.frame(opening.link.name), places=opening.places)
        return fresh_answer(opening.request, trimmer.ledger, question=trimmer.shared.asked, stage=stage)


@_for_whoever_has_it
def shared_rows(opening: Opening) -> HttpResponse:
    """The rows, where the link shows them."""
    if not opening.link.may_see_rows:
        raise Http404
    with _trimmer(opening, route="shared-rows") as trimmer:
        asked = RowsQuestion(question=trimmer.shared.asked, rows=read_rows_address(opening.request.GET))
        around = opening.frame("Sessions consumed", crumbs=_crumbs(opening, trimmer))
        stage = PageContext(frame=around, places=opening.places)
        page = rows_page(trimmer.ledger, asked, stage=stage)
        page = trimmer.rows(page)
    return rendered(opening.request, "rows.html", page=page)


@_for_whoever_has_it
def shared_widget(opening: Opening, *, name: str) -> HttpResponse:
    """One widget with everything that it has."""
    if name not in WIDGETS:
        raise Http404
    with _trimmer(opening, route="shared") as trimmer:
        if not trimmer.offers(name):
            raise Http404
        around = opening.frame(WIDGETS[name], crumbs=_crumbs(opening, trimmer))
        stage = PageContext(frame=around, places=opening.places)
        page = widget_page(trimmer.ledger, trimmer.shared.asked, name=name, stage=stage)
        page = trimmer.widget(page)
    return rendered(opening.request, "widget.html", page=page)


@_for_whoever_has_it
def shared_choices(opening: Opening, *, field: str) -> HttpResponse:
    """What a filter can be set to."""
    named = field_named(field)
    with _trimmer(opening, route="shared") as trimmer:
        if not trimmer.offers(named.value):
            raise Http404
        around = opening.frame("Filter", crumbs=_crumbs(opening, trimmer))
        page = trimmer.choices(named, opening.request.GET, frame=around)
    return rendered(opening.request, "choices.html", page=page)


@contextmanager
def _trimmer(opening: Opening, *, route: str) -> "Iterator[Trimmer]":
    """The ledger and the question of an opening. Where the account is gone, so is the link."""
    with _ledger_of(opening) as ledger:
        yield Trimmer(
            ledger=ledger,
            shared=shared_question(ledger, opening.scope, given=opening.request.GET),
            places=opening.places,
            whole_href=reverse(route, args=(opening.secret,)),
        )


@contextmanager
def _ledger_of(opening: Opening) -> "Iterator[Ledger]":
    with ExitStack() as held:
        try:
            ledger = held.enter_context(reading(opening.request, opening.link.account))
        except Http404:
            raise share_over() from None
        yield ledger


def _crumbs(opening: Opening, trimmer: Trimmer) -> tuple[Crumb, ...]:
    return (Crumb(label=opening.link.name, href=opening.places.report(trimmer.shared.asked.address)),)
