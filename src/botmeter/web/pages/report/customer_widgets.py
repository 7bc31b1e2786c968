"""Deferred widgets: bot versions and top customers."""

from dataclasses import dataclass
from typing import Final

from botmeter.domain import text
from botmeter.reports.customers import top_customers
from botmeter.reports.row_options import Grain
from botmeter.reports.versions import VersionUsage, versions
from botmeter.web.components import Cell, Column, count_cell
from botmeter.web.pages.report.contexts import WidgetContext
from botmeter.web.pages.report.report_access import Fact

VERSIONS_MAX: Final = 40
# Fits the height of the adjacent card; the widget's own page shows more.
CUSTOMERS_MAX: Final = 7
CUSTOMERS_MAX_WHOLE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TableWidget:
    """A plain table; the first cell of a line is its heading."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[Cell, ...], ...]
    note: str = ""


def versions_widget(context: WidgetContext) -> TableWidget:
    """Sessions, conversations per session, tickets and handoffs by version."""
    every = versions(context.ledger, context.question.query)
    if not context.access.allows(Fact.OPENERS):
        every = tuple(one for one in every if one.session_count)
    hidden_count = len(every) - VERSIONS_MAX
    hidden = f"{text.counted(hidden_count, 'further version')} not shown. Filter by bot to see its versions."
    numbers = ("Sessions", "Opened", "Conversations per session", "Tickets", "Handoffs")
    return TableWidget(
        columns=(
            Column(label="Bot"),
            Column(label="Version"),
            *(Column(label=label, variant="r") for label in numbers),
        ),
        lines=tuple(_version_line(one, context) for one in every[:VERSIONS_MAX]),
        note=hidden if hidden_count > 0 else "",
    )


def _version_line(one: VersionUsage, context: WidgetContext) -> tuple[Cell, ...]:
    address = context.address.only("bot", one.bot_id)
    rows_href = ""
    if one.bot_version is not None:
        rows_href = context.urls.rows(address.only("bot_version", one.bot_version))
    return (
        Cell(value=one.bot_name, href=context.urls.report(address)),
        Cell(value=one.bot_version or text.DASH),
        count_cell(one.session_count, href=rows_href, has_number=True),
        count_cell(one.opened_count),
        Cell(value=text.ratio_text(one.conversation_count, one.session_count, decimals=2), variant="r num"),
        count_cell(one.ticket_count),
        count_cell(one.handoff_count, note=text.share_text(one.handoff_count, whole=one.conversation_count)),
    )


def customers_widget(context: WidgetContext) -> TableWidget:
    """Customers with the most sessions."""
    question, address, urls = context.question, context.address, context.urls
    limit = CUSTOMERS_MAX_WHOLE if context.is_whole else CUSTOMERS_MAX
    return TableWidget(
        columns=(
            Column(label="Customer"),
            Column(label="Sessions", variant="r"),
            Column(label="Conversations", variant="r"),
            Column(label=f"Last ({question.zone})"),
        ),
        lines=tuple(
            (
                _customer_cell(one.customer_id, context),
                count_cell(
                    one.session_count, href=urls.rows(address.only("customer", one.customer_id)), has_number=True
                ),
                count_cell(
                    one.conversation_count,
                    href=urls.rows(address.only("customer", one.customer_id), grain=Grain.CONVERSATION),
                    has_number=True,
                ),
                Cell(value=question.row_instant(one.last_started_us, seconds=False), variant="num"),
            )
            for one in top_customers(context.ledger, question.query, limit=limit)
        ),
    )


def _customer_cell(customer_id: str, context: WidgetContext) -> Cell:
    return Cell(
        value=text.short_id(customer_id), title=customer_id, href=context.urls.customer(customer_id), variant="id"
    )
