"""Live reports: the freshness line polls, and the page updates in place.

A poll reads only the ledger's version. On a change the page is fetched whole, so that its numbers agree.
"""

import zlib
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from botmeter.domain.instant import now_us
from botmeter.domain.period import checked_timezone, day_of_us
from botmeter.web.pages.report.answer_cache import kept_recency
from botmeter.web.pages.report.answered import PageContext
from botmeter.web.pages.report.freshness import Freshness, freshness
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import Question
from botmeter.web.rendering import rendered

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

# Metering takes up to a second; an event should be on the page two seconds after its receipt.
_EVERY_LIVE: Final = "500ms"
_EVERY: Final = "2s"


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """The live switch; `fresh_href` is polled at interval `every`, and empty while off."""

    is_on: bool
    switch_href: str
    fresh_href: str = ""
    every: str = ""
    again_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshLine:
    """The freshness line alone."""

    freshness: Freshness
    following: Following


def following(ledger: "ReadableLedger", question: Question, *, urls: ReportUrls, line: Freshness) -> Following:
    """Build the live switch at the ledger's present version."""
    address = question.address
    switch_href = urls.report(address.following(not address.follows))
    if not address.follows:
        return Following(is_on=False, switch_href=switch_href)
    return Following(
        is_on=True,
        switch_href=switch_href,
        fresh_href=urls.fresh(address, seen=_mark(ledger, question), said=_digest(line)),
        every=_EVERY_LIVE if line.kind == "live" else _EVERY,
        again_href=urls.report(address),
    )


def fresh_answer(
    request: HttpRequest, ledger: "ReadableLedger", *, question: Question, context: PageContext
) -> HttpResponse:
    """Answer a poll: 204 if unchanged, the freshness line if only it changed, else a redirect."""
    if request.GET.get("seen") != _mark(ledger, question):
        return HttpResponseRedirect(context.urls.report(question.address))
    line = freshness(kept_recency(ledger), now_us=now_us(), zone=question.zone, waiting=context.waiting)
    if request.GET.get("said") == _digest(line):
        return HttpResponse(status=204)
    page = FreshLine(freshness=line, following=following(ledger, question, urls=context.urls, line=line))
    answer = rendered(request, "report/fresh.html", page=page)
    answer["HX-Retarget"] = answer["HX-Reselect"] = "#fresh"
    return answer


def goes_on(question: Question) -> bool:
    """Return True until the period's last day is over."""
    return question.query.period.last_on >= _today(question)


def _mark(ledger: "ReadableLedger", question: Question) -> str:
    """Return the page's version: the commit, and today, which moves the period."""
    return f"{ledger.version}-{_today(question):%Y%m%d}"


def _today(question: Question) -> date:
    return day_of_us(question.now_us, timezone=checked_timezone(question.zone))


def _digest(line: Freshness) -> str:
    return f"{zlib.crc32(f'{line.kind} {line.text}'.encode()):08x}"
