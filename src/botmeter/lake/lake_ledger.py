"""A lake as a ledger: the tables of one record by their names in a ledger's database.

Small tables are copied, the others are views of Parquet files. Tables that a lake lacks stay as they are.
"""

from collections.abc import Iterator, Sequence
from typing import Final

import duckdb
import pyarrow as pa

from botmeter.lake.delta import LakeFile
from botmeter.lake.files import read_table
from botmeter.lake.record import LakeRecord, tables_at
from botmeter.lake.root import LakeRoot
from botmeter.lake.task_database import TableFiles, create_current_view
from botmeter.ledger.contents import write_account, write_policy
from botmeter.ledger.duckdb_calls import execute_with, row_of
from botmeter.ledger.lake_account import ServedRecord
from botmeter.ledger.statements import statements_in, statements_of
from botmeter.ledger.tables import create_tables

sql = statements_of(__name__)

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

COPIED_DAYS_MAX: Final = 1_000_000
"""Rows of `conversation_day` that are copied: about 30 MB. To find them takes 0.7 s in ten million."""

# The statement that fills each small table, and the one that creates the view of each other.
_COPIED = {
    "touchpoint": "insert_touchpoint",
    "footprint_member": "insert_footprint_member",
    "session_usage": "insert_session_usage",
    "conversation_usage": "insert_conversation_usage",
    "bot_name_sent": "insert_bot_name_sent",
    "receipt": "insert_receipt",
    "customer_alias": "insert_customer_alias",
    "erased_key": "insert_erased_key",
}
_VIEWED = {
    "event": "view_event",
    "quarantine": "view_quarantine",
    "session": "view_session",
    "participation": "view_participation",
    "conversation_day": "view_conversation_day",
    "session_ticket": "view_session_ticket",
    "conversation_span": "view_conversation_span",
    "conversation_ticket": "view_conversation_ticket",
}


LEDGER_ROWS: Final = {
    "event": "ledger_event",
    "session": "ledger_session",
    "participation": "ledger_participation",
    "conversation_day": "ledger_conversation_day",
    "session_ticket": "ledger_session_ticket",
    "conversation_span": "ledger_conversation_span",
    "conversation_ticket": "ledger_conversation_ticket",
    "quarantine": "ledger_quarantine",
    "receipt": "ledger_receipt",
    "erased_key": "ledger_erased_key",
    **dict.fromkeys(
        (
            *("touchpoint", "footprint_member", "session_usage", "conversation_usage", "bot_name_sent"),
            *("customer_alias", "restatement"),
        ),
        "ledger_rows",
    ),
}
"""Tables of a ledger that a lake has, and the statement that gives their rows."""

# The rows of a ledger are nearly in this order.
_ORDER = {
    "event": "occurred_at",
    "quarantine": "quarantine_no",
    "session": "started_at, session_id",
    "participation": "started_at, session_id",
    "conversation_day": "day, conversation_id",
    "session_ticket": "day, session_id",
    "conversation_span": "last_event_at, conversation_id",
    "conversation_ticket": "conversation_id, ticket_id",
}


def connection_to(root: LakeRoot, record: LakeRecord) -> duckdb.DuckDBPyConnection:
    """Open a database in memory with a record's tables, as those of a ledger."""
    connection = duckdb.connect(config=_CONFIG)
    connection.execute(sql("set_timezone"))
    create_tables(connection, now_us=record.recorded_at)
    write_account(connection, record.as_account, by=None, now_us=record.recorded_at)
    serve_record(connection, root, record=record)
    return connection


def serve_record(connection: duckdb.DuckDBPyConnection, root: LakeRoot, *, record: LakeRecord) -> ServedRecord:
    """Replace a ledger's policies and its tables of events, sessions and usage by those of a record."""
    files = {name: table.files() for name, table in tables_at(root, record.versions).items()}
    connection.execute(sql("clear_table", table="policy_term"))
    for position, term in enumerate(record.schedule):
        write_policy(connection, term.policy, position=position, from_us=term.from_us, now_us=record.recorded_at)
    for name, statement in _COPIED.items():
        connection.execute(sql("clear_table", table=name))
        rows = read_table(root, name, files=files[name])
        execute_with(connection, sql(statement), input_rows=rows)
        if name == "receipt":
            for step in ("insert_file_imports", "update_file_imports"):
                execute_with(connection, sql(step), input_rows=rows)
    # A lake of an earlier layout has none, and a ledger that was moved to it keeps its own.
    if "restatement" in files:
        _copy_restatements(connection, root, files=files["restatement"])
    for (view,) in connection.execute(sql("lake_views")).fetchall():
        connection.execute(sql("drop_view", table=view))
    available = TableFiles(root=root, files={name: tuple(own) for name, own in files.items()})
    for name in _VIEWED:
        _serve(connection, name, available=available)
    connection.execute(sql("drop_other_days"))
    if available.has_rows("conversation_day"):
        _copy_other_days(connection)
    first_event_at, last_event_at = _bounds_of(files["event"], "occurred_at")
    return ServedRecord(
        uri=root.uri,
        number=record.number,
        recorded_at=record.recorded_at,
        first_event_at=first_event_at,
        last_event_at=last_event_at,
        waiting_imports=tuple(each.number for each in record.waiting if each.kind == "undo"),
    )


