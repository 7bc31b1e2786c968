"""Rows on their way into a table, in portions that fit it.

DuckDB keeps rows in groups of 122,880. Portions of whole groups are written once; others are put
together again when the file is closed, which doubled the time of an import and the size of the file.
"""

from collections.abc import Mapping

import pyarrow as pa

from botmeter.ledger.ledger import Ledger
from botmeter.ledger.rows import write_given

PORTION_ROWS = 4 * 122_880


class RowGroupWriter:
    """Rows that are not in the table yet."""

    def __init__(self, ledger: Ledger, statement: str, *, values: Mapping[str, object] | None = None) -> None:
        """Rows for that statement, which takes `values`; the ledger is in a transaction."""
        self._ledger = ledger
        self._statement = statement
        self._values = values
        self._waiting: list[pa.Table] = []
        self._row_count = 0

    def add(self, rows: pa.Table) -> None:
        """Takes rows in; portions that are full go into the table."""
        self._waiting.append(rows)
        self._row_count += len(rows)
        if self._row_count >= PORTION_ROWS:
            self._write(self._row_count // PORTION_ROWS * PORTION_ROWS)

    def empty(self) -> None:
        """Puts all that waits into the table, so that statements see it."""
        self._write(self._row_count)

    def _write(self, row_count: int) -> None:
        if not self._waiting:
            return
        # In one piece, because DuckDB starts a row group with each piece.
        rows = pa.concat_tables(self._waiting, promote_options="permissive").combine_chunks()
        write_given(self._ledger.connection, self._statement, given=rows.slice(0, row_count), values=self._values)
        left = rows.slice(row_count)
        self._waiting, self._row_count = [left] if len(left) else [], len(left)
