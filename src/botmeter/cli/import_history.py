"""Commands of `imports`."""

from typing import TYPE_CHECKING, Annotated

from typer import Argument, Option

from botmeter.cli import options
from botmeter.cli.audit import import_detail, record_in_audit
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.confirm import confirm
from botmeter.cli.context import COMMAND_LINE
from botmeter.cli.data_dir import opened_ledger, owned_folder, readable_ledger
from botmeter.cli.imports import change_as_mapping, change_text
from botmeter.cli.output import fields_of, say, show_json, show_rows
from botmeter.domain.instant import now_us, text_to_the_second
from botmeter.domain.text import counted
from botmeter.people.audit_actions import Action

if TYPE_CHECKING:
    from botmeter.ledger.import_undo import UndoneImport
    from botmeter.ledger.imports import ImportRecord

_COUNTS = ("accepted", "duplicates", "conflicts", "rejected")
_COLUMNS = (
    *("number", "imported_at", "imported_by", "kind", "source", "file_name", "size_bytes", *_COUNTS),
    *("undone_at", "undone_by", "undone_for", "mapping"),
)
# Columns that fit on a screen.
_TABLE_COLUMNS = ("number", "imported_at", "file_name", *_COUNTS, "undone_at")

# Exports that overlap, one each night, are many; JSON has all of them.
_REPEATS_PRINTED_MAX = 5

commands = command_group("imports", "Imported files: list, undo.")


@commands.command(
    "list",
    epilog=examples(
        ("", "botmeter imports list --account acme"),
        ("With the mapping of each:", "botmeter imports list --account acme --format json"),
    ),
)
def list_imports(
    account: options.AccountName,
    limit: Annotated[int, Option("--limit", metavar="N", min=1, help="Maximum number of imports.")] = 100,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """List the imported files, newest first, with their counts, and who undid them and why."""
    from botmeter.ledger.imports import imports

    with readable_ledger(data, account) as ledger:
        records = imports(ledger, limit=limit + 1)
    show_rows(_TABLE_COLUMNS if form == "table" else _COLUMNS, [_row(record) for record in records[:limit]], form=form)
    if len(records) > limit:
        say(f"showing the last {limit}; use --limit for more")
    elif not records:
        say(f"no file was imported into account {account}")


@commands.command(
    epilog=examples(
        ("Preview it first:", "botmeter imports undo 1 --account acme --dry-run"),
        ("", 'botmeter imports undo 1 --account acme --reason "the wrong year" --yes'),
    )
)
def undo(
    number: Annotated[int, Argument(metavar="NUMBER", help="Number of the import, as in `botmeter imports list`.")],
    account: options.AccountName,
    reason: Annotated[str, Option("--reason", metavar="TEXT", help="Reason, kept with the import.")] = "",
    dry_run: Annotated[bool, Option("--dry-run", help="Show what would happen, and change nothing.")] = False,
    yes: options.Yes = False,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Undo an import: remove its events, and restate days that were over.

    Its entries in quarantine are discarded with the reason, and events of it that were accepted from quarantine are
    removed too. So are events that a later file repeated, as a duplicate is not stored: import that file again.
    """
    from botmeter.domain.reason import checked_reason
    from botmeter.lake.instructions import undo_import, undo_preview

    if dry_run:
        with owned_folder(data) as folder, folder.rehearsing(account) as ledger:
            _show(undo_preview(ledger, number, now_us=now_us()), is_done=False, form=form)
        return
    checked_reason(reason)
    confirm(f"Import {number} of account {account} will be undone, and its events removed.", yes=yes)
    with opened_ledger(data, account) as ledger:
        undone = undo_import(ledger, number, reason=reason, by=COMMAND_LINE, now_us=now_us())
    record_in_audit(
        data,
        Action.IMPORT_UNDONE,
        account=account,
        **import_detail(undone.record),
        reason=reason.strip(),
        events=undone.event_count,
        restated_days=None if undone.sessions is None else undone.sessions.restated_day_count,
    )
    _show(undone, is_done=True, form=form)


def _show(undone: "UndoneImport", *, is_done: bool, form: options.Form) -> None:
    row: dict[str, object] = {
        "import": undone.record.number,
        "events": undone.event_count,
        "discarded": undone.discarded_count,
        **change_as_mapping(undone.sessions),
    }
    if form == "json":
        later = [fields_of(each, ("import_no", "label", "duplicates", "conflicts")) for each in undone.later_repeats]
        show_json({**row, "later_repeats": later})
    else:
        show_rows(tuple(row), [row], form=form)
    events, name = counted(undone.event_count, "event"), undone.record.file_name
    if undone.sessions is None:
        say(
            f"the account is in a lake: the next `botmeter lake run` undoes import {undone.record.number} ({name}) of "
            f"{events}"
            if is_done
            else f"nothing was changed; undoing import {undone.record.number} ({name}) would remove {events} with the "
            "next `botmeter lake run`, which meters them out of the lake: until then, its effect on sessions is unknown"
        )
    elif is_done:
        say(f"import {undone.record.number} ({name}) is undone: {events} removed; {change_text(undone.sessions)}")
    else:
        say(
            f"nothing was changed; undoing import {undone.record.number} ({name}) would remove {events}: "
            f"{change_text(undone.sessions)}"
        )
    for each in undone.later_repeats[:_REPEATS_PRINTED_MAX]:
        what = "live events and pulls" if each.import_no is None else f"import {each.import_no} ({each.label})"
        repeats = f"{counted(each.duplicates, 'duplicate')} and {counted(each.conflicts, 'conflict')}"
        say(f"later, {what} had {repeats}; if these repeated the removed events, import or pull them again")
    if len(undone.later_repeats) > _REPEATS_PRINTED_MAX:
        say(f"… and {len(undone.later_repeats) - _REPEATS_PRINTED_MAX:,} more; see `botmeter imports list`")


def _row(record: "ImportRecord") -> dict[str, object]:
    return {
        **fields_of(record, _COLUMNS),
        "kind": record.kind.name.lower(),
        "imported_at": text_to_the_second(record.imported_at),
        "undone_at": None if record.undone_at is None else text_to_the_second(record.undone_at),
    }
