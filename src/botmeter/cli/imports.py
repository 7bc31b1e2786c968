"""`import`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Exit, Option

from botmeter.cli import options
from botmeter.cli.audit import import_detail, record_in_audit
from botmeter.cli.closing_due import close_due_cycles
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.context import COMMAND_LINE
from botmeter.cli.data_dir import owned_folder
from botmeter.cli.event_files import mapping_text, say_if_foreign, source_files, total_bytes
from botmeter.cli.failures import DIFFERENT
from botmeter.cli.output import fields_of, say, say_rejection, show_json, show_rows
from botmeter.cli.progress import Follow, progress
from botmeter.domain.instant import now_us
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import DEFAULT_SOURCE, checked_source_name
from botmeter.domain.text import counted
from botmeter.people.audit_actions import Action

if TYPE_CHECKING:
    from botmeter.ledger.append import Submission
    from botmeter.ledger.import_preview import ImportPreview
    from botmeter.ledger.imports import ImportRecord
    from botmeter.ledger.ledger import Ledger
    from botmeter.ledger.session_changes import SessionChange
    from botmeter.sources.reader import SourceFile

    _Read = Callable[[Ledger], list[Submission]]

_COUNTS = ("accepted", "duplicates", "conflicts", "rejected")
_REJECTION = ("index", "event_id", "code", "detail")
# All of them are in quarantine.
_REJECTIONS_PRINTED_MAX = 5

commands = Commands()


@commands.command(
    "import",
    epilog=examples(
        ("Can be repeated: nothing counts twice.", "botmeter import events.ndjson --account acme"),
        ("Several files:", "botmeter import day-1.csv day-2.csv.gz --account acme"),
        ("A file with other columns:", "botmeter import chats.csv -a acme --mapping columns.toml"),
        ("Webhook payloads of a source:", "botmeter import webhooks.ndjson --account acme --source desk"),
        ("From another program:", "cat events.ndjson | botmeter import - --account acme"),
        ("Preview it first:", "botmeter import events.ndjson --account acme --dry-run"),
    ),
)
def import_events(
    files: options.EventFiles,
    account: options.AccountName,
    source: options.Source = DEFAULT_SOURCE,
    mapping: options.MappingFile = None,
    input_format: options.InputFormat = None,
    encoding: options.Encoding = None,
    sheet: options.Sheet = None,
    header_row: options.HeaderRow = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Show what would happen, and import nothing.")] = False,
    strict: Annotated[bool, Option("--strict", help="Exit with code 3 if any event is rejected or conflicts.")] = False,
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Import events into an account and print a receipt.

    Events are identified by source and id: a repeated event is a duplicate, and one with different
    content is a conflict; the first one counts. If the source is one of the account's or a
    platform's code, files are read in that platform's format. Invalid events go into quarantine.
    A command imports all of its files or none, so an interrupted import can be repeated. `botmeter
    imports undo` undoes it.
    """
    from botmeter.sources.table_options import TableOptions

    table = TableOptions(encoding=encoding, sheet=sheet, header_row=header_row)
    sources = source_files(files, mapping=mapping, input_format=input_format, table=table)
    preview: ImportPreview | None = None
    with progress("reading" if dry_run else "importing", total=total_bytes(sources)) as follow:
        read = partial(_submissions, sources, source=source, mapping=mapping_text(mapping), follow=follow)
        if dry_run:
            preview = _preview(data, account, read=read)
            receipts = list(preview.receipts)
        else:
            receipts, records = _imported(data, account, read=read, size_bytes=total_bytes(sources))
    if not dry_run:
        for record in records:
            record_in_audit(data, Action.IMPORTED, account=account, **import_detail(record))
    _show_receipts([file.label for file in sources], receipts, preview=preview, form=form)
    _report_rejections(receipts, None if dry_run else account)
    rejections = [rejection for receipt in receipts for rejection in receipt.rejections]
    accepted_count = sum(receipt.accepted + receipt.duplicates for receipt in receipts)
    say_if_foreign(rejections, mapping=mapping, accepted_count=accepted_count)
    if strict and any(receipt.rejected or receipt.conflicts for receipt in receipts):
        raise Exit(DIFFERENT)


