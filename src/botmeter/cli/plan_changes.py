"""Commands of `plan` that change an account."""

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.audit import record_in_audit
from botmeter.cli.command_groups import examples
from botmeter.cli.context import COMMAND_LINE
from botmeter.cli.data_dir import opened_ledger, readable_ledger
from botmeter.cli.output import say, show_rows
from botmeter.cli.plan_rows import PURCHASE_COLUMNS, PURCHASE_TABLE_COLUMNS, purchase_rows, purchase_table, term_rows
from botmeter.cli.plans import Named, commands, plan_named
from botmeter.domain.instant import now_us, text_to_the_second
from botmeter.domain.text import counted
from botmeter.people.audit_actions import Action

if TYPE_CHECKING:
    from botmeter.billing.opening import UnitsLeft
    from botmeter.billing.plan_terms import PlanTerm

__all__ = ["commands"]

_Reason = Annotated[str, Option("--reason", metavar="TEXT", help="The reason, which is kept with the change.")]
_OptionalReason = Annotated[
    str | None, Option("--reason", metavar="TEXT", help="A reason, which is kept with the change.")
]
_Meter = Annotated[int, Option("--meter", metavar="NUMBER", help="Meter of the plan, from 0.")]


@commands.command(
    "set",
    epilog=examples(
        ("", "botmeter plan set freshworks.new --account acme --from 2026-11-01"),
        ("From the next cycle:", "botmeter plan set my-plan.toml --account acme"),
    ),
)
def set_plan_of_account(
    name: Named,
    account: options.AccountName,
    first: Annotated[
        str | None,
        Option(
            "--from",
            metavar="DATE|next-cycle",
            help="First day of the plan, in its zone. Default: the next cycle; for the first plan, the present one.",
        ),
    ] = None,
    replay_recharge: Annotated[
        bool,
        Option("--replay-recharge", help="First plan: record the recharges that the sessions so far would have made."),
    ] = False,
    reason: _OptionalReason = None,
    data: options.Data = None,
) -> None:
    """Set the plan of an account.

    A plan that begins within a cycle goes on with it: fee and minimum are those of the plan in force at its end.
    Another anchor, length or time zone ends the cycle at that day. The policies of the plan are pinned as they are now.
    """
    from botmeter.billing.plan_setting import PlanOrder, set_ordered_plan

    order = PlanOrder(plan=plan_named(name), first=first, replays_recharge=replay_recharge)
    with opened_ledger(data, account) as ledger:
        made = set_ordered_plan(ledger, order, now_us=now_us(), by=COMMAND_LINE, reason=reason)
        rows = term_rows(ledger)
    label, from_at = order.plan.label, text_to_the_second(made.from_us)
    record_in_audit(data, Action.PLAN_SET, account=account, plan=label, from_day=from_at[:10])
    show_rows(("term", "plan", "from"), rows, form="table")
    chosen = "" if first else ", the start of a cycle; --from chooses another day"
    say(f"plan {label} is set from {from_at}{chosen}")
    if made.apart:
        policies = ", ".join(made.apart)
        say(f"its sessions are counted by {policies}, for the bill alone; the report stays with {made.own_policy}")
    if replay_recharge:
        say(f"{counted(made.recharge_count, 'recharge')} recorded; `botmeter plan purchases` lists them")


@commands.command("withdraw", epilog=examples(("", "botmeter plan withdraw --account acme --reason 'not signed'")))
def withdraw(
    account: options.AccountName,
    reason: _Reason,
    number: Annotated[
        int | None, Argument(metavar="TERM", help="Number of the term. Default: the only plan to come.")
    ] = None,
    data: options.Data = None,
) -> None:
    """Withdraw a plan from which nothing has followed.

    No statement may be closed, and no pack bought, since it began.
    """
    from botmeter.billing.plan_actions import withdraw_plan

    with opened_ledger(data, account) as ledger:
        term = withdraw_plan(ledger, number, reason=reason, now_us=now_us(), by=COMMAND_LINE)
    record_in_audit(data, Action.PLAN_WITHDRAWN, account=account, plan=term.label, reason=reason)
    say(f"plan {term.label}, set from {text_to_the_second(term.from_at)}, is withdrawn")


@commands.command(
    "buy",
    epilog=examples(
        ("", "botmeter plan buy 3 --account acme"),
        ("", "botmeter plan buy 3 --account acme --at 2026-11-20 --reason 'campaign'"),
    ),
)
def buy(
    packs: Annotated[int, Argument(metavar="PACKS", help="Number of packs.")],
    account: options.AccountName,
    at: Annotated[
        str | None,
        Option("--at", metavar="DATE|TIME", help="Day in the plan's time zone, or time with an offset. Default: now."),
    ] = None,
    meter: _Meter = 0,
    reason: _OptionalReason = None,
    data: options.Data = None,
) -> None:
    """Record packs that were bought.

    Size and price are those of the plan in force then. Botmeter buys nothing at the vendor. A wrong entry is reversed
    by `plan correct`.
    """
    from botmeter.billing.account_facts import account_terms
    from botmeter.billing.plan_actions import PackOrder, buy_packs, plan_at, purchase_at
    from botmeter.billing.plan_sentences import purchase_sentence
    from botmeter.billing.plan_times import instant_as_typed

    present_us = now_us()
    with opened_ledger(data, account) as ledger:
        terms = account_terms(ledger)
        at_us = present_us if at is None else instant_as_typed(at, terms, now_us=present_us)
        order = PackOrder(packs=packs, meter=meter, at_us=at_us)
        made = buy_packs(ledger, order, now_us=present_us, by=COMMAND_LINE, reason=reason)
        purchase = purchase_at(terms, packs=packs, meter=meter, at_us=at_us)
    bought = purchase_sentence(purchase, plan_at(terms, at_us=at_us))
    record_in_audit(data, Action.PACKS_BOUGHT, account=account, purchase=made.number, packs=packs, bought=bought)
    say(f"purchase {made.number} recorded: {bought}, usable from {text_to_the_second(at_us)}")


