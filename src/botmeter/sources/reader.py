"""A file in any format → batches of checked events: the one door to all sources."""

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
from botmeter.sources.stream import ByteStream, opened, stored_size_bytes

ROWS_MAX = 250_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """What to read.

    Attributes:
        path: A path, or `-` for standard input.
        name: What to call it in messages; None: by its path.
        content: For `-`, what to read, which stays open; None: the process's standard input.
        mapping: Where the fields stand in a foreign file; None: they have Botmeter's own names.
        format: csv, ndjson, json, parquet or cloudevents; None: found out from the content.
    """

    path: str
    name: str | None = None
    content: IO[bytes] | None = None
    mapping: Mapping | None = None
    format: str | None = None

    @property
    def label(self) -> str:
        """What people call it."""
        return self.path if self.name is None else self.name


def batches(file: SourceFile, *, rows_max: int = ROWS_MAX, source: Source | None = None) -> Iterator[EventBatch]:
    """The events of `file` in its order, at most `rows_max` a batch, and what had to be refused.

    What an event leaves out is as `source` says; None: as nothing is said.

    A record that can't be read is a rejection. A fault of the file as a whole is raised, if need be
    after the last batch: a caller that takes files whole keeps nothing of such a one.

    Raises:
        Missing: `file_missing`.
        NotAllowed: `file_not_readable`.
        Refused: `file_empty`, `file_truncated`, `format_unknown`, `column_missing` and the like.
        TooMuch: `record_too_long`.
    """
    stream = opened(file.path, name=file.label, stdin=file.content)
    try:
        for records in _records(stream, file, rows_max=rows_max):
            whole = records if source is None else records_with_defaults(records, source)
            yield from _pieces(batch_from_records(whole), rows_max)
        stream.checked_end()
    finally:
        stream.close()


def batches_from_json(raws: Iterable[bytes], *, mapping: Mapping | None = None) -> Iterator[EventBatch]:
    """The events in single JSON objects (events or CloudEvents), by the same rule as any file.

    `positions` and `Rejection.index` count the objects of `raws` from 0. A row that was refused
    from a CSV or Parquet file is such an object; give the mapping that it was read with.
    """
    for records in records_from_texts(raws, mapping=mapping):
        yield batch_from_records(records)


def size_bytes(file: SourceFile) -> int | None:
    """Size of the file as it is stored (packed), for a progress bar; None for standard input."""
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
    """`batch`, cut into several if it holds more than `rows_max` events; each event and rejection once."""
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
