"""Files of a source → batches of events: those of a platform by its connector, all others by their own words."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.event import REQUIRED_FIELDS
from botmeter.domain.source import Platform, Source
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.sources import source_of
from botmeter.metering.schema import EVENTS_SCHEMA, EventBatch
from botmeter.sources.connected import OWN_PLATFORMS, batch_from_payloads
from botmeter.sources.connector import NOT_RECEIVED_US
from botmeter.sources.elements import Objects, lines, objects_of_json
from botmeter.sources.platforms.registry import connector_of
from botmeter.sources.reader import SourceFile, batches
from botmeter.sources.sniff import PARQUET_MAGIC, PEEK_BYTES, format_of
from botmeter.sources.stream import STDIN, ByteStream, opened

# Many enough for whole-column work; payloads are larger than the events in them.
PAYLOADS_MAX = 5_000


def source_named(ledger: Ledger, name: str) -> Source | None:
    """The account's source of that name; for a platform's own name, a source of which nothing more is said.

    None: neither; its files hold events in Botmeter's own words.
    """
    found = source_of(ledger, name)
    if found is not None:
        return found
    return Source(name=name, platform=Platform(name)) if name in set(Platform) else None


def batches_of_source(file: SourceFile, source: Source | None) -> Iterator[EventBatch]:
    """The events of a file of a source, in its order.

    A file in Botmeter's own words is read as such, and so is one with a mapping, whatever the source's platform.

    Raises:
        Refused: What `reader.batches` raises, and `format_unknown` for a file that the platform has not.
    """
    if source is None or file.mapping is not None or source.platform in OWN_PLATFORMS or _is_in_own_words(file):
        return batches(file, source=source)
    connector = connector_of(source.platform)
    if connector.batches_from_file is not None:
        return connector.batches_from_file(file, source)
    return _batches_of_file(file, source)


def batches_of_payloads(stream: ByteStream, source: Source, *, asked: str | None = None) -> Iterator[EventBatch]:
    """The events of payloads as JSON: one, an array of them, or one a line.

    What never counts is told at the end, each sentence once.

    Raises:
        Refused: `format_unknown` for what is no JSON.
    """
    ignored: Counter[str] = Counter()
    first = 0
    for objects in _objects(stream, platform=source.platform, asked=asked):
        texts = objects.texts
        for start in range(0, len(texts), PAYLOADS_MAX):
            chunk = texts[start : start + PAYLOADS_MAX]
            read = batch_from_payloads(chunk, source=source, received_us=[NOT_RECEIVED_US] * len(chunk), first=first)
            ignored.update(sentence for payload in read.payloads for sentence in payload.ignored)
            first = read.payloads[-1].first_position + read.payloads[-1].record_count
            yield read.batch
    if ignored:
        yield _told(ignored, stream)


def _is_in_own_words(file: SourceFile) -> bool:
    """Whether a file starts with all the fields that an event must have, or is Parquet, which no platform writes.

    Standard input can't be read twice, and so is always the platform's.
    """
    if file.path == STDIN or file.format is not None:
        return False
    with closing(opened(file.path, name=file.label)) as stream:
        start = stream.peek(PEEK_BYTES)
    return start.startswith(PARQUET_MAGIC) or all(name.encode() in start for name in REQUIRED_FIELDS)


def _batches_of_file(file: SourceFile, source: Source) -> Iterator[EventBatch]:
    with closing(opened(file.path, name=file.label, stdin=file.content)) as stream:
        yield from batches_of_payloads(stream, source, asked=file.format)
        stream.checked_end()


def _objects(stream: ByteStream, *, platform: Platform, asked: str | None) -> Iterator[Objects]:
    found = format_of(stream, asked=asked)
    if found == "ndjson":
        return lines(stream)
    if found != "json":
        raise Refused("format_unknown", f"{stream.name} is {found}; a file of {platform} holds its payloads as JSON.")
    return objects_of_json(stream)


def _told(ignored: Counter[str], stream: ByteStream) -> EventBatch:
    notes = tuple(f"{sentence} ({count:,} in {stream.name})" for sentence, count in sorted(ignored.items()))
    return batch_of_notes(notes, bytes_read=stream.stored_bytes)


def batch_of_notes(notes: tuple[str, ...], *, bytes_read: int) -> EventBatch:
    """A batch without events, that says something of a file to a person."""
    return EventBatch(
        events=EVENTS_SCHEMA.empty_table(),
        positions=pa.array([], pa.int64()),
        bytes_read=bytes_read,
        notes=notes,
    )
