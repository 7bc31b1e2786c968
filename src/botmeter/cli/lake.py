"""Commands of `lake`."""

import gc
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Annotated, Literal

from typer import Exit, Option

from botmeter.cli import options
from botmeter.cli.accounts import DEFAULT_POLICY
from botmeter.cli.command_groups import command_group, examples
from botmeter.cli.context import lake_root
from botmeter.cli.data_dir import owned_folder
from botmeter.cli.event_files import mapping_text, source_files
from botmeter.cli.failures import DIFFERENT
from botmeter.cli.output import fields_of, say, show_json, show_record, show_rows
from botmeter.cli.policy_texts import policy_named, schedule_rows
from botmeter.domain.account import Account
from botmeter.domain.errors import Conflict, Missing, Refused
from botmeter.domain.instant import now_us, text_from_us
from botmeter.domain.receipt import Receipt
from botmeter.domain.source import DEFAULT_SOURCE, Source, checked_source_name
from botmeter.domain.text import counted

if TYPE_CHECKING:
    from botmeter.lake.engine import Engine
    from botmeter.lake.record import LakeRecord
    from botmeter.lake.root import LakeRoot
    from botmeter.lake.run import LakeRun
    from botmeter.lake.verification import LakeVerification

_DAMAGED = ("file", "problem")
_DIFFERENCE = ("table", "row", "is_stored")
_METERED = ("event", "session", "duplicate", "difference")
_COUNTS = ("accepted", "duplicates", "conflicts", "rejected")
# Containers between two searches for garbage. A run loads 150,000, and searching them takes 2 % of a small one.
_SEARCH_AFTER = 200_000

Address = Annotated[str, Option("--lake", metavar="URI", help="Folder of the lake, or s3://BUCKET/FOLDER.")]
EngineName = Annotated[
    Literal["here", "spark"], Option("--engine", help="Where tasks run: in this process, or on Apache Spark.")
]
Master = Annotated[
    str | None, Option("--master", metavar="URL", help="Master of Spark. Default: that of spark-submit.")
]

commands = command_group("lake", "Lakes, for accounts past one machine.")


@commands.command(
    epilog=examples(
        ("", "botmeter lake run events.ndjson --lake acme-lake --account acme"),
        (
            "On a cluster that sees the same folder:",
            "botmeter lake run events.ndjson --lake acme-lake -a acme --engine spark",
        ),
    )
)
def run(
    files: options.EventFiles,
    lake: Address,
    account: options.AccountName,
    source: options.Source = DEFAULT_SOURCE,
    mapping: options.MappingFile = None,
    policy: Annotated[
        str | None,
        Option("--policy", metavar="NAME|FILE", help=f"Policy of a new lake. Default: {DEFAULT_POLICY}."),
    ] = None,
    input_format: options.InputFormat = None,
    encoding: options.Encoding = None,
    sheet: options.Sheet = None,
    header_row: options.HeaderRow = None,
    skips_unreadable: Annotated[
        bool, Option("--skip-unreadable", help="Leave out files that can't be read, and name them.")
    ] = False,
    engine: EngineName = "here",
    master: Master = None,
    form: options.Form = "table",
) -> None:
    """Meter files of events into a lake, which is created at the first run.

    Files that an earlier run has read are left out, so a run can be repeated. Nothing counts until the
    whole run is recorded. A file that can't be read stops the run, unless it is skipped. When a tenth of
    the sessions was replaced, the lake is compacted.
    """
    from botmeter.lake.compact import COMPACTED_FROM_SHARE, compact
    from botmeter.lake.root import LakeRoot
    from botmeter.lake.run import FilesOfSource, run_lake
    from botmeter.sources.stream import STDIN
    from botmeter.sources.table_options import TableOptions

    gc.set_threshold(_SEARCH_AFTER)
    if STDIN in files:
        raise Refused("arguments_clash", "A lake reads files, not standard input (-), so that a run can be repeated.")
    table = TableOptions(encoding=encoding, sheet=sheet, header_row=header_row)
    sources = source_files(files, mapping=mapping, input_format=input_format, table=table)
    mapping_text(mapping)
    name, root = checked_source_name(source), LakeRoot.at(lake)
    _prepare(root, account=account, policy=policy)
    of_source = _source_named(source)
    given = FilesOfSource(files=sources, name=name, source=of_source, skips_unreadable=skips_unreadable)
    with _engine(engine, master=master) as tasks:
        outcome = run_lake(root, given, engine=tasks, now_us=now_us(), note=lambda stage: say(f"stage: {stage}"))
        record = compact(root, engine=tasks, now_us=now_us(), from_share=COMPACTED_FROM_SHARE, newest=outcome.record)
    rows = [{"file": name, **fields_of(receipt, _COUNTS)} for name, receipt in outcome.receipts.items()]
    if form == "json":
        total = fields_of(Receipt.sum_of(outcome.receipts.values()), _COUNTS)
        show_json({**total, "files": rows, **_left_out(outcome), **_state(record)})
    else:
        show_rows(("file", *_COUNTS), rows, form=form)
    for problem in outcome.skipped.values():
        say(f"skipped: {problem}")
    if outcome.known:
        say(f"{counted(len(outcome.known), 'file')} left out: read by an earlier run")


