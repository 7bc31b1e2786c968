"""NDJSON and JSON arrays → records, a block at a time."""

from collections.abc import Iterable, Iterator

from botmeter.sources.elements import Objects, lines, objects_of_json
from botmeter.sources.json_records import records_from_objects
from botmeter.sources.mapping import Mapping
from botmeter.sources.records import Records
from botmeter.sources.stream import ByteStream

# Objects in a batch of single texts; about a block of lines.
_OBJECTS_EACH = 50_000


def records_from_lines(stream: ByteStream, *, mapping: Mapping | None) -> Iterator[Records]:
    """Read NDJSON; blank lines are skipped."""
    return _records(lines(stream), stream=stream, mapping=mapping)


def records_from_json(stream: ByteStream, *, mapping: Mapping | None) -> Iterator[Records]:
    """Read a JSON array, or a single JSON object."""
    return _records(objects_of_json(stream), stream=stream, mapping=mapping)


def records_from_texts(raws: Iterable[bytes], *, mapping: Mapping | None) -> Iterator[Records]:
    """Read texts of one JSON object each."""
    first = 0
    waiting: list[bytes] = []
    for raw in raws:
        waiting.append(raw)
        if len(waiting) == _OBJECTS_EACH:
            yield records_from_objects(Objects.from_texts(waiting), first=first, mapping=mapping)
            first += len(waiting)
            waiting = []
    if waiting:
        yield records_from_objects(Objects.from_texts(waiting), first=first, mapping=mapping)


def _records(blocks: Iterable[Objects], *, stream: ByteStream, mapping: Mapping | None) -> Iterator[Records]:
    first = 0
    for objects in blocks:
        if objects.count:
            yield records_from_objects(objects, first=first, mapping=mapping, bytes_read=stream.stored_bytes)
        first += objects.count
