"""CSV → records; uneven rows become rejections."""

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from botmeter.domain.errors import Refused, TooMuch
from botmeter.domain.receipt import Rejection
from botmeter.sources.elements import BLOCK_BYTES, RECORDS_MAX
from botmeter.sources.mapped import cell_value, checked_columns, columns_of_events, row_bytes
from botmeter.sources.mapping import Mapping as FieldMapping
from botmeter.sources.records import Records
from botmeter.sources.stream import ByteStream

_DELIMITERS = (",", ";", "\t", "|")
_HEADER_BYTES_MAX = 1 << 20
UNEVEN_MAX = 200_000
"""Uneven rows in a block, each of which is a rejection of about a KB. A block has about as many rows."""
# For the cells of uneven rows, which Arrow gives as text; a row can be as long as two blocks.
csv.field_size_limit(2 * BLOCK_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvBlock:
    """Consecutive rows, at most `RECORDS_MAX`.

    Attributes:
        rows: Cells as bytes.
        positions: In the file, from 0; uneven rows count too.
        uneven: Rows of other widths, not in `rows`.
    """

    rows: pa.RecordBatch
    positions: npt.NDArray[np.int64]
    uneven: tuple[Rejection, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvTable:
    """CSV file; `blocks` raises `Refused` (`quote_not_closed`) and `TooMuch` (`record_too_long`) past 16 MiB."""

    columns: list[str]
    blocks: Iterator[CsvBlock]


class _QuoteCount:
    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self.closed = False
        self.quotes = 0

    def readable(self) -> bool:
        return True

    def read(self, size_bytes: int = -1) -> bytes:
        piece = self._stream.read(size_bytes)
        self.quotes += piece.count(b'"')
        return piece


def open_csv(stream: ByteStream, *, expected: Collection[str] = ()) -> CsvTable:
    """Read the header; the delimiter gives most of the expected names, then most names."""
    header = _header(stream)
    candidates = [_names(header, delimiter) for delimiter in _DELIMITERS]
    columns = max(candidates, key=lambda names: (len(set(expected).intersection(names)), len(names)))
    delimiter = _DELIMITERS[candidates.index(columns)]
    return CsvTable(columns=columns, blocks=_blocks(stream, columns, delimiter=delimiter))


def records_from_csv(stream: ByteStream, *, mapping: FieldMapping) -> Iterator[Records]:
    """Yield the records of CSV text; raises as `CsvTable` and `checked_columns`."""
    table = open_csv(stream, expected=mapping.column_names())
    notes = checked_columns(table.columns, mapping=mapping, name=stream.name)
    for block in table.blocks:
        yield _records(block, mapping=mapping, bytes_read=stream.stored_bytes, notes=notes)
        notes = ()


def _records(block: CsvBlock, *, mapping: FieldMapping, bytes_read: int, notes: tuple[str, ...]) -> Records:
    rows = block.rows
    foreign = dict(zip(rows.schema.names, rows.columns, strict=True))
    return Records(
        columns=columns_of_events(foreign, count=len(rows), mapping=mapping),
        record=lambda row: mapping.record(_row(rows, row)),
        raw=lambda row: row_bytes(_row(rows, row)),
        positions=block.positions,
        clock=mapping.clock,
        rejections=block.uneven,
        bytes_read=bytes_read,
        notes=notes,
    )


def _header(stream: ByteStream) -> str:
    start = stream.peek(_HEADER_BYTES_MAX)
    blank = len(start) - len(start.lstrip(b"\r\n"))
    inside = False
    end = len(start)
    for position in range(blank, len(start)):
        character = start[position]
        if character == ord('"'):
            inside = not inside
        elif character in b"\r\n" and not inside:
            end = position
            break
    stream.read(end)
    try:
        return start[blank:end].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused("format_unknown", f"The header of {stream.name} is not text in UTF-8.") from None


def _names(header: str, delimiter: str) -> list[str]:
    try:
        rows = list(csv.reader(header.splitlines(keepends=True), delimiter=delimiter))
    except csv.Error:
        return [header]
    return [name.strip() for name in rows[0]] if rows else []


def _blocks(stream: ByteStream, columns: Sequence[str], *, delimiter: str) -> Iterator[CsvBlock]:
    counted = _QuoteCount(stream)
    uneven: list[Rejection] = []
    last_rows = None
    first = 0
    for batch in _batches(counted, columns, delimiter=delimiter, uneven=uneven, name=stream.name):
        for start in range(0, len(batch), RECORDS_MAX):
            last_rows = rows = batch.slice(start, RECORDS_MAX)
            gaps = [rejection.index for rejection in uneven]
            candidates = np.arange(first, first + len(rows) + len(gaps))
            positions = candidates[~np.isin(candidates, gaps)][: len(rows)]
            first = int(positions[-1]) + 1
            passed = sum(gap < first for gap in gaps)
            yield CsvBlock(rows=rows, positions=positions, uneven=tuple(uneven[:passed]))
            del uneven[:passed]
    no_rows = pa.RecordBatch.from_arrays([pa.array([], pa.binary())] * len(columns), names=list(columns))
    yield CsvBlock(rows=no_rows, positions=np.array([], np.int64), uneven=tuple(uneven))
    if counted.quotes % 2 and last_rows is not None and _ends_in_value(last_rows):
        raise Refused("quote_not_closed", f"{stream.name} ends inside a quoted value, whose quote is never closed.")


def _batches(
    counted: _QuoteCount, columns: Sequence[str], *, delimiter: str, uneven: list[Rejection], name: str
) -> Iterator[pa.RecordBatch]:
    def reject(row: pyarrow.csv.InvalidRow) -> str:
        if len(uneven) >= UNEVEN_MAX:
            return "error"
        uneven.append(_uneven(row, columns, delimiter=delimiter))
        return "skip"

    try:
        yield from pyarrow.csv.open_csv(
            pa.PythonFile(counted, mode="r"),
            read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES, column_names=columns, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=reject
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(columns, pa.binary()), strings_can_be_null=False, check_utf8=False
            ),
        )
    except pa.ArrowInvalid as fault:
        if "straddling" in str(fault):
            reason = f"{name} has a row of more than {BLOCK_BYTES >> 20} MiB, which is the most; is a quote not closed?"
            raise TooMuch("record_too_long", reason) from None
        if len(uneven) >= UNEVEN_MAX:
            raise TooMuch(
                "rows_uneven",
                f"{name} has more than {UNEVEN_MAX:,} rows within {BLOCK_BYTES >> 20} MiB that have not as many cells "
                f"as its header ({len(columns)}). Is it the header of these rows?",
            ) from None
        if "Empty CSV" not in str(fault):
            raise Refused("file_damaged", f"{name} can't be read as CSV: {fault}.") from None


def _uneven(row: pyarrow.csv.InvalidRow, columns: Sequence[str], *, delimiter: str) -> Rejection:
    cells = next(csv.reader([row.text], delimiter=delimiter), []) if "\n" not in row.text else [row.text]
    labels = [*columns, *(f"column {number + 1}" for number in range(len(columns), len(cells)))]
    return Rejection(
        index=row.number - 1,
        event_id=None,
        code="row_uneven",
        detail=f"The row has {row.actual_columns} cells, but the header names {row.expected_columns} columns.",
        raw=row_bytes(dict(zip(labels, cells, strict=False))),
    )


def _ends_in_value(rows: pa.RecordBatch) -> bool:
    last = rows.slice(len(rows) - 1).to_pylist()[0]
    return any(b"\n" in (cell or b"") for cell in last.values())


def _row(rows: pa.RecordBatch, row: int) -> dict[str, object]:
    cells = rows.slice(row, 1).to_pylist()[0]
    return {name: cell_value(cell) for name, cell in cells.items()}
