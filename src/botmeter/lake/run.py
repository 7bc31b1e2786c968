"""A run: new files of events → the next record. The driver has names, numbers and counts, never events.

Tasks write files that belong to nothing until the driver commits them, table by table, and then the record. A run that
is killed leaves the lake as it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.receipt import Receipt
from botmeter.domain.source import Source
from botmeter.lake.delta import LakeFile, LakeTable
from botmeter.lake.duplicates import Judged, Suspects
from botmeter.lake.engine import Engine
from botmeter.lake.files import read_table, write_rows
from botmeter.lake.land import Landed
from botmeter.lake.layout import SCHEMAS, SMALL_TABLES
from botmeter.lake.record import LakeRecord, commit_record, newest_record, tables_for_writing
from botmeter.lake.root import LakeRoot, storage_refused
from botmeter.lake.small_tables import SmallTables
from botmeter.lake.staged import Workspace, stage_folder
from botmeter.lake.stages import (
    InputFile,
    RunContext,
    TaskLimits,
    find_suspects,
    judge_suspects,
    land_files,
)
from botmeter.lake.task_database import TableFiles
from botmeter.lake.touched_tables import NewEvents, Note, TouchedTables, commit_tables, meter_touched
from botmeter.ledger.restatements import PastDays
from botmeter.outgoing.bucket_files import StoredFile, stored_files
from botmeter.outgoing.buckets import is_in_bucket
from botmeter.sources.reader import SourceFile, size_bytes

_LIMITS = TaskLimits()


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeRun:
    """Outcome of a run.

    Attributes:
        receipts: Of each file that was read, by its address.
        known: Files that an earlier run has read.
        skipped: Why files can't be read, by address; a later run reads them.
    """

    record: LakeRecord
    receipts: dict[str, Receipt]
    known: tuple[str, ...]
    skipped: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesOfSource:
    """Files to read and the name of their source.

    Attributes:
        source: None: it has no settings.
        skips_unreadable: Read the other files if one can't be read.
    """

    files: Sequence[SourceFile]
    name: str
    source: Source | None = None
    skips_unreadable: bool = False


def run_lake(
    root: LakeRoot,
    given: FilesOfSource,
    *,
    engine: Engine,
    now_us: int,
    note: Note = lambda _: None,
    limits: TaskLimits = _LIMITS,
) -> LakeRun:
    """Meter files that no earlier run has read; `note` is called with the name of each stage.

    Raises:
        Conflict: `lake_run_superseded` if another run was recorded meanwhile.
        Missing: `lake_missing`.
        Refused: As readers of files.
        Unavailable: `lake_storage_failed`, `disk_full`.
    """
    with storage_refused(root):
        return _run(root, given, engine=engine, now_us=now_us, note=note, limits=limits)


def _run(
    root: LakeRoot, given: FilesOfSource, *, engine: Engine, now_us: int, note: Note, limits: TaskLimits
) -> LakeRun:
    record = _before_reading(root, newest_record(root), engine=engine, now_us=now_us, note=note)
    tables = tables_for_writing(root, record)
    stored = {name: table.files() for name, table in tables.items()}
    inputs, known = _unread(root, given.files, receipts=stored["receipt"])
    if not inputs:
        return LakeRun(record=record, receipts={}, known=known)
    with stage_folder(root, record.run + 1) as folder:
        context = RunContext(
            workspace=Workspace(root=root, run=record.run + 1, folder=folder, bucket_count=record.buckets),
            engine=engine,
            record=record,
            stored=TableFiles(root=root, files={name: tuple(own) for name, own in stored.items()}),
            now_us=now_us,
            limits=limits,
        )
        note("land")
        landed = land_files(
            context,
            inputs,
            source=given.source,
            source_name=given.name,
            skips_unreadable=given.skips_unreadable,
        )
        outcomes = list(zip(inputs, landed, strict=True))
        skipped = {each.address: own.problem for each, own in outcomes if own.problem is not None}
        inputs = [each for each, own in outcomes if own.problem is None]
        if not inputs:
            return LakeRun(record=record, receipts={}, known=known, skipped=skipped)
        changes = _changes(context, [own for own in landed if own.problem is None], source_name=given.name, note=note)
        note("commit")
        outcome = _committed(context, tables, changes=changes, inputs=inputs, known=known)
        return replace(outcome, skipped=skipped)


def _before_reading(root: LakeRoot, record: LakeRecord, *, engine: Engine, now_us: int, note: Note) -> LakeRecord:
    # Rare, and the modules take 40 ms.
    if record.is_purge_due:
        from botmeter.lake.purge import finish_purge

        record = finish_purge(root, record, engine=engine, now_us=now_us)
    if record.waiting:
        from botmeter.lake.instructed import apply_waiting

        record = apply_waiting(root, record, engine=engine, now_us=now_us, note=note)
    return record


@dataclass(frozen=True, slots=True, kw_only=True)
class _Changes:
    source_name: str
    landed: list[Landed]
    suspects: list[Suspects]
    judged: list[Judged]
    touched: TouchedTables
    small: SmallTables

    def files(self) -> dict[str, list[LakeFile]]:
        files = self.touched.files()
        files["event_key"] += [own.index for own in self.suspects if own.index is not None]
        files["quarantine"] += [file for landed in self.landed for file in landed.quarantined]
        files["quarantine"] += [file for own in self.judged for file in own.quarantined]
        return files

    def receipts(self) -> list[Receipt]:
        receipts = []
        for each in self.landed:
            duplicates = each.erased_count + sum(own.duplicates.get(each.append_no, 0) for own in self.judged)
            conflicts = sum(own.conflicts.get(each.append_no, 0) for own in self.judged)
            read_count = each.erased_count + sum(part.events.row_count for part in each.parts)
            receipts.append(
                Receipt(
                    accepted=read_count - duplicates - conflicts,
                    duplicates=duplicates,
                    conflicts=conflicts,
                    rejected=each.rejected_count,
                )
            )
        return receipts


def _changes(context: RunContext, landed: list[Landed], *, source_name: str, note: Note) -> _Changes:
    small = SmallTables.read(context.workspace.root, {name: [*context.stored.files[name]] for name in SMALL_TABLES})
    parts = [part for each in landed for part in each.parts]
    note("duplicates")
    suspects = find_suspects(context, parts)
    judged = judge_suspects(context, parts, suspects=suspects)
    dropped = [each.dropped for each in judged if each.dropped is not None]
    latest_us, past_days = context.record.last_event_us, None
    if latest_us is not None:
        past_days = PastDays.of_append(landed[0].append_no, latest_us=latest_us, now_us=context.now_us)
    new = NewEvents(parts=parts, dropped=dropped, past_days=past_days)
    touched = meter_touched(context, new, small=small, note=note)
    return _Changes(
        source_name=source_name,
        landed=landed,
        suspects=suspects,
        judged=judged,
        touched=touched,
        small=small,
    )


def _committed(
    context: RunContext,
    tables: dict[str, LakeTable],
    *,
    changes: _Changes,
    inputs: Sequence[InputFile],
    known: tuple[str, ...],
) -> LakeRun:
    receipts, added = changes.receipts(), changes.files()
    rows = _receipt_rows(context, changes, inputs=inputs, receipts=receipts)
    file = write_rows(context.workspace.root, "receipt", rows=rows)
    added["receipt"] += [] if file is None else [file]
    versions = commit_tables(context, tables, added=added, removed={}, small=changes.small)
    record = _next_record(context, changes, versions=versions, inputs=inputs)
    commit_record(context.workspace.root, record)
    by_address = dict(zip((each.address for each in inputs), receipts, strict=True))
    return LakeRun(record=record, receipts=by_address, known=known)


def _next_record(
    context: RunContext, changes: _Changes, *, versions: dict[str, int], inputs: Sequence[InputFile]
) -> LakeRecord:
    total = Receipt.sum_of(changes.receipts())
    instants = [file.bounds["occurred_at"][1] for file in changes.touched.files()["event"]]
    if context.record.last_event_us is not None:
        instants.append(context.record.last_event_us)
    return replace(
        context.record,
        number=context.record.number + 1,
        kind="run",
        recorded_at=context.now_us,
        run=context.workspace.run,
        versions=versions,
        next_append_no=changes.landed[-1].append_no + 1,
        files=[each.address for each in inputs],
        counts={
            "accepted": total.accepted,
            "duplicates": total.duplicates,
            "conflicts": total.conflicts,
            "rejected": total.rejected,
            "metered": sum(each.metered_count for each in changes.touched.metered),
            "sessions": sum(each.session_count for each in changes.touched.metered),
        },
        event_count=context.record.event_count + total.accepted,
        last_event_us=max(instants, default=None),
    )


def _receipt_rows(
    context: RunContext, changes: _Changes, *, inputs: Sequence[InputFile], receipts: Sequence[Receipt]
) -> pa.Table:
    rows = [
        {
            "run": context.workspace.run,
            "append_no": landed.append_no,
            "recorded_at": context.now_us,
            "source": changes.source_name,
            "label": each.file.label.rpartition("/")[2],
            "file": each.address,
            "fingerprint": each.fingerprint,
            "size_bytes": each.size_bytes,
            "accepted": receipt.accepted,
            "duplicates": receipt.duplicates,
            "conflicts": receipt.conflicts,
            "rejected": receipt.rejected,
        }
        for landed, each, receipt in zip(changes.landed, inputs, receipts, strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMAS["receipt"])


def _unread(
    root: LakeRoot, files: Iterable[SourceFile], *, receipts: Sequence[LakeFile]
) -> tuple[list[InputFile], tuple[str, ...]]:
    every = read_table(root, "receipt", files=receipts)
    # A file whose import was undone can be imported again.
    seen = every.filter(pc.is_null(every["undone_at"]))
    earlier = set(zip(seen["file"].to_pylist(), seen["fingerprint"].to_pylist(), strict=True))
    inputs, known = [], []
    files = list(files)
    in_buckets = stored_files([file.path for file in files if is_in_bucket(file.path)])
    for file in files:
        each = _input_file(file, in_buckets=in_buckets)
        if (each.address, each.fingerprint) in earlier:
            known.append(each.address)
        else:
            inputs.append(each)
            earlier.add((each.address, each.fingerprint))
    return inputs, tuple(known)


def _input_file(file: SourceFile, *, in_buckets: Mapping[str, StoredFile]) -> InputFile:
    # A file that is missing is refused by its reader.
    if is_in_bucket(file.path):
        stored = in_buckets.get(file.path)
        size, changed_ns = (None, 0) if stored is None else (stored.size_bytes, stored.changed_ns)
    else:
        # Workers have another working folder.
        path = Path(file.path).absolute()
        file = replace(file, path=str(path))
        size = size_bytes(file)
        changed_ns = path.stat().st_mtime_ns if path.is_file() else 0
    return InputFile(file=file, address=file.path, fingerprint=f"{size} bytes, {changed_ns} ns", size_bytes=size)
