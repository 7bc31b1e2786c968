"""Commands of `cost-centre`."""

from typing import Annotated

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.audit import record_in_audit
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.context import COMMAND_LINE
from botmeter.cli.data_dir import opened_ledger, readable_ledger
from botmeter.cli.output import say, show_rows
from botmeter.cli.terminal import printable
from botmeter.domain.instant import now_us
from botmeter.domain.period import day_from_text, day_of_us
from botmeter.people.audit_actions import Action

commands = command_group("cost-centre", "Cost centres of bots and channels: list and set them.")

_COLUMNS = ("from", "bot_id", "channel", "cost_centre", "set_by")


@commands.command("list", epilog=examples(("", "botmeter cost-centre list --account acme")))
def list_cost_centres(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """List the cost centres by the day from which each is in force; an empty one ends the one before."""
    from botmeter.ledger.billing.cost_centres import cost_centre_terms

    with readable_ledger(data, account) as ledger:
        terms = cost_centre_terms(ledger)
    rows = [
        {
            "from": str(term.from_on),
            "bot_id": term.bot_id,
            "channel": term.channel,
            "cost_centre": term.cost_centre,
            "set_by": term.set_by,
        }
        for term in terms
    ]
    show_rows(_COLUMNS, rows, form=form)
    if not rows:
        say(f"account {account} has no cost centres; `botmeter cost-centre set` sets one")


@commands.command(
    "set",
    epilog=examples(
        ("From today on:", "botmeter cost-centre set Sales --bot orders --account acme"),
        (
            "Of every bot on a channel that has none of its own:",
            "botmeter cost-centre set Online --channel web --from 2026-10-01 -a acme",
        ),
        ("None any more:", 'botmeter cost-centre set "" --bot orders --account acme'),
    ),
)
def set_cost_centre_of(
    cost_centre: Annotated[str, Argument(metavar="NAME", help="The cost centre; empty ends it.")],
    account: options.AccountName,
    bot: Annotated[str | None, Option("--bot", metavar="ID", help="The bot that it is of.")] = None,
    channel: Annotated[str | None, Option("--channel", metavar="NAME", help="The channel that it is of.")] = None,
    from_day: Annotated[str | None, Option("--from", metavar="DATE", help="First UTC day. Default: today.")] = None,
    data: options.Data = None,
) -> None:
    """Set the cost centre of a bot or a channel from a UTC day on.

    A session belongs to the cost centre of its opening bot, else to that of its opening channel. Closed statements
    keep the cost centres that were set when they were closed.
    """
    from botmeter.domain.cost_centre import CostCentreTerm
    from botmeter.ledger.billing.cost_centres import set_cost_centre

    from_on = day_of_us(now_us()) if from_day is None else day_from_text(from_day)
    term = CostCentreTerm(from_on=from_on, bot_id=bot, channel=channel, cost_centre=cost_centre)
    with opened_ledger(data, account) as ledger:
        set_cost_centre(ledger, term, by=COMMAND_LINE, now_us=now_us())
    kind, name = ("channel", channel) if bot is None else ("bot", bot)
    day = {"from_day": from_on.isoformat()}
    record_in_audit(data, Action.COST_CENTRE_SET, account=account, **{kind: name}, cost_centre=term.cost_centre, **day)
    centre = f"cost centre {printable(term.cost_centre)}" if term.cost_centre else "no cost centre of its own"
    say(f"{kind} {printable(name or '')} has {centre} from {from_on}")
