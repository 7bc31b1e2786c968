"""Read transactions: each sees one commit and never commits."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import duckdb

from botmeter.ledger.statements import statements_of

sql = statements_of(__name__)


class ReadTransactions:
    """The open read transactions beside one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._open: set[duckdb.DuckDBPyConnection] = set()

    @contextmanager
    def begin(self) -> Iterator[duckdb.DuckDBPyConnection]:
        connection = self._connection.cursor()
        self._open.add(connection)
        try:
            connection.begin()
            # Not before the first statement does DuckDB decide which commit the transaction sees.
            connection.execute(sql("begin")).fetchall()
            yield connection
        finally:
            self._open.discard(connection)
            # Closing undoes the transaction, and with it the temporary tables.
            connection.close()

    def interrupt(self) -> None:
        for connection in (self._connection, *self._open):
            with suppress(duckdb.Error):
                connection.interrupt()
