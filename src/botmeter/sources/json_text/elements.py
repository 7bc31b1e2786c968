"""JSON streams cut into records, with bounded memory."""

import itertools
import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt

from botmeter.domain.errors import Refused, TooMuch
from botmeter.sources.stream import ByteStream

# Large enough for whole-column work, small enough to keep several in flight.
BLOCK_BYTES = 16 << 20
# An element cut off at the end of a read is scanned again with the next one.
ARRAY_BLOCK_BYTES = 4 << 20
RECORD_BYTES_MAX: Final = 32 << 20
PADDING_BYTES: Final = 32
"""Compiled passes read words, and end at the line feed."""
RECORDS_MAX: Final = 100_000
"""Read at once. A block of tiny records has millions, and each that is rejected takes about a KB."""

_DECODE_ARRAY = msgspec.json.Decoder(list[msgspec.Raw]).decode
_SPACE: Final = b" \t\r\n"
# Possessive quantifiers keep the scan linear.
_MARKS = re.compile(
    rb'(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+")|(?P<open>[{\[])|(?P<close>[}\]])|(?P<comma>,)|(?P<cut>")', re.DOTALL
)
_BOUNDARIES = re.compile(rb"\}[ \t\r]*\n\s*\{")


@dataclass(slots=True, kw_only=True)
class Objects:
    """Texts of consecutive JSON objects, split only on demand.

    Attributes:
        joined: Separated by newlines.
        are_one_a_line: `count` objects in `joined` are exactly the texts.
    """

    joined: bytes | memoryview
    count: int
    are_one_a_line: bool
    _texts: Sequence[bytes] | None = None

    @classmethod
    def from_texts(cls, texts: Sequence[bytes]) -> "Objects":
        are_enclosed = all(text[:1] == b"{" and text[-1:] == b"}" for text in texts)
        return cls(joined=b"\n".join(texts), count=len(texts), are_one_a_line=are_enclosed, _texts=texts)

    @classmethod
    def from_lines(cls, block: memoryview) -> "Objects":
        data = np.frombuffer(block, np.uint8)
        newlines = np.flatnonzero(data == ord("\n"))
        if _are_enclosed(data, newlines):
            return cls(joined=block, count=len(newlines) + 1, are_one_a_line=True)
        stripped = (line.strip(_SPACE) for line in bytes(block).split(b"\n"))
        return cls.from_texts([line for line in stripped if line])

    def parts(self) -> "Iterator[Objects]":
        """Yield at most `RECORDS_MAX` objects at a time."""
        if self.count <= RECORDS_MAX:
            yield self
            return
        for start in range(0, self.count, RECORDS_MAX):
            yield Objects.from_texts(self.texts[start : start + RECORDS_MAX])

    @property
    def texts(self) -> Sequence[bytes]:
        if self._texts is None:
            self._texts = bytes(self.joined).split(b"\n")
        return self._texts


def _are_enclosed(data: npt.NDArray[np.uint8], newlines: npt.NDArray[np.int64]) -> bool:
    ends = np.append(newlines, len(data))
    starts = np.append(0, newlines + 1)
    if starts[-1] >= len(data) or not (data[starts] == ord("{")).all():
        return False
    last = ends - 1 - (data[ends - 1] == ord("\r"))
    return bool((data[last] == ord("}")).all())


class LineBlock:
    """Whole lines of a file, split only on demand.

    Attributes:
        padded: Followed by a line feed and more bytes, at least `PADDING_BYTES` in all.
        count: Lines that are not blank.
    """

    def __init__(self, padded: bytes | bytearray, *, size: int) -> None:
        self.padded = padded
        self.text = memoryview(padded)[:size]

    @classmethod
    def from_texts(cls, texts: Sequence[bytes]) -> "LineBlock":
        padded = b"\n".join((*texts, b"")) + bytes(PADDING_BYTES)
        return cls(padded, size=max(0, len(padded) - PADDING_BYTES - 1))

    @cached_property
    def objects(self) -> Objects:
        return Objects.from_lines(self.text)

    @property
    def is_split(self) -> bool:
        """True if `objects` refer to its memory."""
        return "objects" in vars(self)

    @cached_property
    def count(self) -> int:
        return self.objects.count

    def text_at(self, start: int) -> bytes:
        """Text of the first non-blank line from an offset on, as in `objects`."""
        line = bytes(self.text[start : self.padded.index(b"\n", start)])
        text = line.strip(_SPACE)
        return line if line[len(text) :] == b"\r" and self._are_enclosed else text

    @cached_property
    def _are_enclosed(self) -> bool:
        data = np.frombuffer(self.text, np.uint8)
        return _are_enclosed(data, np.flatnonzero(data == ord("\n")))


def lines(stream: ByteStream) -> Iterator[Objects]:
    """Yield non-blank lines, a block at a time; raises as `line_blocks`."""
    return (block.objects for block in line_blocks(stream))


