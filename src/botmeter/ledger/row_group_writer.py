"""Buffered writes in whole row groups of DuckDB, 122,880 rows.

Smaller pieces are rewritten on closing, which doubled an import's time and the file's size.
"""

from collections.abc import Mapping

import pyarrow as pa

from botmeter.ledger.ledger import Ledger
from botmeter.ledger.rows import execute_with

FLUSH_ROWS = 4 * 122_880


class RowGroupWriter:
    """Buffer of rows for one table."""

    def __init__(self, ledger: Ledger, statement: str, *, values: Mapping[str, object] | None = None) -> None:
        self._ledger = ledger
        self._statement = statement
        self._values = values
        self._buffered: list[pa.Table] = []
        self._row_count = 0

    def add(self, rows: pa.Table) -> None:
        self._buffered.append(rows)
        self._row_count += len(rows)
        if self._row_count >= FLUSH_ROWS:
            self._write(self._row_count // FLUSH_ROWS * FLUSH_ROWS)

    def flush(self) -> None:
        self._write(self._row_count)

    def _write(self, row_count: int) -> None:
        if not self._buffered:
            return
        # In one piece: DuckDB starts a row group with each piece.
        rows = pa.concat_tables(self._buffered, promote_options="permissive").combine_chunks()
        execute_with(self._ledger.connection, self._statement, input_rows=rows.slice(0, row_count), values=self._values)
        left = rows.slice(row_count)
        self._buffered, self._row_count = [left] if len(left) else [], len(left)