@commands.command(epilog=examples(("", "botmeter lake show --lake acme-lake")))
def show(lake: Address, form: options.Form = "table") -> None:
    """Show the account, the policies and the last record of a lake."""
    from botmeter.lake.record import newest_record
    from botmeter.lake.root import LakeRoot

    record = newest_record(LakeRoot.at(lake))
    fields = {"account": record.account, "available_from": record.available_from.isoformat(), **_state(record)}
    if form == "json":
        show_json({**fields, "policies": schedule_rows(record.schedule), "tables": record.versions})
    else:
        show_record(fields, form=form)


@commands.command("compact", epilog=examples(("", "botmeter lake compact --lake acme-lake")))
def compact_lake(lake: Address, engine: EngineName = "here", master: Master = None) -> None:
    """Write the rows that count into files of one month.

    No number changes. Afterwards the tables alone are right for other programs, and reports open few files.
    """
    from botmeter.lake.compact import compact
    from botmeter.lake.root import LakeRoot

    root = LakeRoot.at(lake)
    with _engine(engine, master=master) as tasks:
        record = compact(root, engine=tasks, now_us=now_us())
    say(f"the lake at {root.uri} is compact; record {record.number}")


@commands.command("vacuum", epilog=examples(("", "botmeter lake vacuum --lake acme-lake")))
def vacuum_lake(
    lake: Address,
    hours: Annotated[
        int, Option("--older-than", metavar="HOURS", help="Age of what is deleted: 24 hours at least.")
    ] = 168,
    form: options.Form = "table",
) -> None:
    """Drop old records and delete the files that only they need.

    The newest record and those of the last HOURS stay, with all their files. No number changes.
    """
    from botmeter.lake.root import LakeRoot
    from botmeter.lake.vacuum import vacuum

    done = vacuum(LakeRoot.at(lake), now_us=now_us(), kept_hours=hours)
    fields = {"records_dropped": done.record_count, "files_deleted": done.file_count, "record": done.record.number}
    if form == "json":
        show_json(fields)
    else:
        show_record(fields, form=form)


@commands.command("verify", epilog=examples(("", "botmeter lake verify --lake acme-lake")))
def verify_lake(lake: Address, form: options.Form = "table") -> None:
    """Read all files of the last record, meter all events again and compare.

    The exit code is 3 if a file is damaged or missing, or if any stored session or count differs from what the events
    give.
    """
    from botmeter.lake.root import LakeRoot
    from botmeter.lake.verification import verify_lake as verified

    result = verified(LakeRoot.at(lake))
    metered = result.metered
    damaged = [fields_of(each, _DAMAGED) for each in result.damaged]
    rows = [] if metered is None else [fields_of(each, _DIFFERENCE) for each in metered.differences]
    counts = {"record": result.record.number, "files": result.file_count, "damaged_files": damaged}
    if form == "json":
        more = {} if metered is None else {f"{name}s": getattr(metered, f"{name}_count") for name in _METERED}
        show_json({**counts, **more, "wrong_keys": result.wrong_key_count, "first_differences": rows})
    elif damaged:
        show_rows(_DAMAGED, damaged, form=form)
    elif rows or form == "csv":
        show_rows(_DIFFERENCE, rows, form=form)
    say(_verified(result))
    if not result.is_clean:
        raise Exit(DIFFERENT)


