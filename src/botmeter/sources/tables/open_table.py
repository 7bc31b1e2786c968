"""One way to open a table, whatever file it is in."""

from collections.abc import Collection

from botmeter.sources.stream import ByteStream
from botmeter.sources.table_options import TableOptions
from botmeter.sources.tables.delimited import delimited_table
from botmeter.sources.tables.table import Table
from botmeter.sources.tables.workbook_file import SheetLimits
from botmeter.sources.text_encoding import ZIP_MAGIC


def open_table(
    stream: ByteStream,
    *,
    options: TableOptions,
    expected: Collection[str] = (),
    times: Collection[str] = (),
    limits: SheetLimits | None = None,
) -> Table:
    """Open CSV, TSV or XLSX; raises as `delimited_table` and `workbook_table`.

    Args:
        expected: Names by which the delimiter is detected.
        times: Columns of instants.
        limits: Of a workbook; None: those of files with events.
    """
    if stream.peek(len(ZIP_MAGIC)) != ZIP_MAGIC:
        return delimited_table(stream, expected=expected, header_row=options.header_row)
    from botmeter.sources.tables.workbook import workbook_table

    return workbook_table(stream, options=options, times=times, limits=limits)
