"""The report as one page: everything that its template places."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from botmeter.domain.instant import now_us
from botmeter.metering.policy import in_force
from botmeter.reports.policy_sentence import policy_sentence
from botmeter.reports.versions import versions
from botmeter.web.layout import Frame
from botmeter.web.pages.report.answer_cache import LruCache, kept_overview
from botmeter.web.pages.report.answered import Answered, PageContext
from botmeter.web.pages.report.filter_bar import FilterBar, bot_names_shown, filter_bar
from botmeter.web.pages.report.follow import Following, following
from botmeter.web.pages.report.freshness import Freshness, freshness
from botmeter.web.pages.report.grids import MatrixWidget, matrix
from botmeter.web.pages.report.headline import Headline, headline
from botmeter.web.pages.report.notices import Notice, notices
from botmeter.web.pages.report.report_urls import EntryPoint, ReportUrls
from botmeter.web.pages.report.splits import SplitWidget, bot_split, channel_split, ticket_split
from botmeter.web.pages.report.trend import (
    MonthsWidget,
    TrendWidget,
    months_widget,
    spark,
    trend_points,
    trend_widget,
)
from botmeter.web.question import Question

if TYPE_CHECKING:
    from collections.abc import Sequence

    from botmeter.ledger.ledger import Ledger
    from botmeter.reports.recency import Recency
    from botmeter.reports.versions import VersionUsage

HEADING = {
    EntryPoint.REPORTS: "Bot session consumption",
    EntryPoint.BILLING: "Session usage report",
    EntryPoint.SHARED: "Bot session consumption",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LaterWidget:
    """A widget that takes longer: it comes after the page, or by its own address."""

    name: str
    title: str
    span: str
    href: str
    line_count: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Actions:
    """What can be done with the report as a whole; an empty address is not offered."""

    share_href: str = ""
    export_href: str = ""
    save_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UsagePage:
    """The report.

    Attributes:
        following: How the page is followed; None where its days are over.
        recency: What its freshness was made of.
        definition: What a session is under the policy in force now, in a sentence.
        beside: What stands small beside the heading: the name of the saved view that this is.
    """

    frame: Frame
    heading: str
    bar: FilterBar
    freshness: Freshness
    following: Following | None
    recency: "Recency"
    notices: tuple[Notice, ...]
    actions: Actions
    headline: Headline
    trend: TrendWidget
    bots: SplitWidget
    channels: SplitWidget
    months: MonthsWidget
    tickets: SplitWidget
    matrix: MatrixWidget
    later: tuple[LaterWidget, ...]
    definition: str
    counting_href: str
    footer: str
    beside: str = ""


# A page for a year is some 500 KB, most of it drawings.
_pages: Final[LruCache[UsagePage]] = LruCache(64)
_NO_FRAME: Final = Frame(title="", csrf_token="", theme="")


def usage_page(ledger: "Ledger", question: Question, *, stage: PageContext, actions: Actions) -> UsagePage:
    """The page that answers a question. What is the same for everybody who asks it is kept until the ledger changes."""
    key = (ledger.account.name, ledger.version, question, stage.places)
    kept = _pages.kept(key, lambda: _page_of_nobody(ledger, question, places=stage.places))
    # The words depend on the clock and on what waits, which no version tells.
    line = freshness(kept.recency, now_us=now_us(), zone=question.zone, waiting=stage.waiting)
    return replace(
        kept,
        frame=stage.frame,
        actions=actions,
        freshness=line,
        following=following(ledger, question, places=stage.places, line=line),
    )


def _page_of_nobody(ledger: "Ledger", question: Question, *, places: ReportUrls) -> UsagePage:
    """The page without what depends on who looks."""
    found = kept_overview(ledger, question)
    answered = Answered(overview=found, question=question, places=places)
    points = trend_points(answered)
    return UsagePage(
        frame=_NO_FRAME,
        heading=HEADING[places.door],
        bar=filter_bar(question, places=places, bot_names=bot_names_shown(ledger, question)),
        freshness=Freshness(text="", kind=""),
        following=None,
        recency=found.recency,
        notices=notices(answered, title=ledger.account.title),
        actions=Actions(),
        headline=headline(answered, spark=spark(answered, points=points)),
        trend=trend_widget(answered, points=points),
        bots=bot_split(answered, versions=_opened_versions(ledger, question)),
        channels=channel_split(answered),
        months=months_widget(answered),
        tickets=ticket_split(answered),
        matrix=matrix(answered),
        later=_later(answered),
        definition=policy_sentence(in_force(ledger.schedule, at_us=question.now_us).policy),
        counting_href=places.counting(),
        footer=f"Policy {found.report.policy} \u00b7 {question.zone}",
    )


def _opened_versions(ledger: "Ledger", question: Question) -> "Sequence[VersionUsage]":
    return versions(ledger, question.query) if question.address.opened else ()


def _later(answered: Answered) -> tuple[LaterWidget, ...]:
    if not answered.report.sessions_consumed:
        return ()
    address, places = answered.address, answered.places
    return (
        LaterWidget(name="hours", title="Hour × weekday", span="c5", href=places.widget("hours", address)),
        LaterWidget(
            name="ticket-trend", title="Tickets over time", span="c7", href=places.widget("ticket-trend", address)
        ),
        LaterWidget(
            name="customers", title="Customers with most sessions", span="c5", href=places.widget("customers", address)
        ),
        LaterWidget(name="versions", title="Versions of bots", span="c12", href=places.widget("versions", address)),
    )
