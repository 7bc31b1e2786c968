"""XLSX, written row by row to temporary files, so that memory does not grow.

Text is never a formula or number. After 1,048,576 rows a further sheet begins; the summary is the last one, as programs
read the first.
"""

from collections.abc import Callable, Iterable, Iterator
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from xlsxwriter.format import Format as CellFormat
from xlsxwriter.worksheet import Worksheet

from botmeter.domain.instant import DAY_US
from botmeter.reports.export_csv import plain
from botmeter.reports.export_instants import InstantTexts
from botmeter.reports.export_summary import Summary

_ROWS_A_SHEET = 1_048_575
_CHUNK_BYTES = 256 * 1024
# Days from the spreadsheets' first day to 1970, and the first one that all of them count alike: Excel
# believes that there was a 29 February 1900.
_DAYS_TO_1970: Final = 25_569
_FIRST_DAY: Final = 61
_DATE_FORMAT: Final = "yyyy-mm-dd hh:mm:ss.000"
_DATE_WIDTH: Final = 24
_TEXT_WIDTH: Final = 18
# Of the button that opens a column's filter, in characters.
_FILTER_WIDTH: Final = 3
_SUMMARY_WIDTHS: Final = (22, 60)
_SETTINGS: Final = {
    "constant_memory": True,
    "strings_to_numbers": False,
    "strings_to_formulas": False,
    "strings_to_urls": False,
}

_Write = Callable[[Worksheet, int, int, Any], object]


def xlsx_chunks(
    batches: Iterable[pa.RecordBatch], *, schema: pa.Schema, instants: InstantTexts, summary: Summary = ()
) -> Iterator[bytes]:
    """Generate the file, starting after the last row."""
    with TemporaryDirectory(prefix="botmeter-") as folder, TemporaryFile(dir=folder) as file:
        with xlsxwriter.Workbook(file, {**_SETTINGS, "tmpdir": folder}) as workbook:
            workbook.use_zip64()
            row_count = _Sheets(workbook, schema=schema, timezone=instants.timezone).write(batches, instants)
            if summary:
                _write_summary(workbook, (*summary, ("Rows", row_count)))
        file.seek(0)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


class _Sheets:
    def __init__(self, workbook: xlsxwriter.Workbook, *, schema: pa.Schema, timezone: str) -> None:
        self._workbook = workbook
        self._headers = [_header(field, timezone) for field in schema]
        self._widths = [_DATE_WIDTH if pa.types.is_timestamp(field.type) else _TEXT_WIDTH for field in schema]
        dated = workbook.add_format({"num_format": _DATE_FORMAT})
        self._writes = [_write_of(field.type, dated) for field in schema]
        self._emphasis = workbook.add_format({"bold": True})

    def write(self, batches: Iterable[pa.RecordBatch], instants: InstantTexts) -> int:
        """Write the rows; return their number."""
        sheet, row_no, row_count = self._next_sheet(), 0, 0
        for batch in batches:
            row_count += batch.num_rows
            for cells in zip(*(_cells(column, instants) for column in batch.columns), strict=True):
                if row_no == _ROWS_A_SHEET:
                    self._add_filter(sheet, row_no)
                    sheet, row_no = self._next_sheet(), 0
                row_no += 1
                for column_no, (cell, write) in enumerate(zip(cells, self._writes, strict=True)):
                    if cell is not None:
                        write(sheet, row_no, column_no, cell)
        self._add_filter(sheet, row_no)
        return row_count

    def _next_sheet(self) -> Worksheet:
        sheet_no = len(self._workbook.worksheets()) + 1
        sheet = self._workbook.add_worksheet("sessions" if sheet_no == 1 else f"sessions {sheet_no}")
        sheet.freeze_panes(1, 0)
        for column_no, (header, width) in enumerate(zip(self._headers, self._widths, strict=True)):
            sheet.set_column(column_no, column_no, max(width, len(header) + _FILTER_WIDTH))
            sheet.write_string(0, column_no, header, self._emphasis)
        return sheet

    def _add_filter(self, sheet: Worksheet, row_no: int) -> None:
        sheet.autofilter(0, 0, row_no, len(self._headers) - 1)


def _header(field: pa.Field, timezone: str) -> str:
    """A spreadsheet's dates have no zone, so the header names it."""
    return f"{field.name} ({timezone})" if pa.types.is_timestamp(field.type) else str(field.name)


def _write_summary(workbook: xlsxwriter.Workbook, summary: Summary) -> None:
    sheet, emphasis = workbook.add_worksheet("Summary"), workbook.add_format({"bold": True, "valign": "top"})
    value_format = workbook.add_format({"align": "left", "valign": "top", "text_wrap": True, "num_format": "#,##0"})
    for column_no, width in enumerate(_SUMMARY_WIDTHS):
        sheet.set_column(column_no, column_no, width)
    for row_no, (label, value) in enumerate(summary):
        sheet.write_string(row_no, 0, label, emphasis)
        if isinstance(value, int):
            sheet.write_number(row_no, 1, value, value_format)
        else:
            sheet.write_string(row_no, 1, value, value_format)


def _write_of(kind: pa.DataType, dated: CellFormat) -> _Write:
    if pa.types.is_timestamp(kind):
        return lambda sheet, row_no, column_no, cell: (
            sheet.write_string(row_no, column_no, cell)
            if isinstance(cell, str)
            else sheet.write_number(row_no, column_no, cell, dated)
        )
    if pa.types.is_boolean(kind):
        return Worksheet.write_boolean
    return Worksheet.write_number if _is_number(kind) else Worksheet.write_string


def _is_number(kind: pa.DataType) -> bool:
    """True for a boolean too, which a cell holds unchanged."""
    return pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _cells(column: pa.Array, instants: InstantTexts) -> list[Any]:
    if pa.types.is_timestamp(column.type):
        return _dates(column, instants)
    column = plain(column)
    return (column if _is_number(column.type) else column.cast(pa.string())).to_pylist()


def _dates(column: pa.Array, instants: InstantTexts) -> list[Any]:
    """Serial days; earlier instants as text."""
    # After 2255 a double can't hold the last microsecond, so it is rounded.
    local_us = instants.local_us(column).cast(pa.float64(), safe=False)
    days = pc.add(pc.divide(local_us, float(DAY_US)), float(_DAYS_TO_1970))
    cells = days.to_pylist()
    if pc.any(pc.less(days, _FIRST_DAY)).as_py():
        texts = instants.texts(column).to_pylist()
        return [text if day is not None and day < _FIRST_DAY else day for day, text in zip(cells, texts, strict=True)]
    return cells
