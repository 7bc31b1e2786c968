"""Tasks: change stored events, and collect again what tables of conversations and names had from them.

The statements that change events are those of a ledger; each file with such events is written anew.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from botmeter.lake.conversations import with_run_and_bucket
from botmeter.lake.delta import LakeFile
from botmeter.lake.files import write_rows
from botmeter.lake.land import key_buckets, scope_buckets, text_buckets
from botmeter.lake.layout import SCHEMAS
from botmeter.lake.remeter_keys import CHANGED_COLUMNS, touchpoint_rows
from botmeter.lake.staged import StagedTable, Workspace, rows_of_all
from botmeter.lake.task_database import create_view, register, task_database
from botmeter.ledger.duckdb_calls import execute_with, row_of
from botmeter.ledger.statements import statements_of
from botmeter.metering.touchpoints import Touchpoint

sql = statements_of(__name__)
_of_events = statements_of("botmeter.lake.remeter_keys")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Statement of a module, and its values."""

    module: str
    name: str
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChange:
    """Change of a table `event`.

    Attributes:
        tables: Read by the steps, by name.
        affected: Creates `affected_row`.
        moves_conversations: Conversations get or lose events.
    """

    tables: Mapping[str, pa.Table]
    affected: Step
    steps: tuple[Step, ...]
    moves_conversations: bool


def erasure_of(chosen: Mapping[str, pa.Table], *, customer: str, pseudonym: str) -> EventChange:
    """Erase a customer, by the tables of `ledger.erase`."""
    values, of_ledger = {"customer": customer}, "botmeter.ledger.erase"
    return EventChange(
        tables=chosen,
        affected=Step(module=__name__, name="affected_by_erasure", values=values),
        steps=(
            Step(module=__name__, name="keep_erased_key", values=values),
            Step(module=of_ledger, name="update_naming_events", values=values),
            Step(module=of_ledger, name="update_events", values={**values, "pseudonym": pseudonym}),
            Step(module=of_ledger, name="update_other_events", values={}),
        ),
        moves_conversations=True,
    )


def move_of(customer_move: pa.Table) -> EventChange:
    """Count events for other customers, by the table of `ledger.customers`."""
    return EventChange(
        tables={"customer_move": customer_move},
        affected=Step(module=__name__, name="affected_by_move", values={}),
        steps=(Step(module="botmeter.ledger.remeter", name="move_events", values={}),),
        moves_conversations=False,
    )


def removal_of(append_nos: Sequence[int]) -> EventChange:
    """Remove the events of some submissions."""
    values = {"append_nos": list(append_nos)}
    return EventChange(
        tables={},
        affected=Step(module=__name__, name="affected_by_removal", values=values),
        steps=(Step(module="botmeter.ledger.remeter", name="delete_events", values=values),),
        moves_conversations=True,
    )


