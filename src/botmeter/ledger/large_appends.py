"""Memory of large appends where nobody reads the file meanwhile; in a server, readers would find it full."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from botmeter.domain.settings import Settings
from botmeter.ledger.duckdb_calls import row_of
from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)

MEMORY_BYTES = 250_000_000
"""DuckDB's limit meanwhile. With 800 MB an import takes as long, and 0.2 GB more."""


@contextmanager
def less_memory(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Lower DuckDB's memory limit until the `with` ends."""
    # A setting can't be changed on a connection whose transaction has failed.
    with connection.cursor() as settings:
        if int(row_of(settings, sql("memory_limit"))[0]) <= MEMORY_BYTES:
            yield
            return
        # Queries of other connections may need more at this moment.
        with suppress(duckdb.OutOfMemoryException):
            settings.execute(sql("set_memory_limit"), {"limit": f"{MEMORY_BYTES}B"})
        try:
            yield
        finally:
            settings.execute(sql("set_memory_limit"), {"limit": Settings.from_environment().memory_limit})
