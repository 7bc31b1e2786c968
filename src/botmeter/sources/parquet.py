"""Parquet → records by row groups; only rejected rows are read whole."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from botmeter.domain.errors import Refused
from botmeter.domain.instant import INSTANT_END_US, INSTANT_FIRST_US, text_from_us
from botmeter.sources.clock import RFC3339, Clock, us_from_number
from botmeter.sources.mapped import cell_value, checked_columns, columns_by_field, columns_of_events, row_bytes
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
    mapping: FieldMapping | None
    clock: Clock
    size_bytes: int


def records_from_parquet(stream: ByteStream, *, path: str, mapping: FieldMapping | None) -> Iterator[Records]:
    """Yield records; compressed files and pipes are spooled first.

    Raises:
        Refused: `format_unknown`, `file_damaged`, `column_missing`, `column_doubled`, `time_without_offset`.
    """
    with ExitStack() as stack:
        spooled = stream.is_packed or stream.size_bytes is None
        place: IO[bytes] | str = _spooled(stream, stack) if spooled else path
        parquet = stack.enter_context(_opened(place, mapping=mapping, name=stream.name))
        names = list(parquet.schema_arrow.names)
        notes = checked_columns(names, mapping=mapping, name=stream.name)
        wanted = set(columns_by_field(mapping).values())
        file = _File(
            parquet=parquet,
            name=stream.name,
            columns=[name for name in names if name in wanted],
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


def _opened(place: IO[bytes] | str, *, mapping: FieldMapping | None, name: str) -> pyarrow.parquet.ParquetFile:
    """Open with repeated text as dictionaries, at a fraction of the cost."""
    try:
        with pyarrow.parquet.ParquetFile(place) as probe:
            schema, metadata = probe.schema_arrow, probe.metadata
        columns = {columns_by_field(mapping).get(field) for field in _REPEATED}
        repeated = [found.name for found in schema if found.name in columns and pa.types.is_string(found.type)]
        return pyarrow.parquet.ParquetFile(place, metadata=metadata, read_dictionary=repeated, pre_buffer=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as fault:
        raise _no_parquet(name, fault) from None


def _no_parquet(name: str, fault: Exception) -> Refused:
    return Refused("format_unknown", f"{name} is not Parquet, or is cut or damaged: {_first_line(fault)}")


def _first_line(fault: Exception) -> str:
    return (str(fault).splitlines() or ["no reason given."])[0][:200]


def _clock(schema: pa.Schema, *, mapping: FieldMapping | None, name: str) -> Clock:
    clock = RFC3339 if mapping is None else mapping.clock
    column = columns_by_field(mapping).get("occurred_at")
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
        start = first
        for batch in _batches(file, group=group):
            whole = _WholeRows(file=file, batch=batch, group=group, start=first - start)
            foreign = {name: _legible(column) for name, column in zip(batch.schema.names, batch.columns, strict=True)}
            first += len(batch)
            yield Records(
                columns=columns_of_events(foreign, count=len(batch), mapping=file.mapping),
                record=whole.record,
                raw=whole.raw,
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


@dataclass(slots=True, kw_only=True)
class _WholeRows:
    file: _File
    batch: pa.RecordBatch
    group: int
    start: int
    whole: pa.Table | None = None

    def record(self, row: int) -> Mapping[str, object]:
        cells = _cells(self.batch, row)
        return cells if self.file.mapping is None else self.file.mapping.record(cells)

    def raw(self, row: int) -> bytes:
        if self.whole is None:
            self.whole = pa.Table.from_batches([self.batch])
            if len(self.file.columns) < len(self.file.parquet.schema_arrow.names):
                self.whole = self.file.parquet.read_row_group(self.group).slice(self.start, len(self.batch))
        return row_bytes(_cells(self.whole, row))


def _cells(rows: pa.RecordBatch | pa.Table, row: int) -> dict[str, object]:
    return {name: _cell(rows.column(place)[row]) for place, name in enumerate(rows.schema.names)}


def _cell(scalar: pa.Scalar) -> object:
    if not scalar.is_valid:
        return None
    kind = scalar.type
    if pa.types.is_timestamp(kind):
        return _time_text(scalar.value, kind)
    if pa.types.is_dictionary(kind):
        return cell_value(scalar.value.as_py())
    if pa.types.is_map(kind):
        return dict(scalar.as_py())
    return cell_value(scalar.as_py())


def _time_text(number: int, kind: pa.TimestampType) -> str:
    instant_us = us_from_number(number, unit=kind.unit)
    if not INSTANT_FIRST_US <= instant_us < INSTANT_END_US:
        return f"{number} {kind.unit} since 1970"
    return text_from_us(instant_us).removesuffix("" if kind.tz is not None else "Z")
