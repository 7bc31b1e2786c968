"""A run that changes stored events: their files, the keys that they touch, and then the record."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from botmeter.lake.changed_causes import removed_causes, without_causes
from botmeter.lake.changes import (
    CollectedFacts,
    EventChange,
    FactsTask,
    LeaveOutTask,
    Replaced,
    RewriteTask,
    Rewritten,
    collect_facts,
    leave_out,
    rewrite_events,
)
from botmeter.lake.delta import LakeFile
from botmeter.lake.engine import Engine
from botmeter.lake.files import read_table, write_rows
from botmeter.lake.layout import SMALL_TABLES
from botmeter.lake.record import LakeRecord, commit_record, tables_for_writing
from botmeter.lake.root import LakeRoot
from botmeter.lake.small_tables import SmallTables
from botmeter.lake.staged import StagedTable, Workspace, stage_folder
from botmeter.lake.stages import ConversationFacts, RunContext
from botmeter.lake.task_database import TableFiles
from botmeter.lake.touched_tables import NewEvents, Note, TouchedTables, commit_tables, meter_touched
from botmeter.ledger.restatements import PastDays


@dataclass(frozen=True, slots=True, kw_only=True)
class LakeChange:
    """Change of a lake.

    Attributes:
        kind: Of its record.
        rows: Changes the rows of a file, by table.
        new_rows: By table.
        to_record: Fields that the new record gets.
        past_days: As in `NewEvents`.
    """

    kind: str
    events: EventChange
    rows: Mapping[str, Callable[[pa.Table], pa.Table]] = field(default_factory=dict)
    new_rows: Mapping[str, pa.Table] = field(default_factory=dict)
    to_record: Mapping[str, Any] = field(default_factory=dict)
    past_days: PastDays | None = None


def change_lake(
    root: LakeRoot, record: LakeRecord, *, change: LakeChange, engine: Engine, now_us: int, note: Note
) -> LakeRecord:
    """Change stored events and all that follows from them; return the new record.

    Raises:
        Conflict: `lake_run_superseded`.
    """
    tables = tables_for_writing(root, record)
    files = _Files(root, {name: table.files() for name, table in tables.items()})
    with stage_folder(root, record.run + 1) as folder:
        context = RunContext(
            workspace=Workspace(root=root, run=record.run + 1, folder=folder, bucket_count=record.buckets),
            engine=engine,
            record=record,
            stored=files.stored(),
            now_us=now_us,
        )
        small = SmallTables.read(root, {name: files.present[name] for name in SMALL_TABLES})
        note(change.kind)
        rewritten = _rewritten(context, change.events, files=files, small=small)
        facts = ConversationFacts()
        if rewritten and change.events.moves_conversations:
            facts = _facts(context, rewritten, files=files, small=small)
        # Tasks read the changed events, and the sessions of their keys as they are stored.
        changed = NewEvents(changed=[each.changed for each in rewritten], facts=facts, past_days=change.past_days)
        touched = meter_touched(replace(context, stored=files.stored()), changed, small=small, note=note)
        for name, change_rows in change.rows.items():
            files.change(name, change_rows)
        left = [key for each in rewritten for key in each.erased_keys]
        if left:
            files.change("erased_key", partial(_without_events, left))
        removed = [each.removed_keys for each in rewritten if each.removed_keys is not None]
        if removed:
            causes = removed_causes(root, files.present["restatement"], removed=removed)
            files.change("restatement", partial(without_causes, causes))
        for name, rows in change.new_rows.items():
            files.add(name, rows)
        note("commit")
        added = touched.files()
        for name, own in files.added.items():
            added[name] += own
        versions = commit_tables(context, tables, added=added, removed=files.removed, small=small)
    new = _next_record(context, change, rewritten=rewritten, touched=touched, event_files=files.present["event"])
    new = replace(new, versions=versions, **change.to_record)
    commit_record(root, new)
    return new


class _Files:
    """Files of all tables during a change, with those that it adds and removes."""

    def __init__(self, root: LakeRoot, present: Mapping[str, Sequence[LakeFile]]) -> None:
        self._root = root
        self.present = {name: list(files) for name, files in present.items()}
        self.added: dict[str, list[LakeFile]] = {name: [] for name in present}
        self.removed: dict[str, list[LakeFile]] = {name: [] for name in present}

    def stored(self) -> TableFiles:
        return TableFiles(root=self._root, files={name: tuple(files) for name, files in self.present.items()})

    def replace(self, name: str, replaced: Sequence[Replaced | Rewritten]) -> None:
        gone = [each.before for each in replaced]
        new = [each.after for each in replaced if each.after is not None]
        self.present[name] = [*(file for file in self.present[name] if file not in gone), *new]
        self.removed[name] += gone
        self.added[name] += new

    def change(self, name: str, change_rows: Callable[[pa.Table], pa.Table]) -> None:
        replaced = []
        for file in self.present[name]:
            before = read_table(self._root, name, files=[file])
            after = change_rows(before)
            if not after.equals(before):
                replaced.append(Replaced(before=file, after=write_rows(self._root, name, rows=after)))
        self.replace(name, replaced)

    def add(self, name: str, rows: pa.Table) -> None:
        file = write_rows(self._root, name, rows=rows)
        if file is not None:
            self.present[name].append(file)
            self.added[name].append(file)


def _rewritten(context: RunContext, change: EventChange, *, files: _Files, small: SmallTables) -> list[Rewritten]:
    tasks = [
        RewriteTask(
            workspace=context.workspace,
            file=file,
            change=change,
            scope=context.scope,
            touchpoints=tuple(small.touchpoints.all()),
        )
        for file in files.present["event"]
    ]
    rewritten = [each for each in context.engine.run(rewrite_events, tasks) if each is not None]
    files.replace("event", rewritten)
    keys = tuple(each.removed_keys for each in rewritten if each.removed_keys is not None)
    if keys:
        _leave_out(context, "event_key", left_out=keys, column="event_key", files=files)
    return rewritten


def _facts(
    context: RunContext, rewritten: Sequence[Rewritten], *, files: _Files, small: SmallTables
) -> ConversationFacts:
    """Collect the facts of changed conversations from all events again; `small` gets the names of bots."""
    conversations = tuple(each.conversations for each in rewritten)
    for table in ("conversation_span", "conversation_ticket"):
        _leave_out(context, table, left_out=conversations, column="conversation_id", files=files)
    bots = tuple(sorted({bot for each in rewritten for bot in each.bots}))
    tasks = [
        FactsTask(
            workspace=context.workspace,
            file=file,
            conversations=conversations,
            bots=bots,
            touchpoints=tuple(small.touchpoints.all()),
        )
        for file in files.present["event"]
    ]
    collected: list[CollectedFacts] = context.engine.run(collect_facts, tasks)
    files.added["conversation_span"] += [each.spans for each in collected if each.spans is not None]
    for bot in bots:
        small.bot_names.pop(bot, None)
    small.add_bot_names(name for each in collected for name in each.bot_names)
    tickets = tuple(each.tickets for each in collected if each.tickets is not None)
    return ConversationFacts(recounted=conversations, tickets=tickets)


def _leave_out(
    context: RunContext, table: str, *, left_out: tuple[StagedTable, ...], column: str, files: _Files
) -> None:
    tasks = [
        LeaveOutTask(workspace=context.workspace, table=table, file=file, column=column, left_out=left_out)
        for file in files.present[table]
    ]
    files.replace(table, [each for each in context.engine.run(leave_out, tasks) if each is not None])


def _without_events(keys: Sequence[int], rows: pa.Table) -> pa.Table:
    """Rows of `erased_key` after the events with these keys have left."""
    has_event = rows["has_event"].to_numpy() & ~np.isin(rows["event_key"].to_numpy(), keys)
    return rows.set_column(rows.schema.get_field_index("has_event"), "has_event", pa.array(has_event))


def _next_record(
    context: RunContext,
    change: LakeChange,
    *,
    rewritten: Sequence[Rewritten],
    touched: TouchedTables,
    event_files: Sequence[LakeFile],
) -> LakeRecord:
    removed_count = sum(each.removed_count for each in rewritten)
    return replace(
        context.record,
        number=context.record.number + 1,
        kind=change.kind,
        recorded_at=context.now_us,
        run=context.workspace.run,
        files=[],
        counts={
            "removed": removed_count,
            "metered": sum(each.metered_count for each in touched.metered),
            "sessions": sum(each.session_count for each in touched.metered),
        },
        event_count=context.record.event_count - removed_count,
        last_event_us=max((file.bounds["occurred_at"][1] for file in event_files), default=None),
    )
