"""One way to open a table, whatever file it is in."""

from collections.abc import Collection

from botmeter.sources.stream import ByteStream
from botmeter.sources.table_options import TableOptions
from botmeter.sources.tables.delimited import delimited_table
from botmeter.sources.tables.table import Table
from botmeter.sources.text_encoding import ZIP_MAGIC


def open_table(
    stream: ByteStream, *, options: TableOptions, expected: Collection[str] = (), times: Collection[str] = ()
) -> Table:
    """Open CSV, TSV or XLSX; raises as `delimited_table` and `workbook_table`.

    Args:
        expected: Names by which the delimiter is detected.
        times: Columns of instants.
    """
    if stream.peek(len(ZIP_MAGIC)) != ZIP_MAGIC:
        return delimited_table(stream, expected=expected, header_row=options.header_row)
    from botmeter.sources.tables.workbook import workbook_table

    return workbook_table(stream, sheet=options.sheet, header_row=options.header_row, times=times)
