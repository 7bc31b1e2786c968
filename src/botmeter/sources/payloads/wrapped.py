"""Arrays of records inside JSON objects, of any size."""

import json
import re
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from botmeter.domain.errors import Refused
from botmeter.sources.json_text.elements import RECORD_BYTES_MAX, Objects, check_length, elements_to_end
from botmeter.sources.json_text.json_members import UNDECODABLE, decoded
from botmeter.sources.json_text.pointer import Path, followed, pointer_of, put_at
from botmeter.sources.payloads.payload_json import has_too_many_values
from botmeter.sources.stream import ByteStream

WRAPPER_KEYS: Final = ("body", "activities", "events", "data", "json")
"""Keys below which programs keep payloads, in any case; n8n's items have `json`."""
_EVENT_KEYS: Final = frozenset({"event_id", "specversion"})
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_ELEMENTS = msgspec.json.Decoder(list[msgspec.Raw]).decode
_JSON = json.JSONDecoder()
# Deeper than records stand in exports; each level reads the text again.
_LEVELS_MAX: Final = 16
# Of the first element, which tells what an array has.
_ELEMENT_BYTES_MAX = 1 << 20
_TEXT = msgspec.json.Decoder(str).decode
_MARKS = re.compile(
    rb'(?P<text>"[^"\\]*+(?:\\.[^"\\]*+)*+")(?P<key>[ \t\r\n]*+:)?|(?P<open>[{\[])|(?P<close>[}\]])|(?P<cut>")',
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeObject:
    """Object of more than 32 MiB, read up to the array of its records.

    Attributes:
        path: Of the array.
        head: Up to the array's bracket.
        start: What was read after it.
    """

    path: Path
    head: bytes
    start: bytes

    @property
    def before(self) -> object:
        """Object up to its records, which are left out."""
        return decoded(self.head + b"]" + b"}" * len(self.path))

    def blocks(self, stream: ByteStream) -> Generator[Objects, None, object]:
        """Yield the elements of the array, and return the object without them.

        Raises:
            Refused: `file_truncated`, `json_invalid`.
            TooMuch: `record_too_long`.
        """
        tail = yield from elements_to_end(stream, start=self.start)
        tail += stream.read(RECORD_BYTES_MAX + 1 - len(tail))
        check_length(tail, count=1, name=stream.name)
        whole = decoded(self.head + b"]" + tail)
        if not isinstance(whole, dict):
            raise Refused("json_invalid", f"{stream.name} is not JSON after its array {pointer_of(self.path)}.")
        return whole


def large_object(text: bytes, *, path: Path | None = None, names: Collection[str] = ()) -> LargeObject | None:
    """Find the array at a path, or the first one of objects with any of the names."""
    keys: list[str] = []
    key = ""
    for mark in _MARKS.finditer(text):
        match mark.lastgroup:
            case "key":
                key = _TEXT(mark["text"])
            case "open":
                keys.append(key)
                is_expected = (
                    tuple(keys[1:]) == path if path is not None else _begins_with(text, mark.end(), names=names)
                )
                if mark[0] == b"[" and is_expected:
                    return LargeObject(path=tuple(keys[1:]), head=text[: mark.end()], start=text[mark.end() :])
            case "close":
                keys.pop()
            case "cut":
                return None
    return None


def _begins_with(text: bytes, start: int, *, names: Collection[str]) -> bool:
    try:
        element, _ = _JSON.raw_decode(text[start : start + _ELEMENT_BYTES_MAX].decode("utf-8", "replace").lstrip())
    except (ValueError, RecursionError):
        return False
    return isinstance(element, dict) and not element.keys().isdisjoint(names)


def record_array(text: bytes, *, names: Collection[str], file_name: str) -> Path | None:
    """Path of the only list of records in an object that is no record itself; raises `Refused` (`rows_ambiguous`)."""
    members = _members(text)
    if not members.keys().isdisjoint(names):
        return None
    paths = _arrays_of_members(members, names=names)
    if len(paths) > 1:
        raise ambiguous_rows(paths, name=file_name)
    return paths[0] if paths else None


def record_arrays(value: object, *, names: Collection[str], at: Path = ()) -> list[Path]:
    """Paths of lists whose first object has any of the names."""
    paths: list[Path] = []
    for key, member in value.items() if isinstance(value, dict) else ():
        if isinstance(member, dict):
            paths += record_arrays(member, names=names, at=(*at, key))
        elif isinstance(member, list) and member and isinstance(member[0], dict):
            paths += [] if member[0].keys().isdisjoint(names) else [(*at, key)]
    return paths


def _arrays_of_members(members: Mapping[str, msgspec.Raw], *, names: Collection[str], at: Path = ()) -> list[Path]:
    # Undecoded, because millions of small values take a gigabyte as objects.
    paths: list[Path] = []
    for key, raw in members.items():
        text = memoryview(raw)
        first = bytes(text[:1])
        if first == b"{" and len(at) < _LEVELS_MAX:
            paths += _arrays_of_members(_members(raw), names=names, at=(*at, key))
        elif first == b"[" and _begins_with(bytes(text[1 : 1 + _ELEMENT_BYTES_MAX]), 0, names=names):
            paths.append((*at, key))
    return paths


def _members(text: bytes | msgspec.Raw) -> Mapping[str, msgspec.Raw]:
    try:
        return _MEMBERS(text)
    except UNDECODABLE:
        return {}


def ambiguous_rows(paths: Sequence[Path], *, name: str) -> Refused:
    """Refusal of several lists of records."""
    rows = " or ".join(f'"{pointer_of(path)}/*"' for path in paths[:5])
    return Refused(
        "rows_ambiguous",
        f"{name} has records in {len(paths)} lists. Name one of them in a mapping: rows = {rows}.",
    )


def unwrapped(blocks: Iterator[Objects], path: Path) -> Iterator[Objects]:
    """Replace each object by the elements of its array; one without it stays."""
    for block in blocks:
        yield Objects.from_texts([text for whole in block.texts for text in elements_at(whole, path) or [whole]])


def is_wrapper(text: bytes) -> bool:
    """Check for a key below which programs keep payloads, and none of an event."""
    if has_too_many_values(text):
        return False
    try:
        names = _MEMBERS(text).keys()
    except UNDECODABLE:
        return False
    return names.isdisjoint(_EVENT_KEYS) and any(name.lower() in WRAPPER_KEYS for name in names)


def elements_at(text: bytes, path: Path) -> Sequence[bytes] | None:
    """Texts of the elements of a list in an object; None if it can't be read or is no list."""
    try:
        raw: bytes | msgspec.Raw = text
        for part in path:
            raw = _MEMBERS(raw)[part]
        return list(map(bytes, _ELEMENTS(raw)))
    except (*UNDECODABLE, KeyError):
        return None


def outside_values(text: bytes, paths: Collection[Path]) -> object:
    """Object with these paths' values alone."""
    document: dict[str, object] = {}
    for path in paths:
        put_at(document, path, value=_value_at(text, path))
    return document


def _value_at(text: bytes, path: Path) -> object:
    raw: bytes | msgspec.Raw = text
    for number, part in enumerate(path):
        try:
            raw = _MEMBERS(raw)[part]
        except KeyError:
            return None
        except UNDECODABLE:
            return followed(decoded(bytes(raw)), path[number:])
    return decoded(bytes(raw))
