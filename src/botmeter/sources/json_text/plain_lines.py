"""Columns of a block's plain events, by the compiled scanner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.event import ACTOR_BY_NAME, KIND_BY_NAME, Kind
from botmeter.sources.attributes import attributes_text
from botmeter.sources.json_text.elements import LineBlock
from botmeter.sources.json_text.line_scan import scanned
from botmeter.sources.json_text.scan_columns import ABSENT, CODED_FIELDS, KEYS, TEXT_FIELDS, ScanColumns, address_of

Lines = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

# No plain event is shorter; a block of more lines is not scanned.
_LINE_BYTES_MIN: Final = 100
_SAMPLE_BYTES: Final = 1 << 16
# Of an unknown actor or kind.
_UNKNOWN: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainLines:
    """Plain events of a block, and its other lines.

    Attributes:
        columns: Those of an event batch, but for channels that are missing.
        numbers: Line of each event, from 0, among those that are not blank.
        doubtful_numbers: The other lines, whose texts begin at `doubtful_starts`.
    """

    columns: Mapping[str, pa.Array]
    numbers: Lines
    doubtful_numbers: Lines
    doubtful_starts: npt.NDArray[np.int32]


def load() -> None:
    """Load the scanner ahead of its first use, or compile it, which takes two seconds once."""
    plain_lines(LineBlock.from_texts([bytes(_LINE_BYTES_MIN)]))


def is_loaded() -> bool:
    """Test for a loaded scanner."""
    return bool(scanned.signatures)


def plain_lines(block: LineBlock) -> PlainLines | None:
    """Scan a block; None if most of its lines are doubtful."""
    # Columns for the most lines that may be there would be three times as large.
    for rows in (_likely_rows(block), len(block.text) // _LINE_BYTES_MIN + 1):
        room = ScanColumns(len(block.text), rows=rows)
        line_count, row_count = _scanned(block, room)
        if line_count >= 0:
            break
    if line_count <= 0 or 2 * row_count < line_count:
        return None
    try:
        columns, doubt = _columns(room, row_count, text=block.text)
    except (pa.ArrowInvalid, UnicodeError):
        return None
    is_plain = room.is_plain[:line_count]
    if doubt.any():
        is_plain[np.flatnonzero(is_plain)[doubt]] = False
        columns = {name: column.filter(pa.array(~doubt)) for name, column in columns.items()}
    doubtful = np.flatnonzero(~is_plain)
    block.count = line_count
    return PlainLines(
        columns=columns,
        numbers=np.flatnonzero(is_plain),
        doubtful_numbers=doubtful,
        doubtful_starts=room.starts[doubtful],
    )


def _likely_rows(block: LineBlock) -> int:
    sample = min(len(block.text), _SAMPLE_BYTES)
    return (block.padded.count(b"\n", 0, sample) + 2) * len(block.text) // max(1, sample) * 5 // 4


def _scanned(block: LineBlock, room: ScanColumns) -> tuple[int, int]:
    padded, size = np.frombuffer(block.padded, np.uint8), np.int64(len(block.text))
    counts: tuple[int, int] = scanned(
        address_of(padded), size, KEYS.addresses, room.addresses(), room.starts, room.is_plain
    )
    return counts


def _columns(room: ScanColumns, count: int, *, text: memoryview) -> tuple[dict[str, pa.Array], Mask]:
    """Columns, and flags of rows doubtful after all; raises for invalid UTF-8."""
    columns: dict[str, pa.Array] = {
        "occurred_at": pa.array(room.instants[:count]),
        "preview": pa.array(room.previews[:count] == 1, mask=room.previews[:count] == ABSENT),
    }
    for index, name in enumerate(TEXT_FIELDS):
        columns[name] = _texts(room.ends[index, : count + 1], room.texts[index])
    doubt = np.zeros(count, np.bool_)
    for index, name in enumerate(CODED_FIELDS):
        spans = room.firsts[index, : room.counts[index]].tolist()
        values = [bytes(text[start : start + length]).decode() for start, length in spans]
        codes = room.codes[index, :count]
        if name in _NUMBERS:
            known, default = _NUMBERS[name]
            numbers = np.array([*(known.get(value, _UNKNOWN) for value in values), default], np.uint8)[codes]
            doubt |= numbers == _UNKNOWN
            columns[name] = pa.array(numbers)
        else:
            indices = pa.array(codes, mask=codes == ABSENT)
            columns[name] = pa.DictionaryArray.from_arrays(indices, pa.array(values, pa.string()))
    columns["attributes"], refused = _attributes(room.attributes[:, :count], text)
    return columns, doubt | refused


# By field: number of each text, and of none, for which the code of none comes last.
_NUMBERS: Final[Mapping[str, tuple[Mapping[str, int], int]]] = {
    "actor": (ACTOR_BY_NAME, _UNKNOWN),
    "kind": (KIND_BY_NAME, Kind.MESSAGE),
}


def _texts(ends: npt.NDArray[np.int32], data: npt.NDArray[np.uint8]) -> pa.StringArray:
    is_present = np.diff(ends) > 0
    valid = None if is_present.all() else pa.py_buffer(np.packbits(is_present, bitorder="little"))
    texts = pa.Array.from_buffers(pa.string(), len(ends) - 1, [valid, pa.py_buffer(ends), pa.py_buffer(data)])
    texts.validate(full=True)
    return texts


def _attributes(spans: npt.NDArray[np.int32], text: memoryview) -> tuple[pa.Array, Mask]:
    doubt = np.zeros(spans.shape[1], np.bool_)
    rows = np.flatnonzero(spans[1])
    if not len(rows):
        return pa.nulls(len(doubt), pa.string()), doubt
    known: dict[bytes, str | None] = {}
    texts: list[str | None] = [None] * len(doubt)
    for row, start, length in zip(rows.tolist(), *spans[:, rows].tolist(), strict=True):
        sent = bytes(text[start : start + length])
        if sent not in known:
            try:
                known[sent] = attributes_text(sent)
            except Refused:
                known[sent] = None
        texts[row] = known[sent]
        doubt[row] = texts[row] is None
    return pa.array(texts, pa.string()), doubt
