"""A lake as a ledger: its tables by their names in a database in memory, over the files of one record.

Small tables are copied into memory, the others are views of Parquet files. Tables that a lake lacks are empty.
"""

import duckdb

from botmeter.lake.delta import LakeFile
from botmeter.lake.record import LakeRecord, tables_at
from botmeter.lake.root import LakeRoot
from botmeter.lake.small_tables import read_table
from botmeter.lake.task_database import TableFiles, create_current_view
from botmeter.ledger.contents import write_account, write_policy
from botmeter.ledger.duckdb_calls import execute_with
from botmeter.ledger.statements import statements_of
from botmeter.ledger.tables import create_tables

sql = statements_of(__name__)

_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}

# The statement that fills each small table, and the one that creates the view of each other.
_COPIED = {
    "touchpoint": "insert_touchpoint",
    "footprint_member": "insert_footprint_member",
    "session_usage": "insert_session_usage",
    "conversation_usage": "insert_conversation_usage",
    "bot_name_sent": "insert_bot_name_sent",
    "receipt": "insert_receipt",
    "conversation_ticket": "insert_conversation_ticket",
}
_VIEWED = {
    "event": "view_event",
    "session": "view_session",
    "participation": "view_participation",
    "conversation_day": "view_conversation_day",
    "session_ticket": "view_session_ticket",
    "conversation_span": "view_conversation_span",
}


def connection_to(root: LakeRoot, record: LakeRecord) -> duckdb.DuckDBPyConnection:
    """Open a database with a record's tables, as those of a ledger."""
    files = {name: table.files() for name, table in tables_at(root, record.versions).items()}
    connection = duckdb.connect(config=_CONFIG)
    connection.execute(sql("set_timezone"))
    create_tables(connection, now_us=record.recorded_at)
    write_account(connection, record.as_account, by=None, now_us=record.recorded_at)
    for position, term in enumerate(record.schedule):
        write_policy(connection, term.policy, position=position, from_us=term.from_us, now_us=record.recorded_at)
    for name, statement in _COPIED.items():
        execute_with(connection, sql(statement), input_rows=read_table(root, name, files=files[name]))
    _create_views(connection, root, files=files)
    return connection


def _create_views(connection: duckdb.DuckDBPyConnection, root: LakeRoot, *, files: dict[str, list[LakeFile]]) -> None:
    available = TableFiles(root=root, files={name: tuple(own) for name, own in files.items()})
    for name, statement in _VIEWED.items():
        connection.execute(sql("drop_table", table=name))
        create_current_view(connection, name, available=available, view=f"lake_{name}")
        connection.execute(sql(statement))
