"""Task: meter the keys that new events touch, and write what is final without the numbers of footprints.

Of a key with new events, a ledger meters all that follow again, this only those until nothing new can matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.instant import DAY_US, NEVER_US
from botmeter.lake.delta import LakeFile
from botmeter.lake.files import repeated, write_rows
from botmeter.lake.land import LandedPart, scope_buckets, text_buckets
from botmeter.lake.layout import SCHEMAS
from botmeter.lake.staged import BucketRange, StagedTable, Workspace, rows_of_all, staged_rows
from botmeter.lake.task_database import TableFiles, create_current_view, register, task_database
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.partitions import SharedKey, is_anchored
from botmeter.ledger.statements import statements_of
from botmeter.metering.columns import dictionary_of
from botmeter.metering.policy import Schedule
from botmeter.metering.schema import METER_SCHEMA
from botmeter.metering.touchpoints import Touchpoint, Touchpoints

sql = statements_of(__name__)
_of_ledger = statements_of("botmeter.ledger.remeter")

_EVENT_COLUMNS = (
    "source", "event_id", "occurred_at", "conversation_id", "customer_id", "actor", "kind", "touchpoint", "bot_name",
    "ticket_id", "ticket_type", "preview", "attributes", "event_key", "bucket",
    "sent_customer_id",
)  # fmt: skip


CHANGED_COLUMNS: Final = ("conversation_id", "customer_id", "touchpoint", "occurred_at", "append_no")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemeterTask:
    """Buckets of scope keys with new events.

    Attributes:
        numbers: Of each part's touchpoints among `touchpoints`.
        dropped: Events that don't count, as in `Judged`.
        changed: Stored events whose keys are metered whole, as they were and as they are, with `CHANGED_COLUMNS`.
        stored: The lake before this run.
        is_first: No session is stored: everything goes to the tables themselves.
    """

    workspace: Workspace
    buckets: BucketRange
    parts: tuple[LandedPart, ...]
    numbers: tuple[tuple[int, ...], ...]
    dropped: tuple[StagedTable, ...]
    touchpoints: tuple[Touchpoint, ...]
    schedule: Schedule
    stored: TableFiles
    is_first: bool
    changed: tuple[StagedTable, ...] = ()


UsageKey = tuple[int, int, int, bool]
"""Day since 1970, footprint, opening touchpoint, preview."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remetered:
    """Outcome of a `RemeterTask`.

    Attributes:
        sessions: Staged as in `session`, with `local_footprint` in place of `footprint`.
        sets: Footprints -1, -2, … of `local_footprint`.
        participations: New ones by bucket of the conversation.
        removed: Days and conversations of removed sessions, likewise.
        tickets: Of new events, likewise.
        bot_names: Bot, name and instant of its latest event with one.
        files: By table.
    """

    sessions: StagedTable
    sets: tuple[tuple[int, ...], ...]
    participations: StagedTable
    removed: StagedTable | None
    tickets: StagedTable | None
    removed_usage: dict[UsageKey, int]
    bot_names: tuple[tuple[str, str, int], ...]
    files: dict[str, LakeFile]
    event_count: int
    metered_count: int
    session_count: int


def remeter(task: RemeterTask) -> Remetered:
    """Meter the keys with new or changed events; unchanged sessions stay."""
    new = _new_events(task)
    affecting = _affecting(task, new)
    key = SharedKey.of([term.policy for term in task.schedule])
    with task_database() as connection:
        register(connection, "touchpoint", rows=touchpoint_rows(task.touchpoints))
        register(connection, "new_event", rows=new)
        events = _with_touched(connection, new, affecting=affecting, key=key, task=task)
        facts = _facts_of_events(connection)
        sessions, participations = _metered(events, key, task=task)
        removed = None
        if len(affecting) and _has_stored(task):
            sessions, participations = _changed(connection, sessions, participations=participations)
            removed = _removed(connection)
    local_footprint, sets = _footprints(sessions, participations)
    return Remetered(
        sessions=task.workspace.stage_whole(sessions.append_column("local_footprint", pa.array(local_footprint))),
        sets=sets,
        participations=_by_conversation(task, _with_days(participations)),
        removed=None if removed is None else _by_conversation(task, removed.days),
        tickets=_by_conversation(task, facts.tickets) if len(facts.tickets) else None,
        removed_usage={} if removed is None else removed.usage,
        bot_names=facts.bot_names,
        files=_written(task, new, spans=facts.spans, participations=participations, removed=removed),
        event_count=len(new),
        metered_count=len(events),
        session_count=len(sessions),
    )


