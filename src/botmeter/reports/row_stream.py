"""Underlying data as an Arrow stream, for programs in other processes."""

import io
from collections.abc import Generator
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa

from botmeter.reports.query import UsageQuery
from botmeter.reports.rows import COLUMNS, row_batches, schema_of

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger


def row_stream(
    ledger: "ReadableLedger", query: UsageQuery, *, columns: tuple[str, ...] | None = None
) -> Generator[bytes, None, None]:
    """Stream the rows that the report counts in Arrow's format; raises as `schema_of`."""
    schema = schema_of(COLUMNS if columns is None else columns)
    written = _Written()
    with closing(row_batches(ledger, query, schema=schema)) as batches:
        with pa.ipc.new_stream(written, schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
                yield written.drain()
        yield written.drain()


class _Written(io.BytesIO):
    def drain(self) -> bytes:
        data = self.getvalue()
        self.seek(0)
        self.truncate()
        return data
