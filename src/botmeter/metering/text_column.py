"""Columns of text for compiled passes: entries and codes of rows, and gathered texts."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.metering.addresses import copy_bytes
from botmeter.metering.compiled import compiled
from botmeter.metering.text_memory import Texts, are_equal, hash_of, is_same_text, text_at, text_of

Positions = npt.NDArray[np.int32]

# Arrow's offsets are int32.
PIECE_BYTES_MAX: Final = 2**31 - 1
# Rows that lie together mostly repeat few texts. A table of this size stays in a core's own cache.
_RECENT_MAX: Final = 1 << 15
FIRST_CAPACITY: Final = 1 << 10
_CODE_BITS: Final = 32
# Of more rows than one in so many, the entries of all rows are made first.
_FEW: Final = 64
_EMPTY: Final = np.zeros(16, np.uint8)


class TextColumn:
    """Text column of any encoding, and where its texts are."""

    def __init__(self, column: pa.ChunkedArray | pa.Array) -> None:
        chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
        self._chunks = [part for chunk in chunks if len(chunk) for part in _readable(chunk)]
        self.is_dictionary = bool(self._chunks) and all(pa.types.is_dictionary(chunk.type) for chunk in self._chunks)
        if not self.is_dictionary:
            self._chunks = [part for chunk in self._chunks for part in _decoded(chunk)]
        # They keep the memory alive that the addresses lead to.
        self._held = [chunk.dictionary if self.is_dictionary else chunk for chunk in self._chunks]
        places = [_addresses(held) for held in self._held] or [(_address(_EMPTY), _address(_EMPTY))]
        bases = np.cumsum([0, *(map(len, self._held) if self._held else [0])])
        offsets, data = (np.array(addresses, np.uint64) for addresses in zip(*places, strict=True))
        self.texts = Texts(bases.astype(np.int64), offsets, data)
        self._row_bases = np.cumsum([0, *map(len, self._chunks)])

    def __len__(self) -> int:
        return int(self._row_bases[-1])

    def entries(self) -> Positions:
        """Entry for each row; rows that lie together and have the same text mostly share one."""
        entries = np.empty(len(self), np.int32)
        size = min(_RECENT_MAX, 1 << max(4, len(entries).bit_length()))
        recent = np.full(size, -1, np.int64)
        for number, chunk in enumerate(self._chunks):
            own = entries[self._row_bases[number] : self._row_bases[number + 1]]
            if self.is_dictionary:
                np.add(_indices(chunk), np.int32(self.texts.bases[number]), out=own)
            else:
                _recent_entries(self.texts, number, own, recent)
        return entries

    def entries_of(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        if not self.is_dictionary:
            return rows
        if len(rows) > len(self) // _FEW:
            return self.entries()[rows].astype(np.int64)
        entries = np.empty(len(rows), np.int64)
        chunk_of_row = np.searchsorted(self._row_bases, rows, side="right") - 1
        for number in np.unique(chunk_of_row).tolist():
            own = chunk_of_row == number
            indices = _indices(self._chunks[number])
            entries[own] = indices[rows[own] - self._row_bases[number]] + self.texts.bases[number]
        return entries

    def codes(self) -> tuple[Positions, npt.NDArray[np.int64]]:
        """Number from 0 for each row, equal for equal texts; and an entry with each number's text."""
        codes = np.empty(len(self), np.int32)
        known = _KnownTexts()
        for number, (chunk, held) in enumerate(zip(self._chunks, self._held, strict=True)):
            own = codes[self._row_bases[number] : self._row_bases[number + 1]]
            if self.is_dictionary:
                np.take(known.codes_of(self.texts, number, count=len(held)), _indices(chunk), out=own)
            else:
                own[:] = known.codes_of(self.texts, number, count=len(held))
        return codes, known.entries()

    def hashes(self) -> npt.NDArray[np.uint64]:
        """64 bits for each row, equal for equal texts."""
        hashes = np.empty(len(self), np.uint64)
        for number, (chunk, held) in enumerate(zip(self._chunks, self._held, strict=True)):
            own = hashes[self._row_bases[number] : self._row_bases[number + 1]]
            of_entries = np.empty(len(held), np.uint64) if self.is_dictionary else own
            _write_hashes(self.texts, number, of_entries)
            if self.is_dictionary:
                np.take(of_entries, _indices(chunk), out=own)
        return hashes

    def gathered(self, entries: npt.NDArray[np.int64]) -> pa.ChunkedArray:
        """Texts of entries, as a column."""
        pieces: list[pa.Array] = []
        first = 0
        while first < len(entries):
            offsets = np.empty(len(entries) - first + 1, np.int32)
            count = _offsets_of(self.texts, entries[first:], offsets, PIECE_BYTES_MAX)
            content = np.empty(max(1, int(offsets[count])), np.uint8)
            _copy_texts(self.texts, entries[first : first + count], offsets, _address(content))
            buffers = pa.py_buffer(offsets[: count + 1]), pa.py_buffer(content)
            pieces.append(pa.StringArray.from_buffers(count, *buffers))
            first += count
        return pa.chunked_array(pieces, pa.string())


class _KnownTexts:
    """Distinct texts numbered in order of first sight: a table by hash, which grows."""

    def __init__(self) -> None:
        self._count = 0
        # Each text's address, size, hash and entry.
        self._known = np.empty((FIRST_CAPACITY, 4), np.int64)
        self._slots = np.full(2 * FIRST_CAPACITY, -1, np.int64)

    def codes_of(self, texts: Texts, chunk: int, *, count: int) -> Positions:
        codes = np.empty(count, np.int32)
        done = 0
        while True:
            done, self._count = _coded(texts, chunk, done, codes, self._slots, self._known, self._count)
            if done == count:
                return codes
            self._known = np.concatenate((self._known, np.empty_like(self._known)))
            self._slots = np.full(2 * len(self._known), -1, np.int64)
            _put_again(self._slots, self._known, self._count)

    def entries(self) -> npt.NDArray[np.int64]:
        return self._known[: self._count, 3].copy()


