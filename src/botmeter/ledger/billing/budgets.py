"""Budgets of an account."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import duckdb

from botmeter.domain.display_name import required_name_fault
from botmeter.domain.errors import Conflict, Missing, Refused
from botmeter.ledger.billing.cost_centres import cost_centres
from botmeter.ledger.billing.known_names import require_bot, require_channel
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.readable import ReadableLedger
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

AMOUNT_MAX = 10**15
DECIMALS_MAX = 9
"""As many as an amount of a plan has."""


class BudgetScope(StrEnum):
    """Scope of a budget."""

    ACCOUNT = "account"
    BOT = "bot"
    CHANNEL = "channel"
    COST_CENTRE = "cost_centre"


class BudgetUnit(StrEnum):
    """Unit of a budget; money is in the plan's currency."""

    MONEY = "money"
    SESSIONS = "sessions"


class BudgetPer(StrEnum):
    """Time for which a budget is."""

    CYCLE = "cycle"
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Limit per cycle or month. A brake refuses sessions beyond it, other budgets only warn.

    Attributes:
        name: Bot id, channel or cost centre; None: of the account.

    Raises:
        Refused: `budget_invalid`.
    """

    scope: BudgetScope = BudgetScope.ACCOUNT
    name: str | None = None
    unit: BudgetUnit = BudgetUnit.MONEY
    amount: Decimal
    per: BudgetPer = BudgetPer.CYCLE
    is_brake: bool = False

    def __post_init__(self) -> None:
        if fault := _fault(self):
            raise Refused("budget_invalid", f"The budget is not valid: {fault}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBudget:
    """Budget as it was set; instants in µs UTC, `ended_at` None: in force."""

    number: int
    budget: Budget
    recorded_at: int
    set_by: str | None
    ended_at: int | None
    ended_by: str | None


def budgets(ledger: ReadableLedger, *, with_ended: bool = False) -> list[StoredBudget]:
    """Budgets in force, or also ended ones, in order of setting."""
    return _budgets(ledger.connection, with_ended=with_ended)


def add_budget(ledger: Ledger, budget: Budget, *, now_us: int, by: str | None = None) -> int:
    """Set a budget; return its number.

    Raises:
        Missing: `bot_unknown`, `channel_unknown` or `cost_centre_unknown`.
        Conflict: `budget_exists` if one for the same scope, name, unit and time is in force.
    """
    _require_known(ledger, budget)
    with ledger.facts_transaction() as connection:
        for each in _budgets(connection, with_ended=False):
            if _limited(each.budget) == _limited(budget):
                of = budget.scope if budget.name is None else f"{budget.scope.replace('_', ' ')} {budget.name!r}"
                raise Conflict(
                    "budget_exists",
                    f"Budget {each.number} of {each.budget.amount:,} {budget.unit} per {budget.per} is in force for "
                    f"{of}. End it first.",
                )
        values = [str(budget.scope), budget.name, str(budget.unit), str(budget.amount), str(budget.per)]
        return int(row_of(connection, sql("insert_budget"), values=[*values, budget.is_brake, now_us, by])[0])


def _require_known(ledger: Ledger, budget: Budget) -> None:
    name = budget.name or ""
    match budget.scope:
        case BudgetScope.BOT:
            require_bot(ledger, name)
        case BudgetScope.CHANNEL:
            require_channel(ledger, name)
        case BudgetScope.COST_CENTRE if name not in cost_centres(ledger).names:
            raise Missing("cost_centre_unknown", f"Account {ledger.account.name} has no cost centre {name[:60]!r}.")


def end_budget(ledger: Ledger, number: int, *, now_us: int, by: str | None = None) -> StoredBudget:
    """End a budget; return it as it was.

    Raises:
        Missing: `budget_unknown`.
        Conflict: `budget_ended`.
    """
    with ledger.facts_transaction() as connection:
        budget = next((each for each in _budgets(connection, with_ended=True) if each.number == number), None)
        if budget is None:
            raise Missing("budget_unknown", f"Account {ledger.account.name} has no budget {number}.")
        if budget.ended_at is not None:
            raise Conflict("budget_ended", f"Budget {number} has ended already.")
        connection.execute(sql("end_budget"), {"number": number, "now": now_us, "by": by})
    return budget


def _limited(budget: Budget) -> tuple[BudgetScope, str | None, BudgetUnit, BudgetPer]:
    return budget.scope, budget.name, budget.unit, budget.per


def _fault(budget: Budget) -> str | None:
    if not budget.amount.is_finite() or not 0 < budget.amount <= AMOUNT_MAX:
        return f"its amount is {str(budget.amount)[:40]}; use a number above 0, up to {AMOUNT_MAX:,}"
    if budget.amount != round(budget.amount, DECIMALS_MAX):
        return f"its amount is {str(budget.amount)[:40]}; use at most {DECIMALS_MAX} decimals"
    if budget.unit is BudgetUnit.SESSIONS and budget.amount != budget.amount.to_integral_value():
        return f"its amount is {budget.amount} sessions; use a whole number"
    if budget.scope is BudgetScope.ACCOUNT:
        return None if budget.name is None else "the budget of an account has no name"
    # An id is kept as it was sent, so only what is missing is a fault.
    if budget.scope is not BudgetScope.COST_CENTRE:
        return None if budget.name else f"it names no {budget.scope}"
    fault = required_name_fault(budget.name or "")
    return fault and f"the cost centre's name is not valid: {fault}"


def _budgets(connection: duckdb.DuckDBPyConnection, *, with_ended: bool) -> list[StoredBudget]:
    rows = connection.execute(sql("budgets"), {"with_ended": with_ended}).fetchall()
    return [
        StoredBudget(
            number=number,
            budget=Budget(
                scope=BudgetScope(scope),
                name=name,
                unit=BudgetUnit(unit),
                amount=Decimal(amount),
                per=BudgetPer(per),
                is_brake=is_brake,
            ),
            recorded_at=recorded_at,
            set_by=set_by,
            ended_at=ended_at,
            ended_by=ended_by,
        )
        for number, scope, name, unit, amount, per, is_brake, recorded_at, set_by, ended_at, ended_by in rows
    ]
