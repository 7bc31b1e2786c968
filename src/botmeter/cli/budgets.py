"""Commands of `budget`."""

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.audit import record_in_audit
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.context import COMMAND_LINE
from botmeter.cli.data_dir import opened_ledger, readable_ledger
from botmeter.cli.output import say, show_rows
from botmeter.cli.terminal import printable
from botmeter.domain.errors import Refused
from botmeter.domain.instant import now_us, text_to_the_second
from botmeter.people.audit_actions import Action

if TYPE_CHECKING:
    from botmeter.ledger.billing.budgets import Budget
    from botmeter.ledger.readable import ReadableLedger

_COLUMNS = (
    *("budget", "scope", "name", "amount", "unit", "per", "brake", "used", "reached_on", "set_at", "set_by"),
    *("ended_at", "ended_by"),
)
# Columns that fit on a screen.
_TABLE_COLUMNS = ("budget", "scope", "name", "amount", "unit", "per", "brake", "used", "reached_on")

commands = command_group("budget", "Budgets of the account, bots, channels and cost centres.")


@commands.command("list", epilog=examples(("", "botmeter budget list --account acme")))
def list_budgets(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """List the budgets with what is used of them now, and the day on which they were or will be reached.

    JSON and CSV also have ended ones.
    """
    from botmeter.billing.alerts.account_figures import account_figures
    from botmeter.ledger.billing.budgets import budgets

    with readable_ledger(data, account) as ledger:
        figures = account_figures(ledger, now_us=now_us())
        in_force = budgets(ledger) if figures.reader is not None else []
        used = {each.number: figures.used(each.budget) for each in in_force}
        days = {each.number: figures.day_of(each.budget) for each in in_force}
        stored = budgets(ledger, with_ended=form != "table")
    rows = [
        {
            "budget": each.number,
            "scope": each.budget.scope.value,
            "name": each.budget.name,
            "amount": f"{each.budget.amount:f}",
            "unit": each.budget.unit.value,
            "per": each.budget.per.value,
            "brake": "yes" if each.budget.is_brake else "no",
            "used": f"{used[each.number]:f}" if each.number in used else None,
            "reached_on": f"{days[each.number]}" if days.get(each.number) else None,
            "set_at": text_to_the_second(each.recorded_at),
            "set_by": each.set_by,
            "ended_at": None if each.ended_at is None else text_to_the_second(each.ended_at),
            "ended_by": each.ended_by,
        }
        for each in stored
    ]
    show_rows(_TABLE_COLUMNS if form == "table" else _COLUMNS, rows, form=form)
    if not rows:
        say(f"account {account} has no budgets; `botmeter budget add` adds one")


@commands.command(
    "add",
    epilog=examples(
        ("", "botmeter budget add 500.00 --account acme"),
        ("Sessions of a bot in a calendar month:", "botmeter budget add 2000 -a acme --sessions --bot orders --month"),
    ),
)
def add(
    amount: Annotated[str, Argument(metavar="AMOUNT", help="In the plan's currency, or sessions.")],
    account: options.AccountName,
    sessions: Annotated[bool, Option("--sessions", help="The amount is a number of sessions.")] = False,
    month: Annotated[bool, Option("--month", help="Per calendar month. Default: per cycle.")] = False,
    bot: Annotated[str | None, Option("--bot", metavar="ID", help="Of the sessions that this bot opened.")] = None,
    channel: Annotated[str | None, Option("--channel", metavar="NAME", help="Of those of this channel.")] = None,
    cost_centre: Annotated[
        str | None, Option("--cost-centre", metavar="NAME", help="Of those of this cost centre.")
    ] = None,
    brake: Annotated[bool, Option("--brake", help="Refuse sessions beyond it to bots that ask.")] = False,
    data: options.Data = None,
) -> None:
    """Add a budget of the account, a bot, a channel or a cost centre.

    A budget warns; one with --brake stops. There is at most one for the same unit and time.
    """
    from botmeter.ledger.billing.budgets import Budget, BudgetPer, BudgetScope, BudgetUnit, add_budget

    named = {BudgetScope.BOT: bot, BudgetScope.CHANNEL: channel, BudgetScope.COST_CENTRE: cost_centre}
    chosen = [(scope, name) for scope, name in named.items() if name is not None]
    if len(chosen) > 1:
        raise Refused("arguments_clash", "A budget is of one thing: use one of --bot, --channel and --cost-centre.")
    scope, name = chosen[0] if chosen else (BudgetScope.ACCOUNT, None)
    budget = Budget(
        scope=scope,
        name=name,
        unit=BudgetUnit.SESSIONS if sessions else BudgetUnit.MONEY,
        amount=_amount(amount),
        per=BudgetPer.MONTH if month else BudgetPer.CYCLE,
        is_brake=brake,
    )
    with opened_ledger(data, account) as ledger:
        number = add_budget(ledger, budget, now_us=now_us(), by=COMMAND_LINE)
        label = _label(ledger, budget)
    record_in_audit(data, Action.BUDGET_SET, account=account, budget=label)
    say(f"budget {number} added: {printable(label)}")


@commands.command("end", epilog=examples(("", "botmeter budget end 2 --account acme")))
def end(
    number: Annotated[int, Argument(metavar="NUMBER", help="Number of the budget; `budget list` lists them.")],
    account: options.AccountName,
    data: options.Data = None,
) -> None:
    """End a budget; it no longer warns and stops nothing."""
    from botmeter.ledger.billing.budgets import end_budget

    with opened_ledger(data, account) as ledger:
        stored = end_budget(ledger, number, now_us=now_us(), by=COMMAND_LINE)
        label = _label(ledger, stored.budget)
    record_in_audit(data, Action.BUDGET_ENDED, account=account, budget=label)
    say(f"budget {number} ended: {printable(label)}")


def _amount(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Refused("budget_invalid", f"{text[:40]!r} is not an amount. Use a number such as 500.00.") from None


def _label(ledger: "ReadableLedger", budget: "Budget") -> str:
    from botmeter.billing.account_facts import account_terms
    from botmeter.billing.budget_sentences import budget_text

    terms = account_terms(ledger)
    return budget_text(budget, currency=terms[-1].plan.currency if terms else "")
