"""Files of events in any format → checked batches."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, assert_never

import numpy as np
import pyarrow as pa

from botmeter.domain.source import Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.columns import batch_from_records
from botmeter.sources.csv import records_from_csv
from botmeter.sources.defaults import records_with_defaults
from botmeter.sources.mapping import Mapping
from botmeter.sources.ndjson import records_from_json, records_from_lines, records_from_texts
from botmeter.sources.parquet import records_from_parquet
from botmeter.sources.records import Records
from botmeter.sources.sniff import format_of
from botmeter.sources.stream import ByteStream, open_stream, stored_size_bytes

ROWS_MAX = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A file to read.

    Attributes:
        path: `-` for standard input.
        name: For messages; None: the path.
        content: Replaces standard input; stays open.
        mapping: None: Botmeter's own names.
        format: csv, ndjson, json, parquet or cloudevents; None: detected.
    """

    path: str
    name: str | None = None
    content: IO[bytes] | None = None
    mapping: Mapping | None = None
    format: str | None = None

    @property
    def label(self) -> str:
        return self.path if self.name is None else self.name


def batches(file: SourceFile, *, rows_max: int = ROWS_MAX, source: Source | None = None) -> Iterator[EventBatch]:
    """Yield the events and rejections of a file, in order.

    An error may follow the last batch; the caller must then keep nothing of the file.

    Args:
        rows_max: Per batch.
        source: Supplies defaults.

    Raises:
        Missing: `file_missing`.
        NotAllowed: `file_not_readable`.
        Refused: `file_empty`, `file_truncated`, `format_unknown`, `column_missing` and the like.
        TooMuch: `record_too_long`.
    """
    stream = open_stream(file.path, name=file.label, stdin=file.content)
    try:
        for records in _records(stream, file, rows_max=rows_max):
            whole = records if source is None else records_with_defaults(records, source)
            yield from _pieces(batch_from_records(whole), rows_max)
        stream.checked_end()
    finally:
        stream.close()


def batches_from_json(raws: Iterable[bytes], *, mapping: Mapping | None = None) -> Iterator[EventBatch]:
    """Read one event per JSON object; positions start at 0."""
    for records in records_from_texts(raws, mapping=mapping):
        yield batch_from_records(records)


def size_bytes(file: SourceFile) -> int | None:
    """Return the stored size of a file; None for standard input."""
    return stored_size_bytes(file.path)


def _records(stream: ByteStream, file: SourceFile, *, rows_max: int) -> Iterator[Records]:
    found = format_of(stream, asked=file.format)
    match found:
        case "csv":
            return records_from_csv(stream, mapping=file.mapping)
        case "ndjson":
            return records_from_lines(stream, mapping=file.mapping)
        case "json":
            return records_from_json(stream, mapping=file.mapping)
        case "parquet":
            return records_from_parquet(stream, path=file.path, mapping=file.mapping, rows_max=rows_max)
        case _:
            assert_never(found)


def _pieces(batch: EventBatch, rows_max: int) -> Iterator[EventBatch]:
    if len(batch.events) <= rows_max:
        if len(batch.events) or batch.rejections or batch.notes:
            yield batch
        return
    positions = batch.positions.to_numpy()
    refused = np.array([rejection.index for rejection in batch.rejections], np.int64)
    from_refused = 0
    for start in range(0, len(positions), rows_max):
        end = min(start + rows_max, len(positions))
        to_refused = len(refused) if end == len(positions) else int(np.searchsorted(refused, positions[end]))
        yield EventBatch(
            events=batch.events.slice(start, end - start),
            positions=pa.array(positions[start:end]),
            rejections=batch.rejections[from_refused:to_refused],
            bytes_read=batch.bytes_read,
            notes=batch.notes if start == 0 else (),
        )
        from_refused = to_refused
