"""Cost of the open cycle at its end, and the days on which budgets in money and the plan's cap are reached."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from botmeter.billing.account_bill import Bill
from botmeter.billing.cost_forecast import CostForecast, cost_forecast, first_day_of, rated_with_more
from botmeter.billing.forecast import Forecast
from botmeter.billing.rated import Carried, Funding, RatedCycle
from botmeter.domain import text
from botmeter.domain.money_text import money_text
from botmeter.ledger.billing.budgets import BudgetPer, BudgetScope, BudgetUnit, StoredBudget
from botmeter.web.pages.billing.cycle_forecast import Threshold

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The rest of the open cycle, to be rated with any number of sessions."""

    bill: Bill
    forecast: Forecast
    carried: Carried
    now_us: int

    @property
    def cost(self) -> CostForecast:
        return cost_forecast(self.bill, self.forecast, carried=self.carried, now_us=self.now_us)

    def rated_at(self, count: int) -> RatedCycle:
        """Rate the cycle with a number of sessions in all."""
        more = max(0, count - self.forecast.counted_count)
        return rated_with_more(self.bill, more, carried=self.carried, now_us=self.now_us)


def cost_thresholds(ahead: Ahead, *, budgets: Sequence[StoredBudget]) -> tuple[Threshold, ...]:
    """Days on which the account's budgets in money, and the cap of its plan, are reached."""
    return (*_budgets(ahead, budgets), *_caps(ahead))


def _budgets(ahead: Ahead, budgets: Sequence[StoredBudget]) -> Iterator[Threshold]:
    currency = ahead.bill.rated.plan.currency
    for stored in budgets:
        budget = stored.budget
        is_own = budget.scope is BudgetScope.ACCOUNT and budget.per is BudgetPer.CYCLE
        if is_own and budget.unit is BudgetUnit.MONEY:
            yield Threshold(
                label="Brake" if budget.is_brake else "Budget",
                amount=money_text(budget.amount, currency),
                reached=_reached(
                    ahead,
                    is_now=ahead.bill.rated.total >= budget.amount,
                    is_reached=_costs_at_least(ahead, budget.amount),
                ),
                detail="",
            )


def _caps(ahead: Ahead) -> Iterator[Threshold]:
    rated = ahead.bill.rated
    caps = [meter.beyond.cap for meter in rated.plan.meters if meter.beyond.cap is not None]
    if caps:
        yield Threshold(
            label="Cap of the plan",
            amount=f"{money_text(sum(caps, Decimal(0)), rated.plan.currency)}, then sessions are stopped",
            reached=_reached(ahead, is_now=_stops(rated), is_reached=lambda count: _stops(ahead.rated_at(count))),
            detail="",
        )


def _costs_at_least(ahead: Ahead, amount: Decimal) -> "Callable[[int], bool]":
    return lambda count: ahead.rated_at(count).total >= amount


def _stops(rated: RatedCycle) -> bool:
    return any(meter.counts()[Funding.STOPPED] for meter in rated.meters)


def _reached(ahead: Ahead, *, is_now: bool, is_reached: "Callable[[int], bool]") -> str:
    if is_now:
        return "Reached"
    on = first_day_of(ahead.forecast, is_reached)
    return "Not in this cycle" if on is None else f"{text.day_text(on)}, as expected"
