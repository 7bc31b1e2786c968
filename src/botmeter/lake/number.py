"""Tasks: write sessions and rows of conversations with the numbers that the driver gave to sets of touchpoints."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.instant import DAY_US
from botmeter.lake.conversations import ConversationUsageKey, with_run_and_bucket
from botmeter.lake.delta import LakeFile
from botmeter.lake.files import write_rows
from botmeter.lake.remetered import UsageKey
from botmeter.lake.staged import StagedTable, Workspace, staged_rows

_SESSION_USAGE = ("day", "footprint", "opening_touchpoint", "preview")
_CONVERSATION_USAGE = ("day", "footprint", "preview")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsTask:
    """Piece of the sessions of a `RemeterTask`, to be written to `table`; `numbers` are those of its sets."""

    workspace: Workspace
    sessions: StagedTable
    numbers: tuple[int, ...]
    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsWritten:
    """File and counts of sessions; None: none."""

    file: LakeFile | None
    usage: dict[UsageKey, int]


def write_sessions(task: SessionsTask) -> SessionsWritten:
    """Write sessions with their footprints."""
    sessions = staged_rows(task.workspace.root, task.sessions)
    local = sessions["local_footprint"].to_numpy()
    footprint = np.where(local < 0, _numbered(np.maximum(-1 - local, 0), task.numbers), local).astype(np.int32)
    sessions = sessions.append_column("footprint", pa.array(footprint))
    days = pa.array((sessions["started_at"].to_numpy() // DAY_US).astype(np.int32))
    counts = _counts(sessions.append_column("day", days), _SESSION_USAGE)
    return SessionsWritten(
        file=write_rows(task.workspace.root, task.table, rows=sessions),
        usage=counts,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationsTask:
    """Piece of the rows of a `DeriveTask`, to be written to `table`: days, or tickets of sessions."""

    workspace: Workspace
    rows: StagedTable
    numbers: tuple[int, ...]
    table: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationsWritten:
    """File, and counts of conversations with one row; None: none."""

    file: LakeFile | None
    usage: dict[ConversationUsageKey, int]


def write_conversations(task: ConversationsTask) -> ConversationsWritten:
    """Write rows of conversations with their footprints."""
    rows = _with_footprints(staged_rows(task.workspace.root, task.rows), task.numbers)
    usage = {}
    if "has_other_rows" in rows.column_names:
        usage = _counts(rows.filter(pc.invert(rows["has_other_rows"])), _CONVERSATION_USAGE)
    stated = with_run_and_bucket(rows, task.workspace)
    day = stated["day"].cast(pa.date32())
    stated = stated.set_column(stated.schema.get_field_index("day"), "day", day)
    return ConversationsWritten(file=write_rows(task.workspace.root, task.table, rows=stated), usage=usage)


def _with_footprints(rows: pa.Table, numbers: tuple[int, ...]) -> pa.Table:
    local = rows["local_set"].fill_null(-1).to_numpy()
    known = rows["footprint"].to_numpy()
    footprint = np.where(local >= 0, _numbered(np.maximum(local, 0), numbers), known).astype(np.int32)
    return rows.set_column(rows.schema.get_field_index("footprint"), "footprint", pa.array(footprint))


def _numbered(indexes: np.ndarray, numbers: tuple[int, ...]) -> np.ndarray:
    return np.array(numbers or (0,), np.int32)[np.minimum(indexes, max(len(numbers) - 1, 0))]


def _counts(rows: pa.Table, columns: tuple[str, ...]) -> dict[Any, int]:
    counted = rows.group_by(list(columns)).aggregate([([], "count_all")])
    keys = zip(*(counted[name].to_pylist() for name in columns), strict=True)
    return dict(zip(keys, counted["count_all"].to_pylist(), strict=True))
