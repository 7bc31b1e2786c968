"""JSON streams cut into records, with bounded memory."""

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from botmeter.domain.errors import Refused, TooMuch
from botmeter.sources.stream import ByteStream

# Large enough for whole-column work, small enough to keep several in flight.
BLOCK_BYTES = 16 << 20
# The scan for the ends of array elements needs several bytes for each byte.
ARRAY_BLOCK_BYTES = 4 << 20
RECORD_BYTES_MAX = 32 << 20

_STRUCTURAL = np.zeros(256, np.bool_)
_STRUCTURAL[list(b'"\\{}[],')] = True
_DEPTH = np.zeros(256, np.int32)
_DEPTH[list(b"{[")] = 1
_DEPTH[list(b"}]")] = -1
_SPACE = b" \t\r\n"


class Objects:
    """Texts of consecutive JSON objects, split only on demand.

    Attributes:
        joined: Separated by newlines.
        are_one_a_line: Each text is enclosed in braces, so `count` objects in `joined` are exactly these.
    """

    def __init__(self, joined: bytes | memoryview, *, count: int, are_one_a_line: bool) -> None:
        self.joined = joined
        self.count = count
        self.are_one_a_line = are_one_a_line
        self._texts: list[bytes] | None = None

    @classmethod
    def from_texts(cls, texts: list[bytes]) -> "Objects":
        are_whole = all(text[:1] == b"{" and text[-1:] == b"}" for text in texts)
        objects = cls(b"\n".join(texts), count=len(texts), are_one_a_line=are_whole)
        objects._texts = texts
        return objects

    @classmethod
    def from_lines(cls, block: memoryview) -> "Objects":
        """Return the non-blank lines of a block."""
        data = np.frombuffer(block, np.uint8)
        newlines = np.flatnonzero(data == ord("\n"))
        if _are_seams(data, newlines):
            return cls(block, count=len(newlines) + 1, are_one_a_line=True)
        lines_found = (line.strip(_SPACE) for line in bytes(block).split(b"\n"))
        return cls.from_texts([line for line in lines_found if line])

    @classmethod
    def joining(cls, several: "Sequence[Objects]") -> "Objects":
        if len(several) == 1:
            return several[0]
        return cls.from_texts([text for each in several for text in each.texts])

    @property
    def texts(self) -> list[bytes]:
        if self._texts is None:
            self._texts = bytes(self.joined).split(b"\n")
        return self._texts

    def starts(self) -> npt.NDArray[np.int64]:
        """Return the offset of each text in `joined`."""
        if self._texts is not None:
            lengths = np.array([len(text) + 1 for text in self._texts], np.int64)
            return np.cumsum(lengths) - lengths
        newlines = np.flatnonzero(np.frombuffer(self.joined, np.uint8) == ord("\n"))
        return np.append(0, newlines + 1)


def _are_seams(data: npt.NDArray[np.uint8], newlines: npt.NDArray[np.int64]) -> bool:
    ends = np.append(newlines, len(data))
    starts = np.append(0, newlines + 1)
    if starts[-1] >= len(data) or not (data[starts] == ord("{")).all():
        return False
    last = ends - 1 - (data[ends - 1] == ord("\r"))
    return bool((data[last] == ord("}")).all())


def lines(stream: ByteStream) -> Iterator[Objects]:
    """Yield non-blank lines, a block at a time; raises `TooMuch` (`record_too_long`) past 32 MiB."""
    rest = b""
    count = 0
    at_end = False
    while not at_end:
        block = bytearray(len(rest) + BLOCK_BYTES)
        block[: len(rest)] = rest
        view = memoryview(block)
        size = len(rest) + stream.readinto(view[len(rest) :])
        at_end = size < len(block)
        cut = size if at_end else block.rfind(b"\n", 0, size)
        rest = bytes(view[cut + 1 : size]) if cut >= 0 else bytes(view[:size])
        _checked_length(rest, count=count, name=stream.name)
        cut -= 1 if at_end and size and block[size - 1] == ord("\n") else 0
        if cut <= 0:
            continue
        found = Objects.from_lines(view[:cut])
        for line in found.texts if cut > RECORD_BYTES_MAX else ():
            _checked_length(line, count=count, name=stream.name)
        count += found.count
        yield found


