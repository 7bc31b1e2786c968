"""DuckDB of one task, and the lake's tables in it, restricted to the files that the task may need."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from itertools import count

import duckdb
import pyarrow as pa

from botmeter.domain.durable_files import temporary_folder
from botmeter.lake.delta import LakeFile
from botmeter.lake.layout import REPLACED_BY, SCHEMAS
from botmeter.lake.root import LakeRoot
from botmeter.ledger.bucket_reading import read_buckets
from botmeter.ledger.duckdb_calls import execute_with, parsed, row_of
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

# A task has one core of a worker, and the meter needs the rest of its memory.
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "500MB",
    "preserve_insertion_order": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
# Name that DuckDB gives to its own database in memory.
_DEFAULT = "memory"
_numbers = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFiles:
    """Files of some tables, by table."""

    root: LakeRoot
    files: dict[str, tuple[LakeFile, ...]]

    def where(self, column: str, *, first: int, last: int) -> "TableFiles":
        """Leave out files without a value from `first` to `last`."""
        return TableFiles(
            root=self.root,
            files={
                table: tuple(file for file in files if file.may_have(column, first=first, last=last))
                for table, files in self.files.items()
            },
        )

    def of(self, *tables: str) -> "TableFiles":
        return TableFiles(root=self.root, files={table: self.files.get(table, ()) for table in tables})

    def has_rows(self, table: str) -> bool:
        return any(self.files.get(name) for name in (table, f"{table}_new"))


@contextmanager
def task_database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open an empty database in memory, whose times are UTC; what does not fit goes to temporary files."""
    name = f"task_{next(_numbers)}"
    with _instance(os.getpid()).cursor() as connection:
        connection.execute(sql("set_timezone"))
        connection.execute(sql("attach", name=name))
        connection.execute(sql("use", name=name))
        try:
            yield connection
        finally:
            connection.execute(sql("use", name=_DEFAULT))
            connection.execute(sql("detach", name=name))


@contextmanager
def connection_beside(connection: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open another connection to a task's database, to write while a result is read."""
    (name,) = row_of(connection, sql("current_name"))
    with connection.cursor() as other:
        other.execute(sql("use", name=name))
        yield other


@cache
def _instance(_process_id: int) -> duckdb.DuckDBPyConnection:
    # Starting one takes 18 ms of CPU, a database in it 1 ms. A forked process must have its own.
    # Workers of Spark end without notice.
    instance = duckdb.connect(config={**_CONFIG, "temp_directory": str(temporary_folder("botmeter-lake-"))})
    instance.execute(sql("keep_file_metadata"))
    return instance


def tables_from(
    connection: duckdb.DuckDBPyConnection, query: str, *, rows_max: int, values: Mapping[str, object] | None = None
) -> Iterator[pa.Table]:
    """Read a query's result in tables of at most so many rows; none without a row."""
    batches: pa.RecordBatchReader = connection.sql(parsed(query), params=values).to_arrow_reader(rows_max)
    for batch in batches:
        if len(batch):
            yield pa.Table.from_batches([batch])


def register(connection: duckdb.DuckDBPyConnection, name: str, *, rows: pa.Table) -> None:
    """Create a view of rows in memory."""
    connection.from_arrow(rows).create_view(name)


def insert(connection: duckdb.DuckDBPyConnection, table: str, *, rows: pa.Table) -> None:
    """Add rows to a table, which the first ones create."""
    for step in ("create_table", "insert_rows"):
        execute_with(connection, sql(step, table=table), input_rows=rows)


def create_view(
    connection: duckdb.DuckDBPyConnection, name: str, *, files: Sequence[LakeFile], schema: pa.Schema, root: LakeRoot
) -> None:
    """Create a view of the rows in these files."""
    if files:
        read_buckets(connection, root.uri)
        # DuckDB takes all files for as large as the first, and builds hash tables of what it takes for smaller.
        largest_first = sorted(files, key=lambda file: -file.row_count)
        uris = [root.uri_of(file.name) for file in largest_first]
        connection.read_parquet(uris, hive_partitioning=False).create_view(name)
    else:
        register(connection, name, rows=schema.empty_table())


def create_current_view(
    connection: duckdb.DuckDBPyConnection, table: str, *, available: TableFiles, view: str | None = None
) -> None:
    """Create a view, by default of the table's name, of its rows that count, by the rule of `layout`."""
    view = view or table
    schema, replacement = SCHEMAS[table], REPLACED_BY.get(table)
    if replacement is None:
        create_view(connection, view, files=available.files.get(table, ()), schema=schema, root=available.root)
        return
    both = [*available.files.get(table, ()), *available.files.get(f"{table}_new", ())]
    replaced = available.files.get(replacement.table, ())
    if not replaced:
        create_view(connection, view, files=both, schema=schema, root=available.root)
        return
    create_view(connection, f"{view}_ever", files=both, schema=schema, root=available.root)
    create_view(connection, f"{view}_out", files=replaced, schema=SCHEMAS[replacement.table], root=available.root)
    connection.execute(sql("current", view=view, rows=f"{view}_ever", replaced=f"{view}_out", key=replacement.key))
