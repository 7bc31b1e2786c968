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
from botmeter.lake.record import LakeRecord, commit_record, newest_record, tables_for_writing
from botmeter.lake.root import LakeRoot, storage_refused
from botmeter.lake.small_tables import SmallTables
from botmeter.lake.task_database import TableFiles, create_current_view, task_database
from botmeter.ledger.statements import statements_of
from botmeter.metering.columns import Ints

sql = statements_of(__name__)

COMPACTED_FROM_SHARE: Final = 0.1
"""Below, a compaction costs more than what readers save."""
NEW_FILES_MAX: Final = 256
"""Files of added sessions: each costs a reader some tenths of a ms, and a run adds one or few of each table."""
FILE_ROWS_MAX: Final = 1_000_000
"""Rows of a file: a larger month is cut by buckets, so that tasks of few keys read few of its files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompactTask:
    """Days of some months, since 1970, both included."""

    root: LakeRoot
    first_day: int
    last_day: int
    stored: TableFiles


def compact_months(task: CompactTask) -> dict[str, list[LakeFile]]:
    """Write the rows of some months that count; return the files by table."""
    files = {}
    for table in REPLACED_BY:
        is_day = TIME_COLUMNS[table] == "day"
        first, last = task.first_day, task.last_day
        bounds = (first, last) if is_day else (first * DAY_US, (last + 1) * DAY_US - 1)
        own = task.stored.of(table, f"{table}_new").where(TIME_COLUMNS[table], first=bounds[0], last=bounds[1])
        replacement = REPLACED_BY[table].table
        available = TableFiles(root=task.root, files={**own.files, replacement: task.stored.files.get(replacement, ())})
        with task_database() as connection:
            create_current_view(connection, table, available=available)
            statement = "rows_of_days" if is_day else "rows_of_instants"
            rows = connection.sql(
                sql(statement, table=table), params={"first": bounds[0], "last": bounds[1]}
            ).to_arrow_table()
        files[table] = _written(task.root, table, rows=rows)
    return files


def compact(root: LakeRoot, *, engine: Engine, now_us: int, from_share: float = 0.0) -> LakeRecord:
    """Compact a lake; return its new record, or the present one where there is nothing to do.

    Args:
        from_share: Least part of the sessions that was replaced since the last compaction, for one that nobody asked
            for; many added files are a reason too.

    Raises:
        Conflict: `lake_run_superseded` if a run was recorded meanwhile.
        Unavailable: `lake_storage_failed`, `disk_full`.
    """
    with storage_refused(root):
        return _compact(root, engine=engine, now_us=now_us, from_share=from_share)


def _compact(root: LakeRoot, *, engine: Engine, now_us: int, from_share: float) -> LakeRecord:
    record = newest_record(root)
    tables = tables_for_writing(root, record)
    stored = {name: table.files() for name, table in tables.items()}
    replacements = {replacement.table for replacement in REPLACED_BY.values()}
    outdated = [*(f"{table}_new" for table in REPLACED_BY), *sorted(replacements)]
    if not _is_due(stored, from_share=from_share):
        return record
    small = SmallTables.read(root, stored)
    if not any(stored[name] for name in outdated) and _is_by_month(stored["session"], small):
        return record
    tasks = [
        CompactTask(
            root=root,
            first_day=first,
            last_day=last,
            stored=TableFiles(root=root, files={name: tuple(files) for name, files in stored.items()}),
        )
        for first, last in _spans(small)
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


def _is_by_month(files: Sequence[LakeFile], small: SmallTables) -> bool:
    # The files of a first run are of buckets, each with all months.
    month_file_count = sum(-(-count // FILE_ROWS_MAX) for count in _month_counts(small).values())
    bounds = [np.array(file.bounds["started_at"]) // DAY_US for file in files]
    return len(files) == month_file_count and all(np.ptp(_months_of(days)) == 0 for days in bounds)


def _month_counts(small: SmallTables) -> dict[int, int]:
    counts: dict[int, int] = {}
    for (day, *_), count in small.session_usage.items():
        month = int(_months_of(np.array([day]))[0])
        counts[month] = counts.get(month, 0) + count
    return counts


def _spans(small: SmallTables) -> list[tuple[int, int]]:
    """First and last day of whole months with about `FILE_ROWS_MAX` sessions together."""
    counts = _month_counts(small)
    spans: list[tuple[int, int]] = []
    row_count = FILE_ROWS_MAX
    for month in sorted(counts):
        if row_count + counts[month] > FILE_ROWS_MAX:
            spans.append((month, month))
            row_count = 0
        spans[-1] = (spans[-1][0], month)
        row_count += counts[month]
    return [(_first_day(first), _first_day(last + 1) - 1) for first, last in spans]


def _months_of(days: Ints) -> Ints:
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)


def _first_day(month: int) -> int:
    return int(np.int64(month).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64))


def _written(root: LakeRoot, table: str, *, rows: pa.Table) -> list[LakeFile]:
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
        for first in range(start, start + count, FILE_ROWS_MAX):
            part = by_month.slice(first, min(FILE_ROWS_MAX, start + count - first))
            files.append(write_rows(root, table, rows=part))
        start += count
    return [file for file in files if file is not None]
