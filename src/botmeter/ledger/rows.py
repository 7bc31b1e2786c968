"""Rows in and out of DuckDB: single rows, and statements on an Arrow table.

Read a result to its end before using its connection again. A statement finds `given` in the Python frame; a registered
table would stay in memory until the transaction ends.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa


def row_of(
    connection: duckdb.DuckDBPyConnection, query: str, *, values: Mapping[str, object] | Sequence[object] = ()
) -> tuple[Any, ...]:
    """Return the result's first row, which must exist."""
    return connection.execute(query, values or None).fetchall()[0]


def write_given(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    *,
    given: pa.Table,  # noqa: ARG001 - the statement reads it by its name
    values: Mapping[str, object] | None = None,
) -> None:
    """Run a statement on `given`."""
    connection.execute(query, values)


def rows_given(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    *,
    given: pa.Table,  # noqa: ARG001 - the query reads it by its name
    values: Mapping[str, object] | None = None,
) -> list[tuple[Any, ...]]:
    """Return the rows of a query on `given`."""
    return connection.execute(query, values).fetchall()


def table_given(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    *,
    given: pa.Table,  # noqa: ARG001 - the query reads it by its name
    values: Mapping[str, object] | None = None,
) -> pa.Table:
    """Return a query's result on `given`."""
    return connection.sql(query, params=values).to_arrow_table()
