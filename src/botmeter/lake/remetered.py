"""Outcome of metering keys again, in pieces: nothing of a range of buckets is in memory at once."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from botmeter.domain.instant import DAY_US, NEVER_US
from botmeter.lake.delta import LakeFile
from botmeter.lake.files import repeated, write_rows
from botmeter.lake.land import scope_buckets, text_buckets
from botmeter.lake.staged import StagedTable, Workspace
from botmeter.metering.touchpoints import Footprints, Touchpoint

UsageKey = tuple[int, int, int, bool]
"""Day since 1970, footprint, opening touchpoint, preview."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remetered:
    """Outcome of a `RemeterTask`.

    Attributes:
        sessions: Staged as in `session`, with `local_footprint` in place of `footprint`.
        sets: Footprints -1, -2, … of `local_footprint`.
        participations: By bucket of the conversation, of sessions with other parts than are stored.
        removed: Days and conversations of the stored parts of `removed_parts`, likewise.
        removed_parts: Stored sessions whose parts no longer count.
        tickets: Of new events, likewise.
        bot_names: Bot, name and instant of its latest event with one.
        restated: As `restated_days` of a ledger, of these keys alone.
        files: By table.
    """

    sessions: tuple[StagedTable, ...]
    sets: tuple[tuple[int, ...], ...]
    participations: tuple[StagedTable, ...]
    removed: tuple[StagedTable, ...]
    removed_parts: tuple[StagedTable, ...]
    tickets: tuple[StagedTable, ...]
    removed_usage: dict[UsageKey, int]
    bot_names: tuple[tuple[str, str, int], ...]
    restated: tuple[StagedTable, ...]
    files: dict[str, tuple[LakeFile, ...]]
    event_count: int
    metered_count: int
    session_count: int


class RemeteredPieces:
    """Pieces of a `Remetered`, written as they come."""

    def __init__(self, workspace: Workspace, *, is_first: bool) -> None:
        self._workspace = workspace
        self._participations = "participation" if is_first else "participation_new"
        self._staged: dict[str, list[StagedTable]] = defaultdict(list)
        self._files: dict[str, list[LakeFile]] = defaultdict(list)
        self._sets = Footprints()
        self._session_count = 0

    def add(self, sessions: pa.Table, participations: pa.Table) -> None:
        """Add sessions and their participations, both in order of `session_row`; without `has_other_parts` all have."""
        self._session_count += len(sessions)
        firsts = np.flatnonzero(np.diff(participations["session_row"].to_numpy(), prepend=-1))
        footprint = pa.array(self._sets.numbers(firsts, participations["touchpoint"].to_numpy()))
        self._staged["sessions"].append(
            self._workspace.stage_whole(sessions.append_column("local_footprint", footprint))
        )
        self.write(self._participations, participations)
        if "has_other_parts" in participations.column_names:
            participations = participations.filter(participations["has_other_parts"])
        self.add_by_conversation("participations", _with_days(participations))

    def add_by_conversation(self, name: str, rows: pa.Table) -> None:
        """Add rows of the attribute with that name, by bucket of their conversation."""
        buckets = text_buckets(rows["conversation_id"], self._workspace.bucket_count)
        self._staged[name].append(self._workspace.stage(rows, buckets=buckets))

    def add_removed_parts(self, sessions: pa.Table) -> None:
        self._staged["removed_parts"].append(self._workspace.stage_whole(sessions))

    def add_restated(self, days: pa.Table) -> None:
        if len(days):
            buckets = days["day"].cast(pa.int32()).to_numpy() % self._workspace.bucket_count
            self._staged["restated"].append(self._workspace.stage(days, buckets=buckets))

    def add_spans(self, spans: pa.Table) -> None:
        buckets = text_buckets(spans["conversation_id"], self._workspace.bucket_count).astype(np.int32)
        self.write("conversation_span", spans.append_column("bucket", pa.array(buckets)))

    def write(self, table: str, rows: pa.Table) -> tuple[LakeFile, ...]:
        """Write rows to a table; return the files that the task has written to it."""
        if "run" not in rows.column_names:
            rows = rows.append_column("run", repeated(self._workspace.run, len(rows)))
        file = write_rows(self._workspace.root, table, rows=rows)
        if file is not None:
            self._files[table].append(file)
        return tuple(self._files[table])

    def remetered(
        self,
        *,
        removed_usage: dict[UsageKey, int],
        bot_names: tuple[tuple[str, str, int], ...],
        event_count: int,
        metered_count: int,
    ) -> Remetered:
        """The outcome, once all is added."""
        return Remetered(
            sessions=tuple(self._staged["sessions"]),
            sets=tuple(self._sets.all()),
            participations=tuple(self._staged["participations"]),
            removed=tuple(self._staged["removed"]),
            removed_parts=tuple(self._staged["removed_parts"]),
            tickets=tuple(self._staged["tickets"]),
            removed_usage=removed_usage,
            bot_names=bot_names,
            restated=tuple(self._staged["restated"]),
            files={table: tuple(files) for table, files in self._files.items()},
            event_count=event_count,
            metered_count=metered_count,
            session_count=self._session_count,
        )


def session_rows(
    sessions: pa.Table, *, workspace: Workspace, scope: tuple[str, ...], touchpoints: tuple[Touchpoint, ...]
) -> pa.Table:
    """Metered sessions in the columns of `session` but `footprint`, with `session_row`."""
    opening = sessions.select(["customer_id", "conversation_id"])
    if {"bot", "channel"} & set(scope):
        chosen = sessions["opening_touchpoint"]
        for name, texts in zip(Touchpoint._fields, zip(*touchpoints, strict=True), strict=True):
            opening = opening.append_column(name, pa.array(texts, pa.string()).take(chosen))
    buckets = scope_buckets(opening, scope, bucket_count=workspace.bucket_count).astype(np.int32)
    ended_at = sessions["ended_at"].fill_null(pa.scalar(NEVER_US, pa.int64()))
    return (
        sessions.set_column(sessions.schema.get_field_index("ended_at"), "ended_at", ended_at)
        .append_column("run", repeated(workspace.run, len(sessions)))
        .append_column("bucket", pa.array(buckets))
        .append_column("session_row", pa.array(np.arange(len(sessions))))
    )


def participation_rows(participations: pa.Table, *, sessions: pa.Table) -> pa.Table:
    """Metered participations in the columns of `participation`, with `session_row`, that of `sessions`."""
    own = sessions.select(["run", "bucket", "session_id", "started_at", "customer_id", "preview"])
    rows = own.take(participations["session_row"])
    for name in ("session_row", "conversation_id", "touchpoint", "event_count"):
        rows = rows.append_column(name, participations[name])
    return rows


def _with_days(participations: pa.Table) -> pa.Table:
    days = (participations["started_at"].to_numpy() // DAY_US).astype(np.int32)
    chosen = participations.select(["session_id", "conversation_id", "touchpoint", "preview"])
    return chosen.append_column("day", pa.array(days))
