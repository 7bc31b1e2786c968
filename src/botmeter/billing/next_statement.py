"""Parts of the next statement: its cycle's cost, adjustments of earlier ones, and credit."""

from dataclasses import dataclass
from decimal import Decimal

from botmeter.billing.account_bill import Bill
from botmeter.billing.account_plans import AccountPlans
from botmeter.billing.account_statements import closed_documents
from botmeter.billing.adjustment import StatedLine, line_changes
from botmeter.billing.bill_cache import BillCache
from botmeter.billing.closing import NO_CREDIT, changed_since_us, credits_carried, is_closed_next
from botmeter.billing.past_cycles import known_fingerprints, past_cycles
from botmeter.billing.plan_terms import timeline
from botmeter.billing.stated import stated_amounts
from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class NextStatement:
    """Total of a cycle's statement as of now, in its parts with their taxes.

    Attributes:
        credit: Carried from the statement before.
    """

    cost: Decimal
    adjustments: Decimal = Decimal(0)
    credit: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        return max(self.cost + self.adjustments - self.credit, Decimal(0))

    @property
    def has_parts(self) -> bool:
        return bool(self.adjustments or self.credit)


def adjustments_by_currency(
    ledger: ReadableLedger, plans: AccountPlans, *, cache: BillCache | None = None
) -> dict[str, Decimal]:
    """Sum of pending adjustments, with their taxes."""
    closed = closed_documents(ledger, cache=cache)
    if not closed:
        return {}
    hashes = known_fingerprints(ledger, sorted(plans.closed.items()), cache=cache)
    from_us = changed_since_us(ledger, plans, last=closed[-1].statement, hashes=hashes)
    if from_us is None:
        return {}
    sums: dict[str, Decimal] = {}
    cycles = timeline(plans.terms, max(plans.closed.values()))
    for past in past_cycles(ledger, cycles, facts=plans.facts, cache=cache):
        cycle = past.source.account_cycle.cycle
        if cycle.end_us > from_us and cycle.start_us in plans.closed:
            stated = stated_amounts(closed, cycle_start=cycle.start_us)
            changes = line_changes(stated.lines, [StatedLine.of(line) for line in past.lines])
            more = sum((each.difference for each in changes), past.tax - stated.tax)
            if changes or more:
                sums[past.currency] = sums.get(past.currency, Decimal(0)) + more
    return sums


def next_statement(
    ledger: ReadableLedger, bill: Bill, *, plans: AccountPlans, cache: BillCache | None = None
) -> NextStatement:
    """Parts of the statement of an unclosed cycle."""
    rated = bill.rated
    if not is_closed_next(plans, bill):
        return NextStatement(cost=rated.total)
    currency = rated.plan.currency
    closed = [each.statement for each in closed_documents(ledger, cache=cache) if each.statement.currency == currency]
    credit = credits_carried(closed[-1:]).get(currency, NO_CREDIT)
    pending = adjustments_by_currency(ledger, plans, cache=cache).get(currency, Decimal(0))
    return NextStatement(cost=rated.total, adjustments=pending, credit=credit.amount)
