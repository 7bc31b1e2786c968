"""Files of platform payloads → batches."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace

import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.source import Source
from botmeter.metering.schema import EVENTS_SCHEMA, EventBatch
from botmeter.sources.json_text.elements import Objects, is_array, lines, objects_of_json, whole_text
from botmeter.sources.payloads.connector import Connector
from botmeter.sources.payloads.payload import NOTES_MAX, PAYLOAD_REFUSED, PayloadReader
from botmeter.sources.payloads.payload_batches import ReadPayloads, batch_from_payloads
from botmeter.sources.payloads.payload_tables import PayloadBlock, blocks_of_table
from botmeter.sources.reader import SourceFile
from botmeter.sources.sniff import BOM, PEEK_BYTES, format_of
from botmeter.sources.stream import ByteStream, open_stream
from botmeter.sources.text_encoding import utf8_stream

# Enough for whole-column work; payloads are larger than their events.
PAYLOADS_MAX = 5_000
_FURTHER_NOTES = "More customers have a second ID."


def batches_from_payload_file(file: SourceFile, source: Source, *, connector: Connector) -> Iterator[EventBatch]:
    """Yield events, then notes about records that never count.

    Raises:
        Refused: `format_unknown`, `column_missing`, and as `reader.batches`.
        TooMuch: `record_too_long`.
    """
    with closing(open_stream(file.path, name=file.label, stdin=file.content)) as opened:
        stream = utf8_stream(opened, encoding=file.table_options.encoding)
        is_json = stream.peek(PEEK_BYTES).removeprefix(BOM).lstrip()[:1] in (b"{", b"[")
        if connector.read_report is not None and not is_json:
            yield from connector.read_report(stream, source, options=file.table_options)
        else:
            yield from _payload_batches(stream, file, source=source, connector=connector)
        stream.checked_end()


def _payload_batches(
    stream: ByteStream, file: SourceFile, *, source: Source, connector: Connector
) -> Iterator[EventBatch]:
    ignored: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    reader = connector.file_reader() if connector.file_reader is not None else connector.read
    first = 0
    for block in _blocks(stream, file, connector=connector):
        if block.rejections or block.notes:
            yield _without_events(stream, block, first=first)
            first += len(block.rejections)
        for read in _read_block(block.objects, source=source, connector=connector, reader=reader, first=first):
            for content in (payload.content for payload in read.payloads):
                _add_notes(notes, content.notes)
                ignored.update({kind: count for kind, count in content.ignored.items() if kind not in content.notes})
            first = _end(read)
            yield read.batch
    if ignored or notes:
        sentences = sorted((ignored + notes).items())
        counted = tuple(f"{sentence} ({count:,} in {stream.name})" for sentence, count in sentences)
        yield _without_events(stream, PayloadBlock(notes=counted), first=first)


def _without_events(stream: ByteStream, block: PayloadBlock, *, first: int) -> EventBatch:
    return EventBatch(
        events=EVENTS_SCHEMA.empty_table(),
        positions=pa.array([], pa.int64()),
        rejections=tuple(replace(each, index=first + number) for number, each in enumerate(block.rejections)),
        bytes_read=stream.stored_bytes,
        notes=block.notes,
    )


def _add_notes(notes: Counter[str], sentences: Iterable[str]) -> None:
    for sentence in sentences:
        notes[sentence if sentence in notes or len(notes) < NOTES_MAX else _FURTHER_NOTES] += 1


def _blocks(stream: ByteStream, file: SourceFile, *, connector: Connector) -> Iterator[PayloadBlock]:
    detected = format_of(stream, expected=file.format)
    joined = connector.joined_files
    if detected in ("csv", "xlsx") and joined is not None:
        yield from blocks_of_table(stream, joined, options=file.table_options)
        return
    if detected not in ("json", "ndjson"):
        expected = "JSON" if joined is None else "JSON, CSV or XLSX"
        raise Refused("format_unknown", f"{stream.name} is {detected}; files of {connector.label} must be {expected}.")
    if joined is not None and joined.is_array_whole and is_array(stream):
        yield PayloadBlock(objects=Objects.from_texts([whole_text(stream)]))
        return
    for objects in lines(stream) if detected == "ndjson" else objects_of_json(stream):
        if objects.count:
            yield PayloadBlock(objects=objects)


def _read_block(
    objects: Objects, *, source: Source, connector: Connector, reader: PayloadReader, first: int
) -> Iterator[ReadPayloads]:
    texts = objects.texts
    if connector.joined_files is not None and len(texts) > 1:
        whole = b"[" + b",".join(texts) + b"]"
        joined = batch_from_payloads([whole], source=source, connector=connector, read=reader, first=first)
        if not (joined.batch.rejections and joined.batch.rejections[0].code == PAYLOAD_REFUSED):
            yield joined
            return
        # Read one by one, so that only the broken record is rejected.
    for start in range(0, len(texts), PAYLOADS_MAX):
        chunk = texts[start : start + PAYLOADS_MAX]
        read = batch_from_payloads(chunk, source=source, connector=connector, read=reader, first=first)
        first = _end(read)
        yield read


def _end(read: ReadPayloads) -> int:
    return read.payloads[-1].first_position + read.payloads[-1].record_count