def elements(stream: ByteStream) -> Iterator[Objects]:
    """Yield the elements of a JSON array, a block at a time.

    Raises:
        Refused: `file_truncated`; `json_invalid` if more follows the array.
        TooMuch: `record_too_long` past 32 MiB.
    """
    rest = b""
    count = 0
    first = stream.read(ARRAY_BLOCK_BYTES).lstrip()
    block = first[1:]
    while block or first:
        first = b""
        rest += block
        found, rest, is_closed = _split(rest)
        count += len(found)
        yield Objects.from_texts(found)
        if is_closed:
            if (rest + stream.read(ARRAY_BLOCK_BYTES)).strip():
                raise Refused("json_invalid", f"{stream.name} holds more after the end of its JSON array.")
            return
        _checked_length(rest, count=count, name=stream.name)
        block = stream.read(ARRAY_BLOCK_BYTES)
    if rest.strip():
        yield Objects.from_texts([rest.strip()])
    stream.checked_end()
    raise Refused("file_truncated", f"{stream.name} is truncated: its JSON array is not closed.")


def is_array(stream: ByteStream) -> bool:
    """Check for a JSON array without consuming it."""
    return stream.peek(1 << 16).lstrip()[:1] == b"["


def objects_of_json(stream: ByteStream) -> Iterator[Objects]:
    """Yield the elements of an array, or a single object; raises as both readers."""
    return elements(stream) if is_array(stream) else iter([Objects.from_texts([whole_text(stream)])])


def whole_text(stream: ByteStream) -> bytes:
    """Read one JSON value; raises `TooMuch` (`record_too_long`) past 32 MiB."""
    text = stream.read(RECORD_BYTES_MAX + 1)
    _checked_length(text, count=0, name=stream.name)
    return text.strip()


def _checked_length(record: bytes, *, count: int, name: str) -> None:
    if len(record) > RECORD_BYTES_MAX:
        raise TooMuch(
            "record_too_long",
            f"{name} has a record of more than {RECORD_BYTES_MAX >> 20} MiB, the most, after {count} others.",
        )


def _split(text: bytes) -> tuple[list[bytes], bytes, bool]:
    data = np.frombuffer(text, np.uint8)
    places = np.flatnonzero(_STRUCTURAL[data])
    marks = data[places]
    is_quote = (marks == ord('"')) & ~_is_escaped(places, marks)
    outside = (np.cumsum(is_quote, dtype=np.int32) & 1) == 0
    depth = np.cumsum(np.where(outside, _DEPTH[marks], 0), dtype=np.int32)
    closings = np.flatnonzero(depth < 0)
    limit = int(closings[0]) if len(closings) else len(places)
    cuts = places[:limit][(outside & (depth == 0) & (marks == ord(",")))[:limit]].tolist()
    if len(closings):
        cuts.append(int(places[limit]))
    starts = [0, *(cut + 1 for cut in cuts)]
    found = [text[start:cut].strip(_SPACE) for start, cut in zip(starts, cuts, strict=False)]
    if len(closings) and found == [b""]:
        found = []
    return found, text[starts[-1] :], bool(len(closings))


def _is_escaped(places: npt.NDArray[np.int64], marks: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    is_slash = marks == ord("\\")
    if not is_slash.any():
        return is_slash
    follows = np.zeros(len(marks), np.bool_)
    follows[1:] = is_slash[:-1] & (np.diff(places) == 1)
    # In a run of adjacent marks, the position of the last mark that does not continue a run of
    # backslashes gives the number of backslashes before each mark.
    order = np.arange(len(marks))
    run_start = np.maximum.accumulate(np.where(follows, 0, order))
    escaped: npt.NDArray[np.bool_] = ((order - run_start) & 1) == 1
    return escaped
