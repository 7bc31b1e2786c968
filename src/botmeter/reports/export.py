"""Streamed files of the underlying data: CSV, JSON, NDJSON, Parquet, XLSX."""

import io
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from botmeter.domain.errors import Refused
from botmeter.domain.period import UTC_NAME
from botmeter.reports.export_csv import csv_chunks
from botmeter.reports.export_instants import InstantTexts
from botmeter.reports.export_xlsx import xlsx_chunks
from botmeter.reports.query import UsageQuery
from botmeter.reports.rows import COLUMNS, row_batches, schema_of

if TYPE_CHECKING:
    from botmeter.ledger.readable import ReadableLedger

Format = Literal["csv", "json", "ndjson", "parquet", "xlsx"]
FORMATS: Final[tuple[Format, ...]] = ("csv", "json", "ndjson", "parquet", "xlsx")
Batches = Iterable[pa.RecordBatch]

# Rows of a Parquet row group: large enough to compress well, small enough to hold.
_ROWS_A_GROUP = 100_000
# Rows that are Python objects at once; a row takes about 3 KB then.
_ROWS_AS_OBJECTS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCount:
    """Rows without a header, and distinct sessions; None without `session_id`."""

    rows: int
    sessions: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """Format, columns of `ROWS_SCHEMA` in order, and search of an export.

    Raises:
        Refused: `output_format_unknown`, `column_unknown`, `column_repeated`, `columns_missing`.
    """

    format: Format
    columns: tuple[str, ...] = COLUMNS
    search: str = ""

    def __post_init__(self) -> None:
        if self.format not in FORMATS:
            raise Refused(
                "output_format_unknown", f"Unknown export format {self.format[:40]!r}. Use one of {', '.join(FORMATS)}."
            )
        schema_of(self.columns)


def export_stream(ledger: "ReadableLedger", query: UsageQuery, *, export: Export) -> Generator[bytes, None, None]:
    """Stream the file as it is written, with instants in the period's zone.

    Memory does not grow; XLSX starts only when all rows are written. Closing the iterator closes snapshot and files.
    """
    schema = schema_of(export.columns)
    instants = InstantTexts(query.period.timezone)
    with closing(row_batches(ledger, query, schema=schema, search=export.search)) as batches:
        yield from _CHUNKS[export.format](batches, schema=schema, instants=instants)


def write_rows(
    reader: pa.RecordBatchReader,
    *,
    format: Format,  # noqa: A002 - the option's name
    out: BinaryIO,
    timezone: str = UTC_NAME,
) -> RowCount:
    """Write rows to `out`, which stays open.

    Args:
        reader: Rows of a session must be adjacent.
    """
    row_count, session_count, last_id = 0, 0, None
    has_sessions = "session_id" in reader.schema.names

    def counted() -> Iterator[pa.RecordBatch]:
        nonlocal row_count, session_count, last_id
        for batch in reader:
            if batch.num_rows == 0:
                continue
            row_count += batch.num_rows
            if has_sessions:
                ids = batch.column("session_id")
                changes = pc.sum(pc.not_equal(ids[1:], ids[:-1])).as_py() or 0
                session_count += changes + (ids[0].as_py() != last_id)
                last_id = ids[-1].as_py()
            yield batch

    out.writelines(_CHUNKS[format](counted(), schema=reader.schema, instants=InstantTexts(timezone)))
    return RowCount(rows=row_count, sessions=session_count if has_sessions else None)


def export_name(query: UsageQuery, format: Format) -> str:  # noqa: A002 - the option's name
    """File name, like `sessions_2026-10-24_2026-11-22_UTC.csv`; a zone's `/` becomes `-`."""
    zone = query.period.timezone.replace("/", "-")
    return f"sessions_{query.period.first_on}_{query.period.last_on}_{zone}.{format}"


def _ndjson_chunks(batches: Batches, *, schema: pa.Schema, instants: InstantTexts) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    for batch in _small(batches):
        yield encoder.encode_lines(_mappings(batch, instants, schema=schema))


def _json_chunks(batches: Batches, *, schema: pa.Schema, instants: InstantTexts) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    opening = b"[\n"
    for batch in _small(batches):
        yield opening + b",\n".join(encoder.encode(row) for row in _mappings(batch, instants, schema=schema))
        opening = b",\n"
    yield b"[]\n" if opening == b"[\n" else b"\n]\n"


def _small(batches: Batches) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for first in range(0, batch.num_rows, _ROWS_AS_OBJECTS):
            yield batch.slice(first, _ROWS_AS_OBJECTS)


def _mappings(batch: pa.RecordBatch, instants: InstantTexts, *, schema: pa.Schema) -> list[dict[str, Any]]:
    columns = [instants.texts(column) if pa.types.is_timestamp(column.type) else column for column in batch.columns]
    rows: list[dict[str, Any]] = pa.RecordBatch.from_arrays(columns, names=schema.names).to_pylist()
    return rows


def _parquet_chunks(batches: Batches, *, schema: pa.Schema, instants: InstantTexts) -> Iterator[bytes]:
    """Only the display zone of instants changes."""
    zoned = pa.schema([_zoned(field, instants.timezone) for field in schema])
    buffer = _Buffer()
    with pq.ParquetWriter(buffer, zoned, compression="zstd") as writer:
        group: list[pa.RecordBatch] = []
        for batch in batches:
            group.append(batch)
            if sum(each.num_rows for each in group) >= _ROWS_A_GROUP:
                writer.write_table(pa.Table.from_batches(group).cast(zoned))
                group = []
                yield buffer.drain()
        if group:
            writer.write_table(pa.Table.from_batches(group).cast(zoned))
    yield buffer.drain()


def _zoned(field: pa.Field, timezone: str) -> pa.Field:
    is_zoned = pa.types.is_timestamp(field.type) and field.type.tz is not None
    return field.with_type(pa.timestamp(field.type.unit, tz=timezone)) if is_zoned else field


class _Buffer(io.BytesIO):
    """The file's bytes since the last `drain`; positions are those in the whole file."""

    _drained_bytes = 0

    def tell(self) -> int:
        return self._drained_bytes + super().tell()

    def drain(self) -> bytes:
        data = self.getvalue()
        self._drained_bytes += len(data)
        self.seek(0)
        self.truncate()
        return data


_CHUNKS: Final[dict[Format, Callable[..., Iterator[bytes]]]] = {
    "csv": csv_chunks,
    "json": _json_chunks,
    "ndjson": _ndjson_chunks,
    "parquet": _parquet_chunks,
    "xlsx": xlsx_chunks,
}
