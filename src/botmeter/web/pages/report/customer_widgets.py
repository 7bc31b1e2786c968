"""Deferred widgets: bot versions and top customers."""

from dataclasses import dataclass
from typing import Final

from botmeter.domain import text
from botmeter.reports.customers import top_customers
from botmeter.reports.versions import VersionUsage, versions
from botmeter.web.components import Tools
from botmeter.web.pages.report.answered import Answered
from botmeter.web.pages.report.report_access import Fact
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import Question

VERSIONS_MAX: Final = 40
# Fits the height of the adjacent card; the widget's own page shows more.
CUSTOMERS_MAX: Final = 7
CUSTOMERS_MAX_WHOLE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A number with an optional link."""

    value: str
    href: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """A bot version."""

    bot: Cell
    version: str
    sessions: Cell
    opened: str
    conversations: str
    tickets: str
    handoffs: str
    handoff_share: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsWidget:
    """Bot versions side by side."""

    tools: Tools
    lines: tuple[VersionLine, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLine:
    """A customer."""

    customer: Cell
    sessions: Cell
    conversations: str
    last_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersWidget:
    """Customers with the most sessions."""

    tools: Tools
    zone: str
    lines: tuple[CustomerLine, ...]


def versions_widget(answered: Answered) -> VersionsWidget:
    """Sessions, conversations per session, tickets and handoffs by version."""
    question, address, urls = answered.question, answered.address, answered.urls
    every = versions(answered.ledger, question.query)
    if not answered.access.allows(Fact.OPENERS):
        every = tuple(one for one in every if one.session_count)
    shown = every[:VERSIONS_MAX]
    left_out = len(every) - len(shown)
    return VersionsWidget(
        tools=Tools(rows_href=urls.rows(address), expand_href=urls.widget("versions", address)),
        lines=tuple(_version_line(one, question, urls=urls) for one in shown),
        note=f"{text.counted(left_out, 'further version')} not shown. Filter by bot to see its versions."
        if left_out
        else "",
    )


def _version_line(one: VersionUsage, question: Question, *, urls: ReportUrls) -> VersionLine:
    address = question.address.only("bot", one.bot_id)
    rows = address if one.bot_version is None else address.only("bot_version", one.bot_version)
    return VersionLine(
        bot=Cell(value=one.bot_name, href=urls.report(address)),
        version=one.bot_version or text.DASH,
        sessions=Cell(
            value=text.count_text(one.session_count),
            number=one.session_count,
            href=urls.rows(rows) if one.bot_version is not None else "",
        ),
        opened=text.count_text(one.opened_count),
        conversations=text.ratio_text(one.conversation_count, one.session_count, decimals=2),
        tickets=text.count_text(one.ticket_count),
        handoffs=text.count_text(one.handoff_count),
        handoff_share=text.share_text(one.handoff_count, whole=one.conversation_count),
    )


def customers_widget(answered: Answered) -> CustomersWidget:
    """Customers with the most sessions."""
    question, address, urls = answered.question, answered.address, answered.urls
    limit = CUSTOMERS_MAX_WHOLE if answered.is_whole else CUSTOMERS_MAX
    return CustomersWidget(
        tools=Tools(rows_href=urls.rows(address, sort="customer"), expand_href=urls.widget("customers", address)),
        zone=question.zone,
        lines=tuple(
            CustomerLine(
                customer=Cell(value=one.customer_id, href=urls.customer(one.customer_id)),
                sessions=Cell(
                    value=text.count_text(one.session_count),
                    number=one.session_count,
                    href=urls.rows(address.only("customer", one.customer_id)),
                ),
                conversations=text.count_text(one.conversation_count),
                last_at=text.row_instant_text(
                    one.last_started_us, zone=question.zone, now_us=question.now_us, seconds=False
                ),
            )
            for one in top_customers(answered.ledger, question.query, limit=limit)
        ),
    )
