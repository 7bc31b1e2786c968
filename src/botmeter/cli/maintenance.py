"""`backup`, `restore`, `erase`, `doctor`: keeping an account's file safe, and a customer's wish to be forgotten."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

from typer import Argument, Exit, Option

from botmeter.cli import options
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.confirm import agreed
from botmeter.cli.context import located
from botmeter.cli.data_dir import data_folder, owned_folder
from botmeter.cli.failures import FAILED
from botmeter.cli.output import Format, say, show_json, show_rows

commands = Commands()


@commands.command(epilog=examples(("", "botmeter backup acme.botmeter --account acme")))
def backup(
    file: Annotated[Path, Argument(metavar="FILE", help="Where to.", show_default=False)],
    account: options.AccountName,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Write an account into one file."""
    from botmeter.ledger.backup import backup as written

    with owned_folder(data, purpose="botmeter backup") as folder:
        summary = written(folder, account, path=located(file))
    _show_summary(summary, form=form)


@commands.command(
    epilog=examples(
        ("", "botmeter restore acme.botmeter"),
        ("In the place of the account that is there:", "botmeter restore acme.botmeter --replace --yes"),
    )
)
def restore(
    file: Annotated[Path, Argument(metavar="FILE", help="What `botmeter backup` wrote.", show_default=False)],
    name: Annotated[
        str | None,
        Option("--account", "-a", metavar="NAME", help="Under this name. Default: as it was.", show_default=False),
    ] = None,
    replace: Annotated[bool, Option("--replace", help="Replace the account that is there.")] = False,
    yes: options.Yes = False,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Bring an account back from a backup.

    It is checked before anything is changed.
    """
    from botmeter.ledger.backup import restore as brought_back

    if replace and not agreed("The account that is there will be replaced by the backup.", yes=yes):
        say("nothing was changed")
        raise Exit(FAILED)
    with owned_folder(data, purpose="botmeter restore", is_new=True) as folder:
        summary = brought_back(folder, located(file), name=name, replace=replace)
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

    The identifiers of the customer, of the conversations, events and tickets go everywhere, quarantine included; the
    counts stay, under new session ids. Ids that were merged with this one are the same customer, and go too. A backup
    made before still holds all of it: make a new one.
    """
    from botmeter.ledger.erase import erase as erased

    if not agreed(
        f"Customer {customer!r} will be erased from account {account}, under every id; this can't be undone.", yes=yes
    ):
        say("nothing was changed")
        raise Exit(FAILED)
    with owned_folder(data, purpose="botmeter erase") as folder:
        summary = erased(folder, account, customer_id=customer)
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

    Versions, the compiled kernel, the data folder and its free space, time zones, what the system allows,
    BOTMETER_URL, people's database, and every account's file, its quarantine and the clock that wrote it;
    the exit code is 1 if something is wrong.
    """
    from botmeter.cli.checks import checks

    found = checks(data_folder(data), account=account)
    rows = [{"check": each.name, "state": "ok" if each.is_well else "wrong", "detail": each.detail} for each in found]
    show_rows(("check", "state", "detail"), rows, form=form)
    wrong = [each for each in found if not each.is_well]
    for each in wrong if form == "table" else []:
        # A table cuts what does not fit on the screen, and this is what the person came for.
        say(f"{each.name}: {each.detail}")
    if wrong:
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
