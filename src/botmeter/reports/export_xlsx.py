"""XLSX, written row by row to temporary files, so that memory does not grow.

Text is never a formula or number. After 1,048,576 rows a further sheet begins.
"""

from collections.abc import Callable, Iterable, Iterator
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any, BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from xlsxwriter.format import Format as CellFormat
from xlsxwriter.worksheet import Worksheet

from botmeter.domain.instant import DAY_US
from botmeter.reports.export_csv import plain
from botmeter.reports.export_instants import InstantTexts

_ROWS_A_SHEET = 1_048_575
_CHUNK_BYTES = 256 * 1024
# Days from the spreadsheets' first day to 1970, and the first one that all of them count alike: Excel
# believes that there was a 29 February 1900.
_DAYS_TO_1970: Final = 25_569
_FIRST_DAY: Final = 61
_DATE_FORMAT: Final = "yyyy-mm-dd hh:mm:ss.000"
_DATE_WIDTH: Final = 24
_TEXT_WIDTH: Final = 18
_SETTINGS: Final = {
    "constant_memory": True,
    "strings_to_numbers": False,
    "strings_to_formulas": False,
    "strings_to_urls": False,
}

_Write = Callable[[Worksheet, int, int, Any], object]


def xlsx_chunks(batches: Iterable[pa.RecordBatch], *, schema: pa.Schema, instants: InstantTexts) -> Iterator[bytes]:
    """Generate the file, starting after the last row."""
    with TemporaryDirectory(prefix="botmeter-") as folder, TemporaryFile(dir=folder) as file:
        _write(batches, file, schema=schema, instants=instants, folder=folder)
        file.seek(0)
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _write(
    batches: Iterable[pa.RecordBatch], file: BinaryIO, *, schema: pa.Schema, instants: InstantTexts, folder: str
) -> None:
    with xlsxwriter.Workbook(file, {**_SETTINGS, "tmpdir": folder}) as workbook:
        workbook.use_zip64()
        dated = workbook.add_format({"num_format": _DATE_FORMAT})
        emphasis = workbook.add_format({"bold": True})
        writes = [_write_of(field.type, dated) for field in schema]
        sheet, row_no = _sheet(workbook, schema, emphasis=emphasis), 0
        for batch in batches:
            for cells in zip(*(_cells(column, instants) for column in batch.columns), strict=True):
                if row_no == _ROWS_A_SHEET:
                    sheet, row_no = _sheet(workbook, schema, emphasis=emphasis), 0
                row_no += 1
                for column_no, (cell, write) in enumerate(zip(cells, writes, strict=True)):
                    if cell is not None:
                        write(sheet, row_no, column_no, cell)


def _sheet(workbook: xlsxwriter.Workbook, schema: pa.Schema, *, emphasis: CellFormat) -> Worksheet:
    sheet_no = len(workbook.worksheets()) + 1
    sheet = workbook.add_worksheet("sessions" if sheet_no == 1 else f"sessions {sheet_no}")
    sheet.freeze_panes(1, 0)
    for column_no, field in enumerate(schema):
        sheet.set_column(column_no, column_no, _DATE_WIDTH if pa.types.is_timestamp(field.type) else _TEXT_WIDTH)
        sheet.write_string(0, column_no, field.name, emphasis)
    return sheet


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
