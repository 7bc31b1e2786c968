"""Compaction: rows that count go to files of one month, the others are left out.

Afterwards the tables are right without `_new` and `_replaced`, and readers of a period open few files.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import pyarrow as pa

from botmeter.domain.instant import DAY_US
from botmeter.lake.delta import LakeFile
from botmeter.lake.engine import Engine
from botmeter.lake.files import write_rows
from botmeter.lake.layout import REPLACED_BY, TIME_COLUMNS
from botmeter.lake.record import LakeRecord, commit_record, newest_record, tables_at, tables_for_writing
from botmeter.lake.root import ROW_GROUP_ROWS, LakeRoot, storage_refused
from botmeter.lake.small_tables import SmallTables
from botmeter.lake.staged import BucketRange
from botmeter.lake.task_database import TableFiles, create_current_view, task_database
from botmeter.ledger.statements import statements_of
from botmeter.metering.columns import Ints

sql = statements_of(__name__)

COMPACTED_FROM_SHARE: Final = 0.1
"""Below, a compaction costs more than what readers save."""
NEW_FILES_MAX: Final = 256
"""Files of added sessions: each costs a reader some tenths of a ms, and a run adds one or few of each table."""
FILE_ROWS_MAX: Final = 1_000_000
"""Sessions of a task and rows of a file: a larger month is cut by buckets, so that a task needs the memory of one part,
and tasks of few keys read few files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactTask:
    """Days of some months, since 1970, both included, or some buckets of one month."""

    root: LakeRoot
    first_day: int
    last_day: int
    buckets: BucketRange
    rows_max: int
    stored: TableFiles


def compact_months(task: CompactTask) -> dict[str, list[LakeFile]]:
    """Write the rows of some months that count; return the files by table."""
    files = {}
    for table in REPLACED_BY:
        is_day = TIME_COLUMNS[table] == "day"
        first, last = task.first_day, task.last_day
        bounds = (first, last) if is_day else (first * DAY_US, (last + 1) * DAY_US - 1)
        buckets = {"first": task.buckets.first, "last": task.buckets.last}
        replacement = REPLACED_BY[table].table
        near = task.stored.of(table, f"{table}_new", replacement).where("bucket", **buckets)
        own = near.of(table, f"{table}_new").where(TIME_COLUMNS[table], first=bounds[0], last=bounds[1])
        available = TableFiles(root=task.root, files={**own.files, replacement: near.files[replacement]})
        with task_database() as connection:
            create_current_view(connection, table, available=available)
            statement = "rows_of_days" if is_day else "rows_of_instants"
            rows = connection.sql(
                sql(statement, table=table),
                params={
                    "first": bounds[0],
                    "last": bounds[1],
                    "first_bucket": task.buckets.first,
                    "last_bucket": task.buckets.last,
                },
            ).to_arrow_table()
        files[table] = _written(task.root, table, rows=rows, rows_max=task.rows_max)
    return files


def compact(
    root: LakeRoot,
    *,
    engine: Engine,
    now_us: int,
    from_share: float = 0.0,
    rows_max: int = FILE_ROWS_MAX,
    newest: LakeRecord | None = None,
) -> LakeRecord:
    """Compact a lake; return its new record, or the present one where there is nothing to do.

    Args:
        from_share: Least part of the sessions that was replaced since the last compaction, for one that nobody asked
            for; many added files are a reason too.
        rows_max: Sessions of a task.
        newest: The newest record, where it was just made.

    Raises:
        Conflict: `lake_run_superseded` if a run was recorded meanwhile.
        Unavailable: `lake_storage_failed`, `disk_full`.
    """
    with storage_refused(root):
        record = newest or newest_record(root)
        counted = {name: record.versions[name] for name in ("session", "session_new", "session_replaced")}
        files = {name: table.files() for name, table in tables_at(root, counted).items()}
        if not _is_due(files, from_share=from_share):
            return record
        return _compacted(root, engine=engine, now_us=now_us, rows_max=rows_max)


