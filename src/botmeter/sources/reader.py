"""Files of events in any format → checked batches."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import IO, assert_never

from botmeter.domain.source import Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.arrow.parquet import records_from_parquet
from botmeter.sources.columns import batch_from_records
from botmeter.sources.json_files import event_lines, records_from_json
from botmeter.sources.json_records import records_from_lines, records_from_objects
from botmeter.sources.json_text.elements import Objects
from botmeter.sources.mapping.document_records import records_in_cells
from botmeter.sources.mapping.mapping import OWN_NAMES, Mapping
from botmeter.sources.mapping.row_ids import records_with_row_ids
from botmeter.sources.records import CheckedRecords, Records
from botmeter.sources.sniff import Format, format_of
from botmeter.sources.stream import ByteStream, open_stream, stored_size_bytes
from botmeter.sources.table_options import DEFAULTS, TableOptions
from botmeter.sources.tables.table_records import records_from_table
from botmeter.sources.text_encoding import utf8_stream


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """File to read.

    Attributes:
        path: `-` for standard input.
        name: For messages; None: the path.
        content: Replaces standard input; stays open.
        mapping: None: Botmeter's own names.
        format: csv, xlsx, ndjson, json, parquet or cloudevents; None: detected.
        table: Wins over the options of the mapping.
    """

    path: str
    name: str | None = None
    content: IO[bytes] | None = None
    mapping: Mapping | None = None
    format: str | None = None
    table: TableOptions = DEFAULTS

    @property
    def label(self) -> str:
        return self.path if self.name is None else self.name

    @property
    def table_options(self) -> TableOptions:
        return self.table if self.mapping is None else self.table.over(self.mapping.table)


def batches(file: SourceFile, *, source: Source | None = None) -> Iterator[EventBatch]:
    """Yield the events and rejections of a file, in order.

    An error may follow the last batch; the caller must then keep nothing of the file.

    Raises:
        Missing: `file_missing`.
        NotAllowed: `file_not_readable`.
        Refused: `file_empty`, `file_truncated`, `format_unknown`, `column_missing` and the like.
        TooMuch: `record_too_long`.
    """
    with _opened(file) as stream:
        detected = format_of(stream, expected=file.format)
        lines = event_lines(stream) if detected == "ndjson" and file.mapping is None else None
        read: Iterator[Records | CheckedRecords] = (
            _records(stream, file, detected=detected) if lines is None else records_from_lines(lines, stream=stream)
        )
        for records in read:
            batch = batch_from_records(records, source)
            if len(batch.events) or batch.rejections or batch.notes:
                yield batch
        stream.checked_end()


def records_of_file(file: SourceFile) -> Generator[Records]:
    """Yield the records of a file before they are checked; raises as `batches`."""
    with _opened(file) as stream:
        yield from _records(stream, file, detected=format_of(stream, expected=file.format))
        stream.checked_end()


@contextmanager
def _opened(file: SourceFile) -> Iterator[ByteStream]:
    with closing(open_stream(file.path, name=file.label, stdin=file.content)) as opened:
        yield utf8_stream(opened, encoding=file.table_options.encoding)


def batch_from_json(texts: Sequence[bytes]) -> EventBatch:
    """Read one event per JSON object; positions start at 0."""
    return batch_from_records(records_from_objects(Objects.from_texts(texts), first=0))


def size_bytes(file: SourceFile) -> int | None:
    """Stored size of a file; None for standard input."""
    return stored_size_bytes(file.path)


def _records(stream: ByteStream, file: SourceFile, *, detected: Format) -> Iterator[Records]:
    mapping = file.mapping or OWN_NAMES
    match detected:
        case "csv" | "xlsx":
            records = records_from_table(stream, mapping=mapping, options=file.table_options)
        case "ndjson" | "json":
            records = records_from_json(stream, is_by_line=detected == "ndjson", mapping=file.mapping)
        case "parquet":
            records = records_from_parquet(stream, path=file.path, mapping=mapping)
        case _:
            assert_never(detected)
    if detected not in ("ndjson", "json"):
        records = records_in_cells(records, mapping=mapping, name=stream.name)
    return records_with_row_ids(records, mapping=mapping)