@commands.command(
    "import-from-ledger", epilog=examples(("", "botmeter lake import-from-ledger --lake acme-lake -a acme"))
)
def import_from_ledger(lake: Address, account: options.AccountName, data: options.Data = None) -> None:
    """Move the events and sessions of an account to a new lake, which it serves from then on.

    Plans, purchases, corrections and statements stay in the account's file. No number changes. The command can be
    repeated if it was interrupted.
    """
    from botmeter.lake.move import import_from_ledger as moved

    root = lake_root(lake)
    with owned_folder(data) as folder:
        record = moved(folder, account, root=root, now_us=now_us())
    say(f"account {record.account} is in the lake at {root.uri}: {counted(record.event_count, 'event')}")
    say(f"next: botmeter lake run FILE --lake {root.uri} --account {record.account}")


@commands.command("export-to-ledger", epilog=examples(("", "botmeter lake export-to-ledger --lake acme-lake -a acme")))
def export_to_ledger(lake: Address, account: options.AccountName, data: options.Data = None) -> None:
    """Move the last record of a lake to the account's file, which has its own events from then on.

    The account is created if it is missing. The lake stays as it is. No number changes.
    """
    from botmeter.lake.move import export_to_ledger as moved

    root = lake_root(lake)
    with owned_folder(data, is_new=True) as folder:
        record = moved(folder, account, root=root, now_us=now_us())
    say(f"account {record.account} has its own events: {counted(record.event_count, 'event')}")


def _verified(result: "LakeVerification") -> str:
    read = f"record {result.record.number}, {counted(result.file_count, 'file')} read"
    metered = result.metered
    if metered is None:
        return f"{read}, of which {len(result.damaged):,} damaged or missing; nothing was metered"
    read = f"{read}, {counted(metered.event_count, 'event')} metered again, {counted(metered.session_count, 'session')}"
    if result.is_clean:
        return f"{read}: no difference"
    return (
        f"{read}: {counted(metered.difference_count, 'difference')}, {counted(metered.duplicate_count, 'duplicate')}, "
        f"{counted(result.wrong_key_count, 'wrong key')}"
    )


def _prepare(root: "LakeRoot", *, account: str, policy: str | None) -> None:
    from botmeter.lake.record import create_lake, newest_record, policy_terms
    from botmeter.metering.policy import schedule_of

    wanted = Account(name=account)
    try:
        record = newest_record(root)
    except Missing:
        schedule = schedule_of(policy_named(policy or DEFAULT_POLICY))
        create_lake(root, wanted, schedule=schedule, now_us=now_us())
        say(f"created the lake of account {wanted.name} at {root.uri}")
        return
    if record.account != wanted.name:
        raise Conflict("lake_account_differs", f"The lake at {root.uri} is of account {record.account}.")
    if policy is not None and policy_terms(schedule_of(policy_named(policy))) != record.policies:
        labels = ", ".join(term.policy.label for term in record.schedule)
        raise Conflict("lake_policy_differs", f"The lake at {root.uri} is metered under {labels}. Leave --policy out.")


def _source_named(name: str) -> Source | None:
    from botmeter.sources.platforms.registry import platform_codes

    return Source(name=name, platform=name) if name in platform_codes() else None


def _engine(name: str, *, master: str | None) -> "AbstractContextManager[Engine]":
    from botmeter.lake.engine import Here

    if name == "here" and master is not None:
        raise Refused("arguments_clash", "--master needs --engine spark.")
    if name == "here":
        return nullcontext(Here())
    from botmeter.lake.spark import spark_engine

    return spark_engine(master)


def _left_out(outcome: "LakeRun") -> dict[str, object]:
    skipped = [{"file": name, "problem": problem} for name, problem in outcome.skipped.items()]
    return {"files_skipped": skipped, "files_read_before": list(outcome.known)}


def _state(record: "LakeRecord") -> dict[str, object]:
    last_us = record.last_event_us
    return {
        "record": record.number,
        "run": record.run,
        "recorded_at": text_from_us(record.recorded_at),
        "events": record.event_count,
        "last_event_at": None if last_us is None else text_from_us(last_us),
    }
