"""Texts of a column grouped by shape, whose digits are then read all at once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

TEXT_BYTES_MAX: Final = 96
"""Longer than any time; a text past it has a group of its own in vain."""
GROUP_ROWS_MIN: Final = 32
"""Reading a group takes about as long as reading so many texts one by one."""
_ZERO: Final = ord("0")
# As many digits fit 64 bits unless the first one is 9.
_DIGITS_MAX: Final = 19


@dataclass(frozen=True, slots=True, kw_only=True)
class ShapeGroup:
    """Texts of one shape.

    Attributes:
        sample: The first of them.
        rows: In the column.
        positions: Bytes: one row a position, one column a text.
    """

    sample: str
    rows: Ints
    positions: npt.NDArray[np.uint8]

    def number(self, match: re.Match[str], name: str) -> Ints | None:
        """Numbers at the position of a group in the sample; None: no such group, or too long."""
        start, end = self._span(match, name)
        if start < 0:
            return None
        return self.digits(start, end)

    def digits(self, start: int, end: int) -> Ints | None:
        """Numbers at positions; blanks before them are skipped."""
        while start < end and not self._is_digit(start):
            start += 1
        if not 0 < end - start <= _DIGITS_MAX:
            return None
        if end - start == _DIGITS_MAX and self.positions[start].max() == ord("9"):
            return None
        total: Ints = np.zeros(len(self.rows), np.int64)
        for position in range(start, end):
            total *= 10
            total += self.positions[position] - np.uint8(_ZERO)
        return total

    def micros(self, match: re.Match[str], name: str) -> Ints | None:
        """Decimals at the position of a group, cut to six."""
        start, end = self._span(match, name)
        if start < 0:
            return None
        count = min(end - start, 6)
        decimals = self.digits(start, start + count)
        return None if decimals is None else decimals * 10 ** (6 - count)

    def width(self, match: re.Match[str], name: str) -> int:
        start, end = self._span(match, name)
        return end - start

    def same_elsewhere(self, match: re.Match[str], names: frozenset[str]) -> Flags:
        """Flags of texts with the sample's other digits."""
        read: set[int] = set()
        for name in names & match.re.groupindex.keys():
            read.update(range(*self._span(match, name)))
        same = np.ones(len(self.rows), np.bool_)
        for position in range(len(self.positions)):
            if position not in read and self._is_digit(position):
                same &= self.positions[position] == self.positions[position, 0]
        return same

    def _is_digit(self, position: int) -> bool:
        return _ZERO <= self.positions[position, 0] < _ZERO + 10

    def _span(self, match: re.Match[str], name: str) -> tuple[int, int]:
        if name not in match.re.groupindex or match[name] is None:
            return -1, -1
        start, end = match.span(name)
        if self.sample.isascii():
            return start, end
        return len(self.sample[:start].encode()), len(self.sample[:end].encode())


def shape_groups(texts: pa.StringArray) -> Iterator[ShapeGroup]:
    """Group the valid texts of a column by shape; small groups and long texts are left out."""
    if len(texts) < GROUP_ROWS_MIN:
        return
    _, offsets_buffer, data_buffer = texts.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int32)[texts.offset : texts.offset + len(texts) + 1].astype(np.int64)
    data = np.frombuffer(data_buffer or b"", np.uint8)
    lengths = np.diff(offsets)
    if texts.null_count:
        lengths[texts.is_null().to_numpy(zero_copy_only=False)] = 0
    counts = np.bincount(np.minimum(lengths, TEXT_BYTES_MAX + 1), minlength=TEXT_BYTES_MAX + 2)
    for length in np.flatnonzero(counts[: TEXT_BYTES_MAX + 1] >= GROUP_ROWS_MIN).tolist():
        if length:
            rows = np.flatnonzero(lengths == length)
            yield from _groups_of_length(data, offsets[rows], rows=rows, length=length)


def _groups_of_length(data: npt.NDArray[np.uint8], starts: Ints, *, rows: Ints, length: int) -> Iterator[ShapeGroup]:
    texts = np.lib.stride_tricks.sliding_window_view(data, length)[starts]
    is_digit = (texts - np.uint8(_ZERO)) < 10
    shapes = np.where(is_digit, np.uint8(_ZERO), texts)
    if (shapes == shapes[0]).all():
        yield _group(texts, rows)
        return
    buffer = pa.py_buffer(np.ascontiguousarray(shapes))
    coded = pa.FixedSizeBinaryArray.from_buffers(pa.binary(length), len(rows), [None, buffer]).dictionary_encode()
    codes = coded.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes))
    for start, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        if end - start >= GROUP_ROWS_MIN:
            members = order[start:end]
            yield _group(texts[members], rows[members])


def _group(texts: npt.NDArray[np.uint8], rows: Ints) -> ShapeGroup:
    return ShapeGroup(sample=texts[0].tobytes().decode(), rows=rows, positions=np.ascontiguousarray(texts.T))
