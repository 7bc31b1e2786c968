"""Task: meter the keys that new events touch, and write what is final without the numbers of footprints.

Of a key with new events, a ledger meters all that follow again, this only those until nothing new can matter. Stored
sessions stand for their events as in a ledger, where no other new event is near.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.domain.event import KIND_RANK
from botmeter.domain.instant import NEVER_US
from botmeter.lake.files import repeated
from botmeter.lake.land import LandedPart
from botmeter.lake.layout import SCHEMAS
from botmeter.lake.opening_ids import tied_instants, unnamed_instants, with_opening_ids, without_instants
from botmeter.lake.remetered import Remetered, RemeteredPieces, UsageKey, participation_rows, session_rows
from botmeter.lake.staged import BucketRange, StagedTable, Workspace, opened_tables, rows_of_all, staged_rows
from botmeter.lake.stretches import touched_stretches
from botmeter.lake.task_database import (
    TableFiles,
    connection_beside,
    create_current_view,
    create_view,
    insert,
    register,
    tables_from,
    task_database,
)
from botmeter.ledger.duckdb_calls import execute_with, row_of, table_from
from botmeter.ledger.partitions import SharedKey, can_stand, is_anchored
from botmeter.ledger.restatements import PastDays, restated_days_query
from botmeter.ledger.statements import statements_of
from botmeter.metering.columns import dictionary_of
from botmeter.metering.policy import Schedule
from botmeter.metering.schema import METER_SCHEMA
from botmeter.metering.touchpoints import Touchpoint, Touchpoints

if TYPE_CHECKING:
    from botmeter.metering.meter import Metered

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
        events_max: Events in memory at once; more are sorted on disk, and metered in chunks of as many.
        past_days: Whose changes are restated; None: no day was over, or an erasure changes no number.
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
    events_max: int
    changed: tuple[StagedTable, ...] = ()
    past_days: PastDays | None = None


class _Query(NamedTuple):
    statement: str
    values: Mapping[str, object]


class _OldEvents(NamedTuple):
    # Queries for the stored events to meter, with their ids, and without where these can be found.
    named: str
    unnamed: str
    values: Mapping[str, object]


def remeter(task: RemeterTask) -> Remetered:
    """Meter the keys with new or changed events; unchanged sessions stay."""
    key = SharedKey.of([term.policy for term in task.schedule])
    pieces = RemeteredPieces(task.workspace, is_first=task.is_first)
    with task_database() as connection:
        register(connection, "touchpoint", rows=touchpoint_rows(task.touchpoints))
        event_count, new = _register_new_events(connection, task, pieces=pieces)
        affecting_count = event_count + _register_affecting(connection, task)
        stored = None
        if affecting_count and _compares_sessions(task):
            stored = _touched(connection, key=key, task=task, fits=new is not None)
        counts: list[int] = []
        metered = (
            _lake_rows(each, key, task=task)
            for each in _metered(connection, stored, new=new, key=key, task=task, counts=counts)
        )
        if stored is None:
            for sessions, participations in metered:
                pieces.add(sessions, participations)
        else:
            _add_changed(connection, pieces, metered=metered, rows_max=task.events_max)
            if task.past_days is not None:
                query = restated_days_query(key, new_session="metered_session", event="new_event")
                pieces.add_restated(connection.sql(query, params=task.past_days.days).to_arrow_table())
        _add_facts_of_events(connection, pieces, rows_max=task.events_max)
        return pieces.remetered(
            removed_usage={} if stored is None else _removed_usage(connection),
            bot_names=tuple(connection.execute(sql("new_bot_names")).fetchall()),
            event_count=event_count,
            metered_count=sum(counts),
        )


def _register_new_events(
    connection: duckdb.DuckDBPyConnection, task: RemeterTask, *, pieces: RemeteredPieces
) -> tuple[int, pa.Table | None]:
    # Writes them and creates `new_event`. Also their number, and all of them if they fit into memory.
    event_count, waiting = 0, None
    for events in _new_events(task):
        event_count += len(events)
        files = pieces.write("event", events)
        waiting = events if event_count == len(events) else None
    if waiting is not None:
        register(connection, "new_event", rows=waiting)
    else:
        create_view(connection, "new_event", files=files, schema=SCHEMAS["event"], root=task.workspace.root)
    return event_count, waiting


def _new_events(task: RemeterTask) -> Iterator[pa.Table]:
    # As few tables as have no more events than the task may have in memory.
    tables: list[pa.Table] = []
    with opened_tables(task.workspace.root, task.dropped) as dropped_in:
        for part_no, (part, numbers) in enumerate(zip(task.parts, task.numbers, strict=True)):
            count = sum(part.events.count_in(bucket) for bucket in task.buckets.numbers)
            if tables and sum(map(len, tables)) + count > task.events_max:
                yield _one_table(tables)
                tables = []
            events = staged_rows(task.workspace.root, part.events, buckets=task.buckets)
            dropped = dropped_in(part_no)
            if dropped is not None:
                places = dropped["place"].to_numpy() - part.events.first_row(task.buckets.first)
                events = _without(events, places[(places >= 0) & (places < len(events))])
            touchpoint = np.array(numbers, np.int32)[events["touchpoint"].to_numpy()]
            events = events.set_column(
                events.schema.get_field_index("touchpoint"), "touchpoint", pa.array(touchpoint)
            ).select(_EVENT_COLUMNS)
            tables.append(events.append_column("append_no", repeated(part.append_no, len(events))))
    yield _one_table(tables)


def _register_affecting(connection: duckdb.DuckDBPyConnection, task: RemeterTask) -> int:
    # Creates `event` of new events and stored ones that change; returns the number of the latter.
    changed = rows_of_all(task.workspace.root, task.changed, buckets=task.buckets)
    if changed is None:
        changed = SCHEMAS["event"].empty_table()
    register(connection, "changed_event", rows=changed.select(CHANGED_COLUMNS))
    connection.execute(sql("affecting_events"))
    return len(changed)


def _compares_sessions(task: RemeterTask) -> bool:
    # Also first sessions of a key are restated.
    return task.past_days is not None or task.stored.has_rows("event") or task.stored.has_rows("session")


def _one_table(tables: list[pa.Table]) -> pa.Table:
    if not tables:
        return SCHEMAS["event"].empty_table().select([*_EVENT_COLUMNS, "append_no"])
    return pa.concat_tables(tables, promote_options="permissive").unify_dictionaries()


def _without(events: pa.Table, places: npt.NDArray[np.int32]) -> pa.Table:
    if not len(places):
        return events
    is_kept = np.ones(len(events), np.bool_)
    is_kept[places] = False
    return events.filter(pa.array(is_kept))


def _touched(connection: duckdb.DuckDBPyConnection, *, key: SharedKey, task: RemeterTask, fits: bool) -> _OldEvents:
    """Find the stored events to meter, with new ones or again; `old_session` gets what is stored of them.

    Args:
        fits: The new events fit into memory, so that stored sessions can stand for their events.
    """
    connection.execute(_of_ledger("affected", **key.fragments), {"append_no": 0})
    # A removed event may have opened a session long before, or a customer have got others' events.
    is_whole = bool(task.changed) or not is_anchored(task.schedule, key)
    if is_whole:
        connection.execute(sql("whole_keys"))
    else:
        _find_stretches(connection, key, task=task)
    connection.execute(sql("drop_event"))
    (restart_us,) = row_of(connection, sql("first_restart"))
    later = task.stored.where("started_at", first=restart_us, last=NEVER_US).where(
        "occurred_at", first=restart_us, last=NEVER_US
    )
    for table in ("session", "participation"):
        create_current_view(connection, table, available=later)
    # These are few, which spares the texts of the others: a third of the time for events of all months.
    sessions = key.fragments["session"] if is_whole else f"({sql('sessions_in_stretches', **key.fragments)})"
    connection.execute(sql("old_session", sessions=sessions, **key.fragments), {"restart": restart_us})
    connection.execute(sql("nothing_stands"))
    if not is_whole:
        connection.execute(sql("new_in_stretch", **key.fragments))
        connection.execute(sql("first_that_counts"))
        if fits and can_stand(task.schedule, key):
            connection.execute(sql("standing"))
    create_current_view(connection, "event", available=later)
    # After an erasure a stored session has another id of its opening than the event.
    rows = key.fragments["event"] if task.changed else f"({sql('events_without_ids', **key.fragments)})"
    return _OldEvents(
        named=sql("old_events", rows=key.fragments["event"], **key.fragments),
        unnamed=sql("old_events", rows=rows, **key.fragments),
        values={"restart": restart_us},
    )


def _find_stretches(connection: duckdb.DuckDBPyConnection, key: SharedKey, *, task: RemeterTask) -> None:
    """Create `stretch`, the times in which the affected keys are metered again; some start too early."""
    (since_us,) = row_of(connection, sql("first_since"))
    recent = task.stored.where("ended_at", first=since_us, last=NEVER_US)
    # Also the replaced ones: telling them from the others would be half of the work.
    files = [*recent.files["session"], *recent.files["session_new"]]
    create_view(connection, "session", files=files, schema=SCHEMAS["session"], root=recent.root)
    parts = connection.sql(sql("parts_of_stretches", **key.fragments), params={"since": since_us}).to_arrow_table()
    connection.execute(sql("drop_session"))
    stretches = touched_stretches(parts, task.schedule)
    execute_with(connection, sql("stretches"), input_rows=stretches.rows)
    register(connection, "start_in_stretch", rows=stretches.sessions)


def _in_meter_schema(events: pa.Table) -> pa.Table:
    columns = [
        pa.chunked_array([dictionary_of(events[field.name])]) if field.name == "source" else events[field.name]
        for field in METER_SCHEMA
    ]
    return pa.table(
        [column.cast(field.type) for column, field in zip(columns, METER_SCHEMA, strict=True)], schema=METER_SCHEMA
    )


def _metered(
    connection: duckdb.DuckDBPyConnection,
    stored: _OldEvents | None,
    *,
    new: pa.Table | None,
    key: SharedKey,
    task: RemeterTask,
    counts: list[int],
) -> Iterator["Metered"]:
    # Adds the number of metered events to `counts`. Imported here because it loads the compiler, which a driver does
    # not need.
    from botmeter.metering.meter import sessions_from_events
    from botmeter.metering.streamed import sessions_from_chunks

    touchpoints = Touchpoints(task.touchpoints)
    events = _at_once(connection, stored, new=new, events_max=task.events_max)
    if stored is not None:
        if events is None:
            # In chunks, sessions are metered from all of their events.
            connection.execute(sql("nothing_stands"))
        connection.execute(sql("old_participation"), stored.values)
    if events is not None:
        counts.append(len(events))
        metered = sessions_from_events(events, schedule=task.schedule, touchpoints=touchpoints)
        yield metered if stored is None else _beside_stored(connection, stored, metered=metered, schedule=task.schedule)
        return

    def in_order() -> Iterator[pa.Table]:
        query = _in_order(stored, key)
        for rows in tables_from(connection, query.statement, values=query.values, rows_max=task.events_max):
            counts.append(len(rows))
            yield _in_meter_schema(rows)

    yield from sessions_from_chunks(in_order(), schedule=task.schedule, touchpoints=touchpoints, scope=key.scope)


def _at_once(
    connection: duckdb.DuckDBPyConnection, stored: _OldEvents | None, *, new: pa.Table | None, events_max: int
) -> pa.Table | None:
    # The events to meter, in any order, without the ids of most stored ones; None: too many.
    if new is None:
        return None
    named = _in_meter_schema(new)
    if stored is None:
        return named.unify_dictionaries()
    tables, count = [METER_SCHEMA.empty_table()], len(named) + row_of(connection, sql("standing_count"))[0]
    for rows in tables_from(connection, stored.unnamed, values=stored.values, rows_max=events_max):
        tables.append(_in_meter_schema(rows))
        count += len(rows)
        if count > events_max:
            return None
    for step in ("mark_standing", "keep_standing"):
        connection.execute(sql(step))
    openings = connection.sql(_of_ledger("standing_openings")).to_arrow_table()
    named, old = pa.concat_tables([named, _in_meter_schema(openings)]), pa.concat_tables(tables)
    tied = tied_instants(named, old)
    if len(tied):
        at_these = _in_meter_schema(_old_events_at(connection, stored, instants=tied))
        named, old = pa.concat_tables([named, at_these]), without_instants(old, tied)
    return pa.concat_tables([named, old]).unify_dictionaries()


def _old_events_at(connection: duckdb.DuckDBPyConnection, stored: _OldEvents, *, instants: pa.Table) -> pa.Table:
    query = sql("old_events_at", old=stored.named)
    return table_from(connection, query, input_rows=instants, values=stored.values)


def _beside_stored(
    connection: duckdb.DuckDBPyConnection, stored: _OldEvents, *, metered: "Metered", schedule: Schedule
) -> "Metered":
    from botmeter.metering.meter import with_earlier_events

    # Most sessions are opened as before.
    named = connection.sql(sql("old_openings")).to_arrow_table()
    unnamed = unnamed_instants(metered.sessions, named)
    if len(unnamed):
        more = _old_events_at(connection, stored, instants=unnamed)
        named = pa.concat_tables([named, more.select(named.column_names)])
    metered = replace(metered, sessions=with_opening_ids(metered.sessions, named, schedule=schedule))
    counts, parts = (
        connection.sql(_of_ledger(step)).to_arrow_table() for step in ("standing_counts", "standing_parts")
    )
    return with_earlier_events(metered, counts=counts, parts=parts) if len(counts) else metered


def _in_order(stored: _OldEvents | None, key: SharedKey) -> _Query:
    events, values = _Query(sql("new_events", **key.fragments), {})
    if stored is not None:
        events, values = _Query(sql("stored_and_new", stored=stored.named, new=events), stored.values)
    return _Query(sql("in_order", events=events, **key.fragments), {**values, "kind_ranks": list(KIND_RANK)})


def _lake_rows(metered: "Metered", key: SharedKey, *, task: RemeterTask) -> tuple[pa.Table, pa.Table]:
    sessions = session_rows(metered.sessions, workspace=task.workspace, scope=key.scope, touchpoints=task.touchpoints)
    return sessions, participation_rows(metered.participations, sessions=sessions)


def _add_changed(
    connection: duckdb.DuckDBPyConnection,
    pieces: RemeteredPieces,
    *,
    metered: Iterator[tuple[pa.Table, pa.Table]],
    rows_max: int,
) -> None:
    """Add the sessions whose rows are not stored, and those that they replace; `changed_session` gets their ids."""
    tables, piece = ("metered_session", "metered_participation"), 0
    # Another connection, because the events are being read on this one.
    with connection_beside(connection) as writer:
        for piece, rows_of_piece in enumerate(metered, start=1):
            for table, rows in zip(tables, rows_of_piece, strict=True):
                insert(writer, table, rows=rows.append_column("piece", repeated(piece, len(rows))))
    for step in ("changed_session", "changed_parts", "other_parts"):
        connection.execute(sql(step))
    for number in range(1, piece + 1):
        changed = (connection.sql(sql("changed_rows", table=table), params={"piece": number}) for table in tables)
        pieces.add(*(rows.to_arrow_table() for rows in changed))
    for rows in tables_from(connection, sql("removed_rows"), rows_max=rows_max):
        pieces.write("session_replaced", rows)
    for rows in tables_from(connection, sql("removed_parts"), rows_max=rows_max):
        pieces.add_removed_parts(rows)
    for rows in tables_from(connection, sql("removed_days"), rows_max=rows_max):
        pieces.add_by_conversation("removed", rows)


def _removed_usage(connection: duckdb.DuckDBPyConnection) -> dict[UsageKey, int]:
    return {(day, *rest): count for day, *rest, count in connection.execute(sql("removed_usage")).fetchall()}


def _add_facts_of_events(connection: duckdb.DuckDBPyConnection, pieces: RemeteredPieces, *, rows_max: int) -> None:
    for spans in tables_from(connection, sql("new_spans"), rows_max=rows_max):
        pieces.add_spans(spans)
    for tickets in tables_from(connection, sql("new_tickets"), rows_max=rows_max):
        pieces.add_by_conversation("tickets", tickets)


def touchpoint_rows(touchpoints: Sequence[Touchpoint]) -> pa.Table:
    """Rows of `touchpoint`."""
    columns = zip(*touchpoints, strict=True) if touchpoints else ((), (), ())
    texts = {name: pa.array(values, pa.string()) for name, values in zip(Touchpoint._fields, columns, strict=True)}
    return pa.table({"touchpoint": pa.array(np.arange(len(touchpoints), dtype=np.int32)), **texts})
