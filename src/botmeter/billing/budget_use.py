"""Use of budgets."""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa

from botmeter.billing.account_bill import Bill, bill_of
from botmeter.billing.account_plans import AccountPlans
from botmeter.billing.bill_cache import BillCache
from botmeter.billing.cost_forecast import rated_until
from botmeter.billing.cycle import Cycle
from botmeter.billing.plan_terms import account_cycle_at
from botmeter.billing.rated import Funding
from botmeter.billing.session_scopes import named_sessions
from botmeter.billing.shares import shares_of
from botmeter.domain.cost_centre import CostCentres
from botmeter.domain.period import Period, day_of_us, month_last_on
from botmeter.ledger.billing.budgets import Budget, BudgetPer, BudgetScope, BudgetUnit, StoredBudget
from botmeter.ledger.readable import ReadableLedger

_DAY: Final = timedelta(days=1)
_NOT_CHARGED: Final = (Funding.STOPPED, Funding.VOID, Funding.TEST, Funding.PREVIEW_FREE)


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetUse:
    """Use of a budget until now, in its unit.

    Money is the cost of its sessions, without tax; for the account and a cycle, it is the whole cost.
    """

    stored: StoredBudget
    used: Decimal

    @property
    def is_reached(self) -> bool:
        return self.used >= self.stored.budget.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetReader:
    """Facts from which use is read."""

    ledger: ReadableLedger
    plans: AccountPlans
    bill: Bill
    centres: CostCentres
    cache: BillCache | None = None


def budget_uses(reader: BudgetReader, budgets: Sequence[StoredBudget], *, now_us: int) -> tuple[BudgetUse, ...]:
    """Use of each budget at an instant."""
    return tuple(BudgetUse(stored=each, used=used_of(reader, each.budget, now_us=now_us)) for each in budgets)


def budget_span(budget: Budget, *, cycle: Cycle, now_us: int) -> tuple[int, int]:
    """Half-open time of a budget that contains an instant (µs UTC): the cycle, or a month in its zone."""
    return _month(now_us, cycle.timezone) if budget.per is BudgetPer.MONTH else (cycle.start_us, cycle.end_us)


def used_of(reader: BudgetReader, budget: Budget, *, now_us: int, until_us: int | None = None) -> Decimal:
    """Use of a budget until now, as `BudgetUse` has it, or until an earlier instant of its time."""
    cycle = reader.bill.account_cycle.cycle
    start_us, end_us = budget_span(budget, cycle=cycle, now_us=now_us)
    is_cycle = (start_us, end_us) == (cycle.start_us, cycle.end_us)
    bills = tuple(_bills(reader, start_us, end_us=min(end_us, now_us + 1), now_us=now_us))
    if until_us is not None:
        end_us = min(end_us, until_us)
        bills = tuple(_until(each, end_us) for each in bills if each.account_cycle.cycle.start_us < end_us)
    if budget.unit is BudgetUnit.MONEY and budget.scope is BudgetScope.ACCOUNT and is_cycle:
        return sum((each.rated.total for each in bills), Decimal(0))
    if budget.unit is BudgetUnit.SESSIONS:
        return Decimal(sum(_session_count(reader, bill, budget=budget, span=(start_us, end_us)) for bill in bills))
    return sum((_cost(reader, bill, budget=budget, span=(start_us, end_us)) for bill in bills), Decimal(0))


def crossed_on(reader: BudgetReader, budget: Budget, *, now_us: int) -> date:
    """Day on which a budget that is reached was reached, in the plan's zone."""
    zone = reader.bill.account_cycle.cycle.timezone
    start_us, _ = budget_span(budget, cycle=reader.bill.account_cycle.cycle, now_us=now_us)
    first_on, last_on = (day_of_us(at_us, timezone=zone) for at_us in (start_us, now_us))
    days = [first_on + number * _DAY for number in range((last_on - first_on).days + 1)]

    def is_reached(on: date) -> bool:
        end_us = Period(first_on=on, last_on=on, timezone=zone).end_us
        return used_of(reader, budget, now_us=now_us, until_us=end_us) >= budget.amount

    return days[min(bisect_left(days, 1, key=is_reached), len(days) - 1)]


def _until(bill: Bill, at_us: int) -> Bill:
    if at_us >= bill.account_cycle.cycle.end_us:
        return bill
    sessions = tuple(
        table.slice(0, int(np.searchsorted(table["started_at"].to_numpy(), at_us))) for table in bill.sessions
    )
    return replace(bill, rated=rated_until(bill, at_us, carried=bill.carried_in), sessions=sessions)


def _month(at_us: int, zone: str) -> tuple[int, int]:
    first_on = day_of_us(at_us, timezone=zone).replace(day=1)
    period = Period(first_on=first_on, last_on=month_last_on(first_on), timezone=zone)
    return period.start_us, period.end_us


def _bills(reader: BudgetReader, start_us: int, *, end_us: int, now_us: int) -> Iterator[Bill]:
    terms = reader.plans.terms
    at_us = max(start_us, terms[0].from_us)
    while at_us < end_us:
        account_cycle = account_cycle_at(terms, at_us)
        if account_cycle.cycle == reader.bill.account_cycle.cycle:
            yield reader.bill
        else:
            yield bill_of(reader.ledger, account_cycle, plans=reader.plans, now_us=now_us, cache=reader.cache)
        at_us = account_cycle.cycle.end_us


def _session_count(reader: BudgetReader, bill: Bill, *, budget: Budget, span: tuple[int, int]) -> int:
    counts = []
    for table, meter in zip(bill.sessions, bill.rated.meters, strict=True):
        is_charged = ~np.isin(meter.funding, _NOT_CHARGED)
        counts.append(int((_is_of(reader, table, budget=budget, span=span) & is_charged).sum()))
    return sum(counts)


def _cost(reader: BudgetReader, bill: Bill, *, budget: Budget, span: tuple[int, int]) -> Decimal:
    names = [
        pa.array(np.where(_is_of(reader, table, budget=budget, span=span), "in", "out"), pa.string())
        for table in bill.sessions
    ]
    return sum((each.amount for each in shares_of(bill.rated, names).by_name if each.name == "in"), Decimal(0))


def _is_of(
    reader: BudgetReader, table: pa.Table, *, budget: Budget, span: tuple[int, int]
) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    starts = table["started_at"].to_numpy()
    within: np.ndarray[tuple[int], np.dtype[np.bool_]] = (starts >= span[0]) & (starts < span[1])
    if budget.scope is BudgetScope.ACCOUNT:
        return within
    return within & named_sessions(table, budget.scope, name=budget.name or "", centres=reader.centres)