def line_blocks(stream: ByteStream) -> Iterator[LineBlock]:
    """Yield lines, a block at a time; the next block overwrites one that is not split.

    Raises:
        TooMuch: `record_too_long` past 32 MiB.
    """
    remainder = b""
    count = 0
    padded = bytearray()
    block = None
    at_end = False
    while not at_end:
        length = len(remainder) + BLOCK_BYTES
        # Fresh memory takes longer than scanning it.
        if len(padded) < length + PADDING_BYTES or (block is not None and block.is_split):
            padded = bytearray(length + (1 << 16))
        padded[: len(remainder)] = remainder
        view = memoryview(padded)[:length]
        size = len(remainder) + stream.readinto(view[len(remainder) :])
        at_end = size < length
        cut = size if at_end else padded.rfind(b"\n", 0, size)
        remainder = bytes(view[cut + 1 : size]) if cut >= 0 else bytes(view[:size])
        check_length(remainder, count=count, name=stream.name)
        cut -= 1 if at_end and size and padded[size - 1] == ord("\n") else 0
        if cut <= 0:
            continue
        padded[cut] = ord("\n")
        block = LineBlock(padded, size=cut)
        for line in block.objects.texts if cut > RECORD_BYTES_MAX else ():
            check_length(line, count=count, name=stream.name)
        yield block
        count += block.count


def elements(stream: ByteStream) -> Iterator[Objects]:
    """Yield the elements of a JSON array, a block at a time.

    Raises:
        Refused: `file_truncated`; `json_invalid` if more follows the array.
        TooMuch: `record_too_long` past 32 MiB.
    """
    tail = yield from elements_to_end(stream, start=stream.read(ARRAY_BLOCK_BYTES).lstrip()[1:])
    if (tail + stream.read(ARRAY_BLOCK_BYTES)).strip():
        raise Refused("json_invalid", f"{stream.name} has content after the end of its JSON array.")


def elements_to_end(stream: ByteStream, *, start: bytes) -> Generator[Objects, None, bytes]:
    """Yield the elements of an array from `start` on; return what was read after it; raises as `elements`."""
    count = 0
    remainder = start
    at_end = False
    while not at_end:
        texts, remainder, is_closed = _split(remainder)
        count += len(texts)
        yield Objects.from_texts(texts)
        if is_closed:
            return remainder
        check_length(remainder, count=count, name=stream.name)
        block = stream.read(ARRAY_BLOCK_BYTES)
        # Elements may be left, because a text can be split up to a probable end only.
        at_end = not block and not texts
        remainder += block
    if remainder.strip():
        yield Objects.from_texts([remainder.strip()])
    stream.checked_end()
    raise Refused("file_truncated", f"{stream.name} is truncated: its JSON array is not closed.")


def objects_of_json(stream: ByteStream) -> Iterator[Objects]:
    """Yield the elements of an array, or objects one after another; raises as both readers."""
    return elements(stream) if is_array(stream) else objects(stream)


def is_array(stream: ByteStream) -> bool:
    """Look for an opening bracket."""
    return stream.peek(1 << 16).lstrip()[:1] == b"["


def objects(stream: ByteStream, *, start: bytes = b"") -> Iterator[Objects]:
    """Yield objects of any number of lines, a block at a time; raises `TooMuch` (`record_too_long`).

    Args:
        start: Read from the stream before.
    """
    count = 0
    remainder = start
    while block := stream.read(ARRAY_BLOCK_BYTES):
        texts, remainder = split_objects(remainder + block)
        count += len(texts)
        check_length(remainder, count=count, name=stream.name)
        if texts:
            yield Objects.from_texts(texts)
    texts, remainder = split_objects(remainder)
    yield Objects.from_texts([*texts, remainder.strip(_SPACE)] if remainder.strip(_SPACE) else texts)


def split_objects(text: bytes) -> tuple[list[bytes], bytes]:
    """Complete objects, and the remaining text, which can be an unfinished object.

    Valid JSON has no line feed inside a string, so that one between two objects is their border.
    """
    starts = [0, *(boundary.end() - 1 for boundary in _BOUNDARIES.finditer(text))]
    texts = [text[start:end].strip(_SPACE) for start, end in itertools.pairwise(starts)]
    return texts, text[starts[-1] :]


def whole_text(stream: ByteStream) -> bytes:
    """Read one JSON value; raises `TooMuch` (`record_too_long`) past 32 MiB."""
    text = stream.read(RECORD_BYTES_MAX + 1)
    check_length(text, count=0, name=stream.name)
    return text.strip()


def check_length(record: bytes, *, count: int, name: str) -> None:
    """Refuse a record over 32 MiB; raises `TooMuch`."""
    if len(record) > RECORD_BYTES_MAX:
        raise TooMuch(
            "record_too_long",
            f"{name} has a record of more than {RECORD_BYTES_MAX >> 20} MiB, the limit, after {count} others.",
        )


def _split(text: bytes) -> tuple[list[bytes], bytes, bool]:
    end = text.rfind(b"},") + 1
    # A comma before the closing bracket is left to the marks, which find an empty element.
    if end and text[end + 1 :].lstrip(_SPACE)[:1] not in (b"", b"]"):
        try:
            # Fails unless `end` is the end of an element; several times as fast as the marks.
            return list(map(bytes, _DECODE_ARRAY(b"[%b]" % text[:end]))), text[end + 1 :], False
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            pass
    texts: list[bytes] = []
    start = depth = 0
    for mark in _MARKS.finditer(text):
        match mark.lastgroup:
            case "open":
                depth += 1
            case "close" if depth:
                depth -= 1
            case "close":
                texts.append(text[start : mark.start()].strip(_SPACE))
                return [] if texts == [b""] else texts, text[mark.end() :], True
            case "comma" if not depth:
                texts.append(text[start : mark.start()].strip(_SPACE))
                start = mark.end()
            case "cut":
                break
    return texts, text[start:], False
