"""Inserts in a thread of their own, while the events that follow are read and metered."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Final, NamedTuple, Self

import duckdb
import pyarrow as pa

Insert = Callable[[duckdb.DuckDBPyConnection, pa.Table], object]

ROWS_MAX: Final = 150_000
"""Of inserts that have not ended: a row group and new numbers. 250,000 take 0.02 GB more, and as long."""


class _Pending(NamedTuple):
    result: Future[object]
    row_count: int


class BackgroundInserts:
    """Inserts of one connection, one after the other; nothing else may use it meanwhile.

    Attributes:
        beside: Connection outside the transaction, which is free at any time.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, beside: duckdb.DuckDBPyConnection) -> None:
        self._connection, self.beside = connection, beside
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="insert")
        self._pending = deque[_Pending]()

    @classmethod
    @contextmanager
    def of(cls, connection: duckdb.DuckDBPyConnection) -> Iterator[Self]:
        """End all inserts at the end of the `with`; the first error is raised, in the order of the events."""
        with closing(connection.cursor()) as beside:
            inserts = cls(connection, beside)
            try:
                yield inserts
                inserts.wait()
            except Exception:
                # These rows came before what failed.
                inserts.wait()
                raise
            finally:
                inserts._thread.shutdown(cancel_futures=True)

    def begin(self, insert: Insert, rows: pa.Table) -> None:
        """Insert rows after the previous ones; raises the error of one that has failed."""
        while self._pending and sum(each.row_count for each in self._pending) + len(rows) > ROWS_MAX:
            self._wait(1)
        result = self._thread.submit(insert, self._connection, rows)
        self._pending.append(_Pending(result, len(rows)))

    def wait(self) -> None:
        """Wait for all inserts; raises the first error."""
        self._wait(len(self._pending))

    def _wait(self, count: int) -> None:
        try:
            for _ in range(count):
                self._pending.popleft().result.result()
        except BaseException:
            # Those after it can't succeed in this transaction.
            self._pending.clear()
            raise