def _compacted(root: LakeRoot, *, engine: Engine, now_us: int, rows_max: int) -> LakeRecord:
    record = newest_record(root)
    tables = tables_for_writing(root, record)
    stored = {name: table.files() for name, table in tables.items()}
    replacements = {replacement.table for replacement in REPLACED_BY.values()}
    outdated = [*(f"{table}_new" for table in REPLACED_BY), *sorted(replacements)]
    months = _months(SmallTables.read(root, stored), rows_max=rows_max, bucket_count=record.buckets)
    if not any(stored[name] for name in outdated) and _is_by_month(stored["session"], months):
        return record
    tasks = [
        CompactTask(
            root=root,
            first_day=_first_day(span.first),
            last_day=_first_day(span.last + 1) - 1,
            buckets=buckets,
            rows_max=rows_max,
            stored=TableFiles(root=root, files={name: tuple(files) for name, files in stored.items()}),
        )
        for span in _spans(months, rows_max=rows_max)
        for buckets in span.parts
    ]
    written = engine.run(compact_months, tasks)
    versions = {**record.versions, "receipt": tables["receipt"].commit([], now_us=now_us)}
    for name in (*REPLACED_BY, *outdated):
        added = [file for files in written for file in files.get(name, [])]
        if added or stored[name]:
            versions[name] = tables[name].commit(added, removed=stored[name], now_us=now_us)
    compacted = replace(
        record, number=record.number + 1, kind="compact", recorded_at=now_us, versions=versions, files=[], counts={}
    )
    commit_record(root, compacted)
    return compacted


def _is_due(stored: dict[str, list[LakeFile]], *, from_share: float) -> bool:
    stored_count = _row_count(stored["session"]) + _row_count(stored["session_new"])
    is_scattered = len(stored["session_new"]) >= NEW_FILES_MAX
    return is_scattered or _row_count(stored["session_replaced"]) >= from_share * stored_count


def _row_count(files: Sequence[LakeFile]) -> int:
    return sum(file.row_count for file in files)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Months:
    """Months since 1970, both included, their sessions, and the buckets that are compacted together."""

    first: int
    last: int
    session_count: int
    parts: tuple[BucketRange, ...]


def _is_by_month(files: Sequence[LakeFile], months: Sequence[_Months]) -> bool:
    # The files of a first run are of buckets, each with all months. A part has some more rows than others, and so a
    # second file.
    files_max = sum(1 if len(month.parts) == 1 else 2 * len(month.parts) for month in months)
    bounds = [np.array(file.bounds["started_at"]) // DAY_US for file in files]
    return len(files) <= files_max and all(np.ptp(_months_of(days)) == 0 for days in bounds)


def _months(small: SmallTables, *, rows_max: int, bucket_count: int) -> list[_Months]:
    months = []
    for month, count in _month_counts(small):
        size = max(1, bucket_count * rows_max // max(count, 1))
        starts = range(0, bucket_count, size)
        parts = tuple(BucketRange(first=first, last=min(first + size, bucket_count) - 1) for first in starts)
        months.append(_Months(first=month, last=month, session_count=count, parts=parts))
    return months


def _month_counts(small: SmallTables) -> list[tuple[int, int]]:
    usage = small.stored["session_usage"]
    days = usage["day"].cast(pa.int32()).to_numpy().astype(np.int64)
    months, places = np.unique(_months_of(days), return_inverse=True)
    counts = np.zeros(len(months), np.int64)
    np.add.at(counts, places, usage["session_count"].to_numpy())
    return list(zip(months.tolist(), counts.tolist(), strict=True))


def _spans(months: Sequence[_Months], *, rows_max: int) -> list[_Months]:
    """Join small months that follow each other."""
    spans: list[_Months] = []
    for month in months:
        last = spans[-1] if spans else None
        if last is not None and last.session_count + month.session_count <= rows_max:
            spans[-1] = replace(last, last=month.last, session_count=last.session_count + month.session_count)
        else:
            spans.append(month)
    return spans


def _months_of(days: Ints) -> Ints:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _first_day(month: int) -> int:
    return int(np.int64(month).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64))


def _written(root: LakeRoot, table: str, *, rows: pa.Table, rows_max: int) -> list[LakeFile]:
    column = TIME_COLUMNS[table]
    if column == "day":
        days = rows["day"].cast(pa.int32()).to_numpy().astype(np.int64)
    else:
        days = rows[column].to_numpy() // DAY_US
    months = _months_of(days)
    by_month = rows.take(pa.array(np.lexsort((rows["bucket"].to_numpy(), months))))
    _, counts = np.unique(months, return_counts=True)
    files, start = [], 0
    for count in counts.tolist():
        for first in range(start, start + count, rows_max):
            part = by_month.slice(first, min(rows_max, start + count - first))
            files.append(write_rows(root, table, rows=part, row_group_rows=ROW_GROUP_ROWS))
        start += count
    return [file for file in files if file is not None]
