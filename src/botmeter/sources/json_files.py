"""Files of JSON → records: lines, an array, objects one after another, or an array inside an object."""

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from botmeter.domain.errors import Refused
from botmeter.domain.event import REQUIRED_FIELDS
from botmeter.domain.receipt import Rejection
from botmeter.sources.json_records import checked_value_count, parsed_json, records_from_blocks
from botmeter.sources.json_text.elements import (
    ARRAY_BLOCK_BYTES,
    RECORD_BYTES_MAX,
    LineBlock,
    Objects,
    check_length,
    elements,
    is_array,
    line_blocks,
    lines,
    objects,
    split_objects,
)
from botmeter.sources.json_text.json_members import UNREADABLE, decoded
from botmeter.sources.json_text.pointer import Path, followed, pointer_of
from botmeter.sources.mapping.document_records import Levels, Piece, records_from_pieces
from botmeter.sources.mapping.mapping import Mapping
from botmeter.sources.payloads.wrapped import (
    LargeObject,
    ambiguous_rows,
    elements_at,
    is_wrapper,
    large_object,
    outside_values,
    record_array,
    record_arrays,
    unwrapped,
)
from botmeter.sources.records import Records
from botmeter.sources.stream import ByteStream

# A first line that is longer can be one object with all records.
_LINE_BYTES_MAX: Final = 1 << 19
# A larger document is decoded in pieces.
_DOCUMENT_BYTES_MAX: Final = 1 << 20


def records_from_json(stream: ByteStream, *, is_by_line: bool, mapping: Mapping | None) -> Iterator[Records]:
    """Yield the records of a file.

    Raises:
        Refused: `file_truncated`, `json_invalid`, `rows_missing`, `rows_ambiguous`, `outer_after_rows`.
        TooMuch: `record_too_long`.
    """
    if is_array(stream):
        return _records(elements(stream), stream=stream, mapping=mapping, is_in_array=True)
    if is_by_line and not _is_long_line(stream):
        return _records(lines(stream), stream=stream, mapping=mapping)
    start = _first_object(stream)
    if len(start) <= RECORD_BYTES_MAX or split_objects(start)[0]:
        return _records(objects(stream, start=start), stream=stream, mapping=mapping)
    return _records_of_large(start, stream=stream, mapping=mapping)


def event_lines(stream: ByteStream) -> Iterator[LineBlock] | None:
    """Lines of a file whose first line is an event or unreadable, else None."""
    start = stream.peek(2 * _LINE_BYTES_MAX).lstrip()
    line, end, _ = start.partition(b"\n")
    if start[:1] == b"[" or (not end and len(start) > _LINE_BYTES_MAX) or is_wrapper(line):
        return None
    if record_array(line, names=_names(None), file_name=stream.name) is not None:
        return None
    return line_blocks(stream)


def _is_long_line(stream: ByteStream) -> bool:
    start = stream.peek(2 * _LINE_BYTES_MAX).lstrip()
    return start[:1] == b"{" and len(start) > _LINE_BYTES_MAX and b"\n" not in start


def _first_object(stream: ByteStream) -> bytes:
    text = b""
    while len(text) <= RECORD_BYTES_MAX and not split_objects(text)[0] and (block := stream.read(ARRAY_BLOCK_BYTES)):
        text += block
    return text


def _records(
    blocks: Iterator[Objects], *, stream: ByteStream, mapping: Mapping | None, is_in_array: bool = False
) -> Iterator[Records]:
    if mapping is not None and mapping.rows:
        pieces = _pieces(blocks, mapping=mapping, is_in_array=is_in_array)
        return _records_of_pieces(pieces, stream=stream, mapping=mapping)
    first = next(blocks, None)
    if first is None:
        return iter(())
    path = (
        None
        if is_in_array or not first.count
        else record_array(first.texts[0], names=_names(mapping), file_name=stream.name)
    )
    whole = _with_first(first, blocks)
    if mapping is None and path is None and first.count and is_wrapper(first.texts[0]):
        whole = _unwrapped_events(whole)
    if path is None:
        return records_from_blocks(whole, stream=stream, mapping=mapping)
    note = _note(path, stream)
    return records_from_blocks(unwrapped(whole, path), stream=stream, mapping=mapping, notes=(note,))


