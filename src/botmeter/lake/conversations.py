"""Tasks: what is derived of conversations, whose events can be of several scope keys.

`touch` reads what is stored of the conversations that a run touches, `gather` the parts of stored sessions on the days
that must be counted again, `derive` makes the new rows.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from botmeter.lake.delta import LakeFile
from botmeter.lake.files import repeated, write_rows
from botmeter.lake.land import text_buckets
from botmeter.lake.layout import SCHEMAS
from botmeter.lake.staged import BucketRange, StagedTable, Workspace, rows_of_all, staged_rows
from botmeter.lake.task_database import (
    TableFiles,
    create_current_view,
    create_view,
    insert,
    register,
    tables_from,
    task_database,
)
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

_PART = pa.schema(
    [
        ("session_id", pa.string()),
        ("conversation_id", pa.string()),
        ("touchpoint", pa.int32()),
        ("preview", pa.bool_()),
        ("day", pa.int32()),
    ]
)
_DAY = pa.schema([("day", pa.int32()), ("conversation_id", pa.string())])
_CONVERSATION = pa.schema([("conversation_id", pa.string())])
_SESSION = pa.schema([("session_id", pa.string())])
_TICKET = pa.schema([("conversation_id", pa.string()), ("ticket_id", pa.string()), ("ticket_type", pa.string())])


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchTask:
    """Buckets of conversations; the staged tables are those of `Remetered`.

    Attributes:
        recounted: Conversations whose days are all counted again.
    """

    workspace: Workspace
    buckets: BucketRange
    participations: tuple[StagedTable, ...]
    removed: tuple[StagedTable, ...]
    tickets: tuple[StagedTable, ...]
    stored: TableFiles
    rows_max: int
    recounted: tuple[StagedTable, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """Outcome of a `TouchTask`.

    Attributes:
        days: Days and conversations to count again.
        stored_days: Stored rows of these conversations, on all days.
        stored_tickets: Their stored `session_ticket`.
        first_day, last_day: Since 1970, of `days`; None: no day.
    """

    days: StagedTable
    stored_days: StagedTable
    stored_tickets: StagedTable
    first_day: int | None
    last_day: int | None


def touch(task: TouchTask) -> Touched:
    """Read what is stored of touched conversations."""
    with task_database() as connection:
        _register_touching(connection, task)
        for table in ("conversation_day", "session_ticket", "conversation_ticket"):
            create_current_view(connection, table, available=task.stored)
        for step in ("unknown_ticket", "touched_conversation", "stored_day", "touched_day"):
            connection.execute(sql(step))
        days, stored_days, stored_tickets = (
            connection.sql(sql(name)).to_arrow_table() for name in ("touched_rows", "stored_day_rows", "stored_tickets")
        )
        first_day, last_day = connection.execute(sql("touched_bounds")).fetchall()[0]
    return Touched(
        days=task.workspace.stage_whole(days),
        stored_days=task.workspace.stage_whole(stored_days),
        stored_tickets=task.workspace.stage_whole(stored_tickets),
        first_day=first_day,
        last_day=last_day,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GatherTask:
    """Files of stored participations.

    Attributes:
        removed: Sessions whose stored parts no longer count.
        rows_max: Days and participations in memory at once.
    """

    workspace: Workspace
    days: tuple[StagedTable, ...]
    removed: tuple[StagedTable, ...]
    first_us: int
    end_us: int
    stored: TableFiles
    rows_max: int


def gather(task: GatherTask) -> tuple[StagedTable, ...]:
    """Stage stored participations of touched conversations on touched days, by bucket of the conversation."""
    staged = []
    with task_database() as connection:
        for name, tables, schema in (("touched_day", task.days, _DAY), ("removed_session", task.removed, _SESSION)):
            _register_staged(connection, name, tables=tables, schema=schema, task=task)
        create_current_view(connection, "participation", available=task.stored)
        bounds = {"first": task.first_us, "end": task.end_us}
        for parts in tables_from(connection, sql("gathered"), rows_max=task.rows_max, values=bounds):
            buckets = text_buckets(parts["conversation_id"], task.workspace.bucket_count)
            staged.append(task.workspace.stage(parts, buckets=buckets))
    return tuple(staged)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeriveTask:
    """Buckets of conversations, with all that `touch` and `gather` found of them.

    Attributes:
        touched: None: nothing is stored.
        footprints: Sets of the stored footprints -1, -2, …
        rows_max: Participations in memory at once.
    """

    workspace: Workspace
    buckets: BucketRange
    participations: tuple[StagedTable, ...]
    tickets: tuple[StagedTable, ...]
    touched: Touched | None
    footprints: tuple[tuple[int, ...], ...]
    stored: TableFiles
    rows_max: int


ConversationUsageKey = tuple[int, int, bool]
"""Day since 1970, footprint, preview."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """Outcome of a `DeriveTask`.

    Attributes:
        days, session_tickets: Staged as in their tables, with `local_set`, a number in `sets`, where it is not null.
        sets: Of touchpoints.
        removed_usage: Of stored rows that no longer count.
        files: By table.
    """

    days: tuple[StagedTable, ...]
    session_tickets: tuple[StagedTable, ...]
    sets: tuple[tuple[int, ...], ...]
    removed_usage: dict[ConversationUsageKey, int]
    files: dict[str, tuple[LakeFile, ...]]


def derive(task: DeriveTask) -> Derived:
    """Derive the rows of touched conversations; unchanged ones stay."""
    with task_database() as connection:
        _register_derived_from(connection, task)
        for step in ("unknown_ticket", "kept_day", "conversation_set", "several", "set_number", "ticket_of"):
            connection.execute(sql(step))
        for step in ("session_set", "more_set_numbers", "derived_day", "derived_ticket"):
            connection.execute(sql(step))
        connection.execute(sql("no_same_conversation" if task.touched is None else "same_conversation"))
        days, tickets = (
            tuple(map(task.workspace.stage_whole, tables_from(connection, sql(name), rows_max=task.rows_max)))
            for name in ("derived_days", "derived_tickets")
        )
        files = {
            table: tuple(_files(task, table, tables=tables_from(connection, sql(name), rows_max=task.rows_max)))
            for table, name in (("conversation_replaced", "replaced"), ("conversation_ticket", "unknown_ticket_rows"))
        }
        sets = tuple(tuple(members) for (members,) in connection.execute(sql("sets")).fetchall())
        removed_usage = {
            (day, footprint, preview): count
            for day, footprint, preview, count in connection.execute(sql("removed_usage")).fetchall()
        }
    return Derived(
        days=days,
        session_tickets=tickets,
        sets=sets,
        removed_usage=removed_usage,
        files=files,
    )


def with_run_and_bucket(rows: pa.Table, workspace: Workspace) -> pa.Table:
    """Add the run and the bucket to rows of conversations."""
    buckets = text_buckets(rows["conversation_id"], workspace.bucket_count)
    return rows.append_column("run", repeated(workspace.run, len(rows))).append_column(
        "bucket", pa.array(buckets, pa.int32())
    )


def _files(task: DeriveTask, table: str, *, tables: Iterator[pa.Table]) -> Iterator[LakeFile]:
    for rows in tables:
        file = write_rows(task.workspace.root, table, rows=with_run_and_bucket(rows, task.workspace))
        if file is not None:
            yield file


def _register_staged(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    *,
    tables: Sequence[StagedTable],
    schema: pa.Schema,
    task: TouchTask | GatherTask | DeriveTask,
) -> None:
    # As a view; more than may be in memory as a table, which DuckDB can move to disk.
    root, buckets = task.workspace.root, None if isinstance(task, GatherTask) else task.buckets
    if sum(table.row_count_in(buckets) for table in tables) <= task.rows_max:
        rows = rows_of_all(root, tables, buckets=buckets)
        register(connection, name, rows=schema.empty_table() if rows is None else rows)
        return
    for table in tables:
        insert(connection, name, rows=staged_rows(root, table, buckets=buckets))


def _register_touching(connection: duckdb.DuckDBPyConnection, task: TouchTask) -> None:
    for name, tables, schema in (
        ("fresh_part", task.participations, _PART),
        ("removed_part", task.removed, _DAY),
        ("fresh_ticket", task.tickets, _TICKET),
        ("recounted", task.recounted, _CONVERSATION),
    ):
        _register_staged(connection, name, tables=tables, schema=schema, task=task)


def _register_derived_from(connection: duckdb.DuckDBPyConnection, task: DeriveTask) -> None:
    for name, tables, schema in (("part", task.participations, _PART), ("fresh_ticket", task.tickets, _TICKET)):
        _register_staged(connection, name, tables=tables, schema=schema, task=task)
    files = task.stored.files.get("conversation_ticket", ())
    create_view(
        connection, "conversation_ticket", files=files, schema=SCHEMAS["conversation_ticket"], root=task.workspace.root
    )
    register(connection, "known_set", rows=_known_sets(task.footprints))
    touched = task.touched
    days, stored_days, stored_tickets = (
        (None, None, None) if touched is None else (touched.days, touched.stored_days, touched.stored_tickets)
    )
    day_schema = pa.schema([*_DAY, ("preview", pa.bool_()), ("footprint", pa.int32()), ("has_other_rows", pa.bool_())])
    ticket_schema = pa.schema(
        [
            field if field.name != "day" else pa.field("day", pa.int32())
            for field in SCHEMAS["session_ticket"]
            if field.name not in ("run", "bucket")
        ]
    )
    for name, table, schema in (
        ("touched_day", days, _DAY),
        ("stored_day", stored_days, day_schema),
        ("stored_ticket", stored_tickets, ticket_schema),
    ):
        register(
            connection, name, rows=schema.empty_table() if table is None else staged_rows(task.workspace.root, table)
        )


def _known_sets(footprints: tuple[tuple[int, ...], ...]) -> pa.Table:
    numbers = pa.array(range(-1, -1 - len(footprints), -1), pa.int32())
    return pa.table({"members": pa.array(footprints, pa.list_(pa.int32())), "footprint": numbers})