def _readable(chunk: pa.Array) -> list[pa.Array]:
    # As texts with int32 offsets, or a dictionary of such.
    kind = chunk.type
    if pa.types.is_dictionary(kind):
        values = chunk.dictionary if pa.types.is_string(kind.value_type) else chunk.dictionary.cast(pa.string())
        if chunk.null_count or values.null_count:
            return [pc.fill_null(values.take(chunk.indices), "")]
        indices = chunk.indices if kind.index_type == pa.int32() else chunk.indices.cast(pa.int32())
        return [pa.DictionaryArray.from_arrays(indices, values, safe=False)]
    if chunk.null_count:
        return _readable(pc.fill_null(chunk, ""))
    if pa.types.is_string(kind):
        return [chunk]
    if chunk.nbytes > PIECE_BYTES_MAX and len(chunk) > 1:
        half = len(chunk) // 2
        return [*_readable(chunk.slice(0, half)), *_readable(chunk.slice(half))]
    return [chunk.cast(pa.string())]


def _decoded(chunk: pa.Array) -> list[pa.Array]:
    # Of a column that has dictionaries in some of its chunks only.
    return [chunk.cast(pa.string()) if pa.types.is_dictionary(chunk.type) else chunk]


def _indices(chunk: pa.DictionaryArray) -> Positions:
    indices: Positions = chunk.indices.to_numpy()
    return indices


def _address(array: npt.NDArray[np.generic]) -> np.uint64:
    return np.uint64(array.ctypes.data)


def _addresses(texts: pa.StringArray) -> tuple[np.uint64, np.uint64]:
    _, offsets, content = texts.buffers()
    if not len(texts):
        return _address(_EMPTY), _address(_EMPTY)
    at = np.uint64(offsets.address + 4 * texts.offset)
    return at, np.uint64(content.address) if content is not None and content.size else _address(_EMPTY)


@compiled
def _write_hashes(texts, chunk, hashes):  # type: ignore[no-untyped-def]
    _, offsets, data = texts
    for index in range(len(hashes)):
        at, size = text_at(offsets[chunk], data[chunk], index)
        hashes[index] = hash_of(at, size)


@compiled
def _recent_entries(texts, chunk, entries, recent):  # type: ignore[no-untyped-def]
    bases, offsets, data = texts
    mask = np.uint64(len(recent) - 1)
    first, chunk_offsets, chunk_data = bases[chunk], offsets[chunk], data[chunk]
    for index in range(len(entries)):
        at, size = text_at(chunk_offsets, chunk_data, index)
        slot = hash_of(at, size) & mask
        entry, same = first + index, recent[slot]
        if same < 0 or not is_same_text(bases, offsets, data, entry, same):
            recent[slot] = same = entry
        entries[index] = same


@compiled
def _coded(texts, chunk, done, codes, slots, known, count):  # type: ignore[no-untyped-def]
    # Until there is no room for one more text.
    bases, offsets, data = texts
    chunk_offsets, chunk_data, first = offsets[chunk], data[chunk], bases[chunk]
    mask, one = np.uint64(len(slots) - 1), np.uint64(1)
    for index in range(done, len(codes)):
        at, size = text_at(chunk_offsets, chunk_data, index)
        mixed = hash_of(at, size)
        # The hash's upper half beside the code: most texts that differ are told apart by it alone.
        tag = np.int64(mixed >> np.uint64(_CODE_BITS + 1)) << _CODE_BITS
        slot = mixed & mask
        while True:
            taken = slots[slot]
            code = taken & 0xFFFFFFFF
            if taken < 0:
                if count == len(known):
                    return index, count
                code = count
                known[code, 0], known[code, 1], known[code, 2] = np.int64(at), size, np.int64(mixed)
                known[code, 3] = first + index
                slots[slot] = tag | code
                count += 1
                break
            if taken - code == tag and known[code, 1] == size and are_equal(at, np.uint64(known[code, 0]), size):
                break
            slot = (slot + one) & mask
        codes[index] = code
    return len(codes), count


@compiled
def _put_again(slots, known, count):  # type: ignore[no-untyped-def]
    mask, one = np.uint64(len(slots) - 1), np.uint64(1)
    for code in range(count):
        mixed = np.uint64(known[code, 2])
        slot = mixed & mask
        while slots[slot] >= 0:
            slot = (slot + one) & mask
        slots[slot] = (np.int64(mixed >> np.uint64(_CODE_BITS + 1)) << _CODE_BITS) | code


@compiled
def _offsets_of(texts, entries, offsets, bytes_max):  # type: ignore[no-untyped-def]
    # How many of the texts go into one array.
    bases, starts, data = texts
    total = 0
    offsets[0] = 0
    for index in range(len(entries)):
        total += text_of(bases, starts, data, entries[index])[1]
        if total > bytes_max:
            return index
        offsets[index + 1] = total
    return len(entries)


@compiled
def _copy_texts(texts, entries, offsets, to):  # type: ignore[no-untyped-def]
    bases, starts, data = texts
    for index in range(len(entries)):
        at, size = text_of(bases, starts, data, entries[index])
        copy_bytes(to + np.uint64(offsets[index]), at, size)
