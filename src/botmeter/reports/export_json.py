"""JSON and NDJSON: instants as in CSV, lists as arrays, missing values null."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import pyarrow as pa

from botmeter.reports.export_instants import InstantTexts

# Rows that are Python objects at once; a row takes about 3 KB then.
_ROWS_AS_OBJECTS = 2_000


def ndjson_chunks(batches: Iterable[pa.RecordBatch], *, schema: pa.Schema, instants: InstantTexts) -> Iterator[bytes]:
    """Generate a line for each row."""
    encoder = msgspec.json.Encoder()
    for batch in _small(batches):
        yield encoder.encode_lines(_mappings(batch, instants, schema=schema))


def json_chunks(batches: Iterable[pa.RecordBatch], *, schema: pa.Schema, instants: InstantTexts) -> Iterator[bytes]:
    """Generate an array of rows."""
    encoder = msgspec.json.Encoder()
    opening = b"[\n"
    for batch in _small(batches):
        yield opening + b",\n".join(encoder.encode(row) for row in _mappings(batch, instants, schema=schema))
        opening = b",\n"
    yield b"[]\n" if opening == b"[\n" else b"\n]\n"


def _small(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for first in range(0, batch.num_rows, _ROWS_AS_OBJECTS):
            yield batch.slice(first, _ROWS_AS_OBJECTS)


def _mappings(batch: pa.RecordBatch, instants: InstantTexts, *, schema: pa.Schema) -> list[dict[str, Any]]:
    columns = [instants.texts(column) if pa.types.is_timestamp(column.type) else column for column in batch.columns]
    rows: list[dict[str, Any]] = pa.RecordBatch.from_arrays(columns, names=schema.names).to_pylist()
    return rows
