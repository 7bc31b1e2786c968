"""Events in partitions by a key that all events of a session share, so that none is cut, and in slices of time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.instant import NEVER_US
from botmeter.ledger.duckdb_calls import execute_with, parsed, row_of, table_from
from botmeter.ledger.statements import statements_of
from botmeter.metering.policy import Policy, Require, Schedule, ignores_order
from botmeter.metering.schema import METER_SCHEMA
from botmeter.metering.touchpoints import Touchpoint

if TYPE_CHECKING:
    from botmeter.ledger.ledger import Ledger

sql = statements_of(__name__)

# With them an import of 12 million events takes less than 1 GB in all; each partition scans all events, for half a
# second of CPU per 12 million.
PARTITION_EVENTS_MAX = 400_000

# From this part of the ledger on, metering all of it is cheaper than finding the part that was touched.
EVERYTHING_FROM = 0.2

# The scope key in SQL: x is a row of event or session, with bot and channel where the key needs them.
_KEY_PART = {
    "customer": "x.customer_id",
    "conversation": "x.conversation_id",
    "bot": "coalesce(x.bot_id, '')",
    "channel": "x.channel",
}
_OF_TOUCHPOINTS = frozenset({"bot", "channel"})
# The tables with that key, and their column with the touchpoint's number.
_TOUCHPOINT_COLUMN = {
    "event": "touchpoint",
    "session": "opening_touchpoint",
    "old_session": "opening_touchpoint",
    "fresh_session": "opening_touchpoint",
    "plan_session": "opening_touchpoint",
    "input_rows": "touchpoint",
    # Of a lake.
    "metered_session": "opening_touchpoint",
    "new_event": "touchpoint",
}


_SQL_TYPE = {
    pa.string(): "VARCHAR",
    pa.int64(): "BIGINT",
    pa.int32(): "INTEGER",
    pa.uint8(): "UTINYINT",
    pa.bool_(): "BOOLEAN",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedKey:
    """Scope that policies share, as SQL fragments: its key, the tables with it, and the columns of `METER_SCHEMA`."""

    scope: tuple[str, ...]
    fragments: dict[str, str]
    reads_attributes: bool

    @classmethod
    def of(cls, policies: Sequence[Policy]) -> Self:
        scope = tuple(name for name in _KEY_PART if all(name in policy.scope for policy in policies))
        needs_touchpoints = not _OF_TOUCHPOINTS.isdisjoint(scope)
        reads_attributes = any(policy.exclude - {"preview"} for policy in policies)
        fragments = {
            table: f"({sql('with_touchpoints', table=table, touchpoint=column)})" if needs_touchpoints else table
            for table, column in _TOUCHPOINT_COLUMN.items()
        }
        numbered = f"({sql('numbered_events')})"
        fragments["event_rows"] = (
            f"({sql('with_touchpoints', table=numbered, touchpoint='touchpoint')})" if needs_touchpoints else numbered
        )
        fragments["key"] = " || chr(0) || ".join(_KEY_PART[name] for name in scope) or "''"
        fragments["attributes"] = "x.attributes" if reads_attributes else "NULL"
        fragments["meter_columns"] = ", ".join(_meter_columns(fragments["attributes"]))
        return cls(scope=scope, fragments=fragments, reads_attributes=reads_attributes)


def _meter_columns(attributes: str) -> Iterator[str]:
    for field in METER_SCHEMA:
        value = attributes if field.name == "attributes" else f"x.{field.name}"
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        yield f"{value}::{_SQL_TYPE[kind]} AS {field.name}"


def event_count(connection: duckdb.DuckDBPyConnection) -> int:
    """Number of metered events."""
    return int(row_of(connection, sql("event_count"))[0])


def event_partitions(connection: duckdb.DuckDBPyConnection, key: SharedKey) -> Iterator[pa.Table]:
    """Read all events, a partition at a time, in the columns of `METER_SCHEMA`."""
    partition_count = max(1, -(-event_count(connection) // PARTITION_EVENTS_MAX)) if key.scope else 1
    for partition in range(partition_count):
        values = {"partition": partition, "partition_count": partition_count}
        yield connection.sql(parsed(sql("events_of_partition", **key.fragments)), params=values).to_arrow_table()


class TimeSlice(NamedTuple):
    """Events in the columns of `METER_SCHEMA`; those of later slices are not before its end (µs UTC)."""

    events: pa.Table
    end_us: int


def time_slices(
    connection: duckdb.DuckDBPyConnection,
    key: SharedKey,
    *,
    count: int,
    events: str = "event",
    first_us: int = -NEVER_US,
) -> Iterator[TimeSlice]:
    """Read `count` events since an instant in slices of about `PARTITION_EVENTS_MAX`; `events` is a table in SQL.

    Of events stored nearly in order of time, each slice is read from its own rows.
    """
    slice_count = -(-count // PARTITION_EVENTS_MAX)
    names = {"events": events, **key.fragments}
    values: dict[str, object] = {"first": first_us, "fractions": [at / slice_count for at in range(1, slice_count)]}
    inner = row_of(connection, sql("slice_bounds", **names), values=values)[0] if slice_count > 1 else []
    for start_us, end_us in pairwise([first_us, *sorted(set(inner)), NEVER_US]):
        yield TimeSlice(_events_between(connection, names, start_us=start_us, end_us=end_us), end_us)


def events_since(connection: duckdb.DuckDBPyConnection, key: SharedKey, *, events: str, first_us: int) -> pa.Table:
    """Read the events since an instant, as `time_slices` in one slice."""
    return _events_between(connection, {"events": events, **key.fragments}, start_us=first_us, end_us=NEVER_US)


def _events_between(
    connection: duckdb.DuckDBPyConnection, names: Mapping[str, str], *, start_us: int, end_us: int
) -> pa.Table:
    values = {"start": start_us, "end": end_us}
    return connection.sql(parsed(sql("events_of_slice", **names)), params=values).to_arrow_table()


def insert_sessions(connection: duckdb.DuckDBPyConnection, rows: pa.Table, *, table: str = "session") -> None:
    """Store the rows of metered sessions. In a transaction."""
    execute_with(connection, sql("insert_sessions", table=table), input_rows=rows)


def insert_participations(
    connection: duckdb.DuckDBPyConnection, rows: pa.Table, *, table: str = "participation"
) -> None:
    """Store the rows of metered participations. In a transaction."""
    execute_with(connection, sql("insert_participations", table=table), input_rows=rows)


def delete_rows(
    connection: duckdb.DuckDBPyConnection, session_ids: Sequence[str], *, first_us: int, last_us: int
) -> int:
    """Delete sessions that start within these instants (µs UTC) and their participations; return the number of rows."""
    input_rows = pa.table({"session_id": pa.array(session_ids, pa.string())})
    values = {"first": first_us, "last": last_us}
    return sum(
        execute_with(connection, sql(statement), input_rows=input_rows, values=values).fetchall()[0][0]
        for statement in ("delete_sessions", "delete_participations")
    )


def new_events(connection: duckdb.DuckDBPyConnection, key: SharedKey, *, append_no: int, limit: int) -> pa.Table:
    """Read events from that append on with their scope keys."""
    values = {"append_no": append_no, "limit": limit}
    return connection.sql(parsed(sql("new_events", **key.fragments)), params=values).to_arrow_table()


class RunningRows(NamedTuple):
    """Rows of sessions that had not ended at an instant and of their participations, and the number of sessions."""

    sessions: list[tuple[Any, ...]]
    participations: list[tuple[Any, ...]]
    session_count: int


def running_rows(
    connection: duckdb.DuckDBPyConnection, key: SharedKey, *, from_us: int, count_max: int
) -> RunningRows | None:
    """Read the sessions that had not ended at an instant, with scope keys and opening events; None: more than that."""
    values = {"from": from_us}
    count, earliest_us = row_of(connection, sql("running_bounds"), values=values)
    if count > count_max:
        return None
    if count == 0:
        return RunningRows([], [], 0)
    values["earliest"] = earliest_us
    sessions = connection.execute(parsed(sql("running", **key.fragments)), values).fetchall()
    return RunningRows(sessions, connection.execute(parsed(sql("running_parts")), values).fetchall(), count)


def last_events(
    connection: duckdb.DuckDBPyConnection, key: SharedKey, *, from_us: int, append_no: int
) -> dict[str, int]:
    """Read the instant (µs UTC) of the last event since an instant by scope key, of earlier appends."""
    values = {"from": from_us, "append_no": append_no}
    return dict(connection.execute(parsed(sql("last_events", **key.fragments)), values).fetchall())


def late_sessions(connection: duckdb.DuckDBPyConnection, key: SharedKey, *, starts: pa.Table) -> list[tuple[Any, ...]]:
    """Read the sessions of scope keys that had not ended at an instant, or began later."""
    values = {"first": pc.min(starts["start_at"]).as_py()}
    return execute_with(connection, sql("late_sessions", **key.fragments), input_rows=starts, values=values).fetchall()


def late_parts(
    connection: duckdb.DuckDBPyConnection, session_ids: Iterable[str], *, starts_us: Sequence[int]
) -> list[tuple[Any, ...]]:
    """Read the parts of sessions, given with their starts (µs UTC)."""
    input_rows = pa.table({"session_id": pa.array(session_ids, pa.string())})
    if not starts_us:
        return []
    values = {"first": min(starts_us), "last": max(starts_us)}
    return execute_with(connection, sql("late_parts"), input_rows=input_rows, values=values).fetchall()


def late_events(
    connection: duckdb.DuckDBPyConnection, key: SharedKey, *, starts: pa.Table, append_no: int, limit: int
) -> pa.Table:
    """Read the events of scope keys since an instant, of earlier appends, in the columns of `new_events`."""
    values = {"first": pc.min(starts["start_at"]).as_py(), "append_no": append_no, "limit": limit}
    return table_from(connection, sql("late_events", **key.fragments), input_rows=starts, values=values)


def rows_since_start(ledger: "Ledger", events: pa.Table, *, running: pa.Table, key: SharedKey) -> pa.ChunkedArray:
    """Rows of events since the start of the session among `running` that has their key."""
    connection, touchpoints = ledger.free_connection, ledger.touchpoints.all()
    openings = running.rename_columns({"opening_touchpoint": "touchpoint"})
    openings = _with_key_columns(openings, key, touchpoints=touchpoints)
    execute_with(connection, sql("starts", key=key.fragments["key"]), input_rows=openings)
    events = _with_key_columns(events, key, touchpoints=touchpoints)
    numbered = events.append_column("row", pa.array(np.arange(len(events))))
    return table_from(connection, sql("rows_since_start", key=key.fragments["key"]), input_rows=numbered)["row"]


def _with_key_columns(rows: pa.Table, key: SharedKey, *, touchpoints: Sequence[Touchpoint]) -> pa.Table:
    # From memory: of new touchpoints only the transaction knows.
    if _OF_TOUCHPOINTS.isdisjoint(key.scope):
        return rows
    for name in ("bot_id", "channel"):
        texts = pa.array([getattr(each, name) for each in touchpoints], pa.string())
        rows = rows.append_column(name, texts.take(rows["touchpoint"].combine_chunks()))
    return rows


def is_anchored(schedule: Schedule, key: SharedKey) -> bool:
    """Return whether metering can start at a running session; of policies with different events, sessions overlap."""
    policies = [term.policy for term in schedule]
    event_choices = {(policy.match, policy.exclude, policy.participants) for policy in policies}
    same_scope = all(set(policy.scope) == set(key.scope) for policy in policies)
    return same_scope and len(event_choices) == 1 and all(_starts_afresh(policy) for policy in policies)


def can_stand(schedule: Schedule, key: SharedKey) -> bool:
    """Return whether a session can stand for its events: only its opening affects it, and its row tells all of that."""
    policies = [term.policy for term in schedule]
    opens_alike = all(policy.opens_on == "customer" and ignores_order(policy) for policy in policies)
    return opens_alike and not key.reads_attributes and is_anchored(schedule, key)


def _starts_afresh(policy: Policy) -> bool:
    # Return whether no earlier event affects a session. An `exchange` opens on an answer to an earlier message; with
    # `require` an uncounted session may have been running; a session full of turns can end, and the next open, at the
    # same instant.
    return policy.opens_on != "exchange" and policy.require == Require() and policy.max_turns is None
