"""Routes of budgets."""

from decimal import Decimal
from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from botmeter.billing.account_facts import account_terms
from botmeter.billing.alerts.account_figures import AccountFigures, account_figures
from botmeter.billing.budget_sentences import budget_text
from botmeter.domain.instant import now_us, text_from_us
from botmeter.ledger.billing.budgets import (
    Budget,
    BudgetPer,
    BudgetScope,
    BudgetUnit,
    StoredBudget,
    add_budget,
    budgets,
    end_budget,
)
from botmeter.people.audit import Action
from botmeter.reports.report_json import Count, Day, Instant
from botmeter.web.api.answers import NextCursor
from botmeter.web.api.billing_answers import Amount
from botmeter.web.api.route import Call, Content
from botmeter.web.api.route_kinds import change_bill, number_in, read_bill
from botmeter.web.ledgers import reading, writing

_Scope = Literal["account", "bot", "channel", "cost_centre"]
_Name = Annotated[str | None, Meta(description="Bot id, channel or cost centre; null: of the account.")]
_Brake = Annotated[bool, Meta(description="Sessions beyond it are refused to bots that ask; others only warn.")]


class BudgetLine(Struct, frozen=True, forbid_unknown_fields=True):
    """A budget with what is used of it."""

    budget: Count
    scope: _Scope
    name: _Name
    unit: Literal["money", "sessions"]
    amount: Annotated[Amount, Meta(description="In the plan's currency, or sessions.")]
    per: Literal["cycle", "month"]
    brake: _Brake
    used: Annotated[Amount | None, Meta(description="Now; null for an ended one, or without a plan in force.")]
    is_reached: bool
    reached_on: Annotated[
        Day | None, Meta(description="Day on which it was reached or is expected to be; null: on none of its time.")
    ]
    set_at: Instant
    set_by: str | None
    ended_at: Instant | None
    ended_by: str | None


class Budgets(Struct, frozen=True, forbid_unknown_fields=True):
    """Budgets, ended ones too, in the order in which they were set."""

    items: list[BudgetLine]
    next_cursor: NextCursor


class BudgetBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A budget to add."""

    amount: Amount
    scope: _Scope = "account"
    name: _Name = None
    unit: Literal["money", "sessions"] = "money"
    per: Literal["cycle", "month"] = "cycle"
    brake: _Brake = False


class EndBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing: a budget ends now."""


def listed(call: Call) -> Budgets:
    """Budgets."""
    present_us = now_us()
    with reading(call.request, call.account) as ledger:
        figures = account_figures(ledger, now_us=present_us)
        items = [_line(each, figures) for each in budgets(ledger, with_ended=True)]
    return Budgets(items=items, next_cursor=None)


def add(call: Call) -> BudgetLine:
    """Add a budget."""
    body: BudgetBody = call.body
    budget = Budget(
        scope=BudgetScope(body.scope),
        name=body.name or None,
        unit=BudgetUnit(body.unit),
        amount=Decimal(body.amount),
        per=BudgetPer(body.per),
        is_brake=body.brake,
    )
    present_us = now_us()
    with writing(call.request, call.account) as ledger:
        number = add_budget(ledger, budget, now_us=present_us, by=call.who)
        stored = next(each for each in budgets(ledger) if each.number == number)
        line = _line(stored, account_figures(ledger, now_us=present_us))
        terms = account_terms(ledger)
    call.record(Action.BUDGET_SET, budget=budget_text(budget, currency=terms[-1].plan.currency if terms else ""))
    return line


def end(call: Call, *, number: str) -> BudgetLine:
    """End a budget."""
    with writing(call.request, call.account) as ledger:
        ended = end_budget(ledger, number_in(number), now_us=now_us(), by=call.who)
        stored = next(each for each in budgets(ledger, with_ended=True) if each.number == ended.number)
        terms = account_terms(ledger)
    label = budget_text(stored.budget, currency=terms[-1].plan.currency if terms else "")
    call.record(Action.BUDGET_ENDED, budget=label)
    return _line(stored, None)


def _line(stored: StoredBudget, figures: AccountFigures | None) -> BudgetLine:
    budget = stored.budget
    is_used = figures is not None and figures.reader is not None and stored.ended_at is None
    used = figures.used(budget) if is_used and figures else None
    on = figures.day_of(budget) if is_used and figures else None
    return BudgetLine(
        budget=stored.number,
        scope=budget.scope.value,
        name=budget.name,
        unit=budget.unit.value,
        amount=f"{budget.amount:f}",
        per=budget.per.value,
        brake=budget.is_brake,
        used=None if used is None else f"{used:f}",
        is_reached=used is not None and used >= budget.amount,
        reached_on=None if on is None else on.isoformat(),
        set_at=text_from_us(stored.recorded_at),
        set_by=stored.set_by,
        ended_at=None if stored.ended_at is None else text_from_us(stored.ended_at),
        ended_by=stored.ended_by,
    )


_EXAMPLE: Final = {
    "budget": 1,
    "scope": "bot",
    "name": "orders",
    "unit": "money",
    "amount": "100.00",
    "per": "month",
    "brake": False,
    "used": "42.50",
    "is_reached": False,
    "reached_on": "2026-11-27",
    "set_at": "2026-11-01T09:30:00Z",
    "set_by": "ann@example.com",
    "ended_at": None,
    "ended_by": None,
}
_ENDED: Final = {
    **_EXAMPLE,
    "used": None,
    "reached_on": None,
    "ended_at": "2026-11-20T08:00:00Z",
    "ended_by": "ann@example.com",
}

BUDGET_ROUTES: Final = (
    read_bill(
        path="accounts/{account}/budgets",
        operation="budgets",
        summary="The budgets",
        description="With what is used of each in the open cycle, or in the calendar month.",
        answers=(Content(types=(Budgets,), example={"items": [_EXAMPLE], "next_cursor": None}),),
        view=listed,
    ),
    change_bill(
        path="accounts/{account}/budgets/add",
        operation="add_budget",
        summary="Add a budget",
        description="Of the account, a bot, a channel or a cost centre; at most one for the same unit and time.",
        body=(
            Content(
                types=(BudgetBody,), example={"scope": "bot", "name": "orders", "amount": "100.00", "per": "month"}
            ),
        ),
        answers=(Content(types=(BudgetLine,), example=_EXAMPLE),),
        view=add,
    ),
    change_bill(
        path="accounts/{account}/budgets/{number}/end",
        operation="end_budget",
        summary="End a budget",
        description="It no longer warns and stops nothing. It stays in the list.",
        body=(Content(types=(EndBody,), example={}),),
        answers=(Content(types=(BudgetLine,), example=_ENDED),),
        view=end,
    ),
)
