"""`customer merge | unmerge | aliases`: which customers are the same, so that one person is charged as one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.accounts import COMMAND_LINE
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.context import command_context, located
from botmeter.cli.data_dir import opened_ledger
from botmeter.cli.output import say, show_rows
from botmeter.cli.terminal import counted
from botmeter.domain.errors import Missing, Refused

if TYPE_CHECKING:
    from botmeter.ledger.customers import CustomerAlias, CustomerChange, SameCustomer

_CHANGED = ("change", "aliases", "events", "sessions_before", "sessions_after", "restated_days")
_ALIASES = (
    *("alias", "same_as", "customer_id", "merge", "set_at", "set_by"),
    *("undone_by_change", "undone_at", "undone_by"),
)
# What fits on a screen.
_ALIASES_SHOWN = ("alias", "customer_id", "merge", "set_at", "set_by")

commands = command_group("customer", "Customers: say which are the same, take it back, list it.")


@commands.command(
    epilog=examples(
        ("One customer and their other ids:", "botmeter customer merge cus_8401 cus_8402 --account acme"),
        ("Look first:", "botmeter customer merge cus_8401 cus_8402 -a acme --preview"),
        ("Many, as CSV with the columns customer_id and alias:", "botmeter customer merge same.csv --account acme"),
    )
)
def merge(
    said: Annotated[
        list[str],
        Argument(metavar="FILE|ID ALIAS…", help="A CSV file (- for stdin), or a customer's id and its aliases."),
    ],
    account: options.AccountName,
    preview: Annotated[bool, Option("--preview", help="Only say what would change.")] = False,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Have other ids of a customer count as the customer.

    Sessions of these customers are metered again, and days that were over are recorded as restated. Events that come
    later under an alias are the customer's too. At most 1,000 aliases at once.
    """
    from botmeter.domain.instant import now_us
    from botmeter.ledger.customers import merge_customers, merge_preview

    pairs = _pairs(said)
    with opened_ledger(data, account, purpose="botmeter customer merge") as ledger:
        if preview:
            change = merge_preview(ledger, pairs, now_us=now_us())
        else:
            change = merge_customers(ledger, pairs, by=COMMAND_LINE, now_us=now_us())
    _show(change, form=form, did="would be merged" if preview else "merged")


@commands.command(
    epilog=examples(
        ("", "botmeter customer unmerge cus_8402 --account acme"),
        ("All that one merge said:", "botmeter customer unmerge --merge 1 --account acme"),
    )
)
def unmerge(
    account: options.AccountName,
    aliases: Annotated[list[str] | None, Argument(metavar="ALIAS…", help="The aliases.", show_default=False)] = None,
    merge_no: Annotated[int | None, Option("--merge", metavar="NUMBER", help="All aliases of this merge.")] = None,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Take aliases back.

    Their events count again as they were sent, and what that changes is recorded as restated.
    """
    from botmeter.domain.instant import now_us
    from botmeter.ledger.customers import aliases_of_merge, unmerge_customers

    if bool(aliases) == (merge_no is not None):
        raise Refused("arguments_clash", "Name the aliases, or the merge with --merge; one of the two.")
    with opened_ledger(data, account, purpose="botmeter customer unmerge") as ledger:
        named = aliases or aliases_of_merge(ledger, merge_no or 0)
        change = unmerge_customers(ledger, named, by=COMMAND_LINE, now_us=now_us())
    _show(change, form=form, did="taken back")


@commands.command("aliases", epilog=examples(("", "botmeter customer aliases --account acme")))
def list_aliases(account: options.AccountName, data: options.Data = None, form: options.Form = "table") -> None:
    """List the aliases of customers, the newest first.

    The table has those in force; JSON and CSV also have those that were taken back.
    """
    from botmeter.ledger.customers import customer_aliases

    with opened_ledger(data, account, purpose="botmeter customer aliases", read_only=True) as ledger:
        found = customer_aliases(ledger)
    if form == "table":
        found = [one for one in found if one.undone_no is None]
    show_rows(_ALIASES_SHOWN if form == "table" else _ALIASES, [_row(one) for one in found], form=form)
    if not found:
        say(f"no customer of account {account} has an alias")


def _pairs(said: list[str]) -> "tuple[SameCustomer, ...]":
    from botmeter.ledger.customer_file import pairs_from_csv
    from botmeter.ledger.customers import SameCustomer

    if len(said) == 1:
        return pairs_from_csv(_content(said[0]))
    return tuple(SameCustomer(customer_id=said[0], alias=alias) for alias in said[1:])


def _content(name: str) -> bytes:
    from botmeter.ledger.customer_file import BYTES_MAX

    if name == "-":
        return command_context().stdin.buffer.read(BYTES_MAX + 1)
    try:
        with located(Path(name)).open("rb") as file:
            return file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        sentence = f"There is no file {name}. To merge ids, name the customer and at least one alias."
        raise Missing("file_missing", sentence) from None
    except (OSError, ValueError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "that is no name of a file"
        raise Refused("merge_file_invalid", f"The file {name[:100]!r} can't be read: {reason}.") from None


def _show(change: "CustomerChange", *, form: options.Form, did: str) -> None:
    row = {
        "change": change.number,
        "aliases": len(change.pairs),
        "events": change.event_count,
        "sessions_before": change.before_count,
        "sessions_after": change.after_count,
        "restated_days": change.restated_day_count,
    }
    show_rows(_CHANGED, [row], form=form)
    if change.number is None:
        say("nothing was changed: all of it was said before")
    else:
        count = len(change.pairs)
        say(f"{counted(count, 'alias') if count == 1 else f'{count:,} aliases'} {did}")


def _row(one: "CustomerAlias") -> dict[str, object]:
    from botmeter.domain.instant import text_to_the_second

    return {
        "alias": one.alias,
        "same_as": one.same_as,
        "customer_id": one.customer_id,
        "merge": one.merge_no,
        "set_at": text_to_the_second(one.set_at),
        "set_by": one.set_by,
        "undone_by_change": one.undone_no,
        "undone_at": None if one.undone_at is None else text_to_the_second(one.undone_at),
        "undone_by": one.undone_by,
    }
