"""Files of events in any format → checked batches.

Readers are imported where they are used: all formats take 60 ms, a tenth of the start of a command.
"""

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import IO, Literal, assert_never

from botmeter.domain.source import Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.columns import batch_from_records
from botmeter.sources.mapping.mapping import OWN_NAMES, Mapping
from botmeter.sources.mapping.row_ids import records_with_row_ids
from botmeter.sources.records import CheckedRecords, Records
from botmeter.sources.sniff import Format, format_of
from botmeter.sources.stream import ByteStream, open_stream, stored_size_bytes
from botmeter.sources.table_options import DEFAULTS, TableOptions
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
        for records in _checked_or_not(stream, file):
            batch = batch_from_records(records, source)
            if len(batch.events) or batch.rejections or batch.notes:
                yield batch
        stream.checked_end()


def records_of_file(file: SourceFile) -> Generator[Records]:
    """Yield the records of a file, unchecked; raises as `batches`."""
    with _opened(file) as stream:
        yield from _records(stream, file, detected=format_of(stream, expected=file.format))
        stream.checked_end()


@contextmanager
def _opened(file: SourceFile) -> Iterator[ByteStream]:
    with closing(open_stream(file.path, name=file.label, stdin=file.content)) as opened:
        yield utf8_stream(opened, encoding=file.table_options.encoding)


def batch_from_json(texts: Sequence[bytes]) -> EventBatch:
    """Read one event per JSON object; positions start at 0."""
    from botmeter.sources.json_records import records_from_objects
    from botmeter.sources.json_text.elements import Objects

    return batch_from_records(records_from_objects(Objects.from_texts(texts), first=0))


def size_bytes(file: SourceFile) -> int | None:
    """Stored size of a file; None for standard input."""
    return stored_size_bytes(file.path)


def _checked_or_not(stream: ByteStream, file: SourceFile) -> Iterator[Records | CheckedRecords]:
    detected = format_of(stream, expected=file.format)
    if detected == "ndjson" and file.mapping is None:
        from botmeter.sources.json_files import event_lines

        lines = event_lines(stream)
        if lines is not None:
            from botmeter.sources.json_records import records_from_lines

            yield from records_from_lines(lines, stream=stream)
            return
    yield from _records(stream, file, detected=detected)


def _records(stream: ByteStream, file: SourceFile, *, detected: Format) -> Iterator[Records]:
    mapping = file.mapping or OWN_NAMES
    match detected:
        case "ndjson" | "json":
            from botmeter.sources.json_files import records_from_json

            records = records_from_json(stream, is_by_line=detected == "ndjson", mapping=file.mapping)
        case "csv" | "xlsx" | "parquet":
            records = _table_records(stream, file, detected=detected)
            if mapping.rows:
                from botmeter.sources.mapping.document_records import records_in_cells

                records = records_in_cells(records, mapping=mapping, name=stream.name)
        case _:
            assert_never(detected)
    return records_with_row_ids(records, mapping=mapping)


def _table_records(
    stream: ByteStream, file: SourceFile, *, detected: Literal["csv", "xlsx", "parquet"]
) -> Iterator[Records]:
    mapping = file.mapping or OWN_NAMES
    if detected == "parquet":
        from botmeter.sources.arrow.parquet import records_from_parquet

        return records_from_parquet(stream, path=file.path, mapping=mapping)
    from botmeter.sources.tables.table_records import records_from_table

    return records_from_table(stream, mapping=mapping, options=file.table_options)
