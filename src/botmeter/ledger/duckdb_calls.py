"""Rows in and out of DuckDB.

Read a result to its end before using its connection again. A statement finds `input_rows` in the Python frame; a
registered table would stay in memory until the transaction ends.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import duckdb
import msgspec
import pyarrow as pa

_Record = TypeVar("_Record")


@lru_cache(maxsize=1_000)
def parsed(query: str) -> duckdb.Statement:
    """Parse a statement once for all connections; that takes 0.2 ms."""
    (statement,) = duckdb.extract_statements(query)
    return statement


def row_of(
    connection: duckdb.DuckDBPyConnection, query: str, *, values: Mapping[str, object] | Sequence[object] = ()
) -> tuple[Any, ...]:
    """Result's first row, which must exist."""
    return connection.execute(parsed(query), values or None).fetchall()[0]


def records_of(kind: type[_Record], rows: Iterable[tuple[Any, ...]]) -> list[_Record]:
    """Rows as dataclass values, whose fields are the columns in order."""
    return [msgspec.convert(dict(zip(kind.__annotations__, row, strict=True)), kind) for row in rows]


def execute_with(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    *,
    input_rows: pa.Table | None,  # noqa: ARG001 - the statement reads it by its name
    values: Mapping[str, object] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Run a statement on `input_rows`."""
    return connection.execute(parsed(query), values)


def events_table(new_events: pa.Table | None) -> str:
    """Table of new events in a statement: those in memory are its `input_rows`."""
    return "event" if new_events is None else "input_rows"


def table_from(
    connection: duckdb.DuckDBPyConnection,
    query: str,
    *,
    input_rows: pa.Table,  # noqa: ARG001 - the query reads it by its name
    values: Mapping[str, object] | None = None,
) -> pa.Table:
    """Query's result on `input_rows`, which may be large."""
    return connection.sql(parsed(query), params=values).to_arrow_table()
