"""Stages of a run: their tasks, and what each takes of earlier outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from botmeter.domain.instant import DAY_US
from botmeter.domain.source import Source
from botmeter.lake.conversations import Derived, DeriveTask, GatherTask, Touched, TouchTask, derive, gather, touch
from botmeter.lake.delta import LakeFile
from botmeter.lake.duplicates import CollectTask, FindTask, Judged, JudgeTask, KeySlice, Suspects, collect, find, judge
from botmeter.lake.engine import Engine
from botmeter.lake.known_customers import KnownCustomers
from botmeter.lake.land import Landed, LandedPart, LandTask, land
from botmeter.lake.number import (
    ConversationsTask,
    ConversationsWritten,
    SessionsTask,
    SessionsWritten,
    write_conversations,
    write_sessions,
)
from botmeter.lake.record import LakeRecord
from botmeter.lake.remeter_keys import RemeterTask, remeter
from botmeter.lake.remetered import Remetered
from botmeter.lake.restated import DayCounts, RestateTask, restate
from botmeter.lake.small_tables import SmallTables
from botmeter.lake.staged import BucketRange, StagedTable, Workspace, ranges_of
from botmeter.lake.task_database import TableFiles
from botmeter.ledger.partitions import SharedKey
from botmeter.ledger.restatements import PastDays
from botmeter.metering.touchpoints import Footprints, Touchpoint, Touchpoints
from botmeter.sources.reader import SourceFile


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLimits:
    """Rows of one task: few enough for a worker of 1.5 GB, and so many that starting it costs little.

    Attributes:
        remeter_events: Also the events of a scope key that are in memory at once.
        restated_days: Of each task that meters keys, one with up to 300 ids.
    """

    find_keys: int = 4_000_000
    remeter_events: int = 500_000
    derive_rows: int = 1_000_000
    gather_rows: int = 2_000_000
    restated_days: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """File to read, with what tells it from others: its address, and its size and time of change."""

    file: SourceFile
    address: str
    fingerprint: str
    size_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunContext:
    """Values that all stages of a run share.

    Attributes:
        record: From which the run starts.
        stored: All files of that record.
    """

    workspace: Workspace
    engine: Engine
    record: LakeRecord
    stored: TableFiles
    now_us: int
    limits: TaskLimits = field(default_factory=TaskLimits)

    @property
    def is_first(self) -> bool:
        return not self.stored.has_rows("session") and not self.stored.has_rows("event")

    @property
    def scope(self) -> tuple[str, ...]:
        return SharedKey.of([term.policy for term in self.record.schedule]).scope


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationFacts:
    """Changes of conversations beside their new events, staged by bucket.

    Attributes:
        recounted: Conversations whose days are all counted again.
        tickets: Of their remaining events.
    """

    recounted: tuple[StagedTable, ...] = ()
    tickets: tuple[StagedTable, ...] = ()


def land_files(
    context: RunContext, inputs: Sequence[InputFile], *, source: Source | None, source_name: str, skips_unreadable: bool
) -> list[Landed]:
    """Read the input files."""
    customers = KnownCustomers.read(context.workspace.root, context.stored.files)
    tasks = [
        LandTask(
            workspace=context.workspace,
            append_no=append_no,
            file=each.file,
            source=source,
            source_name=source_name,
            scope=context.scope,
            available_from=context.record.available_from,
            customers=customers,
            now_us=context.now_us,
            skips_unreadable=skips_unreadable,
        )
        for append_no, each in enumerate(inputs, start=context.record.next_append_no)
    ]
    return context.engine.run(land, tasks)


def find_suspects(context: RunContext, parts: Sequence[LandedPart]) -> list[Suspects]:
    """Find keys that occur twice."""
    tasks = [
        FindTask(
            workspace=context.workspace,
            keys=keys,
            parts=tuple(parts),
            known=context.stored.of("event_key").where("bucket", first=keys.buckets.first, last=keys.buckets.last),
        )
        for keys in _slices(context, [part.keys for part in parts], rows_max=context.limits.find_keys)
    ]
    return context.engine.run(find, tasks)


def judge_suspects(context: RunContext, parts: Sequence[LandedPart], *, suspects: Sequence[Suspects]) -> list[Judged]:
    """Apply the admission rule to events whose keys occur twice."""
    places = tuple(each.places for each in suspects if each.places is not None)
    if not places:
        return []
    collecting = [
        CollectTask(
            workspace=context.workspace,
            part_no=part_no,
            part=part,
            places=places,
        )
        for part_no, part in enumerate(parts)
    ]
    collected = [each for each in context.engine.run(collect, collecting) if each is not None]
    is_stored = any(each.is_stored for each in suspects)
    stored = (
        context.stored.of("event", "touchpoint") if is_stored else TableFiles(root=context.workspace.root, files={})
    )
    tasks = [
        JudgeTask(
            workspace=context.workspace,
            now_us=context.now_us,
            keys=keys,
            part_count=len(parts),
            collected=tuple(collected),
            stored=stored,
        )
        for keys in _slices(context, collected, rows_max=context.limits.remeter_events)
    ]
    return context.engine.run(judge, tasks)


def remeter_keys(
    context: RunContext,
    parts: Sequence[LandedPart],
    *,
    touchpoints: Touchpoints,
    dropped: Sequence[StagedTable] = (),
    changed: Sequence[StagedTable] = (),
    past_days: PastDays | None = None,
) -> list[Remetered]:
    """Meter the keys with new or changed events; new touchpoints get their numbers."""
    numbers = tuple(tuple(touchpoints.number(each) for each in part.touchpoints) for part in parts)
    known: tuple[Touchpoint, ...] = tuple(touchpoints.all())
    tasks = [
        RemeterTask(
            workspace=context.workspace,
            buckets=buckets,
            parts=tuple(parts),
            numbers=numbers,
            dropped=tuple(dropped),
            touchpoints=known,
            schedule=context.record.schedule,
            stored=_of_buckets(context.stored, buckets),
            is_first=context.is_first,
            events_max=context.limits.remeter_events,
            changed=tuple(changed),
            past_days=past_days,
        )
        for buckets in _ranges(
            context, [*(part.events for part in parts), *changed], rows_max=context.limits.remeter_events
        )
    ]
    return context.engine.run(remeter, tasks)


def derive_conversations(
    context: RunContext, metered: Sequence[Remetered], *, footprints: Footprints, facts: ConversationFacts
) -> list[Derived]:
    """Derive what is counted of touched conversations."""
    participations = tuple(table for each in metered for table in each.participations)
    removed = tuple(table for each in metered for table in each.removed)
    tickets = (*(table for each in metered for table in each.tickets), *facts.tickets)
    ranges = _ranges(
        context, [*participations, *removed, *tickets, *facts.recounted], rows_max=context.limits.derive_rows
    )
    touched: Sequence[Touched | None] = [None] * len(ranges)
    if not context.is_first:
        tasks = [
            TouchTask(
                workspace=context.workspace,
                buckets=buckets,
                participations=participations,
                removed=removed,
                tickets=tickets,
                stored=_of_conversations(context.stored, buckets),
                rows_max=context.limits.derive_rows,
                recounted=facts.recounted,
            )
            for buckets in ranges
        ]
        touched = context.engine.run(touch, tasks)
        participations += tuple(_gathered(context, metered, touched=[each for each in touched if each is not None]))
    known: tuple[tuple[int, ...], ...] = tuple(footprints.all())
    deriving = [
        DeriveTask(
            workspace=context.workspace,
            buckets=buckets,
            participations=participations,
            tickets=tickets,
            touched=own,
            footprints=known,
            stored=_of_conversations(context.stored, buckets).of("conversation_ticket"),
            rows_max=context.limits.derive_rows,
        )
        for buckets, own in zip(ranges, touched, strict=True)
    ]
    return context.engine.run(derive, deriving)


def write_numbered(
    context: RunContext, metered: Sequence[Remetered], *, derived: Sequence[Derived], footprints: Footprints
) -> tuple[list[SessionsWritten], list[ConversationsWritten]]:
    """Write sessions and rows of conversations; new footprints get their numbers."""
    suffix = "" if context.is_first else "_new"
    sessions = [
        SessionsTask(
            workspace=context.workspace,
            sessions=sessions,
            numbers=tuple(footprints.number(members) for members in each.sets),
            table=f"session{suffix}",
        )
        for each in metered
        for sessions in each.sessions
    ]
    conversations = [
        ConversationsTask(
            workspace=context.workspace,
            rows=rows,
            numbers=tuple(footprints.number(members) for members in each.sets),
            table=f"{table}{suffix}",
        )
        for each in derived
        for table, pieces in (("conversation_day", each.days), ("session_ticket", each.session_tickets))
        for rows in pieces
    ]
    return context.engine.run(write_sessions, sessions), context.engine.run(write_conversations, conversations)


def restate_days(
    context: RunContext, metered: Sequence[Remetered], *, small: SmallTables, past_days: PastDays | None
) -> list[LakeFile]:
    """Write the restatements of past days, once `small` has the counts of the run."""
    restated = tuple(table for each in metered for table in each.restated)
    if past_days is None or not restated:
        return []
    counts = DayCounts.of(small)
    tasks = [
        RestateTask(workspace=context.workspace, buckets=buckets, restated=restated, counts=counts, past_days=past_days)
        for buckets in _ranges(context, restated, rows_max=context.limits.restated_days)
    ]
    return [file for file in context.engine.run(restate, tasks) if file is not None]


def _gathered(context: RunContext, metered: Sequence[Remetered], *, touched: Sequence[Touched]) -> list[StagedTable]:
    bounds = [(each.first_day, each.last_day) for each in touched if each.first_day is not None]
    if not bounds:
        return []
    first_us = min(first or 0 for first, _ in bounds) * DAY_US
    end_us = (max(last or 0 for _, last in bounds) + 1) * DAY_US
    near = context.stored.of("participation", "participation_new").where("started_at", first=first_us, last=end_us - 1)
    replaced = context.stored.files["session_replaced"]
    tasks = [
        GatherTask(
            workspace=context.workspace,
            days=tuple(each.days for each in touched),
            removed=tuple(table for each in metered for table in each.removed_parts),
            first_us=first_us,
            end_us=end_us,
            stored=TableFiles(
                root=context.workspace.root, files={"participation": tuple(group), "session_replaced": replaced}
            ),
            rows_max=context.limits.derive_rows,
        )
        for group in _groups(
            [*near.files["participation"], *near.files["participation_new"]], context.limits.gather_rows
        )
    ]
    return [table for tables in context.engine.run(gather, tasks) for table in tables]


def _groups(files: Sequence[LakeFile], rows_max: int) -> list[list[LakeFile]]:
    groups: list[list[LakeFile]] = []
    row_count = rows_max
    for file in files:
        if row_count + file.row_count > rows_max:
            groups.append([])
            row_count = 0
        groups[-1].append(file)
        row_count += file.row_count
    return groups


def _ranges(context: RunContext, tables: Sequence[StagedTable], *, rows_max: int) -> list[BucketRange]:
    ends = np.zeros(context.record.buckets, np.int64)
    for table in tables:
        ends += np.array(table.ends, np.int64)
    return ranges_of(np.diff(ends, prepend=0).tolist(), rows_max=rows_max)


def _slices(context: RunContext, tables: Sequence[StagedTable], *, rows_max: int) -> list[KeySlice]:
    return [
        KeySlice(buckets=buckets, number=number, count=count)
        for buckets in _ranges(context, tables, rows_max=rows_max)
        for count in [-(-sum(table.count_in(no) for table in tables for no in buckets.numbers) // rows_max)]
        for number in range(count)
    ]


def _of_buckets(stored: TableFiles, buckets: BucketRange) -> TableFiles:
    tables = ("event", "session", "session_new", "session_replaced", "participation", "participation_new")
    return stored.of(*tables).where("bucket", first=buckets.first, last=buckets.last)


def _of_conversations(stored: TableFiles, buckets: BucketRange) -> TableFiles:
    tables = (
        "conversation_day", "conversation_day_new", "session_ticket", "session_ticket_new", "conversation_replaced",
        "conversation_ticket",
    )  # fmt: skip
    return stored.of(*tables).where("bucket", first=buckets.first, last=buckets.last)
