"""Memory of large appends where nobody reads the file meanwhile; in a server, readers would find it full."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from botmeter.domain.settings import Settings
from botmeter.ledger.duckdb_settings import memory_limit_bytes, set_memory_limit

MEMORY_BYTES = 220_000_000
"""DuckDB's limit meanwhile. With 800 MB an import takes as long, and 0.2 GB more."""
_BYTES_A_SESSION = 40
"""Of DuckDB's limit to count all sessions: 250 MB do for 6 million, and do not for 10 million."""


@contextmanager
def less_memory(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Lower DuckDB's memory limit until the `with` ends."""
    # A setting can't be changed on a connection whose transaction has failed.
    with connection.cursor() as settings:
        if memory_limit_bytes(settings) <= MEMORY_BYTES:
            yield
            return
        # Queries of other connections may need more at this moment.
        with suppress(duckdb.OutOfMemoryException):
            set_memory_limit(settings, f"{MEMORY_BYTES}B")
        try:
            yield
        finally:
            set_memory_limit(settings, Settings.from_environment().memory_limit)


def raise_memory_limit(connection: duckdb.DuckDBPyConnection, *, session_count: int) -> None:
    """Raise a limit that `less_memory` lowered, if the counts of so many sessions need more."""
    needed_bytes = session_count * _BYTES_A_SESSION
    if needed_bytes <= MEMORY_BYTES:
        return
    with connection.cursor() as settings:
        if memory_limit_bytes(settings) > MEMORY_BYTES:
            return
        set_memory_limit(settings, Settings.from_environment().memory_limit)
        if needed_bytes < memory_limit_bytes(settings):
            set_memory_limit(settings, f"{needed_bytes}B")
