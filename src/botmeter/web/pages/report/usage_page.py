"""Report page."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.instant import now_us
from botmeter.metering.policy import in_force
from botmeter.reports.cost_centres import cost_centre_names
from botmeter.reports.policy_sentence import policy_sentence
from botmeter.web.components import Link
from botmeter.web.layout import Frame
from botmeter.web.pages.report.contexts import PageContext, widget_context
from botmeter.web.pages.report.filter_bar import FilterBar, filter_bar
from botmeter.web.pages.report.follow import Following, following
from botmeter.web.pages.report.freshness import Freshness, freshness
from botmeter.web.pages.report.notices import Notice, notices, sample_notices
from botmeter.web.pages.report.report_access import Fact
from botmeter.web.pages.report.report_urls import EntryPoint
from botmeter.web.pages.report.widget_page import PageWidget, page_widget
from botmeter.web.pages.report.widgets import widgets_of
from botmeter.web.question import Question

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger
    from botmeter.reports.recency import Recency

HEADING: Final = {
    EntryPoint.REPORTS: "Bot session consumption",
    EntryPoint.BILLING: "Session usage report",
    EntryPoint.SHARED: "Bot session consumption",
}
_PAST: Final = Freshness(text="Past period", kind="")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBody:
    """Cacheable body: independent of reader and clock."""

    has_sessions: bool
    bar: FilterBar
    recency: "Recency"
    notices: tuple[Notice, ...]
    widgets: tuple[PageWidget, ...]
    definition: str
    counting_href: str
    footer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePage:
    """Report; `following` is None once its days are over.

    Attributes:
        subtitle: Saved view, or the report's name on a shared page.
    """

    frame: Frame
    subtitle: str
    actions: tuple[Link, ...]
    freshness: Freshness
    following: Following | None
    notices: tuple[Notice, ...]
    body: ReportBody


# Charts and links of a page are made once for all its readers.
_bodies: Final[BoundedCache[Hashable, ReportBody]] = BoundedCache(48 << 20)


def usage_page(
    ledger: "ReadableLedger", question: Question, *, page: PageContext, subtitle: str, actions: tuple[Link, ...] = ()
) -> UsagePage:
    """Build the page, caching its body until the ledger or the minute changes."""
    timeless = replace(question, now_us=0)
    key = (ledger.account.name, timeless, page.urls, page.access, page.day_notes, page.is_update)
    version = (ledger.version, question.now_us)
    body = _bodies.find_or_make(key, lambda: _body(ledger, question, page=page), version=version)
    line, follow = _PAST, None
    if page.access.allows(Fact.FRESHNESS):
        line = freshness(body.recency, now_us=now_us(), zone=question.zone, waiting=page.waiting)
        follow = following(ledger, question, urls=page.urls, line=line)
    return UsagePage(
        frame=page.frame,
        subtitle=subtitle,
        actions=actions,
        freshness=line,
        following=follow,
        # What it links to depends on the reader, for whom the body is not made.
        notices=(*sample_notices(ledger, href=page.sample_href), *body.notices),
        body=body,
    )


def _body(ledger: "ReadableLedger", question: Question, *, page: PageContext) -> ReportBody:
    access = page.access
    context = widget_context(ledger, question, page=page)
    report = context.report
    has_cost_centres = bool(cost_centre_names(ledger))
    shown = [
        widget
        for widget in widgets_of(access)
        if (report.sessions_consumed or not widget.loads_later) and (has_cost_centres or not widget.needs_cost_centres)
    ]
    return ReportBody(
        has_sessions=report.sessions_consumed > 0,
        bar=filter_bar(ledger, question, page=page, here=context.here),
        recency=context.overview.recency,
        notices=notices(context, title=ledger.account.title),
        widgets=tuple(
            page_widget(widget, context, is_deferred=widget.loads_later and not page.is_update) for widget in shown
        ),
        definition=policy_sentence(in_force(ledger.schedule, at_us=question.now_us).policy),
        counting_href=page.urls.counting(),
        footer=f"Policy {report.policy} \u00b7 {question.zone}",
    )
