"""Own charges for the period of a bill."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from botmeter.billing.account_bill import account_plans
from botmeter.billing.account_statements import listed_statements, preliminary_document, statement_named
from botmeter.billing.cycle import Cycle
from botmeter.billing.plan_terms import account_cycle_at
from botmeter.billing.stated import read_document
from botmeter.billing.statement_document import Document
from botmeter.domain.period import Period
from botmeter.ledger.billing.closed_statements import closed_statements
from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnBill:
    """Statement, or a cycle without one.

    Attributes:
        number: None: not closed.
        subtotal: Without tax.
    """

    number: str | None
    period: Period
    subtotal: Decimal
    total: Decimal
    currency: str


def bill_named(ledger: ReadableLedger, name: str) -> OwnBill:
    """Closed statement by its number, also without the account's name; raises Missing `statement_unknown`."""
    return _bill(read_document(statement_named(ledger, name)))


def bill_of_period(ledger: ReadableLedger, period: Period, *, now_us: int) -> OwnBill | None:
    """Statement or begun cycle with exactly these bounds; None without one."""
    bounds = (period.start_us, period.end_us)
    for statement in closed_statements(ledger):
        document = read_document(statement)
        if (statement.cycle_start, statement.cycle_end) == bounds and document["plans"]:
            return _bill(document)
    plans = account_plans(ledger)
    if plans is None or not plans.terms[0].from_us <= period.start_us <= now_us:
        return None
    cycle = account_cycle_at(plans.terms, period.start_us).cycle
    if (cycle.start_us, cycle.end_us) != bounds or cycle.start_us in plans.closed:
        return None
    return _bill(preliminary_document(ledger, cycle.first_on, now_us=now_us))


def recent_cycles(ledger: ReadableLedger, *, now_us: int, count: int) -> list[Cycle]:
    """Begun cycles, newest first."""
    cycles = {each.cycle.start_us: each.cycle for each in listed_statements(ledger, now_us=now_us)}
    return [cycles[start_us] for start_us in sorted(cycles, reverse=True) if start_us <= now_us][:count]


def _bill(document: Document) -> OwnBill:
    cycle = document["cycle"]
    first_on, last_on = (date.fromisoformat(cycle[name]) for name in ("first_day", "last_day"))
    return OwnBill(
        number=document["number"],
        period=Period(first_on=first_on, last_on=last_on, timezone=cycle["timezone"]),
        subtotal=Decimal(document["subtotal"]),
        total=Decimal(document["total"]),
        currency=document["currency"],
    )
