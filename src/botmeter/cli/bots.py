"""Commands of `bot`."""

from typing import Annotated

from typer import Argument

from botmeter.cli import options
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.context import COMMAND_LINE
from botmeter.cli.data_dir import opened_ledger, readable_ledger
from botmeter.cli.output import say, show_rows
from botmeter.cli.terminal import printable
from botmeter.domain.instant import now_us

commands = command_group("bot", "Bots: list and name them.")


@commands.command("list", epilog=examples(("", "botmeter bot list --account acme")))
def list_bots(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """List the bots that have events.

    Shows the name in use, the name in the events, and the name set by `botmeter bot name`.
    """
    from botmeter.ledger.settings import named_bots

    with readable_ledger(data, account) as ledger:
        bots = named_bots(ledger)
    rows = [
        {"bot_id": bot.bot_id, "bot_name": bot.name, "name_in_events": bot.sent_name, "name_set": bot.set_name}
        for bot in bots
    ]
    show_rows(("bot_id", "bot_name", "name_in_events", "name_set"), rows, form=form)
    if not bots:
        say(f"account {account} has no bot events yet")


@commands.command(
    "name",
    epilog=examples(
        ("", 'botmeter bot name orders "Orders & returns" --account acme'),
        ("Back to the name in its events:", 'botmeter bot name orders "" --account acme'),
    ),
)
def name_bot(
    bot: Annotated[str, Argument(metavar="BOT", help="The bot's id.")],
    name: Annotated[str, Argument(metavar="NAME", help="Display name; empty restores the name in the events.")],
    account: options.AccountName,
    data: options.Data = None,
) -> None:
    """Set the display name of a bot.

    Reports, exports and pages use it instead of the name in the events. No number depends on it.
    """
    from botmeter.ledger.settings import BotName, named_bots, set_bot_name

    bot_name = BotName(bot_id=bot, name=name)
    with opened_ledger(data, account) as ledger:
        set_bot_name(ledger, bot_name, by=COMMAND_LINE, now_us=now_us())
        display_name = next(each.name for each in named_bots(ledger) if each.bot_id == bot)
    say(f"bot {printable(bot)} is now called {printable(display_name)}")
