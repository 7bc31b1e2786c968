"""Commands of `account`."""

from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.completion import accounts_starting
from botmeter.cli.confirm import confirm_by_name
from botmeter.cli.context import COMMAND_LINE, lake_root
from botmeter.cli.data_dir import data_folder, opened_ledger, owned_folder, readable_ledger
from botmeter.cli.erasing import delete_everywhere
from botmeter.cli.output import say, show_json, show_rows
from botmeter.cli.policy_texts import policy_named, schedule_rows
from botmeter.cli.terminal import printable
from botmeter.domain.account import Account
from botmeter.domain.errors import BotmeterError, Refused
from botmeter.domain.instant import now_us
from botmeter.domain.period import day_from_text
from botmeter.domain.text import counted

if TYPE_CHECKING:
    from botmeter.ledger.folder import Folder
    from botmeter.metering.policy import Policy

DEFAULT_POLICY = "freshchat.session"

Named = Annotated[str, Argument(metavar="NAME", help="The account.", autocompletion=accounts_starting)]

commands = command_group("account", "Accounts: create, list, show, set, delete.")


@commands.command(
    epilog=examples(
        ("", "botmeter account create acme"),
        ("With data since 2019:", "botmeter account create acme --available-from 2019-01-01"),
        ("With a title:", 'botmeter account create acme --title "Acme & Sons"'),
        ("In a lake:", "botmeter account create acme --lake acme-lake"),
    )
)
def create(
    name: Annotated[str, Argument(metavar="NAME", help="Name of 1 to 64 characters: a-z, 0-9, - and _.")],
    available_from: Annotated[
        str, Option("--available-from", metavar="DATE", help="First day of data; earlier events go to quarantine.")
    ] = "2022-02-04",
    policy: options.PolicyName = DEFAULT_POLICY,
    title: Annotated[str, Option("--title", metavar="TEXT", help="Display name.")] = "",
    lake: Annotated[
        str | None,
        Option(
            "--lake",
            metavar="URI",
            help="Lake with its events, created unless it exists: a folder or s3://BUCKET/FOLDER.",
        ),
    ] = None,
    data: options.Data = None,
) -> None:
    """Create an account.

    An account is one paying organisation. It has its own file in the data folder. With --lake its events are in a lake,
    which only `botmeter lake run` changes; data start date and policies are those of the lake if it exists.
    """
    account = Account(name=name, available_from=day_from_text(available_from), title=title)
    rule = policy_named(policy)
    with owned_folder(data, is_new=True) as folder:
        if lake is not None:
            _create_in_lake(folder, account, policy=rule, address=lake)
            return
        folder.create(account, policy=rule, now_us=now_us())
        say(f"created account {account.name} in {folder.path}; next: botmeter import FILE --account {account.name}")


@commands.command("list", epilog=examples(("", "botmeter account list")))
def list_accounts(data: options.Data = None, form: options.Form = "table") -> None:
    """List the accounts of the data folder."""
    if not data_folder(data).is_dir():
        show_rows(("account", "title"), [], form=form)
        say(f"the data folder {data_folder(data)} does not exist yet")
        return
    with owned_folder(data) as folder:
        rows = [{"account": name, "title": _title_of(folder, name)} for name in folder.accounts()]
    show_rows(("account", "title"), rows, form=form)


@commands.command(epilog=examples(("", "botmeter account show acme")))
def show(
    name: Named,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Show the name, the data start date and the policies of an account."""
    with readable_ledger(data, name) as ledger:
        account, policies = ledger.account, schedule_rows(ledger.schedule)
    fields = {"account": account.name, "title": account.title, "available_from": account.available_from.isoformat()}
    if form == "json":
        show_json({**fields, "policies": policies})
    else:
        show_rows((*fields, "policy", "from"), [{**fields, **policy} for policy in policies], form=form)


@commands.command(
    "set",
    epilog=examples(
        ("Rename it:", 'botmeter account set acme --title "Acme & Sons"'),
        ("Data since 2019:", "botmeter account set acme --available-from 2019-01-01"),
    ),
)
def set_account(
    name: Named,
    title: Annotated[
        str | None,
        Option("--title", metavar="TEXT", help="Display name; empty restores the default."),
    ] = None,
    available_from: Annotated[str | None, Option("--available-from", metavar="DATE", help="First day of data.")] = None,
    data: options.Data = None,
) -> None:
    """Set the display name or the data start date of an account.

    With an earlier start date, events refused for being too early can be retried. A later date is refused
    if events before it have been counted.
    """
    from botmeter.ledger.settings import set_available_from, set_title

    if title is None and available_from is None:
        raise Refused("nothing_to_set", "Nothing to change was given. Use --title, --available-from, or both.")
    first_on, now = None if available_from is None else day_from_text(available_from), now_us()
    # Check both before either is set.
    Account(name=name, title=title or "")
    with opened_ledger(data, name) as ledger:
        waiting = 0 if first_on is None else set_available_from(ledger, first_on, by=COMMAND_LINE, now_us=now)
        if title is not None:
            set_title(ledger, title, by=COMMAND_LINE, now_us=now)
        account = ledger.account
    say(f"account {account.name}: display name {printable(account.title)}, data from {account.available_from}")
    if waiting:
        say(
            f"{counted(waiting, 'quarantined event')} can be accepted now: "
            f"botmeter quarantine retry --account {account.name}"
        )


@commands.command(epilog=examples(("Without a terminal:", "botmeter account delete acme --confirm acme")))
def delete(
    name: Named,
    confirmed: Annotated[
        str | None, Option("--confirm", metavar="NAME", help="The account's name again. Required without a terminal.")
    ] = None,
    data: options.Data = None,
) -> None:
    """Delete an account with everything in it, after you confirm its name.

    Its events and sessions, members, keys, sources, saved views, shared links and audit log are deleted; users stay.
    This can't be undone: make a backup first.
    """
    from botmeter.cli.audit import record_in_audit
    from botmeter.people.audit_actions import Action

    with owned_folder(data) as folder:
        account = folder.existing_file(name).stem
        confirm_by_name(f"Account {account} will be deleted with all its data.", account, given=confirmed)
        delete_everywhere(folder, account)
    record_in_audit(data, Action.ACCOUNT_DELETED, account="", name=account)
    say(f"deleted account {account}")


def _create_in_lake(folder: "Folder", account: Account, *, policy: "Policy", address: str) -> None:
    from botmeter.lake.serving import create_lake_account

    root = lake_root(address)
    record = create_lake_account(folder, account, policy=policy, root=root, now_us=now_us())
    say(f"created account {account.name} in {folder.path}, with the lake at {root.uri} (record {record.number})")
    say(f"next: botmeter lake run FILE --lake {root.uri} --account {account.name}")


def _title_of(folder: "Folder", name: str) -> str | None:
    try:
        with folder.reading(name) as ledger:
            return ledger.account.title
    except BotmeterError as error:
        say(error.message)
        return None
