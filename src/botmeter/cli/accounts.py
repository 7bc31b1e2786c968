"""`account create | list | show`: the accounts of a data folder."""

from typing import Annotated

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.completion import accounts_starting
from botmeter.cli.grouping import command_group, examples
from botmeter.cli.output import say, show_json, show_rows
from botmeter.cli.place import data_folder, opened_ledger, owned_folder
from botmeter.cli.policy_texts import policy_named, schedule_rows

DEFAULT_POLICY = "freshchat.session"

commands = command_group("account", "Accounts: create, list, show.")


@commands.command(
    epilog=examples(
        ("", "botmeter account create acme"),
        ("With data since 2019:", "botmeter account create acme --available-from 2019-01-01"),
    )
)
def create(
    name: Annotated[str, Argument(metavar="NAME", help="1 to 64 of a-z, 0-9, - and _.", show_default=False)],
    available_from: Annotated[
        str, Option("--available-from", metavar="DATE", help="Earlier events are kept in quarantine, not counted.")
    ] = "2022-02-04",
    policy: options.PolicyName = DEFAULT_POLICY,
    data: options.Data = None,
) -> None:
    """Create an account.

    One paying organisation, with a file of its own in the data folder.
    """
    from botmeter.domain.account import Account
    from botmeter.domain.instant import now_us
    from botmeter.domain.period import day_from_text

    account = Account(name=name, available_from=day_from_text(available_from))
    rule = policy_named(policy)
    with owned_folder(data, purpose="botmeter account create", is_new=True) as folder:
        folder.create(account, policy=rule, now_us=now_us())
        say(f"account {account.name} is in {folder.path}; next: botmeter import FILE --account {account.name}")


@commands.command("list", epilog=examples(("", "botmeter account list")))
def list_accounts(data: options.Data = None, form: options.Form = "table") -> None:
    """List the accounts of the data folder."""
    if not data_folder(data).is_dir():
        show_rows(("account",), [], form=form)
        say(f"there is no data folder {data_folder(data)} yet")
        return
    with owned_folder(data, purpose="botmeter account list") as folder:
        show_rows(("account",), [{"account": name} for name in folder.accounts()], form=form)


@commands.command(epilog=examples(("", "botmeter account show acme")))
def show(
    name: Annotated[
        str, Argument(metavar="NAME", help="The account.", show_default=False, autocompletion=accounts_starting)
    ],
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Show since when data counts, and by which policies."""
    with opened_ledger(data, name, purpose="botmeter account show", read_only=True) as ledger:
        account, terms = ledger.account, schedule_rows(ledger.schedule)
    if form == "json":
        available_from = account.available_from.isoformat()
        show_json({"account": account.name, "available_from": available_from, "policies": terms})
        return
    rows = [{"account": account.name, "available_from": account.available_from, **term} for term in terms]
    show_rows(("account", "available_from", "policy", "from"), rows, form=form)
