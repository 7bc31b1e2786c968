"""Accepted events on their way into the table `event`, in portions that fit it.

DuckDB keeps rows in groups of 122,880. Portions of whole groups are written once; others are put
together again when the file is closed, which doubled the time of an import and the size of the file.
"""

import pyarrow as pa

from botmeter.ledger.ledger import Ledger
from botmeter.ledger.tables import sql

PORTION_ROWS = 4 * 122_880


class Inbox:
    """The accepted events of one submission that are not in the table yet."""

    def __init__(self, ledger: Ledger, *, source: str, append_no: int) -> None:
        self._ledger = ledger
        self._values = {"source": source, "append_no": append_no}
        self._waiting: list[pa.Table] = []
        self._row_count = 0

    def add(self, events: pa.Table) -> None:
        """Takes events in; a portion that is full goes into the table."""
        self._waiting.append(events)
        self._row_count += len(events)
        if self._row_count >= PORTION_ROWS:
            self._write(self._row_count // PORTION_ROWS * PORTION_ROWS)

    def empty(self) -> None:
        """Puts all that waits into the table, so that statements see it."""
        self._write(self._row_count)

    def _write(self, row_count: int) -> None:
        if not self._waiting:
            return
        events = pa.concat_tables(self._waiting, promote_options="permissive")
        with self._ledger.seen_as("arrived", events.slice(0, row_count)) as connection:
            connection.execute(sql("keep_events"), self._values)
        left = events.slice(row_count)
        self._waiting, self._row_count = [left] if len(left) else [], len(left)
