"""`import`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botmeter.cli import options
from botmeter.cli.command_groups import Commands, examples
from botmeter.cli.context import COMMAND_LINE
from botmeter.cli.data_dir import opened_ledger
from botmeter.cli.event_files import mapping_text, source_files, total_bytes
from botmeter.cli.output import fields_of, say, say_rejection, show_json, show_rows
from botmeter.cli.progress import Follow, progress
from botmeter.domain.instant import now_us
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import DEFAULT_SOURCE, Source, checked_source_name
from botmeter.domain.text import counted

if TYPE_CHECKING:
    from botmeter.ledger.append import Submission
    from botmeter.sources.reader import SourceFile

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
    data: options.Data = None,
    form: options.Form = "table",
) -> None:
    """Import events into an account and print a receipt.

    Events are identified by source and id: a repeated event is a duplicate, and one with different
    content is a conflict; the first one counts. If the source is one of the account's or a
    platform's code, files are read in that platform's format. Invalid events go into quarantine.
    A command imports all of its files or none, so an interrupted import can be repeated.
    """
    from botmeter.ledger.append import append
    from botmeter.sources.source_files import source_named
    from botmeter.sources.table_options import TableOptions

    table = TableOptions(encoding=encoding, sheet=sheet, header_row=header_row)
    sources = source_files(files, mapping=mapping, input_format=input_format, table=table)
    with (
        opened_ledger(data, account) as ledger,
        progress("importing", total=total_bytes(sources)) as follow,
    ):
        known = source_named(ledger, source) or checked_source_name(source)
        submissions = list(_submissions(sources, known, mapping=mapping_text(mapping), follow=follow))
        receipts = append(ledger, submissions, now_us=now_us())
    names = [file.label for file in sources]
    if form == "json":
        show_json(receipts_as_mapping(names, receipts))
    else:
        show_rows(("file", *_COUNTS), _rows(names, receipts), form=form)
    _report_rejections(receipts, account)


def receipts_as_mapping(names: list[str], receipts: list[Receipt]) -> dict[str, object]:
    """One file's receipt, or a sum with each under `files`."""
    mapping = fields_of(Receipt.sum_of(receipts), _COUNTS)
    mapping["rejections"] = [fields_of(each, _REJECTION) for receipt in receipts for each in receipt.rejections]
    if len(receipts) > 1:
        pairs = zip(names, receipts, strict=True)
        mapping["files"] = [{"file": name, **receipts_as_mapping([name], [receipt])} for name, receipt in pairs]
    return mapping


def _submissions(
    sources: "list[SourceFile]", source: Source | str, *, mapping: str | None, follow: Follow
) -> "Iterator[Submission]":
    from botmeter.ledger.append import Submission
    from botmeter.ledger.imports import ImportedFile
    from botmeter.sources.reader import size_bytes
    from botmeter.sources.source_files import batches_of_source

    known, name = (None, source) if isinstance(source, str) else (source, source.name)
    for file in sources:
        label = "stdin" if file.label == "-" else file.label.rpartition("/")[2]
        yield Submission(
            source=name,
            batches=follow(batches_of_source(file, known)),
            label=label,
            file=ImportedFile(name=label, size_bytes=size_bytes(file), mapping=mapping, by=COMMAND_LINE),
        )


def _rows(names: list[str], receipts: list[Receipt]) -> list[dict[str, object]]:
    rows = [{"file": name, **fields_of(receipt, _COUNTS)} for name, receipt in zip(names, receipts, strict=True)]
    if len(rows) > 1:
        rows.append({"file": "all files", **fields_of(Receipt.sum_of(receipts), _COUNTS)})
    return rows


def _report_rejections(receipts: list[Receipt], account: str) -> None:
    quarantined_count = sum(receipt.rejected + receipt.conflicts for receipt in receipts)
    if not quarantined_count:
        return
    listed = [rejection for receipt in receipts for rejection in receipt.rejections][:_REJECTIONS_PRINTED_MAX]
    for rejection in listed:
        say_rejection(rejection)
    if quarantined_count > len(listed):
        say(f"… and {quarantined_count - len(listed):,} more")
    verb = "is" if quarantined_count == 1 else "are"
    say(f"{counted(quarantined_count, 'event')} {verb} in quarantine: botmeter quarantine list --account {account}")
