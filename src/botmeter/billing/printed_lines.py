"""Printed lines of a statement, for page, CSV and PDF: its lines and taxes, which add up to its total."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from botmeter.billing.statement_document import Document
from botmeter.domain.money_text import units_text


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedLine:
    """Line as it is printed; texts are those of the document."""

    kind: str
    label: str
    quantity: str
    unit: str
    unit_price: str | None
    amount: Decimal


def printed_lines(document: Document) -> tuple[PrintedLine, ...]:
    """Lines of a document in print order: its lines, the taxes, and credits carried from or to other statements."""
    lines = document["lines"]
    return (
        *(_printed(line) for line in lines if line["kind"] != "carried"),
        *_taxes(document),
        *(_printed(line) for line in lines if line["kind"] == "carried"),
    )


def quantity_text(quantity: Decimal, unit: str) -> str:
    """Quantity of a line with its unit, such as `1 session`."""
    noun = unit.removesuffix("s") if quantity == 1 else unit
    return f"{units_text(quantity)} {noun}".strip()


def tax_label(rate: str) -> str:
    """Name of a tax line: `Tax 19%`."""
    percent = f"{Decimal(rate) * 100:f}"
    return f"Tax {percent.rstrip('0').rstrip('.') if '.' in percent else percent}%"


def _printed(line: Document) -> PrintedLine:
    names = ("kind", "label", "quantity", "unit", "unit_price")
    return PrintedLine(**{name: line[name] for name in names}, amount=Decimal(line["amount"]))


def _taxes(document: Document) -> Iterator[PrintedLine]:
    if document["tax"]:
        yield _tax(tax_label(document["tax"]["rate"]), document["tax"]["amount"])
    for adjustment in document["adjustments"]:
        if adjustment["tax"]:
            label = f"{adjustment['of']}: {tax_label(adjustment['tax']['rate'])}"
            yield _tax(label, adjustment["tax"]["difference"])


def _tax(label: str, amount: str) -> PrintedLine:
    return PrintedLine(kind="tax", label=label, quantity="1", unit="tax", unit_price=None, amount=Decimal(amount))
