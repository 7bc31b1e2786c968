"""Cost of the open cycle at its end."""

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from botmeter.billing.account_bill import Bill
from botmeter.billing.cost_forecast import CostForecast, cost_forecast, first_day_of, rated_until, rated_with_more
from botmeter.billing.forecast import Forecast
from botmeter.billing.rated import Carried, Funding, RatedCycle
from botmeter.domain import text
from botmeter.domain.bounded_cache import BoundedCache
from botmeter.domain.money_text import money_text
from botmeter.domain.period import Period
from botmeter.ledger.billing.budgets import BudgetPer, BudgetScope, BudgetUnit, StoredBudget
from botmeter.web.pages.billing.cycle_forecast import Threshold

Condition = Callable[[RatedCycle], bool]

# Above, what is ahead is rated anew every five minutes rather than with each session: a month of 400,000 sessions takes
# two seconds, and none of them moves a forecast.
EXACT_SESSIONS_MAX: Final = 20_000
LASTS_SECONDS: Final = 300
_outlooks: Final[BoundedCache[Hashable, "Outlook"]] = BoundedCache(1 << 20, lasts_seconds=LASTS_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """Rest of the open cycle."""

    bill: Bill
    forecast: Forecast
    carried: Carried
    now_us: int

    @property
    def cost(self) -> CostForecast:
        return cost_forecast(self.bill, self.forecast, carried=self.carried, now_us=self.now_us)

    def rated_at(self, count: int) -> RatedCycle:
        more = max(0, count - self.forecast.counted_count)
        return rated_with_more(self.bill, more, carried=self.carried, now_us=self.now_us)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """Cost at the cycle's end, and days of limits in money."""

    cost: CostForecast
    thresholds: tuple[Threshold, ...]


def outlook(ahead: Ahead, *, account: str, version: Hashable, budgets: Sequence[StoredBudget]) -> Outlook:
    """Rate what is ahead; `version` changes with each session, but of large cycles it may be minutes old."""
    cycle = ahead.bill.rated.cycle
    facts = (ahead.bill.facts, tuple((each.number, each.budget) for each in budgets), ahead.forecast.end.on)
    is_large = ahead.forecast.counted_count > EXACT_SESSIONS_MAX
    key = (account, cycle.start_us, cycle.end_us, ahead.bill.rated.plan, None if is_large else version)

    def rate() -> Outlook:
        return Outlook(cost=ahead.cost, thresholds=cost_thresholds(ahead, budgets=budgets))

    return _outlooks.find_or_make(key, rate, version=facts)


def cost_thresholds(ahead: Ahead, *, budgets: Sequence[StoredBudget]) -> tuple[Threshold, ...]:
    """Days on which budgets in money and the cap are reached."""
    return (*_budgets(ahead, budgets), *_caps(ahead))


def _budgets(ahead: Ahead, budgets: Sequence[StoredBudget]) -> Iterator[Threshold]:
    currency = ahead.bill.rated.plan.currency
    for stored in budgets:
        budget = stored.budget
        is_own = budget.scope is BudgetScope.ACCOUNT and budget.per is BudgetPer.CYCLE
        if is_own and budget.unit is BudgetUnit.MONEY:
            label = "Brake" if budget.is_brake else "Budget"
            reached = _reached(ahead, _costs_at_least(budget.amount))
            yield Threshold(label=label, amount=money_text(budget.amount, currency), reached=reached, detail="")


def _caps(ahead: Ahead) -> Iterator[Threshold]:
    plan = ahead.bill.rated.plan
    caps = [meter.beyond.cap for meter in plan.meters if meter.beyond.cap is not None]
    if caps:
        amount = f"{money_text(sum(caps, Decimal(0)), plan.currency)}, then sessions are stopped"
        yield Threshold(label="Cap of the plan", amount=amount, reached=_reached(ahead, _stops), detail="")


def _costs_at_least(amount: Decimal) -> Condition:
    return lambda rated: rated.total >= amount


def _stops(rated: RatedCycle) -> bool:
    return any(meter.counts()[Funding.STOPPED] for meter in rated.meters)


def _reached(ahead: Ahead, holds: Condition) -> str:
    if holds(ahead.bill.rated):
        return f"Reached on {text.day_text(_first_day(ahead, holds))}"
    on = first_day_of(ahead.forecast, lambda count: holds(ahead.rated_at(count)))
    return "Not in this cycle" if on is None else text.day_text(on)


def _first_day(ahead: Ahead, holds: Condition) -> date:
    cycle = ahead.bill.rated.cycle
    days = [cycle.first_on + number * timedelta(days=1) for number in range(cycle.day_count)]

    def is_reached(number: int) -> bool:
        end_us = Period(first_on=cycle.first_on, last_on=days[number], timezone=cycle.timezone).end_us
        return holds(rated_until(ahead.bill, end_us, carried=ahead.carried))

    return days[min(bisect_left(range(len(days)), 1, key=is_reached), len(days) - 1)]
