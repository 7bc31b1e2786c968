"""Rows inserted in whole row groups of DuckDB: smaller pieces are rewritten on closing.

That doubled an import's time and the file's size.
"""

from collections.abc import Callable
from typing import Final

import pyarrow as pa

ROW_GROUP_ROWS: Final = 122_880


class RowGroupBuffer:
    """Rows of a table, inserted in multiples of `flush_rows`, which are whole row groups."""

    def __init__(self, insert: Callable[[pa.Table], None], *, flush_rows: int = ROW_GROUP_ROWS) -> None:
        self._insert, self._flush_rows = insert, flush_rows
        self._buffered: list[pa.Table] = []
        self._row_count = 0

    def add(self, rows: pa.Table) -> None:
        self._buffered.append(rows)
        self._row_count += len(rows)
        if self._row_count >= self._flush_rows:
            self._write(self._row_count // self._flush_rows * self._flush_rows)

    def flush(self) -> None:
        self._write(self._row_count)

    def _write(self, row_count: int) -> None:
        if not self._buffered:
            return
        rows = pa.concat_tables(self._buffered, promote_options="permissive")
        # In one piece: DuckDB starts a row group with each piece. The rest keeps only the memory of its own batches.
        self._insert(rows.slice(0, row_count).combine_chunks())
        left = rows.slice(row_count)
        self._buffered, self._row_count = [left] if len(left) else [], len(left)
