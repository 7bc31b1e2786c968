"""`backup`, `restore`, `erase`, `doctor`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Exit, Option

from botmeter.cli import options
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.confirm import is_confirmed
from botmeter.cli.context import located
from botmeter.cli.data_dir import data_folder, owned_folder
from botmeter.cli.failures import FAILED
from botmeter.cli.output import Format, say, show_json, show_rows

commands = Commands()


@commands.command(epilog=examples(("", "botmeter backup acme.botmeter --account acme")))
def backup(
    file: Annotated[Path, Argument(metavar="FILE", help="Backup file to write.", show_default=False)],
    account: options.AccountName,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Write a backup of an account to one file."""
    from botmeter.ledger.backup import backup as write_backup

    with owned_folder(data, purpose="botmeter backup") as folder:
        summary = write_backup(folder, account, path=located(file))
    _show_summary(summary, form=form)


@commands.command(
    epilog=examples(
        ("", "botmeter restore acme.botmeter"),
        ("Replacing the existing account:", "botmeter restore acme.botmeter --replace --yes"),
    )
)
def restore(
    file: Annotated[Path, Argument(metavar="FILE", help="Backup file to read.", show_default=False)],
    name: Annotated[
        str | None,
        Option(
            "--account",
            "-a",
            metavar="NAME",
            help="Name of the restored account. Default: as backed up.",
            show_default=False,
        ),
    ] = None,
    replace: Annotated[bool, Option("--replace", help="Replace an existing account.")] = False,
    yes: options.Yes = False,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Restore an account from a backup.

    The backup is checked before anything is changed.
    """
    from botmeter.ledger.backup import restore as restore_backup

    if replace and not is_confirmed("The existing account will be replaced by the backup.", yes=yes):
        say("nothing changed")
        raise Exit(FAILED)
    with owned_folder(data, purpose="botmeter restore", is_new=True) as folder:
        summary = restore_backup(folder, located(file), name=name, replace=replace)
    _show_summary(summary, form=form)


@commands.command(epilog=examples(("", "botmeter erase cus_8401 --account acme --yes")))
def erase(
    customer: Annotated[str, Argument(metavar="CUSTOMER", help="The customer's id.", show_default=False)],
    account: options.AccountName,
    yes: options.Yes = False,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Erase a customer from an account.

    Removes the ids of the customer and of their conversations, events and tickets everywhere, including quarantine.
    Counts stay; the sessions get new ids. Merged ids are the same customer and are erased too. Earlier backups still
    contain the customer: make a new one.
    """
    from botmeter.ledger.erase import erase as erase_customer

    if not is_confirmed(
        f"Customer {customer!r} will be erased from account {account} under every merged id. This can't be undone.",
        yes=yes,
    ):
        say("nothing changed")
        raise Exit(FAILED)
    with owned_folder(data, purpose="botmeter erase") as folder:
        summary = erase_customer(folder, account, customer_id=customer)
    _show_summary(summary, form=form)


@commands.command(epilog=examples(("", "botmeter doctor"), ("One account:", "botmeter doctor --account acme")))
def doctor(
    account: Annotated[
        str | None, Option("--account", "-a", metavar="NAME", help="Only this account.", show_default=False)
    ] = None,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Check the installation, the server and the accounts.

    Checks versions, the compiled kernel, the data folder and its free space, time zones, system limits,
    BOTMETER_URL, the database of users, and each account's file, quarantine and clock. The exit code is 1 if a
    check fails.
    """
    from botmeter.cli.checks import checks

    results = checks(data_folder(data), account=account)
    rows = [{"check": each.name, "state": "ok" if each.is_ok else "wrong", "detail": each.detail} for each in results]
    show_rows(("check", "state", "detail"), rows, form=form)
    failed = [each for each in results if not each.is_ok]
    for each in failed if form == "table" else []:
        # The table cuts what does not fit on the screen.
        say(f"{each.name}: {each.detail}")
    if failed:
        raise Exit(FAILED)


def _show_summary(summary: Any, *, form: Format) -> None:
    values = {name: value if isinstance(value, int | bool) else str(value) for name, value in asdict(summary).items()}
    if form == "json":
        show_json(values)
    elif form == "csv":
        show_rows(tuple(values), [values], form="csv")
    else:
        show_rows(
            ("what", "value"),
            [{"what": name.replace("_", " "), "value": value} for name, value in values.items()],
            form="table",
        )
