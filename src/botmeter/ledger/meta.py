"""Named facts about an account's file."""

import duckdb

from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


def meta_value(connection: duckdb.DuckDBPyConnection, name: str) -> str | None:
    """Return the value under `name`, if any."""
    value: str | None = row_of(connection, sql("value"), values={"name": name})[0]
    return value


def set_meta(connection: duckdb.DuckDBPyConnection, name: str, *, value: str) -> None:
    """Store `value` under `name`, replacing any other."""
    remove_meta(connection, name)
    connection.execute(sql("insert"), {"name": name, "value": value})


def remove_meta(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Remove what is stored under `name`, if anything."""
    connection.execute(sql("delete"), {"name": name})
