"""Commands of `customer`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.context import COMMAND_LINE, read_file, reason_of
from botmeter.cli.data_dir import opened_ledger, readable_ledger
from botmeter.cli.output import fields_of, say, show_rows
from botmeter.domain.errors import Missing, Refused
from botmeter.domain.instant import now_us, text_to_the_second
from botmeter.domain.text import counted

if TYPE_CHECKING:
    from botmeter.ledger.customers import CustomerAlias, CustomerChange, SameCustomer
    from botmeter.sources.table_options import TableOptions

_CHANGE_COLUMNS = ("change", "aliases", "events", "sessions_before", "sessions_after", "restated_days")
_ALIAS_COLUMNS = (
    *("alias", "same_as", "customer_id", "merge", "set_at", "set_by"),
    *("undone_by_change", "undone_at", "undone_by"),
)
# Columns that fit on a screen.
_ALIAS_TABLE_COLUMNS = ("alias", "customer_id", "merge", "set_at", "set_by")

commands = command_group("customer", "Customers: merge ids of one person, unmerge, list aliases.")


@commands.command(
    epilog=examples(
        ("One customer and their other ids:", "botmeter customer merge cus_8401 cus_8402 --account acme"),
        ("Preview the change:", "botmeter customer merge cus_8401 cus_8402 -a acme --preview"),
        ("Many, as CSV with the columns customer_id and alias:", "botmeter customer merge same.csv --account acme"),
    )
)
def merge(
    ids: Annotated[
        list[str],
        Argument(metavar="FILE|ID ALIAS…", help="A CSV or XLSX file (- for stdin), or a customer's id and aliases."),
    ],
    account: options.AccountName,
    preview: Annotated[bool, Option("--preview", help="Show what would change, and change nothing.")] = False,
    encoding: options.Encoding = None,
    sheet: options.Sheet = None,
    header_row: options.HeaderRow = None,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Merge other ids of a customer into the customer.

    Their sessions are metered again, and changes of past days are recorded as restatements. Later events under an
    alias belong to the customer too. At most 1,000 aliases at once.
    """
    from botmeter.lake.instructions import merge_customers, merge_preview
    from botmeter.sources.table_options import TableOptions

    pairs = _pairs(ids, TableOptions(encoding=encoding, sheet=sheet, header_row=header_row))
    with opened_ledger(data, account) as ledger:
        if preview:
            change = merge_preview(ledger, pairs, now_us=now_us())
        else:
            change = merge_customers(ledger, pairs, by=COMMAND_LINE, now_us=now_us())
    _show(change, form=form, result="would be merged" if preview else "merged")


@commands.command(
    epilog=examples(
        ("", "botmeter customer unmerge cus_8402 --account acme"),
        ("All aliases of one merge:", "botmeter customer unmerge --merge 1 --account acme"),
    )
)
def unmerge(
    account: options.AccountName,
    aliases: Annotated[list[str] | None, Argument(metavar="ALIAS…", help="The aliases.")] = None,
    merge_no: Annotated[int | None, Option("--merge", metavar="NUMBER", help="All aliases of this merge.")] = None,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Undo merges of aliases.

    Their events count under the ids they were sent with again; changes of past days are recorded as restatements.
    """
    from botmeter.lake.instructions import unmerge_customers
    from botmeter.ledger.customers import aliases_of_merge

    if bool(aliases) == (merge_no is not None):
        raise Refused("arguments_clash", "Give either aliases, or a merge with --merge, not both.")
    with opened_ledger(data, account) as ledger:
        unmerged = aliases or aliases_of_merge(ledger, merge_no or 0)
        change = unmerge_customers(ledger, unmerged, by=COMMAND_LINE, now_us=now_us())
    _show(change, form=form, result="unmerged")


@commands.command("aliases", epilog=examples(("", "botmeter customer aliases --account acme")))
def list_aliases(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """List the aliases of customers, newest first.

    The table shows aliases in force; JSON and CSV also have undone ones.
    """
    from botmeter.ledger.customers import customer_aliases

    with readable_ledger(data, account) as ledger:
        aliases = customer_aliases(ledger)
    if form == "table":
        aliases = [alias for alias in aliases if alias.undone_no is None]
    show_rows(
        _ALIAS_TABLE_COLUMNS if form == "table" else _ALIAS_COLUMNS, [_row(alias) for alias in aliases], form=form
    )
    if not aliases:
        say(f"no customer of account {account} has an alias")


def _pairs(ids: list[str], table: "TableOptions") -> "tuple[SameCustomer, ...]":
    from botmeter.ledger.customers import SameCustomer
    from botmeter.sources.customer_file import pairs_from_file

    if len(ids) == 1:
        return pairs_from_file(_content(ids[0]), options=table)
    return tuple(SameCustomer(customer_id=ids[0], alias=alias) for alias in ids[1:])


def _content(name: str) -> bytes:
    from botmeter.sources.customer_file import BYTES_MAX

    try:
        return read_file(Path(name), bytes_max=BYTES_MAX + 1)
    except FileNotFoundError:
        sentence = f"File {name} does not exist. To merge ids, name the customer and at least one alias."
        raise Missing("file_missing", sentence) from None
    except (OSError, ValueError) as problem:
        reason = reason_of(problem, otherwise="not a file name")
        raise Refused("merge_file_invalid", f"The file {name[:100]!r} can't be read: {reason}.") from None


def _show(change: "CustomerChange", *, form: options.Form, result: str) -> None:
    row = {
        "change": change.number,
        "aliases": len(change.pairs),
        "events": change.event_count,
        "sessions_before": change.before_count,
        "sessions_after": change.after_count,
        "restated_days": change.restated_day_count,
    }
    show_rows(_CHANGE_COLUMNS, [row], form=form)
    if change.number is None:
        say("nothing changed: these aliases are in force already")
    elif change.waits:
        say("the account is in a lake: the next `botmeter lake run` applies this")
    else:
        count = len(change.pairs)
        say(f"{counted(count, 'alias') if count == 1 else f'{count:,} aliases'} {result}")


def _row(alias: "CustomerAlias") -> dict[str, object]:
    return {
        **fields_of(alias, ("alias", "same_as", "customer_id", "set_by", "undone_by")),
        "merge": alias.merge_no,
        "set_at": text_to_the_second(alias.set_at),
        "undone_by_change": alias.undone_no,
        "undone_at": None if alias.undone_at is None else text_to_the_second(alias.undone_at),
    }
