"""Parts of the next statement: the cost of its cycle, adjustments of earlier ones, and credit."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from botmeter.billing.account_bill import Bill
from botmeter.billing.account_plans import AccountPlans
from botmeter.billing.closing import NO_CREDIT, credits_carried, is_closed_next, pending_adjustments
from botmeter.ledger.billing.closed_statements import closed_statements
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


def adjustments_by_currency(ledger: ReadableLedger, plans: AccountPlans) -> dict[str, Decimal]:
    """Sum of the pending adjustments of closed cycles, with their taxes."""
    sums: dict[str, Decimal] = {}
    for each in pending_adjustments(ledger, plans, statements=closed_statements(ledger)):
        currency = each.rated.plan.currency
        sums[currency] = sums.get(currency, Decimal(0)) + each.total
    return sums


def next_statement(
    ledger: ReadableLedger, bill: Bill, *, plans: AccountPlans, adjustments: Mapping[str, Decimal]
) -> NextStatement:
    """Parts of the statement of an unclosed cycle.

    Args:
        adjustments: By currency, as `adjustments_by_currency` sums them.
    """
    rated = bill.rated
    if not is_closed_next(plans, bill):
        return NextStatement(cost=rated.total)
    credit = credits_carried(closed_statements(ledger)).get(rated.plan.currency, NO_CREDIT)
    pending = adjustments.get(rated.plan.currency, Decimal(0))
    return NextStatement(cost=rated.total, adjustments=pending, credit=credit.amount)
