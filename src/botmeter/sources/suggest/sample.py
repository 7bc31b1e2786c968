"""First records of a file, as text."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet

from botmeter.domain.errors import Refused
from botmeter.sources.arrow.parquet import BATCH_BYTES_MAX
from botmeter.sources.arrow.parquet_pages import column_bounds
from botmeter.sources.mapping.mapped import cell_value
from botmeter.sources.reader import SourceFile
from botmeter.sources.sniff import format_of
from botmeter.sources.stream import STDIN, ByteStream, open_stream, spooled
from botmeter.sources.suggest.json_start import json_values
from botmeter.sources.table_options import TableOptions
from botmeter.sources.tables.open_table import open_table
from botmeter.sources.tables.table import Table, total_word
from botmeter.sources.text_encoding import utf8_stream

ROWS_MAX = 1_000
"""Enough to tell ids from names; read in a tenth of a second."""
TABLE_CHARACTERS_MAX = 8 << 20
"""1,000 rows of 8 KB each; a row that passes it is the last."""
JSON_BYTES_MAX = 2 << 20
"""About 1,000 long messages; as Python objects it takes 100 MB at worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """First rows of a table, or first JSON values.

    Attributes:
        records: Numbers are texts.
        is_whole: The file has no more.
        header_row: Of a table with titles above it; None: as the file's options say.
    """

    format: str
    records: tuple[object, ...]
    is_whole: bool
    header_row: int | None = None


def sample_of(file: SourceFile) -> Sample:
    """Read the start of a file; raises as `batches`."""
    sample = _sample(file, file.table_options)
    if sample.header_row is None or file.path == STDIN:
        return sample
    # The rows above the header have been read as if they were the table.
    options = TableOptions(header_row=sample.header_row).over(file.table_options)
    return replace(_sample(file, options), header_row=sample.header_row)


def _sample(file: SourceFile, options: TableOptions) -> Sample:
    with closing(open_stream(file.path, name=file.label, stdin=file.content)) as opened:
        stream = utf8_stream(opened, encoding=options.encoding)
        detected = format_of(stream, expected=file.format)
        if detected in ("csv", "xlsx"):
            table = open_table(stream, options=options)
            header_row = table.likely_header_row([]) if options.header_row is None else None
            return replace(_table_sample(detected, _table_rows(table)), header_row=header_row)
        if detected == "parquet":
            return _table_sample("parquet", _parquet_rows(stream, path=file.path))
        text = stream.read(JSON_BYTES_MAX)
        is_whole = not stream.read(1)
    return Sample(format=detected, records=tuple(json_values(text, is_whole=is_whole)), is_whole=is_whole)


def _table_sample(detected: str, rows: Iterator[dict[str, object]]) -> Sample:
    records: list[dict[str, object]] = []
    size = 0
    for row in rows:
        if len(records) == ROWS_MAX or size > TABLE_CHARACTERS_MAX:
            return Sample(format=detected, records=tuple(records), is_whole=False)
        records.append(row)
        size += sum(len(str(cell)) for cell in row.values())
    return Sample(format=detected, records=tuple(records), is_whole=True)


def _table_rows(table: Table) -> Iterator[dict[str, object]]:
    for block in table.blocks:
        for row in block.rows.slice(0, ROWS_MAX + 1).to_pylist():
            cells = {name: _text(cell) for name, cell in row.items()}
            if total_word([str(cell or "") for cell in cells.values()]) is None:
                yield cells


def _parquet_rows(stream: ByteStream, *, path: str) -> Iterator[dict[str, object]]:
    with ExitStack() as stack:
        is_spooled = stream.is_packed or stream.size_bytes is None
        content: IO[bytes] = spooled(stream, stack) if is_spooled else stack.enter_context(Path(path).open("rb"))
        try:
            parquet = stack.enter_context(pyarrow.parquet.ParquetFile(content, pre_buffer=False))
            for group in range(parquet.num_row_groups):
                bounds = column_bounds(content, parquet, group=group, name=stream.name)
                row_count = min(ROWS_MAX, max(1, BATCH_BYTES_MAX // max(sum(bound.value for bound in bounds), 1)))
                for batch in parquet.iter_batches(batch_size=row_count, row_groups=[group]):
                    yield from ({name: _text(cell) for name, cell in row.items()} for row in batch.to_pylist())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError):
            raise Refused("format_unknown", f"{stream.name} is not Parquet, or is cut or damaged.") from None


def _text(cell: object) -> object:
    match cell_value(cell):
        case None | bool() | str() as plain:
            return plain
        case datetime() | date() as moment:
            return moment.isoformat()
        case dict() as table:
            return {str(name): _text(value) for name, value in table.items()}
        case list() as values:
            return [_text(value) for value in values]
        case other:
            return str(other)