def _new_events(task: RemeterTask) -> pa.Table:
    dropped = rows_of_all(task.workspace.root, task.dropped)
    tables = []
    for part_no, (part, numbers) in enumerate(zip(task.parts, task.numbers, strict=True)):
        events = staged_rows(task.workspace.root, part.events, buckets=task.buckets)
        if dropped is not None:
            events = _without(events, dropped, part_no=part_no, first=part.events.first_row(task.buckets.first))
        touchpoint = np.array(numbers, np.int32)[events["touchpoint"].to_numpy()]
        events = events.set_column(
            events.schema.get_field_index("touchpoint"), "touchpoint", pa.array(touchpoint)
        ).select(_EVENT_COLUMNS)
        tables.append(events.append_column("append_no", repeated(part.append_no, len(events))))
    if not tables:
        return SCHEMAS["event"].empty_table().select([*_EVENT_COLUMNS, "append_no"])
    return pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()


def _affecting(task: RemeterTask, new: pa.Table) -> pa.Table:
    changed = rows_of_all(task.workspace.root, task.changed, buckets=task.buckets)
    own = new.select(CHANGED_COLUMNS)
    return own if changed is None else pa.concat_tables([own, changed], promote_options="permissive")


def _has_stored(task: RemeterTask) -> bool:
    return task.stored.has_rows("event") or task.stored.has_rows("session")


def _without(events: pa.Table, dropped: pa.Table, *, part_no: int, first: int) -> pa.Table:
    places = dropped["place"].to_numpy()[dropped["part"].to_numpy() == part_no] - first
    places = places[(places >= 0) & (places < len(events))]
    if not len(places):
        return events
    is_kept = np.ones(len(events), np.bool_)
    is_kept[places] = False
    return events.filter(pa.array(is_kept))


def _with_touched(
    connection: duckdb.DuckDBPyConnection, new: pa.Table, *, affecting: pa.Table, key: SharedKey, task: RemeterTask
) -> pa.Table:
    """Add the stored events to meter with new ones; tables `old_…` get what is stored of them."""
    if not len(affecting) or not _has_stored(task):
        return _in_meter_schema(new)
    register(connection, "event", rows=affecting)
    connection.execute(_of_ledger("affected", **key.fragments), {"append_no": 0})
    _find_stretches(connection, key, task=task)
    connection.execute(sql("drop_event"))
    (restart_us,) = row_of(connection, sql("first_restart"))
    later = task.stored.where("started_at", first=restart_us, last=NEVER_US).where(
        "occurred_at", first=restart_us, last=NEVER_US
    )
    for table in ("session", "participation"):
        create_current_view(connection, table, available=later)
    connection.execute(sql("old_session", **key.fragments), {"restart": restart_us})
    connection.execute(sql("old_participation"), {"restart": restart_us})
    create_current_view(connection, "event", available=later)
    stored = connection.sql(sql("old_events", **key.fragments), params={"restart": restart_us})
    events = [_in_meter_schema(stored.to_arrow_table()), _in_meter_schema(new)]
    return pa.concat_tables(events).unify_dictionaries()


