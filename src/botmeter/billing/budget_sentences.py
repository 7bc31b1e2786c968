"""Budgets in plain words."""

from decimal import Decimal
from typing import Final

from botmeter.domain import text
from botmeter.domain.money_text import money_text, units_text
from botmeter.ledger.billing.budgets import Budget, BudgetScope, BudgetUnit

SCOPE_LABELS: Final = {
    BudgetScope.ACCOUNT: "Account",
    BudgetScope.BOT: "Bot",
    BudgetScope.CHANNEL: "Channel",
    BudgetScope.COST_CENTRE: "Cost centre",
}


def budget_text(budget: Budget, *, currency: str) -> str:
    """Describe a budget: `Bot b1: $100.00 per cycle, brake`."""
    brake = ", brake" if budget.is_brake else ""
    return f"{scope_text(budget)}: {amount_text(budget, budget.amount, currency=currency)} per {budget.per}{brake}"


def scope_text(budget: Budget) -> str:
    """Name what a budget limits: `Bot b1`."""
    label = SCOPE_LABELS[budget.scope]
    return label if budget.name is None else f"{label} {budget.name}"


def amount_text(budget: Budget, amount: Decimal, *, currency: str) -> str:
    """Format an amount in the unit of a budget; without a currency, money is a number."""
    if budget.unit is BudgetUnit.MONEY:
        return money_text(amount, currency) if currency else units_text(amount)
    return text.counted(int(amount), "session")
