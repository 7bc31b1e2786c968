"""What comes after the splits: versions of bots side by side, and the customers with most sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from botmeter.domain import text
from botmeter.web.components import Tools
from botmeter.web.pages.report.report_urls import ReportUrls
from botmeter.web.question import Question

if TYPE_CHECKING:
    from botmeter.reports.customers import CustomerUsage
    from botmeter.reports.versions import VersionUsage

VERSIONS_MAX: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell with its number; without an address it leads nowhere."""

    value: str
    href: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One version of one bot."""

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
    """Versions of bots side by side."""

    tools: Tools
    lines: tuple[VersionLine, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerLine:
    """One customer."""

    customer: Cell
    sessions: Cell
    conversations: str
    last_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersWidget:
    """The customers with most sessions."""

    tools: Tools
    zone: str
    lines: tuple[CustomerLine, ...]


def versions_widget(versions: Sequence["VersionUsage"], question: Question, *, places: ReportUrls) -> VersionsWidget:
    """Which version works: sessions, conversations per session, tickets and hand-offs of each."""
    address = question.address
    shown = versions[:VERSIONS_MAX]
    left_out = len(versions) - len(shown)
    return VersionsWidget(
        tools=Tools(rows_href=places.rows(address), expand_href=places.widget("versions", address)),
        lines=tuple(_version_line(one, question, places=places) for one in shown),
        note=f"{text.counted(left_out, 'further version')} not shown; filter by a bot to see its versions alone."
        if left_out
        else "",
    )


def _version_line(one: "VersionUsage", question: Question, *, places: ReportUrls) -> VersionLine:
    address = question.address.only("bot", one.bot_id)
    rows = address if one.bot_version is None else address.only("bot_version", one.bot_version)
    return VersionLine(
        bot=Cell(value=one.bot_name, href=places.report(address)),
        version=one.bot_version or text.DASH,
        sessions=Cell(
            value=text.count_text(one.session_count),
            number=one.session_count,
            href=places.rows(rows) if one.bot_version is not None else "",
        ),
        opened=text.count_text(one.opened_count),
        conversations=text.ratio_text(one.conversation_count, one.session_count, decimals=2),
        tickets=text.count_text(one.ticket_count),
        handoffs=text.count_text(one.handoff_count),
        handoff_share=text.share_text(one.handoff_count, whole=one.conversation_count),
    )


def customers_widget(
    customers: Sequence["CustomerUsage"], question: Question, *, places: ReportUrls
) -> CustomersWidget:
    """Who had most sessions."""
    address = question.address
    return CustomersWidget(
        tools=Tools(rows_href=places.rows(address, sort="customer"), expand_href=places.widget("customers", address)),
        zone=question.zone,
        lines=tuple(
            CustomerLine(
                customer=Cell(value=one.customer_id, href=places.customer(one.customer_id)),
                sessions=Cell(
                    value=text.count_text(one.session_count),
                    number=one.session_count,
                    href=places.rows(address.only("customer", one.customer_id)),
                ),
                conversations=text.count_text(one.conversation_count),
                last_at=text.row_instant_text(
                    one.last_started_us, zone=question.zone, now_us=question.now_us, seconds=False
                ),
            )
            for one in customers
        ),
    )
