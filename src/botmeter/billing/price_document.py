"""Price of a number of sessions as JSON."""

from collections.abc import Iterator
from decimal import Decimal
from typing import TypedDict

from botmeter.billing.printed_lines import tax_label
from botmeter.billing.rated import RatedCycle
from botmeter.domain.money import rounded

PRICE_COLUMNS = ("label", "quantity", "unit_price", "amount")


class PricedLine(TypedDict):
    """Line with decimals as texts; `unit_price` None: not a product."""

    label: str
    quantity: str
    unit_price: str | None
    amount: str


class Priced(TypedDict):
    """Price of a cycle; a tax is a line, too, and the lines add up to the total."""

    currency: str
    lines: list[PricedLine]
    subtotal: str
    tax: str
    total: str


def priced(rated: RatedCycle) -> Priced:
    """Price of a rated cycle."""
    currency = rated.plan.currency
    return Priced(
        currency=currency,
        lines=[*_lines(rated)],
        subtotal=f"{rounded(rated.subtotal, currency):f}",
        tax=f"{rounded(rated.tax, currency):f}",
        total=f"{rounded(rated.total, currency):f}",
    )


def _lines(rated: RatedCycle) -> Iterator[PricedLine]:
    for line in rated.lines:
        price = None if line.unit_price is None else _text(line.unit_price)
        yield PricedLine(label=line.label, quantity=_text(line.quantity), unit_price=price, amount=f"{line.amount:f}")
    if (rate := rated.plan.tax_rate) is not None:
        yield PricedLine(label=tax_label(f"{rate:f}"), quantity="1", unit_price=None, amount=f"{rated.tax:f}")


def _text(number: Decimal) -> str:
    return f"{number:f}"
