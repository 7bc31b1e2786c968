"""A stream of JSON cut into its records: the lines of NDJSON, the elements of an array.

Memory holds a block and the record that is not yet complete, however long the file.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from botmeter.domain.errors import Refused, TooMuch
from botmeter.sources.stream import ByteStream

# Large enough for whole-column work, small enough that a few of them in flight are nothing.
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


def lines(stream: ByteStream) -> Iterator[list[bytes]]:
    """The lines of `stream` that are not blank, a block at a time.

    Raises:
        TooMuch: `record_too_long` for a line of more than 32 MiB.
    """
    rest = b""
    count = 0
    while block := stream.read(BLOCK_BYTES):
        whole, newline, tail = block.rpartition(b"\n")
        if not newline:
            rest += block
            _checked_length(rest, count, stream)
            continue
        found = _filled(rest + whole)
        count += len(found)
        rest = tail
        for line in found if len(whole) + len(rest) > RECORD_BYTES_MAX else ():
            _checked_length(line, count, stream)
        yield found
    if rest.strip():
        yield _filled(rest)


def elements(stream: ByteStream) -> Iterator[list[bytes]]:
    """The elements of the JSON array that `stream` holds, a block at a time.

    Raises:
        Refused: `file_truncated` if the array is never closed, `json_invalid` if more follows it.
        TooMuch: `record_too_long` for an element of more than 32 MiB.
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
        yield found
        if is_closed:
            if (rest + stream.read(ARRAY_BLOCK_BYTES)).strip():
                raise Refused("json_invalid", f"{stream.name} holds more after the end of its JSON array.")
            return
        _checked_length(rest, count, stream)
        block = stream.read(ARRAY_BLOCK_BYTES)
    if rest.strip():
        yield [rest.strip()]
    stream.checked_end()
    raise Refused("file_truncated", f"{stream.name} is truncated: its JSON array is not closed.")


def whole_text(stream: ByteStream) -> bytes:
    """All of `stream`, which is one JSON value.

    Raises:
        TooMuch: `record_too_long` past 32 MiB.
    """
    text = stream.read(RECORD_BYTES_MAX + 1)
    _checked_length(text, 0, stream)
    return text.strip()


def _filled(block: bytes) -> list[bytes]:
    return [line for line in block.split(b"\n") if line and not line.isspace()]


def _checked_length(record: bytes, count: int, stream: ByteStream) -> None:
    if len(record) > RECORD_BYTES_MAX:
        raise TooMuch(
            "record_too_long",
            f"After {count} records, {stream.name} has one of more than {RECORD_BYTES_MAX >> 20} MiB, which is the most.",
        )


def _split(text: bytes) -> tuple[list[bytes], bytes, bool]:
    """The complete elements at the start of `text`, what is left, and whether the array was closed."""
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
    """Which marks stand after an odd run of backslashes, and so are part of a text."""
    is_slash = marks == ord("\\")
    if not is_slash.any():
        return is_slash
    follows = np.zeros(len(marks), np.bool_)
    follows[1:] = is_slash[:-1] & (np.diff(places) == 1)
    # Of a run of adjacent marks, the place of its last mark that does not continue a run of
    # backslashes tells how many backslashes stand before each mark.
    order = np.arange(len(marks))
    run_start = np.maximum.accumulate(np.where(follows, 0, order))
    escaped: npt.NDArray[np.bool_] = ((order - run_start) & 1) == 1
    return escaped