def _unwrapped_events(blocks: Iterator[Objects]) -> Iterator[Objects]:
    # Loaded here, because nearly all files hold events themselves.
    from botmeter.sources.payloads.payload_envelopes import inner_events
    from botmeter.sources.platforms.registry import NATIVE_PLATFORM, connector_of

    connector = connector_of(NATIVE_PLATFORM)
    for block in blocks:
        yield Objects.from_texts([event for text in block.texts for event in inner_events(text, connector)])


def _records_of_large(start: bytes, *, stream: ByteStream, mapping: Mapping | None) -> Iterator[Records]:
    rows = () if mapping is None else mapping.rows
    if mapping is not None and rows:
        whole = large_object(start, path=rows[: rows.index("*")])
    else:
        whole = large_object(start, names=_names(mapping))
    if whole is None:
        check_length(start, count=0, name=stream.name)
        raise AssertionError("Text of a large object is longer than a record.")
    if mapping is not None and rows:
        return _records_of_pieces(_pieces_of_large(whole, stream, mapping=mapping), stream=stream, mapping=mapping)
    note = _note(whole.path, stream)
    blocks = _blocks_of_large(whole, stream, names=_names(mapping))
    return records_from_blocks(blocks, stream=stream, mapping=mapping, notes=(note,))


def _blocks_of_large(whole: LargeObject, stream: ByteStream, *, names: Collection[str]) -> Iterator[Objects]:
    after = yield from whole.blocks(stream)
    others = record_arrays(after, names=names)
    if others:
        raise ambiguous_rows([whole.path, *others], name=stream.name)


def _names(mapping: Mapping | None) -> frozenset[str]:
    return frozenset(REQUIRED_FIELDS if mapping is None else mapping.column_names())


def _note(path: Path, stream: ByteStream) -> str:
    return f"The records of {stream.name} are those at {pointer_of(path)}/*."


def _with_first(first: Objects, blocks: Iterator[Objects]) -> Iterator[Objects]:
    yield first
    yield from blocks


def _records_of_pieces(pieces: Iterable[Piece], *, stream: ByteStream, mapping: Mapping) -> Iterator[Records]:
    return records_from_pieces(
        pieces, mapping=mapping, clock=mapping.clock, name=stream.name, bytes_read=lambda: stream.stored_bytes
    )


def _pieces(blocks: Iterable[Objects], *, mapping: Mapping, is_in_array: bool) -> Iterator[Piece]:
    # In an array, rows can begin at the array or at its elements.
    from_array = is_in_array and mapping.rows[0] == "*"
    for block in blocks:
        for text in block.texts:
            if from_array:
                yield _piece(text, above=(None,), rows=mapping.rows[1:])
            elif len(text) <= _DOCUMENT_BYTES_MAX:
                yield _piece(text, above=(), rows=mapping.rows)
            else:
                yield from _pieces_of_document(text, mapping=mapping)


def _pieces_of_document(text: bytes, *, mapping: Mapping) -> Iterator[Piece]:
    end = mapping.rows.index("*")
    texts = elements_at(text, mapping.rows[:end])
    if texts is None:
        yield _piece(text, above=(), rows=mapping.rows)
        return
    outside = outside_values(text, mapping.paths_at(0))
    for element in texts:
        yield _piece(element, above=(outside,), rows=mapping.rows[end + 1 :])


def _pieces_of_large(whole: LargeObject, stream: ByteStream, *, mapping: Mapping) -> Iterator[Piece]:
    before = whole.before
    after = None
    blocks = whole.blocks(stream)
    while True:
        try:
            block = next(blocks)
        except StopIteration as end:
            after = end.value
            break
        for text in block.texts:
            yield _piece(text, above=(before,), rows=mapping.rows[len(whole.path) + 1 :])
    for path in mapping.paths_at(0):
        if followed(before, path) is None and followed(after, path) is not None:
            raise Refused(
                "outer_after_rows",
                f"{stream.name} has {pointer_of(path)} after its records. In an object of more than "
                f"{RECORD_BYTES_MAX >> 20} MiB it must be before them.",
            )


def _piece(text: bytes, *, above: Levels, rows: Path) -> Piece:
    try:
        checked_value_count(text)
        value = decoded(text)
        return Piece(levels=(*above, parsed_json(text) if value is UNREADABLE else value), rows=rows)
    except Refused as fault:
        return Piece(fault=Rejection(index=0, event_id=None, code=fault.code, detail=fault.message, raw=text))
