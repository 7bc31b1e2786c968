"""First records of a file, as text."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet

from botmeter.domain.errors import Refused
from botmeter.sources.mapped import cell_value
from botmeter.sources.reader import SourceFile
from botmeter.sources.sniff import format_of
from botmeter.sources.stream import ByteStream, open_stream, spooled
from botmeter.sources.suggest.json_start import json_values
from botmeter.sources.table_options import TableOptions
from botmeter.sources.tables.open_table import open_table
from botmeter.sources.text_encoding import utf8_stream

ROWS_MAX = 1_000
"""Enough to tell ids from names; read in a tenth of a second."""
JSON_BYTES_MAX = 2 << 20
"""About 1,000 long messages; as Python objects it takes 100 MB at worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """First rows of a table, or first JSON values.

    Attributes:
        records: Numbers are texts.
        is_whole: The file has no more.
    """

    format: str
    records: tuple[object, ...]
    is_whole: bool


def sample_of(file: SourceFile) -> Sample:
    """Read the start of a file; raises as `batches`."""
    with closing(open_stream(file.path, name=file.label, stdin=file.content)) as opened:
        stream = utf8_stream(opened, encoding=file.table_options.encoding)
        detected = format_of(stream, expected=file.format)
        if detected in ("csv", "xlsx"):
            return _table_sample(detected, _table_rows(stream, file.table_options))
        if detected == "parquet":
            return _table_sample("parquet", _parquet_rows(stream, path=file.path))
        text = stream.read(JSON_BYTES_MAX)
        is_whole = not stream.read(1)
    return Sample(format=detected, records=tuple(json_values(text, is_whole=is_whole)), is_whole=is_whole)


def _table_sample(detected: str, rows: Iterator[dict[str, object]]) -> Sample:
    records = tuple(islice(rows, ROWS_MAX))
    is_whole = next(rows, None) is None
    return Sample(format=detected, records=records, is_whole=is_whole)


def _table_rows(stream: ByteStream, options: TableOptions) -> Iterator[dict[str, object]]:
    table = open_table(stream, options=options)
    for block in table.blocks:
        for row in block.rows.slice(0, ROWS_MAX + 1).to_pylist():
            yield {name: _text(cell) for name, cell in row.items()}


def _parquet_rows(stream: ByteStream, *, path: str) -> Iterator[dict[str, object]]:
    with ExitStack() as stack:
        is_spooled = stream.is_packed or stream.size_bytes is None
        content: IO[bytes] = spooled(stream, stack) if is_spooled else stack.enter_context(Path(path).open("rb"))
        try:
            parquet = stack.enter_context(pyarrow.parquet.ParquetFile(content, pre_buffer=False))
            for batch in parquet.iter_batches(batch_size=100):
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
