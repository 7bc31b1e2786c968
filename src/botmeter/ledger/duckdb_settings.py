"""Settings and memory of the DuckDB that has a ledger open."""

import duckdb

from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


def checkpoint(connection: duckdb.DuckDBPyConnection) -> None:
    """Move all commits from the log into the file."""
    connection.execute(sql("checkpoint"))


def set_checkpoint_threshold(connection: duckdb.DuckDBPyConnection, size: str) -> None:
    """Set the size of the log at which DuckDB checkpoints by itself."""
    connection.execute(sql("set_checkpoint_threshold"), [size])


def keep_log_on_close(connection: duckdb.DuckDBPyConnection) -> None:
    """Make closing leave the log as it is."""
    connection.execute(sql("keep_log_on_close"))


def memory_limit_bytes(connection: duckdb.DuckDBPyConnection) -> int:
    """DuckDB's memory limit."""
    return int(row_of(connection, sql("memory_limit"))[0])


def set_memory_limit(connection: duckdb.DuckDBPyConnection, limit: str) -> None:
    """Set DuckDB's memory limit, with its unit."""
    connection.execute(sql("set_memory_limit"), {"limit": limit})


def keep_footers(connection: duckdb.DuckDBPyConnection) -> None:
    """Make DuckDB keep the footers of Parquet files, which in a lake never change."""
    connection.execute(sql("keep_footers"))


def buffer_bytes(connection: duckdb.DuckDBPyConnection) -> int:
    """Memory that DuckDB uses for the file."""
    return int(row_of(connection, sql("buffer_bytes"))[0])