@contextmanager
def table_to_change(name: str, rows: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database with a table of these rows, which statements can change."""
    with task_database() as connection:
        execute_with(connection, sql("table_to_change", table=name), input_rows=rows)
        yield connection


def rows_in(connection: duckdb.DuckDBPyConnection, table: str) -> pa.Table:
    """All rows of a table."""
    return connection.sql(sql("rows_of", table=table)).to_arrow_table()


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteTask:
    """File of `event` to change; `scope` as in `LandTask`."""

    workspace: Workspace
    file: LakeFile
    change: EventChange
    scope: tuple[str, ...]
    touchpoints: tuple[Touchpoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """Outcome of a `RewriteTask`.

    Attributes:
        after: None: no event is left.
        changed: The affected events before and after, by bucket of their scope keys.
        conversations: Theirs, by bucket.
        removed_keys: Of removed events, by bucket, with their ids.
        erased_keys: Of removed events of erased customers.
        bots: That removed events named.
    """

    before: LakeFile
    after: LakeFile | None
    changed: StagedTable
    conversations: StagedTable
    removed_keys: StagedTable | None
    removed_count: int
    erased_keys: tuple[int, ...]
    bots: tuple[str, ...]


def rewrite_events(task: RewriteTask) -> Rewritten | None:
    """Write a file of events anew; None: the change does not affect it."""
    workspace = task.workspace
    with _opened(task.file, "event", workspace=workspace) as connection:
        register(connection, "touchpoint", rows=touchpoint_rows(task.touchpoints))
        for name, rows in task.change.tables.items():
            register(connection, name, rows=rows)
        connection.execute(sql("numbered"))
        _run(connection, task.change.affected)
        if not row_of(connection, sql("affected_count"))[0]:
            return None
        connection.execute(sql("event_before"))
        connection.execute(sql("event"))
        for step in task.change.steps:
            _run(connection, step)
        after = _with_buckets(connection.sql(sql("rows_after")).to_arrow_table(), task)
        affected = connection.sql(sql("affected_rows")).to_arrow_table()["row"].to_numpy()
        before = connection.sql(sql("rows_before")).to_arrow_table()
        removed = connection.sql(sql("removed_keys")).to_arrow_table()
        bots = tuple(bot for (bot,) in connection.execute(sql("removed_bots")).fetchall())
    is_affected = pa.array(np.isin(after["row"].to_numpy(), affected))
    changed = pa.concat_tables([before, after.filter(is_affected).select(before.column_names)])
    conversations = pa.table({"conversation_id": changed["conversation_id"].unique()})
    removed_keys = removed["event_key"].to_numpy()
    return Rewritten(
        before=task.file,
        after=write_rows(workspace.root, "event", rows=after),
        changed=workspace.stage(changed.select(CHANGED_COLUMNS), buckets=changed["bucket"].to_numpy().astype(np.int64)),
        conversations=workspace.stage(
            conversations, buckets=text_buckets(conversations["conversation_id"], workspace.bucket_count)
        ),
        removed_keys=workspace.stage(
            removed.select(["event_key", "event_id"]), buckets=key_buckets(removed_keys, workspace.bucket_count)
        )
        if len(removed)
        else None,
        removed_count=len(removed),
        erased_keys=tuple(removed["erased_key"].drop_null().to_pylist()),
        bots=bots,
    )


def _with_buckets(rows: pa.Table, task: RewriteTask) -> pa.Table:
    buckets = scope_buckets(rows, task.scope, bucket_count=task.workspace.bucket_count)
    return rows.set_column(rows.schema.get_field_index("bucket"), "bucket", pa.array(buckets, pa.int32()))


@dataclass(frozen=True, slots=True, kw_only=True)
class FactsTask:
    """File of `event` after a change, and the conversations and bots of which it is read."""

    workspace: Workspace
    file: LakeFile
    conversations: tuple[StagedTable, ...]
    bots: tuple[str, ...]
    touchpoints: tuple[Touchpoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectedFacts:
    """Outcome of a `FactsTask`; `bot_names` as in `Remetered`."""

    spans: LakeFile | None
    tickets: StagedTable | None
    bot_names: tuple[tuple[str, str, int], ...]


def collect_facts(task: FactsTask) -> CollectedFacts:
    """Collect what a file's events say of conversations and names of bots."""
    workspace = task.workspace
    conversations = rows_of_all(workspace.root, task.conversations)
    with _opened(task.file, "event", workspace=workspace) as connection:
        register(connection, "touchpoint", rows=touchpoint_rows(task.touchpoints))
        register(connection, "recounted", rows=conversations)
        connection.execute(sql("recounted_event"))
        spans = connection.sql(_of_events("new_spans")).to_arrow_table()
        tickets = connection.sql(_of_events("new_tickets")).to_arrow_table()
    return CollectedFacts(
        spans=write_rows(workspace.root, "conversation_span", rows=with_run_and_bucket(spans, workspace)),
        tickets=workspace.stage(tickets, buckets=text_buckets(tickets["conversation_id"], workspace.bucket_count))
        if len(tickets)
        else None,
        bot_names=_bot_names(task) if task.bots else (),
    )


def _bot_names(task: FactsTask) -> tuple[tuple[str, str, int], ...]:
    with _opened(task.file, "event", workspace=task.workspace) as connection:
        register(connection, "touchpoint", rows=touchpoint_rows(task.touchpoints))
        register(connection, "named_bot", rows=pa.table({"bot_id": pa.array(task.bots, pa.string())}))
        connection.execute(sql("naming_event", bots="named_bot"))
        return tuple(connection.execute(_of_events("new_bot_names")).fetchall())


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveOutTask:
    """File of a table, and the staged rows whose `column` its rows must not have."""

    workspace: Workspace
    table: str
    file: LakeFile
    column: str
    left_out: tuple[StagedTable, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced:
    """File and the one in its place; None: no row is left."""

    before: LakeFile
    after: LakeFile | None


def leave_out(task: LeaveOutTask) -> Replaced | None:
    """Write a file without some rows; None: it has none of them."""
    rows = rows_of_all(task.workspace.root, task.left_out)
    with _opened(task.file, task.table, workspace=task.workspace) as connection:
        register(connection, "left_out", rows=rows)
        kept = connection.sql(sql("other_rows", column=task.column)).to_arrow_table()
    if len(kept) == task.file.row_count:
        return None
    return Replaced(before=task.file, after=write_rows(task.workspace.root, task.table, rows=kept))


@contextmanager
def _opened(file: LakeFile, table: str, *, workspace: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    with task_database() as connection:
        create_view(connection, "stored", files=[file], schema=SCHEMAS[table], root=workspace.root)
        yield connection


def _run(connection: duckdb.DuckDBPyConnection, step: Step) -> None:
    connection.execute(statements_of(step.module)(step.name), dict(step.values) or None)
