"""`backup`, `restore`, `erase`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.confirm import confirm
from botmeter.cli.context import located
from botmeter.cli.data_dir import owned_folder
from botmeter.cli.erasing import forget_in_people
from botmeter.cli.output import Format, show_record
from botmeter.domain.instant import now_us

commands = Commands()


@commands.command(epilog=examples(("", "botmeter backup acme.botmeter --account acme")))
def backup(
    file: Annotated[Path, Argument(metavar="FILE", help="Backup file to write.")],
    account: options.AccountName,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Write a backup of an account to one file."""
    from botmeter.ledger.backup import backup as write_backup

    with owned_folder(data) as folder:
        summary = write_backup(folder, account, path=located(file))
    _show_summary(summary, form=form)


@commands.command(
    epilog=examples(
        ("", "botmeter restore acme.botmeter"),
        ("Replacing the existing account:", "botmeter restore acme.botmeter --replace --yes"),
    )
)
def restore(
    file: Annotated[Path, Argument(metavar="FILE", help="Backup file to read.")],
    name: Annotated[
        str | None,
        Option("--account", "-a", metavar="NAME", help="Name of the restored account. Default: as backed up."),
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

    if replace:
        confirm("The existing account will be replaced by the backup.", yes=yes)
    with owned_folder(data, is_new=True) as folder:
        summary = restore_backup(folder, located(file), name=name, replace=replace)
    _show_summary(summary, form=form)


@commands.command(epilog=examples(("", "botmeter erase cus_8401 --account acme --yes")))
def erase(
    customer: Annotated[str, Argument(metavar="CUSTOMER", help="The customer's id.")],
    account: options.AccountName,
    yes: options.Yes = False,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Erase a customer from an account.

    Removes the ids of the customer and of their conversations, events and tickets everywhere, including quarantine,
    audit log, saved views and shared links. Counts stay; the sessions get new ids. Merged ids are the same customer and
    are erased too. Earlier records of a lake are deleted. An interrupted erasure is finished later, and doctor reports
    it meanwhile. Earlier backups still contain the customer: make a new one.
    """
    from botmeter.lake.erasure import erase_customer

    confirm(
        f"Customer {customer!r} will be erased from account {account} under every merged id. This can't be undone.",
        yes=yes,
    )
    with owned_folder(data) as folder:
        forget = forget_in_people(folder.path)
        summary = erase_customer(folder, account, customer_id=customer, forget=forget, now_us=now_us())
    _show_summary(summary, form=form)


def _show_summary(summary: Any, *, form: Format) -> None:
    values = {name: value if isinstance(value, int | bool) else str(value) for name, value in asdict(summary).items()}
    show_record(values, form=form)
