"""Parquet → records by row groups; only rejected rows are read whole."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from botmeter.domain.errors import Refused
from botmeter.domain.instant import INSTANT_END_US, INSTANT_FIRST_US, text_from_us
from botmeter.sources.clock import RFC3339, Clock, us_from_number
from botmeter.sources.mapped import cell_value, checked_columns, columns_of_events, row_bytes
from botmeter.sources.mapping import Mapping as FieldMapping
from botmeter.sources.records import Records
from botmeter.sources.stream import ByteStream

ROWS_MAX = 250_000
_REPEATED = ("actor", "kind", "bot_id", "bot_name", "bot_version", "channel", "ticket_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    parquet: pyarrow.parquet.ParquetFile
    name: str
    columns: list[str]
    mapping: FieldMapping
    clock: Clock
    size_bytes: int


def records_from_parquet(stream: ByteStream, *, path: str, mapping: FieldMapping) -> Iterator[Records]:
    """Yield records; compressed files and pipes are spooled first.

    Raises:
        Refused: `format_unknown`, `file_damaged`, `column_missing`, `column_doubled`, `time_without_offset`.
    """
    with ExitStack() as stack:
        is_spooled = stream.is_packed or stream.size_bytes is None
        content: IO[bytes] | str = _spooled(stream, stack) if is_spooled else path
        parquet = stack.enter_context(_opened(content, mapping=mapping, name=stream.name))
        names = list(parquet.schema_arrow.names)
        notes = checked_columns(names, mapping=mapping, name=stream.name)
        expected = set(mapping.columns().values())
        file = _File(
            parquet=parquet,
            name=stream.name,
            columns=[name for name in names if name in expected],
            mapping=mapping,
            clock=_clock(parquet.schema_arrow, mapping=mapping, name=stream.name),
            size_bytes=stream.size_bytes or stream.stored_bytes,
        )
        yield from _records(file, notes=notes)


def _spooled(stream: ByteStream, stack: ExitStack) -> IO[bytes]:
    spool = stack.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 - the stack closes it
    shutil.copyfileobj(stream, spool, 1 << 20)
    stream.checked_end()
    spool.seek(0)
    return spool


def _opened(content: IO[bytes] | str, *, mapping: FieldMapping, name: str) -> pyarrow.parquet.ParquetFile:
    """Open with repeated text as dictionaries, at a fraction of the cost."""
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


def _clock(schema: pa.Schema, *, mapping: FieldMapping, name: str) -> Clock:
    clock = mapping.clock
    column = mapping.columns().get("occurred_at")
    kind = schema.field(column).type if column is not None else pa.string()
    if not pa.types.is_timestamp(kind):
        return clock
    if kind.tz is not None:
        return RFC3339
    if clock.zone is None:
        raise Refused(
            "time_without_offset",
            f"The times in column {column!r} of {name} have no time zone ({kind}); name it in a mapping.",
        )
    return Clock(zone=clock.zone, ambiguous=clock.ambiguous)


def _records(file: _File, *, notes: tuple[str, ...]) -> Iterator[Records]:
    first = 0
    total = max(file.parquet.metadata.num_rows, 1)
    for group in range(file.parquet.num_row_groups):
        group_first = first
        for batch in _batches(file, group=group):
            start = first - group_first
            foreign = {name: _legible(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
            first += len(batch)
            yield Records(
                columns=columns_of_events(foreign, count=len(batch), mapping=file.mapping),
                record=_record_reader(file, batch),
                raw=_raw_reader(file, batch, group=group, start=start),
                positions=np.arange(first - len(batch), first, dtype=np.int64),
                clock=file.clock,
                bytes_read=file.size_bytes * first // total,
                notes=notes,
            )
            notes = ()


def _batches(file: _File, *, group: int) -> Iterator[pa.RecordBatch]:
    try:
        yield from file.parquet.iter_batches(batch_size=ROWS_MAX, row_groups=[group], columns=file.columns)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as fault:
        raise Refused("file_damaged", f"{file.name} is damaged: {_first_line(fault)}") from None


def _legible(column: pa.Array) -> pa.Array:
    if pa.types.is_timestamp(column.type) and column.type.tz is None:
        return column.cast(pa.string())
    return column


def _record_reader(file: _File, batch: pa.RecordBatch) -> Callable[[int], Mapping[str, object]]:
    return lambda row: file.mapping.record(_cells(batch, row))


def _raw_reader(file: _File, batch: pa.RecordBatch, *, group: int, start: int) -> Callable[[int], bytes]:
    @cache
    def whole_rows() -> pa.Table:
        return file.parquet.read_row_group(group).slice(start, len(batch))

    return lambda row: row_bytes(_cells(whole_rows(), row))


def _cells(rows: pa.RecordBatch | pa.Table, row: int) -> dict[str, object]:
    return {name: _cell(rows.column(index)[row]) for index, name in enumerate(rows.schema.names)}


def _cell(scalar: pa.Scalar) -> object:
    if not scalar.is_valid:
        return None
    kind = scalar.type
    if pa.types.is_timestamp(kind):
        return _time_text(scalar.value, kind)
    if pa.types.is_map(kind):
        return dict(scalar.as_py())
    return cell_value(scalar.as_py())


def _time_text(number: int, kind: pa.TimestampType) -> str:
    instant_us = us_from_number(number, unit=kind.unit)
    if not INSTANT_FIRST_US <= instant_us < INSTANT_END_US:
        return f"{number} {kind.unit} since 1970"
    return text_from_us(instant_us).removesuffix("" if kind.tz is not None else "Z")
