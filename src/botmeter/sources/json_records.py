"""JSON objects → records, by Arrow, typed structs or Python; a test proves that they agree."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.json

from botmeter.domain.errors import Refused
from botmeter.domain.event import FIELDS
from botmeter.sources.cloudevents import is_envelope, record_from_envelope
from botmeter.sources.json_text.elements import LineBlock, Objects
from botmeter.sources.json_text.json_columns import columns_at, read_objects
from botmeter.sources.json_text.json_members import UNREADABLE, decoded
from botmeter.sources.mapping.mapped import event_columns, value_text
from botmeter.sources.mapping.mapping import Mapping as FieldMapping
from botmeter.sources.mapping.row_content import DIGESTS, digest_of_values
from botmeter.sources.records import DOUBTFUL, CheckedRecords, Records
from botmeter.sources.stream import ByteStream
from botmeter.sources.times.clock import RFC3339
from botmeter.sources.validation import kind_of

if TYPE_CHECKING:
    from botmeter.sources.json_text.plain_lines import PlainLines

SCANNED_BYTES_MIN: Final = 4 << 20
"""Of a block. Loading the compiled scanner takes as long as reading 10,000 events without it."""
VALUES_MAX = 500_000
"""Of one event. Each takes about 100 bytes as a Python object, 30 times as much as `[],`."""
# More digits than any id or time; `int` would refuse more than 4,300.
_DIGITS_MAX = 1_000

# Arrow has no column for objects of any shape, so attributes are read separately.
_ARROW_SCHEMA = pa.schema(
    [pa.field(name, pa.bool_() if name == "preview" else pa.string()) for name in FIELDS if name != "attributes"]
)
# The key can also be written with escapes.
_ATTRIBUTES = re.compile(rb'"attributes"(?!:null)')

_TextOrInteger = str | int | None


class _Event(msgspec.Struct, gc=False):
    event_id: str | int
    occurred_at: str
    conversation_id: str | int
    customer_id: str | int
    actor: str
    kind: str | None = None
    bot_id: _TextOrInteger = None
    bot_name: _TextOrInteger = None
    bot_version: _TextOrInteger = None
    channel: _TextOrInteger = None
    ticket_id: _TextOrInteger = None
    ticket_type: _TextOrInteger = None
    preview: bool | None = None
    # Unset if left out; a union with None would refuse objects.
    attributes: msgspec.Raw = msgspec.Raw()


class _Attributes(msgspec.Struct, gc=False):
    attributes: msgspec.Raw = msgspec.Raw()


_DECODE = msgspec.json.Decoder(_Event).decode
_DECODE_ATTRIBUTES = msgspec.json.Decoder(_Attributes).decode
_UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)
_UNREAD = _Event(DOUBTFUL, DOUBTFUL, DOUBTFUL, DOUBTFUL, DOUBTFUL)


def records_from_objects(
    objects: Objects, *, first: int, mapping: FieldMapping | None = None, bytes_read: int = 0
) -> Records:
    """Read records; positions start at `first`."""
    return Records(
        columns=_columns(objects) if mapping is None else _mapped_columns(objects, mapping),
        record=lambda row: record_from_object(objects.texts[row], mapping=mapping),
        raw=lambda row: objects.texts[row],
        positions=np.arange(first, first + objects.count, dtype=np.int64),
        bytes_read=bytes_read,
        clock=RFC3339 if mapping is None else mapping.clock,
    )


def records_from_blocks(
    blocks: Iterable[Objects],
    *,
    stream: ByteStream,
    mapping: FieldMapping | None,
    first: int = 0,
    notes: tuple[str, ...] = (),
) -> Iterator[Records]:
    """Read a file's objects by blocks; positions start at `first`."""
    for block in blocks:
        for objects in block.parts() if block.count else ():
            records = records_from_objects(objects, first=first, mapping=mapping, bytes_read=stream.stored_bytes)
            yield replace(records, notes=notes)
            first += objects.count
            notes = ()


def records_from_lines(blocks: Iterable[LineBlock], *, stream: ByteStream) -> Iterator[Records | CheckedRecords]:
    """Read a file's events by blocks of lines; the scanner takes plain ones of large blocks."""
    first = 0
    for block in blocks:
        scanned = _scanned(block) if len(block.text) >= SCANNED_BYTES_MIN else None
        if scanned is None:
            yield from records_from_blocks([block.objects], stream=stream, mapping=None, first=first)
        else:
            doubtful = [block.text_at(start) for start in scanned.doubtful_starts.tolist()]
            yield _checked_records(scanned, doubtful=doubtful, first=first, bytes_read=stream.stored_bytes)
        first += block.count


def records_from_texts(texts: Sequence[bytes]) -> Records | CheckedRecords:
    """Read events, plain ones by the scanner if it is loaded; positions start at 0.

    Args:
        texts: One JSON object each.
    """
    block = LineBlock.from_texts(texts)
    scanned = _scanned(block, if_loaded=True) if texts else None
    # An object of several lines is not the line of its number.
    if scanned is None or not block.count == len(texts) == block.padded.count(b"\n"):
        return records_from_objects(Objects.from_texts(texts), first=0)
    return _checked_records(scanned, doubtful=[texts[number] for number in scanned.doubtful_numbers.tolist()])


