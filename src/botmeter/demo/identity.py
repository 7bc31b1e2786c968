"""Ids like those of platforms: a prefix and 13 unordered characters."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.demo.columns import Numbers, Units

# Crockford's base 32: no letters that look alike.
_ALPHABET = np.frombuffer(b"0123456789abcdefghjkmnpqrstvwxyz", np.uint8)
_DIGITS = np.frombuffer(b"0123456789", np.uint8)
_MIXED_LENGTH = 13
_NUMBER_LENGTH = 10


def mixed(keys: Numbers, *, salt: int) -> npt.NDArray[np.uint64]:
    """Mix the keys by a 64-bit bijection.

    Source: the finaliser of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
    """
    bits = keys.astype(np.uint64) ^ np.uint64(salt * 0x9E3779B97F4A7C15 % 2**64)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


def units(keys: Numbers, *, salt: int) -> Units:
    """Constant number in [0, 1) for each key."""
    return (mixed(keys, salt=salt) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def ids(keys: Numbers, *, prefix: str, salt: int) -> pa.StringArray:
    """One id for each key."""
    bits = mixed(keys, salt=salt)
    shifts = np.arange(_MIXED_LENGTH - 1, -1, -1, dtype=np.uint64) * np.uint64(5)
    return _texts(prefix, _ALPHABET[(bits[:, None] >> shifts & np.uint64(31)).astype(np.uint8)])


def numbered_ids(numbers: Numbers, *, prefix: str) -> pa.StringArray:
    """Return `prefix` and ten digits for each number."""
    powers = 10 ** np.arange(_NUMBER_LENGTH - 1, -1, -1)
    return _texts(prefix, _DIGITS[numbers[:, None] // powers % 10])


def _texts(prefix: str, letters: npt.NDArray[np.uint8]) -> pa.StringArray:
    head = np.frombuffer(prefix.encode(), np.uint8)
    row_length = len(head) + letters.shape[1]
    text = np.empty((len(letters), row_length), np.uint8)
    text[:, : len(head)] = head
    text[:, len(head) :] = letters
    offsets = np.arange(len(letters) + 1, dtype=np.int32) * np.int32(row_length)
    return pa.StringArray.from_buffers(len(letters), pa.py_buffer(offsets), pa.py_buffer(text))
