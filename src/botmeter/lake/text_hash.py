"""A 64-bit hash of texts that stays the same in every version, for keys and buckets that files keep."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Hashes = npt.NDArray[np.uint64]

# Odd constants of xxHash64, which spread the bits of a product well.
_PRIME = np.uint64(0x9E3779B185EBCA87)
_OTHER_PRIME = np.uint64(0xC2B2AE3D27D4EB4F)
_WORD_BYTES = 8
# Rows that fit the processor's cache with their words.
_ROWS_AT_ONCE = 32_768


def text_hashes(column: pa.Array | pa.ChunkedArray) -> Hashes:
    """Hash each text by its UTF-8 bytes; null is 0."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return np.concatenate([np.zeros(0, np.uint64), *map(_hashes_of_chunk, chunks)])


def combined(hashes: Hashes, others: Hashes) -> Hashes:
    """Hash pairs of hashes."""
    return _mixed((hashes * _OTHER_PRIME) ^ others)


def _hashes_of_chunk(array: pa.Array) -> Hashes:
    if pa.types.is_dictionary(array.type):
        known = np.append(_hashes_of_chunk(array.dictionary), np.uint64(0))
        return known[array.indices.fill_null(len(array.dictionary)).to_numpy()]
    hashes = _hashes_of_bytes(array.cast(pa.large_binary()))
    if array.null_count:
        hashes[array.is_null().to_numpy(zero_copy_only=False)] = 0
    return hashes


def _hashes_of_bytes(array: pa.LargeBinaryArray) -> Hashes:
    hashes = np.zeros(len(array), np.uint64)
    if not len(array):
        return hashes
    _, offset_buffer, data = array.buffers()
    offsets = np.frombuffer(offset_buffer, np.int64)[array.offset : array.offset + len(array) + 1]
    first = offsets[0]
    texts = np.zeros(offsets[-1] - first + _WORD_BYTES, np.uint8)
    if data is not None:
        texts[:-_WORD_BYTES] = np.frombuffer(data, np.uint8)[first : offsets[-1]]
    # A word begins at every byte.
    words = np.ndarray((len(texts) - _WORD_BYTES + 1,), "<u8", texts.data, strides=(1,))
    for start in range(0, len(array), _ROWS_AT_ONCE):
        bounds = offsets[start : start + _ROWS_AT_ONCE + 1] - first
        hashes[start : start + _ROWS_AT_ONCE] = _hashes_of_rows(words, bounds[:-1], sizes=np.diff(bounds))
    return hashes


def _hashes_of_rows(words: Hashes, starts: npt.NDArray[np.int64], *, sizes: npt.NDArray[np.int64]) -> Hashes:
    hashes = sizes.astype(np.uint64) * _OTHER_PRIME
    for position in range(0, int(sizes.max(initial=0)), _WORD_BYTES):
        rows = np.flatnonzero(sizes > position)
        unused_bits = np.maximum(_WORD_BYTES - (sizes[rows] - position), 0).astype(np.uint64) * np.uint64(8)
        word = (words[starts[rows] + position] << unused_bits) >> unused_bits
        hashes[rows] = _mixed(hashes[rows] ^ word)
    return _mixed(hashes)


def _mixed(hashes: Hashes) -> Hashes:
    product = (hashes ^ (hashes >> np.uint64(32))) * _PRIME
    return product ^ (product >> np.uint64(29))
