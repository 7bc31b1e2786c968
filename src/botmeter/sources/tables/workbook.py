"""Sheet of an XLSX workbook → a table of text.

Spreadsheets keep 15 digits; a longer number gets scientific notation, so that it is refused where it is an id.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

import numpy as np
import pyarrow as pa
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from botmeter.domain.errors import Refused
from botmeter.sources.arrow.arrow_rows import WHOLE_END
from botmeter.sources.stream import ByteStream, spooled
from botmeter.sources.table_options import TableOptions
from botmeter.sources.tables.table import NumberedRow, Table, TableBlock, header_missing, labels_of
from botmeter.sources.tables.workbook_file import SheetLimits, sheet_file

ROWS_MAX: Final = 20_000
"""Read at once: as Python objects a row takes about a KB."""

_Cell = str | int | float | bool | date | datetime | time | timedelta
_Row = Sequence[_Cell]


def workbook_table(
    stream: ByteStream, *, options: TableOptions, times: Collection[str], limits: SheetLimits | None
) -> Table:
    """Read the header of a sheet.

    Args:
        times: Columns whose dates are instants, at midnight.

    Raises:
        Missing: `sheet_missing`.
        Refused: `format_unknown`, `file_damaged`, `header_missing`.
        TooMuch: `sheet_too_large`, `file_too_large`.
    """
    rows, notes = _sheet(stream, options.sheet, limits=limits)
    number, header = _header(rows, options.header_row, name=stream.name)
    columns = [_text(cell).strip() for cell in header]
    labels = labels_of(columns)
    return Table(
        name=stream.name,
        columns=columns,
        labels=labels,
        blocks=_blocks(rows, labels, first_row=number, times=times),
        below=lambda: _numbered(rows, after=number),
        notes=notes,
    )


def _sheet(
    stream: ByteStream, sheet: str | None, *, limits: SheetLimits | None
) -> tuple[CalamineSheet, tuple[str, ...]]:
    with ExitStack() as stack:
        file = sheet_file(spooled(stream, stack), stack, sheet=sheet, name=stream.name, limits=limits)
        try:
            with CalamineWorkbook.from_object(file.content) as workbook:
                rows = workbook.get_sheet_by_name(file.sheet)
        except CalamineError as fault:
            raise Refused("file_damaged", f"{stream.name} can't be read as a workbook: {fault}.") from None
    if sheet is not None or not file.others:
        return rows, ()
    listed = ", ".join(file.others[:30])
    return rows, (f"Only sheet {file.sheet!r} of {stream.name} was read. Its other sheets: {listed}.",)


def _header(rows: CalamineSheet, header_row: int | None, *, name: str) -> tuple[int, _Row]:
    for number, row in enumerate(rows.iter_rows(), start=1):
        if number == header_row or (header_row is None and any(cell != "" for cell in row)):
            return number, row
    raise header_missing(name, header_row)


def _numbered(rows: CalamineSheet, *, after: int) -> Iterator[NumberedRow]:
    for number, row in enumerate(rows.iter_rows(), start=1):
        if number > after:
            yield number, [_text(cell) for cell in row]


def _blocks(
    rows: CalamineSheet, labels: Sequence[str], *, first_row: int, times: Collection[str]
) -> Iterator[TableBlock]:
    positions: list[int] = []
    waiting: list[_Row] = []
    for position, row in enumerate(rows.iter_rows(), start=-first_row):
        if position >= 0 and any(cell != "" for cell in row):
            positions.append(position)
            waiting.append(row)
        if len(waiting) == ROWS_MAX:
            yield _block(waiting, positions, labels=labels, times=times)
            positions, waiting = [], []
    if waiting:
        yield _block(waiting, positions, labels=labels, times=times)


def _block(
    rows: Sequence[_Row], positions: Sequence[int], *, labels: Sequence[str], times: Collection[str]
) -> TableBlock:
    columns = []
    dates = {}
    for label, cells in zip(labels, zip(*rows, strict=True), strict=True):
        is_time = label in times
        texts = [_instant_text(cell) if is_time else _text(cell) for cell in cells]
        columns.append(pa.array([text.encode() for text in texts], pa.binary()))
        if is_time:
            dates[label] = np.array([isinstance(cell, date) for cell in cells], np.bool_)
    batch = pa.RecordBatch.from_arrays(columns, names=list(labels))
    return TableBlock(rows=batch, positions=np.array(positions, np.int64), dates=dates)


def _instant_text(cell: _Cell) -> str:
    if isinstance(cell, date) and not isinstance(cell, datetime):
        return f"{cell.isoformat()}T00:00:00"
    return _text(cell)


def _text(cell: _Cell) -> str:
    match cell:
        case str():
            return cell
        case bool():
            return str(cell).lower()
        case int() | float():
            return _number_text(cell)
        case timedelta():
            return str(cell)
        case _:
            return cell.isoformat()


def _number_text(number: float) -> str:
    if abs(number) >= WHOLE_END:
        return f"{number:.15G}"
    return str(int(number)) if number == int(number) else format(Decimal(repr(number)), "f")
