"""Single rows out of DuckDB. A result must be read to its end before its connection is used again."""

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb


def row_of(
    connection: duckdb.DuckDBPyConnection, query: str, values: Mapping[str, object] | Sequence[object] = ()
) -> tuple[Any, ...]:
    """The first row of the query's result, which must have one."""
    return connection.execute(query, values or None).fetchall()[0]
