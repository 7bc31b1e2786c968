"""Closed cycles as their statements and the adjustments since have them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import msgspec

from botmeter.billing.adjustment import LineKey, StatedCycle, StatedLine
from botmeter.billing.statement_document import Document
from botmeter.billing.statement_list import LIST_SCHEMA
from botmeter.ledger.billing.closed_statements import ClosedStatement, stated_sessions
from botmeter.ledger.readable import ReadableLedger

_OWN_KINDS = ("fee", "purchase", "beyond", "minimum")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedDocument:
    """Closed statement with its document."""

    statement: ClosedStatement
    document: Document


def read_document(statement: ClosedStatement) -> Document:
    """Decode the document of a statement."""
    document: Document = msgspec.json.decode(statement.document)
    return document


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedAmounts:
    """Lines and tax of a closed cycle, as last adjusted, with the number of its own statement."""

    number: str
    lines: tuple[StatedLine, ...]
    tax: Decimal


def stated_amounts(closed: Sequence[ClosedDocument], *, cycle_start: int) -> StatedAmounts:
    """Read the amounts of a closed cycle from all statements."""
    documents = [(each.statement, each.document) for each in closed]
    own = next(document for each, document in documents if each.cycle_start == cycle_start and document["plans"])
    lines: dict[LineKey, StatedLine] = {}
    for line in own["lines"]:
        if line["kind"] in _OWN_KINDS:
            stated = StatedLine.read(line)
            lines[stated.key] = stated
    tax = Decimal(own["tax"]["amount"]) if own["tax"] else Decimal(0)
    for _, document in documents:
        for adjustment in document["adjustments"]:
            if adjustment["of"] == own["number"]:
                for line in adjustment["lines"]:
                    stated = StatedLine.read(line, amount="after")
                    lines[stated.key] = stated
                tax = Decimal(adjustment["tax"]["after"]) if adjustment["tax"] else tax
    return StatedAmounts(number=own["number"], lines=tuple(lines.values()), tax=tax)


def stated_cycle(ledger: ReadableLedger, statements: Sequence[ClosedStatement], *, cycle_start: int) -> StatedCycle:
    """Lines, tax and sessions of a closed cycle, as last adjusted."""
    closed = [ClosedDocument(statement=each, document=read_document(each)) for each in statements]
    amounts = stated_amounts(closed, cycle_start=cycle_start)
    return StatedCycle(
        number=amounts.number,
        cycle_start=cycle_start,
        lines=amounts.lines,
        tax=amounts.tax,
        sessions=stated_sessions(ledger, cycle_start).cast(LIST_SCHEMA),
    )
