"""Figures that alerts watch, each read when first needed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final

from botmeter.billing.account_bill import Bill, account_plans, bill_of, new_bill_cache
from botmeter.billing.account_plans import AccountPlans
from botmeter.billing.bill_cache import BillCache
from botmeter.billing.budget_use import BudgetReader, budget_span, crossed_on, used_of
from botmeter.billing.cost_forecast import first_day_of, rated_with_more
from botmeter.billing.cycle_days import CycleDays, cycle_days
from botmeter.billing.forecast import Forecast, forecast
from botmeter.billing.plan_terms import account_cycle_at
from botmeter.billing.rated import RatedCycle
from botmeter.domain.money import rounded
from botmeter.domain.period import day_of_us
from botmeter.ledger.billing.budgets import Budget, BudgetPer, BudgetScope, BudgetUnit, StoredBudget, budgets
from botmeter.ledger.billing.cost_centres import cost_centres
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.settle import Backlog

_ONE: Final = Decimal(1)


class AccountFigures:
    """Account as of one moment.

    Attributes:
        backlog: Unsettled live events.
    """

    def __init__(self, ledger: ReadableLedger, *, now_us: int, cache: BillCache, backlog: Backlog) -> None:
        self.ledger = ledger
        self.now_us = now_us
        self.cache = cache
        self.backlog = backlog

    @cached_property
    def plans(self) -> AccountPlans | None:
        return account_plans(self.ledger, cache=self.cache)

    @cached_property
    def bill(self) -> Bill | None:
        """Bill of the open cycle; None: the account has no plan now."""
        plans = self.plans
        if plans is None or self.now_us < plans.terms[0].from_us:
            return None
        account_cycle = account_cycle_at(plans.terms, self.now_us)
        return bill_of(self.ledger, account_cycle, plans=plans, now_us=self.now_us, cache=self.cache)

    @cached_property
    def days(self) -> CycleDays | None:
        if self.bill is None:
            return None
        cycle = self.bill.account_cycle.cycle
        return cycle_days(self.ledger, cycle, before=None, now_us=self.now_us, cache=self.cache)

    @property
    def forecast(self) -> Forecast | None:
        return None if self.days is None else self.days.forecast

    @cached_property
    def reader(self) -> BudgetReader | None:
        if self.bill is None or self.plans is None:
            return None
        centres = self.cache.of_facts(self.ledger, cost_centres)
        return BudgetReader(ledger=self.ledger, plans=self.plans, bill=self.bill, centres=centres, cache=self.cache)

    @cached_property
    def budgets(self) -> tuple[StoredBudget, ...]:
        return tuple(self.cache.of_facts(self.ledger, budgets))

    def used(self, budget: Budget) -> Decimal:
        """Use of a budget until now; 0 without a plan."""
        if self.reader is None:
            return Decimal(0)
        return used_of(self.reader, budget, now_us=self.now_us)

    def rated_at(self, count: int) -> RatedCycle | None:
        if self.bill is None or self.forecast is None:
            return None
        more = max(0, count - self.forecast.counted_count)
        return rated_with_more(self.bill, more, carried=self.bill.carried_in, now_us=self.now_us)

    def expected(self, budget: Budget) -> Decimal | None:
        """Expected use of a budget at the end of its time; None: there is no forecast."""
        ahead = self._forecast_of(budget)
        return None if ahead is None else self._at(budget, ahead.end.expected_count, ahead=ahead)

    def reached_on(self, budget: Budget) -> date | None:
        """Day at whose end a budget is expected to be reached; None: not within its time."""
        ahead = self._forecast_of(budget)
        if ahead is None:
            return None
        return first_day_of(ahead, lambda count: (self._at(budget, count, ahead=ahead) or 0) >= budget.amount)

    def day_of(self, budget: Budget) -> date | None:
        """Day on which a budget was reached or is expected to be; None: not within its time, or unknown."""
        if self.reader is not None and self.used(budget) >= budget.amount:
            return crossed_on(self.reader, budget, now_us=self.now_us)
        return self.reached_on(budget)

    def _forecast_of(self, budget: Budget) -> Forecast | None:
        if self.days is None or self.bill is None or self._is_of_cycle(budget):
            return self.forecast
        cycle = self.bill.account_cycle.cycle
        start_us, end_us = budget_span(budget, cycle=cycle, now_us=self.now_us)
        # The counts of days go back further than a month.
        return forecast(
            self.days.counts,
            first_on=self.days.first_on,
            as_of_on=self.days.today_on,
            cycle_first_on=day_of_us(start_us, timezone=cycle.timezone),
            cycle_last_on=day_of_us(end_us - 1, timezone=cycle.timezone),
        )

    def _is_of_cycle(self, budget: Budget) -> bool:
        if self.bill is None or budget.per is BudgetPer.CYCLE:
            return True
        cycle = self.bill.account_cycle.cycle
        return (cycle.start_us, cycle.end_us) == budget_span(budget, cycle=cycle, now_us=self.now_us)

    def _at(self, budget: Budget, count: int, *, ahead: Forecast) -> Decimal | None:
        if self.bill is None:
            return None
        used, counted = self.used(budget), ahead.counted_count
        more = max(0, count - counted)
        if budget.unit is BudgetUnit.SESSIONS:
            return used + (more * self._share_of(budget)).to_integral_value()
        if not self._is_of_cycle(budget):
            # At the cost per session until now.
            return used + rounded(used * more / max(counted, 1), self.bill.rated.plan.currency)
        rated = self.rated_at(count)
        if rated is None:
            return None
        if budget.scope is BudgetScope.ACCOUNT:
            return rated.total
        added = (rated.total - self.bill.rated.total) * self._share_of(budget)
        return used + rounded(max(added, Decimal(0)), self.bill.rated.plan.currency)

    def _share_of(self, budget: Budget) -> Decimal:
        # Of the sessions until now; those to come are divided alike.
        if budget.scope is BudgetScope.ACCOUNT:
            return _ONE
        own, whole = (
            self.used(each)
            for each in (
                replace(budget, unit=BudgetUnit.SESSIONS, amount=_ONE),
                Budget(unit=BudgetUnit.SESSIONS, amount=_ONE, per=budget.per),
            )
        )
        return own / whole if whole else Decimal(0)


def account_figures(ledger: ReadableLedger, *, now_us: int) -> AccountFigures:
    """Figures for one answer, as if no live event waited."""
    backlog = Backlog(event_count=0, oldest_received_us=None)
    return AccountFigures(ledger, now_us=now_us, cache=new_bill_cache(), backlog=backlog)


def budget_epochs(figures: AccountFigures) -> Iterator[tuple[StoredBudget, str]]:
    """Budgets in force, each with the first day of its time."""
    if figures.bill is None:
        return
    cycle = figures.bill.account_cycle.cycle
    for each in figures.budgets:
        start_us, _end_us = budget_span(each.budget, cycle=cycle, now_us=figures.now_us)
        yield each, day_of_us(start_us, timezone=cycle.timezone).isoformat()
