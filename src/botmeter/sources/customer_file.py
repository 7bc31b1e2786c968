"""Files of customers to merge."""

import csv
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from io import BytesIO, StringIO

import pyarrow as pa

from botmeter.domain.errors import Refused, TooMuch
from botmeter.ledger.customers import PAIRS_MAX, SameCustomer, faults_text
from botmeter.sources.stream import ByteStream
from botmeter.sources.table_options import DEFAULTS, TableOptions
from botmeter.sources.tables.id_columns import IdColumns
from botmeter.sources.tables.open_table import open_table
from botmeter.sources.tables.table import NumberedRow, Table
from botmeter.sources.tables.text_rows import check_total
from botmeter.sources.tables.workbook_file import SheetLimits
from botmeter.sources.text_encoding import ZIP_MAGIC, utf8_stream

COLUMNS = ("customer_id", "alias")
BYTES_MAX = 2 * 1024 * 1024
"""Enough for `PAIRS_MAX` pairs of the longest ids."""
# Far more than a thousand pairs take, and little enough for a page.
_SHEET_LIMITS = SheetLimits(unpacked_bytes=32 << 20, cells=500_000, text_bytes=32 << 20)
_HEADER_NEEDED = f"The first line of the file must be the column names {' and '.join(COLUMNS)}."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    table: Table
    positions: tuple[int, ...]
    ids: IdColumns

    def pair(self, line: int, cells: Sequence[str]) -> SameCustomer | None:
        """Pair of a line, or None if it is not whole; raises `Refused` (`id_rounded`, `row_total`)."""
        positions = zip(COLUMNS, self.positions, strict=True)
        values = {name: cells[position].strip() for name, position in positions if position < len(cells)}
        is_whole = len(values) == len(COLUMNS) and all(values.values())
        check_total(cells, is_whole=is_whole)
        if not is_whole or any(cell.strip() for cell in cells[len(self.table.columns) :]):
            return None
        ids = self.ids.checked_row(values)
        return SameCustomer(customer_id=ids["customer_id"], alias=ids["alias"], label=f"line {line}")


def pairs_from_file(content: bytes, *, options: TableOptions = DEFAULTS) -> tuple[SameCustomer, ...]:
    """Parse pairs, each with its line, from columns customer_id and alias of CSV or XLSX; skip blank lines.

    Raises:
        Refused: `merge_file_invalid`, with the invalid lines; `text_invalid` and as `open_table`.
        TooMuch: `merge_too_large` over `BYTES_MAX` or `PAIRS_MAX`.
    """
    if len(content) > BYTES_MAX:
        raise TooMuch("merge_too_large", f"The file has {len(content):,} bytes; the limit is {BYTES_MAX:,}.")
    table, rows = _rows(content, options)
    positions = _positions(table)
    ids = IdColumns(COLUMNS)
    for name, position in zip(COLUMNS, positions, strict=True):
        column = [row[position].strip() for _, row in rows if position < len(row)]
        ids.checked({name: pa.array(column, pa.string())})
    reader = _Pairs(table=table, positions=positions, ids=ids)
    pairs, faults = [], []
    for line, cells in rows:
        try:
            pair = reader.pair(line, cells)
        except Refused as fault:
            faults.append(f"line {line}: {fault.message.removesuffix('.')}")
            continue
        if pair is None:
            faults.append(f"line {line} needs a customer_id and an alias")
        else:
            pairs.append(pair)
    if faults:
        raise Refused("merge_file_invalid", f"No customers were merged: {faults_text(faults)}.")
    if len(pairs) > PAIRS_MAX:
        raise TooMuch("merge_too_large", f"The file has {len(pairs):,} pairs; the limit is {PAIRS_MAX:,}.")
    return tuple(pairs)


def csv_from_pairs(pairs: tuple[SameCustomer, ...]) -> str:
    """Format pairs as such a file."""
    written = StringIO()
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows((pair.customer_id, pair.alias) for pair in pairs)
    return written.getvalue()


def _rows(content: bytes, options: TableOptions) -> tuple[Table, list[NumberedRow]]:
    if not content.strip():
        raise Refused("merge_file_invalid", _HEADER_NEEDED)
    with closing(ByteStream(BytesIO(content), name="The file")) as stream:
        is_workbook = stream.peek(len(ZIP_MAGIC)) == ZIP_MAGIC
        text = b"" if is_workbook else utf8_stream(stream, encoding=options.encoding).read()
        opened = stream if is_workbook else ByteStream(BytesIO(text), name=stream.name)
        table = open_table(opened, options=options, expected=COLUMNS, limits=_SHEET_LIMITS)
        rest = opened.read()
        after = text.count(b"\n") - rest.count(b"\n")
        rows = table.below() if is_workbook else _numbered(rest, after=after, delimiter=table.delimiter)
        return table, [(line, cells) for line, cells in rows if any(cell.strip() for cell in cells)]


def _numbered(text: bytes, *, after: int, delimiter: str) -> Iterator[NumberedRow]:
    """Rows with the numbers of their lines, by the strict reader: a wrong merge would not be seen."""
    try:
        reader = csv.reader(StringIO(text.decode(), newline=""), delimiter=delimiter, strict=True)
        for row in reader:
            yield after + reader.line_num, row
    except UnicodeDecodeError as fault:
        line = after + text.count(b"\n", 0, fault.start) + 1
        raise Refused("text_invalid", f"Line {line} of the file is not UTF-8. Name its encoding.") from None
    except csv.Error as fault:
        raise Refused("merge_file_invalid", f"The file is not valid CSV: {fault}.") from None


def _positions(table: Table) -> tuple[int, ...]:
    try:
        labels = table.label_by_name(COLUMNS)
    except Refused as fault:
        raise Refused("merge_file_invalid", f"{_HEADER_NEEDED} {fault.message}") from None
    return tuple(table.labels.index(labels[name]) for name in COLUMNS)
