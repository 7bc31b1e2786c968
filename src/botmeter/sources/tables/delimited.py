"""Delimited text → a table; uneven rows become rejections."""

import csv
import sys
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from botmeter.domain.errors import Refused, TooMuch
from botmeter.domain.receipt import Rejection
from botmeter.sources.json_text.elements import BLOCK_BYTES, RECORDS_MAX
from botmeter.sources.mapping.mapped import row_bytes
from botmeter.sources.stream import ByteStream
from botmeter.sources.tables.delimited_header import header_of
from botmeter.sources.tables.table import Table, TableBlock, labels_of

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

UNEVEN_MAX: Final = 200_000
"""Uneven rows in a block, each of which is a rejection of about a KB. A block has about as many rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PaddedRow:
    """Row with too many or too few blank cells, which then fits."""

    index: int
    cells: list[str]


_Uneven = Rejection | _PaddedRow


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


def delimited_table(stream: ByteStream, *, expected: Collection[str], header_row: int | None) -> Table:
    """Read the header; raises as `header_of`."""
    header = header_of(stream, expected=expected, header_row=header_row)
    reader = _Reader(stream, columns=header.names, delimiter=header.delimiter)
    return Table(
        name=stream.name,
        columns=header.names,
        labels=reader.labels,
        blocks=reader.blocks(),
        below=header.rows,
        delimiter=header.delimiter,
    )


class _Reader:
    def __init__(self, stream: ByteStream, *, columns: list[str], delimiter: str) -> None:
        self.labels = labels_of(columns)
        self._columns = columns
        self._delimiter = delimiter
        self._name = stream.name
        self._counted = _QuoteCount(stream)
        self._odd: list[_Uneven] = []
        _install_quiet_hook()

    def blocks(self) -> Iterator[TableBlock]:
        last_rows = None
        first = 0
        for batch in self._batches():
            for start in range(0, len(batch), RECORDS_MAX):
                last_rows = rows = batch.slice(start, RECORDS_MAX)
                gaps = [each.index for each in self._odd]
                candidates = np.arange(first, first + len(rows) + len(gaps))
                positions = candidates[~np.isin(candidates, gaps)][: len(rows)] if gaps else candidates
                first = int(positions[-1]) + 1
                yield self._block(rows, positions, odd_count=sum(gap < first for gap in gaps))
        no_rows = pa.RecordBatch.from_arrays([pa.array([], pa.binary())] * len(self.labels), names=self.labels)
        yield self._block(no_rows, np.array([], np.int64), odd_count=len(self._odd))
        if self._counted.quotes % 2 and last_rows is not None and _ends_in_value(last_rows):
            reason = f"{self._name} ends inside a quoted value, whose quote is never closed."
            raise Refused("quote_not_closed", reason)

    def _block(self, rows: pa.RecordBatch, positions: npt.NDArray[np.int64], *, odd_count: int) -> TableBlock:
        odd = self._odd[:odd_count]
        del self._odd[:odd_count]
        rows, positions = without_blank_rows(rows, positions)
        padded = [each for each in odd if isinstance(each, _PaddedRow)]
        if padded:
            cells = [[row.cells[number].encode() for row in padded] for number in range(len(self.labels))]
            more = pa.RecordBatch.from_arrays([pa.array(column, pa.binary()) for column in cells], names=self.labels)
            positions = np.append(positions, [row.index for row in padded])
            order = np.argsort(positions, kind="stable")
            rows = pa.concat_batches([rows, more]).take(pa.array(order))
            positions = positions[order]
        return TableBlock(
            rows=rows, positions=positions, uneven=tuple(each for each in odd if isinstance(each, Rejection))
        )

    def _batches(self) -> Iterator[pa.RecordBatch]:
        try:
            yield from pyarrow.csv.open_csv(
                pa.PythonFile(self._counted, mode="r"),
                read_options=pyarrow.csv.ReadOptions(
                    block_size=BLOCK_BYTES, column_names=self.labels, use_threads=False
                ),
                parse_options=pyarrow.csv.ParseOptions(
                    delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=self.reject
                ),
                convert_options=pyarrow.csv.ConvertOptions(
                    column_types=dict.fromkeys(self.labels, pa.binary()), strings_can_be_null=False, check_utf8=False
                ),
            )
        except pa.ArrowInvalid as fault:
            if "Empty CSV" not in str(fault):
                raise self._refusal(fault) from None

    def _refusal(self, fault: pa.ArrowInvalid) -> Refused:
        reason = str(fault)
        if "straddling" in reason:
            reason = f"{self._name} has a row of more than {BLOCK_BYTES >> 20} MiB, the most; is a quote not closed?"
            return TooMuch("record_too_long", reason)
        if len(self._odd) >= UNEVEN_MAX:
            return TooMuch(
                "rows_uneven",
                f"{self._name} has more than {UNEVEN_MAX:,} rows within {BLOCK_BYTES >> 20} MiB that have not as many "
                f"cells as its header ({len(self.labels)}). Is it the header of these rows?",
            )
        if "Expected" in reason:
            # Arrow gives uneven rows as text, and fails where they are none.
            return Refused(
                "text_invalid",
                f"{self._name} has a row with too many or too few cells, and bytes that are not UTF-8. Name its "
                f"encoding, such as --encoding windows-1252.",
            )
        return Refused("file_damaged", f"{self._name} can't be read as CSV: {reason}.")

    def reject(self, row: pyarrow.csv.InvalidRow) -> str:
        if len(self._odd) >= UNEVEN_MAX:
            return "error"
        cells = next(csv.reader([row.text], delimiter=self._delimiter), []) if "\n" not in row.text else [row.text]
        width = len(self.labels)
        self._odd.append(
            _PaddedRow(index=row.number - 1, cells=[*cells, *[""] * width][:width])
            if len(cells) == row.actual_columns
            and not any(map(str.strip, [*cells[width:], *self._columns[len(cells) :]]))
            else self._uneven(row, cells)
        )
        return "skip"

    def _uneven(self, row: pyarrow.csv.InvalidRow, cells: Sequence[str]) -> Rejection:
        further = (f"column {number + 1}" for number in range(len(self.labels), len(cells)))
        return Rejection(
            index=row.number - 1,
            event_id=None,
            code="row_uneven",
            detail=f"The row has {row.actual_columns} cells, but the header names {row.expected_columns} columns.",
            raw=row_bytes(dict(zip([*self.labels, *further], cells, strict=False))),
        )


def without_blank_rows(
    rows: pa.RecordBatch, positions: npt.NDArray[np.int64]
) -> tuple[pa.RecordBatch, npt.NDArray[np.int64]]:
    """Leave out rows whose cells are all empty."""
    is_blank = np.ones(len(rows), np.bool_)
    for column in rows.columns:
        is_blank &= pc.equal(pc.binary_length(column), 0).to_numpy(zero_copy_only=False)
        if not is_blank.any():
            return rows, positions
    return rows.filter(pa.array(~is_blank)), positions[~is_blank]


def _ends_in_value(rows: pa.RecordBatch) -> bool:
    last = rows.slice(len(rows) - 1).to_pylist()[0]
    return any(b"\n" in (cell or b"") for cell in last.values())


@cache
def _install_quiet_hook() -> None:
    # Once, keep Python from printing a traceback of the failure that `_refusal` reports.
    printed = sys.unraisablehook

    def hook(failure: "UnraisableHookArgs", /) -> None:
        if not (failure.exc_type is UnicodeDecodeError and getattr(failure.object, "__func__", None) is _Reader.reject):
            printed(failure)

    sys.unraisablehook = hook
