"""Files whose records explain one another, read many at once: activities of a transcript, posts of a broker, rows.

Records that stand together are one payload for the connector, as they would be in one request. Where such a payload
is not understood, each of its records is read by itself, so that a broken one sinks no other.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from itertools import islice

from botmeter.domain.errors import Refused, TooMuch
from botmeter.domain.source import Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.connected import ReadPayloads, batch_from_payloads
from botmeter.sources.connector import NOT_RECEIVED_US, NOT_UNDERSTOOD
from botmeter.sources.csv import DELIMITERS
from botmeter.sources.elements import Objects, lines, objects_of_json, whole_text
from botmeter.sources.json_values import json_of
from botmeter.sources.payload_files import batch_of_notes
from botmeter.sources.reader import SourceFile
from botmeter.sources.sniff import format_of
from botmeter.sources.stream import ByteStream, opened

# As long as the longest block of lines: a transcript can be one cell.
_CELL_CHARACTERS_MAX = 16 << 20
_ROWS_EACH = 500
_NULL = "\\N"


def joined_batches(
    file: SourceFile, source: Source, *, columns: Sequence[str], is_array_whole: bool = False
) -> Iterator[EventBatch]:
    """The events of a file of JSON (one payload, an array of them, one a line) or of a table as CSV.

    What never counts is told at the end, each sentence once.

    Args:
        columns: What the table must have; names are read in small letters.
        is_array_whole: An array is one payload, however long; otherwise it may be read in pieces.

    Raises:
        Refused: `column_missing`, and what `reader.batches` raises.
        TooMuch: `record_too_long`.
    """
    stream = opened(file.path, name=file.label, stdin=file.content)
    ignored: set[str] = set()
    first = 0
    try:
        for objects in _blocks(stream, file, columns=columns, is_array_whole=is_array_whole):
            read = _read(objects, source, first=first)
            ignored.update(sentence for payload in read.payloads for sentence in payload.ignored)
            first = read.payloads[-1].first_position + read.payloads[-1].record_count
            yield read.batch
        if ignored:
            yield batch_of_notes(tuple(sorted(ignored)), bytes_read=stream.stored_bytes)
        stream.checked_end()
    finally:
        stream.close()


def _blocks(stream: ByteStream, file: SourceFile, *, columns: Sequence[str], is_array_whole: bool) -> Iterator[Objects]:
    found = format_of(stream, asked=file.format)
    if found == "ndjson":
        yield from lines(stream)
    elif found == "csv":
        yield from _table(stream, columns=columns)
    elif found != "json":
        raise Refused("format_unknown", f"{stream.name} is {found}; what is read here is JSON or CSV.")
    elif is_array_whole:
        yield Objects.from_texts([whole_text(stream)])
    else:
        yield from (block for block in objects_of_json(stream) if block.count)


def _read(objects: Objects, source: Source, *, first: int) -> ReadPayloads:
    texts = objects.texts
    if len(texts) > 1:
        whole = batch_from_payloads(
            [b"[" + b",".join(texts) + b"]"], source=source, received_us=[NOT_RECEIVED_US], first=first
        )
        if not (whole.batch.rejections and whole.batch.rejections[0].code == NOT_UNDERSTOOD):
            return whole
    return batch_from_payloads(texts, source=source, received_us=[NOT_RECEIVED_US] * len(texts), first=first)


def _table(stream: ByteStream, *, columns: Sequence[str]) -> Iterator[Objects]:
    """The rows of a table, each as a JSON object of its cells."""
    text = io.TextIOWrapper(stream, encoding="utf-8", errors="replace", newline="")  # type: ignore[type-var]
    csv.field_size_limit(_CELL_CHARACTERS_MAX)
    header = text.readline()
    delimiter = max(DELIMITERS, key=header.count)
    names = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter), [])]
    missing = [name for name in columns if name not in names]
    if missing:
        there = ", ".join(name[:64] for name in names[:30])
        raise Refused("column_missing", f"{stream.name} has no column {' and no '.join(missing)}; it has {there}.")
    rows = csv.reader(text, delimiter=delimiter)
    try:
        while chunk := list(islice((cells for cells in rows if cells), _ROWS_EACH)):
            yield Objects.from_texts([_as_object(names, cells) for cells in chunk])
    except csv.Error as fault:
        raise TooMuch("record_too_long", f"{stream.name} has a cell that can't be read: {fault}.") from None


def _as_object(names: Sequence[str], cells: Sequence[str]) -> bytes:
    return json_of({name: cell for name, cell in zip(names, cells, strict=False) if cell not in ("", _NULL)})
