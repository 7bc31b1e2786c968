"""Days on which budgets are reached, past and expected."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tests.support.ledgers import append_events, event, ledger_in_memory
from tests.unit.billing.test_closing import APRIL, MARCH, plan, set_plan

from botmeter.billing.account_bill import new_bill_cache
from botmeter.billing.alerts.account_figures import AccountFigures
from botmeter.billing.budget_use import crossed_on
from botmeter.domain.instant import DAY_US
from botmeter.ledger.billing.budgets import Budget, BudgetPer, BudgetScope, BudgetUnit
from botmeter.ledger.settle import Backlog

BOT: dict[str, Any] = {"scope": BudgetScope.BOT, "name": "b2"}
SESSIONS: dict[str, Any] = {"unit": BudgetUnit.SESSIONS}
MONTH: dict[str, Any] = {"per": BudgetPer.MONTH}


@pytest.fixture(scope="module")
def figures() -> AccountFigures:
    """April has 20 days with a session by b1 and one by b2; 2 are included, others cost 1.00, and the fee is 10.00."""
    ledger = ledger_in_memory()
    set_plan(ledger, plan(), from_us=MARCH)
    sent = [
        event(f"{day}{bot}", f"2026-04-{day:02}T1{bot}:00", customer_id=f"{day}{bot}", bot_id=f"b{bot}")
        for day in range(1, 21)
        for bot in (1, 2)
    ]
    append_events(ledger, *sent)
    backlog = Backlog(event_count=0, oldest_received_us=None)
    return AccountFigures(ledger, now_us=APRIL + 20 * DAY_US, cache=new_bill_cache(), backlog=backlog)


@pytest.mark.parametrize(
    ("amount", "of", "day"),
    [
        ("3", SESSIONS, 2),
        ("3", {**SESSIONS, **MONTH}, 2),
        ("7", {**SESSIONS, **BOT}, 7),
        # The fee, and two sessions of each day from the second on.
        ("18.00", {}, 5),
        ("18.00", MONTH, 5),
        ("4.00", BOT, 5),
        ("4.00", {**BOT, **MONTH}, 5),
    ],
)
def test_a_budget_was_reached_on_the_day_of_the_session_that_used_it_up(
    figures: AccountFigures, amount: str, of: dict[str, Any], day: int
) -> None:
    budget = Budget(amount=Decimal(amount), **of)
    assert figures.reader is not None
    assert figures.used(budget) >= budget.amount
    assert crossed_on(figures.reader, budget, now_us=figures.now_us) == date(2026, 4, day)


@pytest.mark.parametrize(
    ("amount", "of", "day"),
    [
        ("50", SESSIONS, 25),
        ("25", {**SESSIONS, **BOT}, 25),
        ("58.00", {}, 25),
        ("24.00", BOT, 25),
        ("90", SESSIONS, None),
    ],
)
def test_a_budget_is_expected_to_be_reached_as_the_sessions_go_on(
    figures: AccountFigures, amount: str, of: dict[str, Any], day: int | None
) -> None:
    on = figures.reached_on(Budget(amount=Decimal(amount), **of))
    assert on == (None if day is None else date(2026, 4, day))
