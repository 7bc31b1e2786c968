"""Parquet → records, in bounded pieces; only rejected rows are read whole."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from botmeter.domain.errors import Refused
from botmeter.sources.arrow.arrow_rows import cells_of_row, clock_of_columns, legible
from botmeter.sources.arrow.parquet_pages import column_bounds
from botmeter.sources.mapping.mapped import checked_columns, columns_of_events, row_bytes
from botmeter.sources.mapping.mapping import Mapping as FieldMapping
from botmeter.sources.records import Records
from botmeter.sources.stream import ByteStream, opened_file, spooled
from botmeter.sources.times.clock import Clock

ROWS_MAX = 250_000
BATCH_BYTES_MAX: Final = 16 << 20
"""Of the rows read at once. Rejecting all of them takes about thirty times as much."""
_REPEATED = ("actor", "kind", "bot_id", "bot_name", "bot_version", "channel", "ticket_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    parquet: pyarrow.parquet.ParquetFile
    content: IO[bytes]
    name: str
    columns: list[str]
    mapping: FieldMapping
    clock: Clock
    size_bytes: int


def records_from_parquet(stream: ByteStream, *, path: str, mapping: FieldMapping) -> Iterator[Records]:
    """Yield records; compressed files and pipes are spooled first.

    Raises:
        Refused: `format_unknown`, `file_damaged`, `column_missing`, `column_doubled`, `time_without_offset`.
        TooMuch: `row_group_too_large`, `file_too_large`.
    """
    with ExitStack() as stack:
        is_spooled = stream.is_packed or stream.size_bytes is None
        content = spooled(stream, stack) if is_spooled else stack.enter_context(opened_file(path, name=stream.name))
        parquet = stack.enter_context(_opened(content, mapping=mapping, name=stream.name))
        names = list(parquet.schema_arrow.names)
        notes = checked_columns(names, mapping=mapping, name=stream.name)
        file = _File(
            parquet=parquet,
            content=content,
            name=stream.name,
            columns=[name for name in names if mapping.is_read(name)],
            mapping=mapping,
            clock=clock_of_columns(parquet.schema_arrow, mapping=mapping, name=stream.name),
            size_bytes=stream.size_bytes or stream.stored_bytes,
        )
        yield from _records(file, notes=notes)


def _opened(content: IO[bytes], *, mapping: FieldMapping, name: str) -> pyarrow.parquet.ParquetFile:
    # Read repeated text as dictionaries, at a fraction of the cost.
    try:
        with pyarrow.parquet.ParquetFile(content) as probe:
            schema, metadata = probe.schema_arrow, probe.metadata
        columns = {mapping.columns().get(name) for name in _REPEATED}
        repeated = [field.name for field in schema if field.name in columns and pa.types.is_string(field.type)]
        return pyarrow.parquet.ParquetFile(content, metadata=metadata, read_dictionary=repeated, pre_buffer=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as fault:
        reason = f"{name} is not Parquet, or is cut or damaged: {_first_line(fault)}"
        raise Refused("format_unknown", reason) from None


def _first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or ["no reason given."])[0][:200]


def _records(file: _File, *, notes: tuple[str, ...]) -> Iterator[Records]:
    first = 0
    total = max(file.parquet.metadata.num_rows, 1)
    for group in range(file.parquet.num_row_groups):
        bounds = column_bounds(file.content, file.parquet, group=group, name=file.name)
        row_bytes_max = sum(bound.value for bound in bounds)
        row_count = min(ROWS_MAX, max(1, BATCH_BYTES_MAX // max(row_bytes_max, 1)))
        whole = _WholeRows(file, group=group, row_count=row_count)
        for number, batch in enumerate(_batches(file, group=group, row_count=row_count, columns=file.columns)):
            foreign = {name: legible(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
            first += len(batch)
            yield Records(
                columns=columns_of_events(foreign, count=len(batch), mapping=file.mapping),
                record=_record_reader(file, batch),
                raw=_raw_reader(whole, number),
                positions=np.arange(first - len(batch), first, dtype=np.int64),
                clock=file.clock,
                bytes_read=file.size_bytes * first // total,
                notes=notes,
            )
            notes = ()


def _batches(file: _File, *, group: int, row_count: int, columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
    try:
        yield from file.parquet.iter_batches(batch_size=row_count, row_groups=[group], columns=columns)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as fault:
        raise Refused("file_damaged", f"{file.name} is damaged: {_first_line(fault)}") from None


def _record_reader(file: _File, batch: pa.RecordBatch) -> Callable[[int], Mapping[str, object]]:
    return lambda row: file.mapping.record(cells_of_row(batch, row))


class _WholeRows:
    """All columns of a row group; batches are read in order."""

    def __init__(self, file: _File, *, group: int, row_count: int) -> None:
        self._batches = enumerate(_batches(file, group=group, row_count=row_count))
        self._number, self._rows = -1, pa.RecordBatch.from_pydict({})

    def batch(self, number: int) -> pa.RecordBatch:
        while self._number < number:
            self._number, self._rows = next(self._batches)
        return self._rows


def _raw_reader(whole: _WholeRows, number: int) -> Callable[[int], bytes]:
    return lambda row: row_bytes(cells_of_row(whole.batch(number), row))
