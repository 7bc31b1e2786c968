"""Verification of statements."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from botmeter.billing.account_bill import account_plans
from botmeter.billing.adjustment import Adjustment
from botmeter.billing.canonical import amount_text, canonical_json, sha256_of
from botmeter.billing.closing import changed_since_us, pending_adjustments
from botmeter.billing.plan_terms import timeline
from botmeter.billing.printed_lines import printed_lines
from botmeter.billing.stated import read_document
from botmeter.billing.statement_document import Document
from botmeter.billing.statement_list import LIST_SCHEMA, list_sha256
from botmeter.domain.instant import us_from_text
from botmeter.domain.text import counted
from botmeter.ledger.billing.closed_statements import (
    ClosedStatement,
    adjusted_sessions,
    closed_statements,
    statement_sessions,
)
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.verify import verify

_LISTED = [*LIST_SCHEMA.names, "change", "reason"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementDifference:
    """Fault of a statement, as a sentence.

    Attributes:
        number: None: with the account's sessions.
        is_pending: Events or facts came since it was closed, and the next statement adjusts it.
    """

    number: str | None
    detail: str
    is_pending: bool = False


def verify_statements(ledger: Ledger) -> list[StatementDifference]:
    """Check hashes, lists and numbers of all statements, and their amounts by rating everything again."""
    statements = closed_statements(ledger)
    damaged = list(_damages(ledger, statements))
    metering = verify(ledger)
    if not metering.is_clean:
        count = metering.difference_count + metering.duplicate_count
        detail = f"Metering the events again differs in {counted(count, 'row')}. See `botmeter verify`."
        damaged.append(StatementDifference(number=None, detail=detail))
    # What an unreadable document says can't be compared with anything.
    return damaged if any(each.number for each in damaged) else [*damaged, *_rated_again(ledger, statements)]


def _rated_again(ledger: ReadableLedger, statements: Sequence[ClosedStatement]) -> Iterator[StatementDifference]:
    plans = account_plans(ledger)
    known = (
        set() if plans is None else {each.cycle.start_us for each in timeline(plans.terms, _last_end_us(statements))}
    )
    for statement in statements:
        if statement.cycle_start not in known:
            yield StatementDifference(number=statement.number, detail="The account's plans no longer have its cycle.")
    if plans is None or not statements:
        return
    since_us = changed_since_us(ledger, plans, last=statements[-1])
    for each in pending_adjustments(ledger, plans, statements=statements, is_complete=True):
        is_pending = since_us is not None and each.rated.cycle.end_us > since_us
        detail = f"{_difference(each)}{' The next statement adjusts it.' if is_pending else ''}"
        yield StatementDifference(number=each.number, detail=detail, is_pending=is_pending)


def _last_end_us(statements: Sequence[ClosedStatement]) -> int:
    return max((each.cycle_end for each in statements), default=0)


def _difference(adjustment: Adjustment) -> str:
    plan = adjustment.rated.plan
    amount = amount_text(adjustment.total, plan.currency)
    sign = "+" if adjustment.total > 0 else ""
    sessions = counted(adjustment.sessions.num_rows, "session")
    return f"Rating everything again gives {sign}{amount} {plan.currency} and another charge for {sessions}."


def _damages(ledger: ReadableLedger, statements: Sequence[ClosedStatement]) -> Iterator[StatementDifference]:
    previous = None
    for position, statement in enumerate(statements, start=1):
        for detail in _faults(ledger, statement, position=position, previous=previous):
            yield StatementDifference(number=statement.number, detail=detail)
        previous = statement.sha256


def _faults(
    ledger: ReadableLedger, statement: ClosedStatement, *, position: int, previous: str | None
) -> Iterator[str]:
    if statement.statement_no != position or statement.number.rpartition("-")[2] != f"{position:06d}":
        yield f"It stands at place {position}, so a number is missing or there twice."
    if sha256_of(statement.document) != statement.sha256:
        yield "Its document is not the one that was hashed when it was closed."
        return
    document = read_document(statement)
    if canonical_json(document) != statement.document:
        yield "Its document is not canonical JSON."
    if document["previous"] != previous:
        yield "It does not name the hash of the statement before it."
    if _columns(document) != (
        *(statement.number, statement.currency, statement.cycle_start, statement.cycle_end, statement.closed_at),
        statement.closed_by,
    ):
        yield "Its number, cycle, currency, or closing differs from its document."
    if sum((line.amount for line in printed_lines(document)), Decimal(0)) != Decimal(document["total"]):
        yield "Its lines do not add up to its total."
    yield from _list_faults(ledger, statement, document=document)


def _list_faults(ledger: ReadableLedger, statement: ClosedStatement, *, document: Document) -> Iterator[str]:
    own = statement_sessions(ledger, statement.statement_no).cast(LIST_SCHEMA)
    if not _is_listed(own, document["sessions"]):
        yield "Its session list is not the one that was hashed when it was closed."
    adjusted_count = 0
    for adjustment in document["adjustments"]:
        start_us = us_from_text(adjustment["cycle"]["start"])
        rows = adjusted_sessions(ledger, statement.statement_no, cycle_start=start_us)
        adjusted_count += rows.num_rows
        if not _is_listed(rows.select(_LISTED), adjustment["list"]):
            yield f"Its list of sessions adjusted in {adjustment['of']} is not the one that was hashed."
    if adjusted_sessions(ledger, statement.statement_no).num_rows != adjusted_count:
        yield "It lists sessions of a cycle that it does not adjust."


def _is_listed(rows: pa.Table, stated: Document) -> bool:
    return rows.num_rows == stated["count"] and list_sha256(rows) == stated["sha256"]


def _columns(document: Document) -> tuple[object, ...]:
    cycle = document["cycle"]
    instants = (us_from_text(text) for text in (cycle["start"], cycle["end"], document["closed_at"]))
    return document["number"], document["currency"], *instants, document["closed_by"]