def _find_stretches(connection: duckdb.DuckDBPyConnection, key: SharedKey, *, task: RemeterTask) -> None:
    """Create `stretch`, the times in which the affected keys are metered again."""
    # A removed event may have opened a session long before, or a customer have got others' events.
    if not is_anchored(task.schedule, key) or task.changed:
        connection.execute(sql("whole_keys"))
        return
    (since_us,) = row_of(connection, sql("first_since"))
    create_current_view(connection, "session", available=task.stored.where("ended_at", first=since_us, last=NEVER_US))
    values = {"since": since_us, "reach": _reach_us(task.schedule)}
    connection.execute(sql("stretches", **key.fragments), values)
    connection.execute(sql("drop_session"))


def _reach_us(schedule: Schedule) -> int:
    """Time after its last event for which no session of these policies can be open; without limit, all time."""
    reaches = []
    for term in schedule:
        # A day or month in any zone, also where its clock was changed.
        calendar = {"day": 2 * DAY_US, "month": 33 * DAY_US}.get(term.policy.calendar or "")
        limits = [term.policy.max_duration_us, term.policy.idle_timeout_us, calendar]
        reaches.append(min((limit for limit in limits if limit is not None), default=NEVER_US))
    return max(reaches)


def _in_meter_schema(events: pa.Table) -> pa.Table:
    columns = [
        pa.chunked_array([dictionary_of(events[field.name])]) if field.name == "source" else events[field.name]
        for field in METER_SCHEMA
    ]
    return pa.table(
        [column.cast(field.type) for column, field in zip(columns, METER_SCHEMA, strict=True)], schema=METER_SCHEMA
    )


def _metered(events: pa.Table, key: SharedKey, *, task: RemeterTask) -> tuple[pa.Table, pa.Table]:
    # Imported here because it loads the compiler, which a driver does not need.
    from botmeter.metering.meter import sessions_from_events

    metered = sessions_from_events(events, schedule=task.schedule, touchpoints=Touchpoints(task.touchpoints))
    opening = metered.sessions.select(["customer_id", "conversation_id"])
    if {"bot", "channel"} & set(key.scope):
        chosen = metered.sessions["opening_touchpoint"]
        for name, texts in zip(Touchpoint._fields, zip(*task.touchpoints, strict=True), strict=True):
            opening = opening.append_column(name, pa.array(texts, pa.string()).take(chosen))
    buckets = scope_buckets(opening, key.scope, bucket_count=task.workspace.bucket_count).astype(np.int32)
    ended_at = metered.sessions["ended_at"].fill_null(pa.scalar(NEVER_US, pa.int64()))
    place = metered.sessions.schema.get_field_index("ended_at")
    sessions = (
        metered.sessions.set_column(place, "ended_at", ended_at)
        .append_column("run", repeated(task.workspace.run, len(metered.sessions)))
        .append_column("bucket", pa.array(buckets))
    )
    own = sessions.select(["run", "bucket", "session_id", "started_at", "customer_id", "preview"])
    participations = own.take(metered.participations["session_row"])
    for name in ("session_row", "conversation_id", "touchpoint", "event_count"):
        participations = participations.append_column(name, metered.participations[name])
    return sessions, participations


def _changed(
    connection: duckdb.DuckDBPyConnection, sessions: pa.Table, *, participations: pa.Table
) -> tuple[pa.Table, pa.Table]:
    """Leave out sessions stored with the same rows; `changed_session` gets the other ids."""
    register(connection, "metered_session", rows=sessions)
    register(connection, "metered_participation", rows=participations)
    connection.execute(sql("changed_session"))
    changed = connection.sql(sql("changed_ids")).to_arrow_table()["session_id"].combine_chunks()
    return _with_ids(sessions, changed), _with_ids(participations, changed)


def _with_ids(rows: pa.Table, session_ids: pa.Array) -> pa.Table:
    return rows.filter(pc.is_in(rows["session_id"].cast(session_ids.type), value_set=session_ids))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Removed:
    rows: pa.Table
    days: pa.Table
    usage: dict[UsageKey, int]