@commands.command("remove", epilog=examples(("", "botmeter plan remove 2 --account acme")))
def remove(
    packs: Annotated[int, Argument(metavar="PACKS", help="Number of recurring packs.")],
    account: options.AccountName,
    meter: _Meter = 0,
    reason: _OptionalReason = None,
    data: options.Data = None,
) -> None:
    """Remove recurring packs from the next cycle on.

    They are then not bought again; those of this cycle stay.
    """
    from botmeter.billing.plan_actions import remove_packs

    with opened_ledger(data, account) as ledger:
        from_us = remove_packs(ledger, packs=packs, meter=meter, now_us=now_us(), by=COMMAND_LINE, reason=reason)
    from_at = text_to_the_second(from_us)
    record_in_audit(data, Action.PACKS_REMOVED, account=account, packs=packs, from_day=from_at[:10])
    say(f"{counted(packs, 'recurring pack')} removed from {from_at} on; those of this cycle stay")


@commands.command("correct", epilog=examples(("", "botmeter plan correct 4 --account acme --reason 'typed twice'")))
def correct(
    purchase: Annotated[int, Argument(metavar="PURCHASE", help="Number of the purchase; `plan purchases` lists them.")],
    account: options.AccountName,
    reason: _Reason,
    data: options.Data = None,
) -> None:
    """Reverse a purchase that was recorded by mistake.

    In a closed cycle, the difference is an adjustment of the next statement.
    """
    from botmeter.ledger.billing.purchases import reverse_purchase

    with opened_ledger(data, account) as ledger:
        reverse_purchase(ledger, purchase, reason=reason, now_us=now_us(), by=COMMAND_LINE)
    record_in_audit(data, Action.PURCHASE_REVERSED, account=account, purchase=purchase, reason=reason)
    say(f"purchase {purchase} reversed")


@commands.command("purchases", epilog=examples(("", "botmeter plan purchases --account acme")))
def list_purchases(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """List the purchases of an account.

    The table shows those in force, with times in UTC; JSON and CSV also have reversed ones and their reversals.
    """
    with readable_ledger(data, account) as ledger:
        rows = purchase_rows(ledger, with_reversed=form != "table")
    if form == "table":
        show_rows(PURCHASE_TABLE_COLUMNS, purchase_table(rows), form=form)
    else:
        show_rows(PURCHASE_COLUMNS, rows, form=form)
    if not rows:
        say(f"account {account} has no purchases")


@commands.command(
    "opening",
    epilog=examples(
        ("", "botmeter plan opening -a acme --as-of 2026-11-12 --allowance-used 310"),
        ("Units left of packs:", "botmeter plan opening -a acme --as-of 2026-11-12 --pack 40@2026-12-31"),
    ),
)
def opening(
    account: options.AccountName,
    as_of: Annotated[
        str, Option("--as-of", metavar="DATE|TIME", help="Day in the plan's time zone, or time with an offset.")
    ],
    allowance_used: Annotated[
        str, Option("--allowance-used", metavar="UNITS", help="Units of the allowance used before.")
    ] = "0",
    packs: Annotated[
        list[str] | None,
        Option(
            "--pack",
            metavar="UNITS[@EXPIRY]",
            help="Units left of a pack, and its last day, a time, or never. Default: as the plan's packs lapse.",
        ),
    ] = None,
    meter: _Meter = 0,
    reason: _OptionalReason = None,
    data: options.Data = None,
) -> None:
    """Set what was used and left when billing began.

    It replaces an earlier opening balance of the meter.
    """
    from botmeter.billing.account_facts import account_terms
    from botmeter.billing.opening import opening_balance, set_opening
    from botmeter.billing.plan_times import instant_as_typed, units_as_typed

    present_us = now_us()
    with opened_ledger(data, account) as ledger:
        terms = account_terms(ledger)
        balance = opening_balance(
            terms,
            as_of_us=instant_as_typed(as_of, terms, now_us=present_us),
            meter=meter,
            allowance_used=units_as_typed(allowance_used),
            packs=[_units_left(each, terms, now_us=present_us) for each in packs or ()],
        )
        set_opening(ledger, balance, now_us=present_us, by=COMMAND_LINE, reason=reason)
    left = sum((pack.units_left for pack in balance.packs), Decimal(0))
    sentence = f"{balance.allowance_used:,f} of the allowance used and {left:,f} left in packs"
    at = text_to_the_second(balance.as_of)
    record_in_audit(data, Action.OPENING_BALANCE_SET, account=account, balance=f"{sentence}, as of {at}")
    say(f"opening balance set: {sentence}, as of {at}")


def _units_left(text: str, terms: "tuple[PlanTerm, ...]", *, now_us: int) -> "UnitsLeft":
    from botmeter.billing.opening import UnitsLeft
    from botmeter.billing.plan_times import expiry_as_typed, units_as_typed

    units, _, expiry = text.partition("@")
    return UnitsLeft(units=units_as_typed(units), expires_us=expiry_as_typed(expiry, terms, now_us=now_us))
