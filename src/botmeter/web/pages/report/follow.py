"""Live reports: the freshness line polls, and the page updates in place.

A poll reads only the ledger's version. On a change the page is fetched whole, so that its numbers agree.
"""

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from botmeter.domain.instant import now_us
from botmeter.ledger.settle import Backlog
from botmeter.web.pages.report.contexts import cached_overview
from botmeter.web.pages.report.freshness import Freshness, freshness
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import Question
from botmeter.web.rendering import rendered
from botmeter.web.report_address import ReportAddress

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

# Metering takes up to a second; an event should be on the page two seconds after its receipt.
_LIVE_INTERVAL: Final = "500ms"
_INTERVAL: Final = "2s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """Live switch; `fresh_href` is polled at `interval`, and empty while off."""

    is_on: bool
    switch_href: str
    fresh_href: str = ""
    interval: str = ""
    again_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshLine:
    """Freshness line alone."""

    freshness: Freshness
    following: Following


def following(ledger: "ReadableLedger", question: Question, *, urls: ReportUrls, line: Freshness) -> Following:
    """Build the switch at the ledger's present version."""
    address = question.address
    switch_href = urls.report(address.following(not address.follows))
    if not address.follows:
        return Following(is_on=False, switch_href=switch_href)
    return Following(
        is_on=True,
        switch_href=switch_href,
        fresh_href=urls.fresh(address, version=_page_version(ledger, question), line=_digest(line)),
        interval=_LIVE_INTERVAL if line.kind == "live" else _INTERVAL,
        again_href=urls.report(address),
    )


def fresh_answer(
    request: HttpRequest, ledger: "ReadableLedger", *, question: Question, urls: ReportUrls, waiting: Backlog | None
) -> HttpResponse:
    """Answer a poll: 204 if unchanged, the line if only freshness changed, else a redirect."""
    if request.GET.get("version") != _page_version(ledger, question):
        return HttpResponseRedirect(urls.report(question.address))
    recency = cached_overview(ledger, question).recency
    line = freshness(recency, now_us=now_us(), zone=question.zone, waiting=waiting)
    if request.GET.get("line") == _digest(line):
        return HttpResponse(status=204)
    page = FreshLine(freshness=line, following=following(ledger, question, urls=urls, line=line))
    answer = rendered(request, "report/fresh.html", page=page)
    answer["HX-Retarget"] = answer["HX-Reselect"] = "#fresh"
    return answer


def is_update(request: HttpRequest, address: ReportAddress) -> bool:
    """Tell the page that a poll fetches from an opened one."""
    return address.follows and request.headers.get("HX-Request") == "true"


def has_not_ended(question: Question) -> bool:
    """True until the period's last day is over."""
    return question.query.period.last_on >= question.today_on


def _page_version(ledger: "ReadableLedger", question: Question) -> str:
    """The commit, and today, which moves the period."""
    return f"{ledger.version}-{question.today_on:%Y%m%d}"


def _digest(line: Freshness) -> str:
    return f"{zlib.crc32(f'{line.kind} {line.text}'.encode()):08x}"