def _removed(connection: duckdb.DuckDBPyConnection) -> _Removed:
    usage = connection.execute(sql("removed_usage")).fetchall()
    return _Removed(
        rows=connection.sql(sql("removed_rows")).to_arrow_table(),
        days=connection.sql(sql("removed_days")).to_arrow_table(),
        usage={(day, *rest): count for day, *rest, count in usage},
    )


def _footprints(
    sessions: pa.Table, participations: pa.Table
) -> tuple[np.ndarray[tuple[int], np.dtype[np.int32]], tuple[tuple[int, ...], ...]]:
    """Touchpoint of each session, or -1, -2, … for sets of several."""
    session_of, touchpoint = participations["session_row"].to_numpy(), participations["touchpoint"].to_numpy()
    if not len(sessions):
        return np.zeros(0, np.int32), ()
    firsts = np.flatnonzero(np.diff(session_of, prepend=-1))
    footprint = np.minimum.reduceat(touchpoint, firsts)
    several = np.flatnonzero(footprint != np.maximum.reduceat(touchpoint, firsts))
    ends = np.append(firsts[1:], len(touchpoint))
    sets: dict[tuple[int, ...], int] = {}
    for row in several.tolist():
        members = tuple(np.unique(touchpoint[firsts[row] : ends[row]]).tolist())
        footprint[row] = sets.setdefault(members, -1 - len(sets))
    return footprint.astype(np.int32), tuple(sets)


@dataclass(frozen=True, slots=True, kw_only=True)
class _EventFacts:
    spans: pa.Table
    tickets: pa.Table
    bot_names: tuple[tuple[str, str, int], ...]


def _facts_of_events(connection: duckdb.DuckDBPyConnection) -> _EventFacts:
    return _EventFacts(
        spans=connection.sql(sql("new_spans")).to_arrow_table(),
        tickets=connection.sql(sql("new_tickets")).to_arrow_table(),
        bot_names=tuple(connection.execute(sql("new_bot_names")).fetchall()),
    )


def _with_days(participations: pa.Table) -> pa.Table:
    days = (participations["started_at"].to_numpy() // DAY_US).astype(np.int32)
    chosen = participations.select(["session_id", "conversation_id", "touchpoint", "preview"])
    return chosen.append_column("day", pa.array(days))


def _by_conversation(task: RemeterTask, rows: pa.Table) -> StagedTable:
    buckets = text_buckets(rows["conversation_id"], task.workspace.bucket_count)
    return task.workspace.stage(rows, buckets=buckets)


def _written(
    task: RemeterTask, new: pa.Table, *, spans: pa.Table, participations: pa.Table, removed: _Removed | None
) -> dict[str, LakeFile]:
    spans = spans.append_column(
        "bucket", pa.array(text_buckets(spans["conversation_id"], task.workspace.bucket_count).astype(np.int32))
    )
    tables = {
        "event": new,
        "conversation_span": spans,
        "participation" if task.is_first else "participation_new": participations,
    }
    if removed is not None:
        tables["session_replaced"] = removed.rows
    files = {}
    for table, rows in tables.items():
        stated = (
            rows if "run" in rows.column_names else rows.append_column("run", repeated(task.workspace.run, len(rows)))
        )
        file = write_rows(task.workspace.root, table, rows=stated)
        if file is not None:
            files[table] = file
    return files


def touchpoint_rows(touchpoints: Sequence[Touchpoint]) -> pa.Table:
    """Rows of `touchpoint`."""
    columns = zip(*touchpoints, strict=True) if touchpoints else ((), (), ())
    texts = {name: pa.array(values, pa.string()) for name, values in zip(Touchpoint._fields, columns, strict=True)}
    return pa.table({"touchpoint": pa.array(np.arange(len(touchpoints), dtype=np.int32)), **texts})