def rows_of_ledger(connection: duckdb.DuckDBPyConnection, table: str, *, rows_max: int) -> Iterator[pa.Table]:
    """Rows of a ledger's table in the columns of the lake's, without run and bucket, a part at a time.

    Tables with a scope key have its columns too, with `key_` before their names.
    """
    query = sql(LEDGER_ROWS[table], table=table)
    reader = connection.sql(query).to_arrow_reader(rows_max)
    yield from (pa.Table.from_batches([batch]) for batch in reader)


def keep_rows(connection: duckdb.DuckDBPyConnection) -> None:
    """Copy the rows of a lake that a ledger serves to tables of its own; it no longer serves the lake."""
    for table, order in _ORDER.items():
        # Where the lake has no file of it, it is a table already, and empty.
        if connection.execute(sql("table_names"), {"name": table}).fetchall():
            continue
        connection.execute(sql("rename_view", table=table))
        connection.execute(statements_in("botmeter.ledger", "schema.sql")[table])
        connection.execute(sql("copy_view", table=table, order=order))
        connection.execute(sql("drop_view", table="lake_view"))
    for (view,) in connection.execute(sql("lake_views")).fetchall():
        connection.execute(sql("drop_view", table=view))
    for step in ("drop_other_days", "drop_restatement_files", "leave_lake"):
        connection.execute(sql(step))


def _copy_restatements(connection: duckdb.DuckDBPyConnection, root: LakeRoot, *, files: Sequence[LakeFile]) -> None:
    # Of new files alone, since each run adds one; all of them again if a change has written files anew.
    connection.execute(sql("create_restatement_files"))
    copied = {name for (name,) in connection.execute(sql("restatement_files")).fetchall()}
    if not copied <= {file.name for file in files}:
        copied = set()
    new = [file for file in files if file.name not in copied]
    if not new:
        return
    rows = read_table(root, "restatement", files=new)
    if not copied:
        execute_with(connection, sql("delete_restatements"), input_rows=rows)
        connection.execute(sql("clear_table", table="restatement_file"))
    execute_with(connection, sql("insert_restatements"), input_rows=rows)
    names = pa.table({"name": [file.name for file in new]})
    execute_with(connection, sql("insert_restatement_files"), input_rows=names)


def _copy_other_days(connection: duckdb.DuckDBPyConnection) -> None:
    # Reports count nearly all conversations from usage, and only those of several rows one by one.
    if row_of(connection, sql("other_day_count"))[0] <= COPIED_DAYS_MAX:
        connection.execute(sql("copy_other_days"))
        connection.execute(sql("drop_view", table="conversation_day"))
        connection.execute(sql("view_copied_days"))


def _bounds_of(files: Sequence[LakeFile], column: str) -> tuple[int, int] | tuple[None, None]:
    if not files:
        return None, None
    bounds = [file.bounds[column] for file in files]
    return min(low for low, _ in bounds), max(high for _, high in bounds)


def _serve(connection: duckdb.DuckDBPyConnection, name: str, *, available: TableFiles) -> None:
    is_table = connection.execute(sql("table_names"), {"name": name}).fetchall()
    connection.execute(sql("drop_table" if is_table else "drop_view", table=name))
    if not available.has_rows(name):
        # A view of no file would need a table in memory.
        connection.execute(statements_in("botmeter.ledger", "schema.sql")[name])
        connection.execute(sql("view_no_file", table=name))
        return
    create_current_view(connection, name, available=available, view=f"lake_{name}")
    connection.execute(sql(_VIEWED[name]))
