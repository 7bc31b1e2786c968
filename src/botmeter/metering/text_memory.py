"""Texts in Arrow's memory, read by address, so that compiled passes follow any number of chunks without a copy.

An entry is a text of a column: a row of a plain one, or a row of a chunk's dictionary. Several entries can be equal.
"""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from botmeter.metering.addresses import INLINED, PART, byte_at, int32_at, word_at

Addresses = npt.NDArray[np.uint64]

# Odd numbers of 64 random bits, which spread the bits of what they multiply.
_MIX: Final = (np.uint64(0xA0761D6478BD642F), np.uint64(0xE7037ED1A0B428DB), np.uint64(0x9E3779B97F4A7C15))
_M1, _M2, _M3 = _MIX
_1, _4, _8 = np.uint64(1), np.uint64(4), np.uint64(8)
_S29, _S32 = np.uint64(29), np.uint64(32)


class Texts(NamedTuple):
    """Chunks of texts: the number of each one's first entry, and the addresses of its int32 offsets and its bytes."""

    bases: npt.NDArray[np.int64]
    offsets: Addresses
    data: Addresses


@njit(**INLINED)
def hash_of(at, size):  # type: ignore[no-untyped-def]
    """64 bits of the bytes at an address."""
    mixed = np.uint64(size) * _M1
    position, left = at, size
    while left >= 8:
        mixed = (mixed ^ word_at(position)) * _M3
        mixed ^= mixed >> _S29
        position += _8
        left -= 8
    if left > 0 and size >= 8:
        # The last eight bytes once more, some of them again.
        mixed = (mixed ^ word_at(at + np.uint64(size) - _8)) * _M2
    elif left > 0:
        last = np.uint64(0)
        for index in range(left):
            last = (last << _8) | np.uint64(byte_at(position + np.uint64(index)))
        mixed = (mixed ^ last) * _M2
    mixed = (mixed ^ (mixed >> _S32)) * _M2
    return mixed ^ (mixed >> _S29)


@njit(**INLINED)
def are_equal(one, other, size):  # type: ignore[no-untyped-def]
    """Compare the bytes at two addresses."""
    left = size
    while left >= 8:
        if word_at(one) != word_at(other):
            return False
        one += _8
        other += _8
        left -= 8
    for index in range(left):  # noqa: SIM110 - the compiler takes no generator.
        if byte_at(one + np.uint64(index)) != byte_at(other + np.uint64(index)):
            return False
    return True


@njit(**INLINED)
def text_at(offsets, data, index):  # type: ignore[no-untyped-def]
    """Address and size of a chunk's text."""
    at = offsets + np.uint64(index) * _4
    first = int32_at(at)
    return data + np.uint64(first), np.int64(int32_at(at + _4) - first)


@njit(**INLINED)
def text_of(bases, offsets, data, entry):  # type: ignore[no-untyped-def]
    """Address and size of an entry's text."""
    low, high = 0, len(bases) - 1
    while high - low > 1:
        middle = (low + high) >> 1
        if bases[middle] <= entry:
            low = middle
        else:
            high = middle
    return text_at(offsets[low], data[low], entry - bases[low])


@njit(**PART)
def is_same_text(bases, offsets, data, one, other):  # type: ignore[no-untyped-def]
    """Compare the texts of two entries."""
    at, size = text_of(bases, offsets, data, one)
    other_at, other_size = text_of(bases, offsets, data, other)
    return size == other_size and are_equal(at, other_at, size)


@njit(**PART)
def text_order(bases, offsets, data, one, other):  # type: ignore[no-untyped-def]
    """Order of two entries' texts by code point, that of UTF-8's bytes: below 0, 0 or above 0."""
    at, size = text_of(bases, offsets, data, one)
    other_at, other_size = text_of(bases, offsets, data, other)
    for index in range(min(size, other_size)):
        byte, other_byte = byte_at(at + np.uint64(index)), byte_at(other_at + np.uint64(index))
        if byte != other_byte:
            return np.int64(byte) - np.int64(other_byte)
    return size - other_size
