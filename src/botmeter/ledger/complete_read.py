"""Complete reading of a ledger: DuckDB notices a damaged block only when it reads it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import duckdb

from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.statements import statements_in, statements_of

sql = statements_of(__name__)

PART_ROWS: Final = 122_880
"""A row group of DuckDB: 20 to 100 ms, on one core."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePart:
    """Rows of a table from `first` to before `end`, as stored."""

    table: str
    first: int
    end: int


def table_parts(connection: duckdb.DuckDBPyConnection) -> list[TablePart]:
    """All tables of a ledger in parts."""
    stored = {name for (name,) in connection.execute(sql("stored_tables")).fetchall()}
    # The names of a damaged or foreign file are compared, and never become part of a statement.
    tables = [name for name in statements_in("botmeter.ledger", "schema.sql") if name in stored]
    return [part for table in tables for part in _parts(table, row_of(connection, sql("last_row", table=table))[0])]


def read_part(connection: duckdb.DuckDBPyConnection, part: TablePart) -> None:
    """Read a part; raise DuckDB's error if a block is damaged."""
    values = {"first": part.first, "end": part.end}
    connection.execute(sql("read_part", table=part.table), values).fetchall()


def read_everything(connection: duckdb.DuckDBPyConnection) -> None:
    """Read all tables; raise as `read_part`."""
    for part in table_parts(connection):
        read_part(connection, part)


def _parts(table: str, last_row: int) -> Iterator[TablePart]:
    for first in range(0, last_row + 1, PART_ROWS):
        yield TablePart(table=table, first=first, end=first + PART_ROWS)
