"""Statements of an account, closed or preliminary."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from botmeter.billing.account_bill import account_plans, bill_of, plan_missing
from botmeter.billing.account_plans import AccountPlans, CycleState
from botmeter.billing.bill_cache import BillCache
from botmeter.billing.closing import preliminary_statement
from botmeter.billing.cycle import Cycle
from botmeter.billing.plan_terms import AccountCycle, account_cycle_at, timeline
from botmeter.billing.stated import ClosedDocument, read_document
from botmeter.billing.statement_document import Document
from botmeter.domain.errors import Missing
from botmeter.domain.period import Period
from botmeter.ledger.billing.closed_statements import ClosedStatement, closed_statement, closed_statements
from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedStatement:
    """Statement, or a cycle that has none yet.

    Attributes:
        number, total, closed_at, closed_by, sha256: None: not closed; `closed_by` also: the server.
        adjusted_by: Numbers of adjusting statements.
    """

    number: str | None
    cycle: Cycle
    state: CycleState
    currency: str
    total: str | None
    closed_at: int | None
    closed_by: str | None
    sha256: str | None
    adjusted_by: tuple[str, ...]


def listed_statements(ledger: ReadableLedger, *, now_us: int, cache: BillCache | None = None) -> list[ListedStatement]:
    """Statements in the order of closing, then the cycles without one in the order of time."""
    plans = account_plans(ledger, cache=cache)
    if plans is None:
        return []
    cycles = timeline(plans.terms, now_us + 1)
    closed = closed_documents(ledger, cache=cache)
    documents = [each.document for each in closed]
    return [
        *(_closed(each.statement, documents=documents) for each in closed),
        *_unclosed(plans, cycles, now_us=now_us),
    ]


def closed_documents(ledger: ReadableLedger, *, cache: BillCache | None = None) -> tuple[ClosedDocument, ...]:
    """Closed statements with documents, in the order of closing."""
    if cache is None:
        return tuple(_documents(ledger, known={}))
    version, name = ledger.facts_version, ledger.account.name

    def made() -> tuple[ClosedDocument, ...]:
        known = {each.statement.sha256: each.document for each in cache.documents.get(name) or ()}
        return tuple(_documents(ledger, known=known))

    return cache.documents.find_or_make(name, made, version=version)


def _documents(ledger: ReadableLedger, *, known: Mapping[str, Document]) -> Iterator[ClosedDocument]:
    for each in closed_statements(ledger):
        yield ClosedDocument(statement=each, document=known.get(each.sha256) or read_document(each))


def statement_named(ledger: ReadableLedger, name: str) -> ClosedStatement:
    """Closed statement by its number, also without the account's name: `ACME-000001` or `1`.

    Raises:
        Missing: `statement_unknown`.
    """
    number = f"{ledger.account.name.upper()}-{int(name):06d}" if name.isascii() and name.isdigit() else name
    return closed_statement(ledger, number)


def preliminary_document(
    ledger: ReadableLedger, on: date | None = None, *, now_us: int, cache: BillCache | None = None
) -> Document:
    """Document of the cycle of a day in the plan's zone, as if closed now; without a day, of the open cycle.

    Raises:
        Missing: `plan_missing`; `cycle_closed`, naming its statement.
    """
    plans = account_plans(ledger)
    if plans is None:
        raise plan_missing(ledger.account.name)
    account_cycle = account_cycle_at(plans.terms, _instant(plans, on, now_us=now_us))
    start_us = account_cycle.cycle.start_us
    if start_us in plans.closed:
        numbers = [each.number for each in closed_statements(ledger) if each.cycle_start == start_us]
        raise Missing(
            "cycle_closed",
            f"The cycle from {account_cycle.cycle.first_on} to {account_cycle.cycle.last_on} is closed. See statement "
            f"{numbers[-1]}.",
        )
    bill = bill_of(ledger, account_cycle, plans=plans, now_us=now_us, cache=cache)
    return preliminary_statement(ledger, bill, plans=plans)


def _instant(plans: AccountPlans, on: date | None, *, now_us: int) -> int:
    if on is None:
        return now_us
    zone = plans.terms[-1].plan.cycle.timezone
    end_us = Period(first_on=on, last_on=on, timezone=zone).end_us
    return min(end_us - 1, now_us)


def _closed(statement: ClosedStatement, *, documents: list[Document]) -> ListedStatement:
    own = next(each for each in documents if each["number"] == statement.number)
    # As it was closed, whatever the plans say now.
    cycle = Cycle(
        number=0,
        start_us=statement.cycle_start,
        end_us=statement.cycle_end,
        timezone=own["cycle"]["timezone"],
    )
    return ListedStatement(
        number=statement.number,
        cycle=cycle,
        state=CycleState.CLOSED,
        currency=statement.currency,
        total=own["total"],
        closed_at=statement.closed_at,
        closed_by=statement.closed_by,
        sha256=statement.sha256,
        adjusted_by=tuple(
            each["number"]
            for each in documents
            if any(adjustment["of"] == statement.number for adjustment in each["adjustments"])
        ),
    )


def _unclosed(plans: AccountPlans, cycles: tuple[AccountCycle, ...], *, now_us: int) -> Iterator[ListedStatement]:
    for each in cycles:
        state = plans.state(each, now_us=now_us)
        if state is not CycleState.CLOSED:
            yield ListedStatement(
                number=None,
                cycle=each.cycle,
                state=state,
                currency=each.plan.currency,
                total=None,
                closed_at=None,
                closed_by=None,
                sha256=None,
                adjusted_by=(),
            )
