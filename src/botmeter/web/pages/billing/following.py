"""The next statement of the open cycle; its pending adjustments are kept while nothing changes them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from botmeter.billing.account_bill import Bill
from botmeter.billing.account_plans import AccountPlans
from botmeter.billing.next_statement import NextStatement, adjustments_by_currency, next_statement
from botmeter.domain.bounded_cache import BoundedCache
from botmeter.ledger.billing.closed_statements import last_numbers

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """Adjustments as of a version of the ledger, with its facts of billing and the end of its closed cycles."""

    version: int
    facts: tuple[int, ...]
    closed_us: int
    amounts: dict[str, Decimal]


# A few hundred bytes per account.
_pending: Final[BoundedCache[str, _Pending]] = BoundedCache(4 << 20)


def following_statement(ledger: "ReadableLedger", bill: Bill, *, plans: AccountPlans) -> NextStatement:
    """Parts of the statement of an unclosed cycle."""
    return next_statement(ledger, bill, plans=plans, adjustments=_adjustments(ledger, plans))


def _adjustments(ledger: "ReadableLedger", plans: AccountPlans) -> dict[str, Decimal]:
    # The version is read first, so that amounts are at least as new.
    version = ledger.version
    facts = tuple(number for name, number in last_numbers(ledger).items() if name != "appends")
    closed_us = max(plans.closed.values(), default=0)
    known = _pending.get(ledger.account.name)
    if (
        known is not None
        and (known.facts, known.closed_us) == (facts, closed_us)
        and known.version <= version
        and ledger.changed_days.first_us(known.version) >= closed_us
    ):
        return known.amounts
    amounts = adjustments_by_currency(ledger, plans)
    found = _Pending(version=version, facts=facts, closed_us=closed_us, amounts=amounts)
    _pending.remake(ledger.account.name, lambda: found)
    return amounts
