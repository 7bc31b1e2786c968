"""CSV → records; uneven rows become rejections."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.csv

from botmeter.domain.errors import Refused, TooMuch
from botmeter.domain.receipt import Rejection
from botmeter.sources.clock import RFC3339
from botmeter.sources.elements import BLOCK_BYTES
from botmeter.sources.mapped import cell_value, checked_columns, columns_of_events, row_bytes, wanted_columns
from botmeter.sources.mapping import Mapping as FieldMapping
from botmeter.sources.records import Records
from botmeter.sources.stream import ByteStream

DELIMITERS = (",", ";", "\t", "|")
_HEADER_BYTES_MAX = 1 << 20


class _QuoteCount:
    """Counts quotes: an odd number means an open value."""

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


@dataclass(slots=True, kw_only=True)
class _Rows:
    names: Sequence[str]
    uneven: list[Rejection] = field(default_factory=list)
    first: int = 0

    def positions(self, count: int) -> tuple[list[int], tuple[Rejection, ...]]:
        places: list[int] = []
        taken = 0
        place = self.first
        while True:
            while taken < len(self.uneven) and self.uneven[taken].index == place:
                taken, place = taken + 1, place + 1
            if len(places) == count:
                break
            stop = place + count - len(places)
            if taken < len(self.uneven):
                stop = min(stop, self.uneven[taken].index)
            places.extend(range(place, stop))
            place = stop
        self.first = place
        among, self.uneven = tuple(self.uneven[:taken]), self.uneven[taken:]
        return places, among


def records_from_csv(stream: ByteStream, *, mapping: FieldMapping | None) -> Iterator[Records]:
    """Yield the records of CSV text; the delimiter is detected.

    Raises:
        Refused: `column_missing`, `column_doubled`, `quote_not_closed`.
        TooMuch: `record_too_long` past a block of 16 MiB.
    """
    header = _header(stream)
    delimiter = _delimiter(header, mapping)
    rows = _Rows(names=_names(header, delimiter))
    notes = checked_columns(rows.names, mapping=mapping, name=stream.name)
    counted = _QuoteCount(stream)
    ends_in_value = False
    for batch in _batches(counted, rows=rows, delimiter=delimiter, name=stream.name):
        places, uneven = rows.positions(len(batch))
        ends_in_value = _ends_in_value(batch) if len(batch) else ends_in_value
        yield Records(
            columns=columns_of_events(_foreign(batch), count=len(batch), mapping=mapping),
            record=_record_reader(batch, mapping),
            raw=_raw_reader(batch),
            positions=np.array(places, np.int64),
            clock=RFC3339 if mapping is None else mapping.clock,
            rejections=uneven,
            bytes_read=stream.stored_bytes,
            notes=notes,
        )
        notes = ()
    if counted.quotes % 2 and ends_in_value:
        raise Refused("quote_not_closed", f"{stream.name} ends inside a quoted value, whose quote is never closed.")


def _header(stream: ByteStream) -> str:
    start = stream.peek(_HEADER_BYTES_MAX)
    blank = len(start) - len(start.lstrip(b"\r\n"))
    inside = False
    end = len(start)
    for place in range(blank, len(start)):
        character = start[place]
        if character == ord('"'):
            inside = not inside
        elif character in b"\r\n" and not inside:
            end = place
            break
    stream.read(end)
    try:
        return start[blank:end].decode()
    except UnicodeDecodeError:
        raise Refused("format_unknown", f"The header of {stream.name} is not text in UTF-8.") from None


def _delimiter(header: str, mapping: FieldMapping | None) -> str:
    wanted = set(wanted_columns(mapping).values())
    return max(DELIMITERS, key=lambda delimiter: _worth(_names(header, delimiter), wanted))


def _worth(names: Sequence[str], wanted: set[str]) -> tuple[int, int]:
    return len(wanted.intersection(names)), len(names)


def _names(header: str, delimiter: str) -> list[str]:
    try:
        rows = list(csv.reader(header.splitlines(keepends=True), delimiter=delimiter))
    except csv.Error:
        return [header]
    return [name.strip() for name in rows[0]] if rows else []


def _batches(counted: _QuoteCount, *, rows: _Rows, delimiter: str, name: str) -> Iterator[pa.RecordBatch]:
    def refuse(row: pyarrow.csv.InvalidRow) -> str:
        rows.uneven.append(_uneven(row, names=rows.names, delimiter=delimiter))
        return "skip"

    try:
        yield from pyarrow.csv.open_csv(
            pa.PythonFile(counted, mode="r"),
            read_options=pyarrow.csv.ReadOptions(block_size=BLOCK_BYTES, column_names=rows.names, use_threads=False),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refuse
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(rows.names, pa.binary()), strings_can_be_null=False, check_utf8=False
            ),
        )
    except pa.ArrowInvalid as fault:
        if "straddling" in str(fault):
            most = f"{name} has a row of more than {BLOCK_BYTES >> 20} MiB, which is the most; is a quote not closed?"
            raise TooMuch("record_too_long", most) from None
        if "Empty CSV" not in str(fault):
            raise Refused("file_damaged", f"{name} can't be read as CSV: {fault}.") from None
    yield pa.RecordBatch.from_arrays([pa.array([], pa.binary())] * len(rows.names), names=list(rows.names))


def _uneven(row: pyarrow.csv.InvalidRow, *, names: Sequence[str], delimiter: str) -> Rejection:
    cells = next(csv.reader([row.text], delimiter=delimiter), []) if "\n" not in row.text else [row.text]
    labels = [*names, *(f"column {place + 1}" for place in range(len(names), len(cells)))]
    return Rejection(
        index=row.number - 1,
        event_id=None,
        code="row_uneven",
        detail=f"The row has {row.actual_columns} cells, but the header names {row.expected_columns} columns.",
        raw=row_bytes(dict(zip(labels, cells, strict=False))),
    )


def _ends_in_value(batch: pa.RecordBatch) -> bool:
    last = batch.slice(len(batch) - 1).to_pylist()[0]
    return any(b"\n" in (cell or b"") for cell in last.values())


def _foreign(batch: pa.RecordBatch) -> Mapping[str, pa.Array]:
    return dict(zip(batch.schema.names, batch.columns, strict=True))


def _row(batch: pa.RecordBatch, row: int) -> dict[str, object]:
    cells = batch.slice(row, 1).to_pylist()[0]
    return {name: cell_value(cell) for name, cell in cells.items()}


def _record_reader(batch: pa.RecordBatch, mapping: FieldMapping | None) -> Callable[[int], Mapping[str, object]]:
    if mapping is None:
        return lambda row: _row(batch, row)
    return lambda row: mapping.record(_row(batch, row))


def _raw_reader(batch: pa.RecordBatch) -> Callable[[int], bytes]:
    return lambda row: row_bytes(_row(batch, row))
