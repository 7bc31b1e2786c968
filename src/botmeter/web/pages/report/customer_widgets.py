"""Deferred widget of the customers with the most sessions."""

from dataclasses import dataclass
from typing import Final

from botmeter.domain import text
from botmeter.reports.customers import top_customers
from botmeter.reports.row_options import Grain
from botmeter.web.components import Cell, Column, count_cell
from botmeter.web.pages.report.contexts import WidgetContext

# Fits the height of the adjacent card; the widget's own page shows more.
CUSTOMERS_MAX: Final = 7
CUSTOMERS_MAX_WHOLE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TableWidget:
    """Table; the first cell of a line is its heading."""

    columns: tuple[Column, ...]
    lines: tuple[tuple[Cell, ...], ...]
    note: str = ""


def customers_widget(context: WidgetContext) -> TableWidget:
    """Customers with the most sessions."""
    question, address, urls = context.question, context.address, context.urls
    limit = CUSTOMERS_MAX_WHOLE if context.is_whole else CUSTOMERS_MAX
    return TableWidget(
        columns=(
            Column(label="Customer"),
            Column(label="Sessions", variant="r"),
            Column(label="Conversations", variant="r"),
            Column(label=f"Latest ({question.zone})"),
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
