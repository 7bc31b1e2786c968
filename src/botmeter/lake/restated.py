"""Restatements of a run, as a ledger records them: days whose sessions changed after they were over.

Tasks that meter keys find the sessions of their keys that came or went; one task after them joins these by day.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self

import pyarrow as pa

from botmeter.lake.delta import LakeFile
from botmeter.lake.files import repeated, write_rows
from botmeter.lake.small_tables import SmallTables
from botmeter.lake.staged import BucketRange, StagedTable, Workspace, rows_of_all
from botmeter.lake.task_database import register, task_database
from botmeter.ledger.restatements import PastDays
from botmeter.ledger.statements import statements_of

_of_ledger = statements_of("botmeter.ledger.restatements")

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCounts:
    """Number of sessions by day, with the columns `day` and `session_count`."""

    before: pa.Table
    after: pa.Table

    @classmethod
    def of(cls, small: SmallTables) -> Self:
        summed = small.stored["session_usage"].group_by("day").aggregate([("session_count", "sum")])
        counts = Counter(dict(zip(summed["day"].to_pylist(), summed["session_count_sum"].to_pylist(), strict=True)))
        before = _counted(counts)
        changes: Counter[int] = Counter()
        for (day, *_), change in small.session_changes.items():
            changes[day] += change
        counts.update({_EPOCH + timedelta(days=day): change for day, change in changes.items()})
        return cls(before=before, after=_counted(counts))


def _counted(counts: Counter[date]) -> pa.Table:
    return pa.table(
        {"day": pa.array(counts.keys(), pa.date32()), "session_count": pa.array(counts.values(), pa.int64())}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RestateTask:
    """Days of some buckets, and their rows of `restated_days` from the tasks that metered keys."""

    workspace: Workspace
    buckets: BucketRange
    restated: tuple[StagedTable, ...]
    counts: DayCounts
    past_days: PastDays


def restate(task: RestateTask) -> LakeFile | None:
    """Write the restatements of these days."""
    restated = rows_of_all(task.workspace.root, task.restated, buckets=task.buckets)
    with task_database() as connection:
        tables = {"restated": restated, "old_day_count": task.counts.before, "session_usage": task.counts.after}
        for name, rows in tables.items():
            register(connection, name, rows=rows)
        query = _of_ledger("restatements_of_days", restated="restated")
        written = connection.sql(query, params=task.past_days.cause_values).to_arrow_table()
    run = repeated(task.workspace.run, len(written))
    return write_rows(task.workspace.root, "restatement", rows=written.append_column("run", run))
