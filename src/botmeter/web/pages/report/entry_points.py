"""Entry pages: Reports and Billing."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpResponse
from django.urls import reverse

from botmeter.domain import text
from botmeter.people.rights import Right
from botmeter.people.saved_views import visible_views
from botmeter.web.access import Visit, for_member
from botmeter.web.components import Link
from botmeter.web.layout import Frame, frame
from botmeter.web.question import preferred_zone, question
from botmeter.web.rendering import rendered
from botmeter.web.report_query import ReportAddress

_KEPT: Final = (("Saved views", "views", Right.SAVE_VIEWS), ("Share links", "shares", Right.SHARE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A card that links to a report."""

    label: str
    href: str
    symbol: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewLine:
    """A saved view."""

    name: str
    href: str
    owner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysInPage:
    """Cards, saved views, and links to views and share links (`kept`)."""

    frame: Frame
    heading: str
    entries: tuple[Entry, ...]
    views: tuple[ViewLine, ...]
    kept: tuple[Link, ...] = ()


@for_member(Right.SEE_REPORTS)
def reports(visit: Visit) -> HttpResponse:
    """List the reports and saved views."""
    entry = Entry(
        label="Bot session consumption",
        href=reverse("report", args=(visit.account,)),
        symbol="chart",
        sentence=f"Sessions by day, bot, channel and month, with the underlying conversations. {_lately(visit)}",
    )
    page = WaysInPage(
        frame=frame(visit, title="Reports", current="reports"),
        heading="Reports",
        entries=(entry,),
        views=_views(visit),
        kept=tuple(
            Link(label=label, href=reverse(route, args=(visit.account,)))
            for label, route, right in _KEPT
            if visit.may(right)
        ),
    )
    return rendered(visit.request, "entry_points.html", page=page)


@for_member(Right.SEE_BILLING)
def billing(visit: Visit) -> HttpResponse:
    """List the billing reports."""
    entry = Entry(
        label="Session usage reports",
        href=reverse("billing-report", args=(visit.account,)),
        symbol="bill",
        sentence=f"Sessions consumed, with the reason why each was charged. {_lately(visit)}",
    )
    page = WaysInPage(
        frame=frame(visit, title="Billing", current="billing"), heading="Billing", entries=(entry,), views=()
    )
    return rendered(visit.request, "entry_points.html", page=page)


def _lately(visit: Visit) -> str:
    from botmeter.reports.usage import usage_report

    zone = preferred_zone(visit.account)
    with visit.reading() as ledger:
        asked = question(ledger, ReportAddress(), zone=zone)
        count = usage_report(ledger, asked.query).sessions_consumed
    return f"{text.counted(count, 'session')} in the last 30 days."


def _views(visit: Visit) -> tuple[ViewLine, ...]:
    base = reverse("report", args=(visit.account,))
    return tuple(
        ViewLine(name=view.name, href=f"{base}?{view.query}", owner="" if view.owner == visit.user else str(view.owner))
        for view in visible_views(visit.user, visit.account)
    )