def _imported(
    data: Path | None, account: str, *, read: "_Read", size_bytes: int | None
) -> "tuple[list[Receipt], list[ImportRecord]]":
    from botmeter.ledger.append_beside import append_import
    from botmeter.ledger.imports import imports

    with owned_folder(data) as folder, folder.importing(account, size_bytes=size_bytes) as access:
        receipts = append_import(access, lambda: read(access.ledger), now_us=now_us())
        close_due_cycles(folder, access.ledger)
        return receipts, imports(access.ledger, limit=len(receipts))[::-1]


def _preview(data: Path | None, account: str, *, read: "_Read") -> "ImportPreview":
    from botmeter.ledger.import_preview import import_preview

    with owned_folder(data) as folder, folder.rehearsing(account) as ledger:
        return import_preview(ledger, read(ledger), now_us=now_us())


def _show_receipts(
    names: list[str], receipts: list[Receipt], *, preview: "ImportPreview | None", form: options.Form
) -> None:
    change = None if preview is None else preview.sessions
    if form == "json":
        show_json(receipts_as_mapping(names, receipts) | (change_as_mapping(change) if change else {}))
    else:
        show_rows(("file", *_COUNTS), _rows(names, receipts), form=form)
    if change is not None:
        say(f"nothing was imported; effect of the import: {change_text(change)}")


def change_as_mapping(change: "SessionChange | None") -> dict[str, object]:
    """Effect on sessions, as in JSON; None: unknown."""
    return {
        "sessions_added": change and change.difference,
        "days": change and change.day_count,
        "restated_days": change and change.restated_day_count,
    }


def change_text(change: "SessionChange") -> str:
    """Effect on sessions: `1,871 sessions more on 31 days, 4 of them over, so restated`."""
    if change.day_count == 0:
        return "no change of sessions"
    direction = "fewer" if change.difference < 0 else "more"
    text = f"{counted(abs(change.difference), 'session')} {direction} on {counted(change.day_count, 'day')}"
    if change.restated_day_count == 0:
        return text
    return f"{text}, {change.restated_day_count:,} of them over, so restated"


def receipts_as_mapping(names: list[str], receipts: list[Receipt]) -> dict[str, object]:
    """One file's receipt, or a sum with all under `files`."""
    mapping = fields_of(Receipt.sum_of(receipts), _COUNTS)
    mapping["rejections"] = [fields_of(each, _REJECTION) for receipt in receipts for each in receipt.rejections]
    if len(receipts) > 1:
        pairs = zip(names, receipts, strict=True)
        mapping["files"] = [{"file": name, **receipts_as_mapping([name], [receipt])} for name, receipt in pairs]
    return mapping


def _submissions(
    sources: "list[SourceFile]", ledger: "Ledger", *, source: str, mapping: str | None, follow: Follow
) -> "list[Submission]":
    from botmeter.ledger.append import Submission
    from botmeter.ledger.imports import ImportedFile
    from botmeter.sources.reader import size_bytes
    from botmeter.sources.source_files import batches_of_source, source_named

    known = source_named(ledger, source)
    name = checked_source_name(source) if known is None else known.name
    submissions = []
    for file in sources:
        label = "stdin" if file.label == "-" else file.label.rpartition("/")[2]
        submission = Submission(
            source=name,
            batches=follow(batches_of_source(file, known)),
            label=label,
            file=ImportedFile(name=label, size_bytes=size_bytes(file), mapping=mapping, by=COMMAND_LINE),
        )
        submissions.append(submission)
    return submissions


def _rows(names: list[str], receipts: list[Receipt]) -> list[dict[str, object]]:
    rows = [{"file": name, **fields_of(receipt, _COUNTS)} for name, receipt in zip(names, receipts, strict=True)]
    if len(rows) > 1:
        rows.append({"file": "all files", **fields_of(Receipt.sum_of(receipts), _COUNTS)})
    return rows


def _report_rejections(receipts: list[Receipt], account: str | None) -> None:
    quarantined_count = sum(receipt.rejected + receipt.conflicts for receipt in receipts)
    if not quarantined_count:
        return
    listed = [rejection for receipt in receipts for rejection in receipt.rejections][:_REJECTIONS_PRINTED_MAX]
    for rejection in listed:
        say_rejection(rejection)
    if quarantined_count > len(listed):
        say(f"… and {quarantined_count - len(listed):,} more")
    if account is None:
        return
    verb = "is" if quarantined_count == 1 else "are"
    say(f"{counted(quarantined_count, 'event')} {verb} in quarantine: botmeter quarantine list --account {account}")