def _scanned(block: LineBlock, *, if_loaded: bool = False) -> "PlainLines | None":
    # Loaded here, because the scanner is compiled: that pays for large files and for servers only.
    from botmeter.sources.json_text.plain_lines import is_loaded, plain_lines

    return None if if_loaded and not is_loaded() else plain_lines(block)


def _checked_records(
    lines: "PlainLines", *, doubtful: Sequence[bytes], first: int = 0, bytes_read: int = 0
) -> CheckedRecords:
    others = None
    if doubtful:
        others = records_from_objects(Objects.from_texts(doubtful), first=0)
        others = replace(others, positions=first + lines.doubtful_numbers)
    return CheckedRecords(
        columns=lines.columns, positions=first + lines.numbers, doubtful=others, bytes_read=bytes_read
    )


def record_from_object(text: bytes, *, mapping: FieldMapping | None = None) -> Mapping[str, object]:
    """Read one object by the tolerant reader.

    Raises:
        Refused: `json_invalid`, `cloudevent_invalid`, `json_too_large`.
    """
    checked_value_count(text)
    value = parsed_json(text)
    if not isinstance(value, dict):
        raise Refused("json_invalid", f"The event must be a JSON object; it is {kind_of(value)}.")
    if mapping is not None:
        return mapping.record(value)
    return record_from_envelope(value) if is_envelope(value) else value


def checked_value_count(text: bytes) -> None:
    """Refuse a text of too many values; raises `Refused` (`json_too_large`)."""
    value_count = sum(map(text.count, (b"[", b"{", b","))) if len(text) > VALUES_MAX else 0
    if value_count > VALUES_MAX:
        raise Refused("json_too_large", f"The event has {value_count:,} JSON values; the limit is {VALUES_MAX:,}.")


def parsed_json(text: bytes) -> object:
    """Parse JSON by the tolerant reader; raises `Refused` (`json_invalid`).

    Bytes that are not UTF-8 become lone surrogates, which `validation` refuses by field name.
    """
    try:
        value: object = json.loads(text.decode("utf-8", "surrogateescape"), parse_int=_integer, parse_float=Decimal)
    except ValueError as fault:
        raise Refused("json_invalid", f"Invalid JSON: {_reason(fault)}.") from None
    except RecursionError:
        raise Refused("json_invalid", "The JSON is nested too deeply.") from None
    return value


def _columns(objects: Objects) -> Mapping[str, pa.Array]:
    if objects.are_one_a_line:
        columns = _arrow_columns(objects)
        if columns is not None:
            return columns
    events = [_event(text) for text in objects.texts]
    columns = {name: _text_array([getattr(event, name) for event in events]) for name in FIELDS[:-2]}
    columns["preview"] = pa.array([event.preview for event in events], pa.bool_())
    columns["attributes"] = pa.array([bytes(event.attributes) for event in events], pa.binary())
    return columns


def _arrow_columns(objects: Objects) -> Mapping[str, pa.Array] | None:
    table = read_objects(objects, _ARROW_SCHEMA)
    if table is None:
        return None
    columns = {name: table[name].combine_chunks() for name in table.column_names}
    return columns | {"attributes": _attributes(objects)}


def _attributes(objects: Objects) -> pa.Array:
    joined = bytes(objects.joined)
    # Searching for one character alone is many times as fast as for two.
    if _ATTRIBUTES.search(joined) is None and not (b"\\" in joined and b"\\u" in joined):
        return pa.nulls(objects.count)
    return pa.array([_attributes_text(text) for text in objects.texts], pa.binary())


def _attributes_text(text: bytes) -> bytes | None:
    try:
        return bytes(_DECODE_ATTRIBUTES(text).attributes) or None
    except _UNREADABLE:
        return DOUBTFUL.encode()


def _event(text: bytes) -> _Event:
    try:
        return _DECODE(text)
    except _UNREADABLE:
        return _UNREAD


def _text_array(values: list[_TextOrInteger]) -> pa.Array:
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowTypeError, pa.ArrowInvalid):
        return pa.array([value_text("", value) for value in values], pa.string())


def _mapped_columns(objects: Objects, mapping: FieldMapping) -> Mapping[str, pa.Array]:
    leaves = mapping.leaves()
    values = columns_at(objects, {path for _, path in leaves}, as_text=mapping.object_paths())
    addressed = {(level, path): values[path] for level, path in leaves}
    columns = event_columns(addressed, count=objects.count, mapping=mapping)
    if mapping.has_generated_ids:
        columns["event_id"] = pa.array(map(_digest, objects.texts), DIGESTS, size=objects.count)
    return columns


def _digest(text: bytes) -> bytes:
    value = decoded(text)
    if value is UNREADABLE:
        try:
            value = parsed_json(text)
        except Refused:
            value = None
    return digest_of_values(value if isinstance(value, dict) else {})


def _integer(digits: str) -> int | Decimal:
    return int(digits) if len(digits) <= _DIGITS_MAX else Decimal(digits)


def _reason(fault: ValueError) -> str:
    if isinstance(fault, json.JSONDecodeError):
        return f"{fault.msg.removesuffix(' at')} at character {fault.pos}"
    return "a number in it can't be read"
