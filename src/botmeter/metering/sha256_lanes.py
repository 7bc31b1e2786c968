"""SHA-256 of many short texts, sixteen side by side: the compiler makes vector instructions of each step.

Source: FIPS 180-4, §6.2. It takes a third of hashlib's time.
"""

from math import isqrt
from typing import Final

import numpy as np
import numpy.typing as npt
from numba import njit

from botmeter.metering.addresses import byte_at
from botmeter.metering.text_memory import Texts, text_of

DIGEST_BYTES: Final = 16
"""Of each digest, the ones that are kept."""

_LANES, _ROUNDS, _BLOCK_BYTES, _WORDS = 16, 64, 64, 16


def _primes(count: int) -> list[int]:
    primes: list[int] = []
    number = 2
    while len(primes) < count:
        if all(number % prime for prime in primes):
            primes.append(number)
        number += 1
    return primes


def _cube_root(number: int) -> int:
    low, high = 0, number
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= number else (low, middle - 1)
    return low


# The first 32 bits of the fractions of the roots of the first primes.
_CONSTANTS: npt.NDArray[np.uint32] = np.array(
    [_cube_root(prime << 96) & 0xFFFFFFFF for prime in _primes(_ROUNDS)], np.uint32
)
_FIRST_STATE: npt.NDArray[np.uint32] = np.array([isqrt(prime << 64) & 0xFFFFFFFF for prime in _primes(8)], np.uint32)


# Typed here, since the compiler makes a function of its own for each literal.
_2, _3, _6, _7, _8, _10, _11, _13, _17, _18, _19, _22, _24, _25, _32, _255 = (
    np.uint32(number) for number in (2, 3, 6, 7, 8, 10, 11, 13, 17, 18, 19, 22, 24, 25, 32, 255)
)


def digests(texts: Texts, entries: npt.NDArray[np.int64], *, prefix: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """First bytes of SHA-256(prefix + text) of each entry's text, one row each."""
    digest_of = np.empty((len(entries), DIGEST_BYTES), np.uint8)
    done, room = 0, (len(prefix) + 2 * _BLOCK_BYTES) // _BLOCK_BYTES * _BLOCK_BYTES
    while done < len(entries):
        # It stops at a text that is too long for its lane.
        done = _digests(prefix, texts, entries, done, np.zeros((_LANES, room), np.uint8), digest_of)
        room *= 2
    return digest_of


@njit(cache=True, nogil=True)
def _digests(prefix, texts, entries, done, messages, digest_of):  # type: ignore[no-untyped-def]
    bases, offsets, data = texts
    state, schedule = np.empty(8 * _LANES, np.uint32), np.empty(_ROUNDS * _LANES, np.uint32)
    words, blocks_of_lane = np.empty(8 * _LANES, np.uint32), np.empty(_LANES, np.int64)
    for first in range(done, len(entries), _LANES):
        lanes, most = min(_LANES, len(entries) - first), 0
        for lane in range(lanes):
            at, size = text_of(bases, offsets, data, entries[first + lane])
            blocks = (len(prefix) + size + 9 + _BLOCK_BYTES - 1) // _BLOCK_BYTES
            if blocks * _BLOCK_BYTES > messages.shape[1]:
                return first
            _pad(messages, lane, prefix, at, size, blocks * _BLOCK_BYTES)
            blocks_of_lane[lane] = blocks
            most = max(most, blocks)
        for index in range(8 * _LANES):
            state[index] = _FIRST_STATE[index // _LANES]
        for block in range(most):
            for lane in range(lanes):
                _load_block(messages, lane, block * _BLOCK_BYTES, schedule)
            _compress(state, schedule, words)
            for lane in range(lanes):
                if blocks_of_lane[lane] == block + 1:
                    _write_digest(state, lane, digest_of, first + lane)
    return len(entries)


@njit(forceinline=True)
def _pad(messages, lane, prefix, at, size, end):  # type: ignore[no-untyped-def]
    # The prefix, the text, a bit, zeros, and the number of bits in eight bytes.
    for index in range(len(prefix)):
        messages[lane, index] = prefix[index]
    length = len(prefix) + size
    for index in range(size):
        messages[lane, len(prefix) + index] = byte_at(at + np.uint64(index))
    for index in range(length, end):
        messages[lane, index] = 0
    messages[lane, length] = 0x80
    for index in range(4):
        messages[lane, end - 1 - index] = (length << 3 >> (index << 3)) & 255


@njit(forceinline=True)
def _load_block(messages, lane, first, schedule):  # type: ignore[no-untyped-def]
    for word in range(_WORDS):
        value = np.uint32(0)
        for index in range(4):
            value = np.uint32((value << _8) | np.uint32(messages[lane, first + 4 * word + index]))
        schedule[word * _LANES + lane] = value


@njit(forceinline=True)
def _write_digest(state, lane, digest_of, row):  # type: ignore[no-untyped-def]
    for index in range(DIGEST_BYTES):
        value = state[(index >> 2) * _LANES + lane]
        digest_of[row, index] = (value >> (_24 - _8 * np.uint32(index & 3))) & _255


@njit(forceinline=True)
def _turned(value, bits):  # type: ignore[no-untyped-def]
    return np.uint32((value >> bits) | (value << (_32 - bits)))


@njit(cache=True, nogil=True)
def _compress(state, schedule, words):  # type: ignore[no-untyped-def]
    for step in range(_WORDS, _ROUNDS):
        row = step * _LANES
        for lane in range(_LANES):
            early, late = schedule[row - 15 * _LANES + lane], schedule[row - 2 * _LANES + lane]
            mixed = _turned(early, _7) ^ _turned(early, _18) ^ (early >> _3)
            mixed += _turned(late, _17) ^ _turned(late, _19) ^ (late >> _10)
            schedule[row + lane] = schedule[row - 16 * _LANES + lane] + mixed + schedule[row - 7 * _LANES + lane]
    for index in range(8 * _LANES):
        words[index] = state[index]
    # The eight words change places each round, so after eight rounds each is where it was.
    for step in range(0, _ROUNDS, 8):
        for turn in range(8):
            _round(words, turn, _CONSTANTS[step + turn], schedule, (step + turn) * _LANES)
    for index in range(8 * _LANES):
        state[index] += words[index]


@njit(forceinline=True)
def _round(words, turn, constant, schedule, row):  # type: ignore[no-untyped-def]
    a, b = ((8 - turn) & 7) * _LANES, ((9 - turn) & 7) * _LANES
    c, d = ((10 - turn) & 7) * _LANES, ((11 - turn) & 7) * _LANES
    e, f = ((12 - turn) & 7) * _LANES, ((13 - turn) & 7) * _LANES
    g, h = ((14 - turn) & 7) * _LANES, ((15 - turn) & 7) * _LANES
    for lane in range(_LANES):
        x, y = words[e + lane], words[a + lane]
        chosen = (x & words[f + lane]) ^ (~x & words[g + lane])
        first = words[h + lane] + (_turned(x, _6) ^ _turned(x, _11) ^ _turned(x, _25)) + chosen
        first += constant + schedule[row + lane]
        majority = (y & words[b + lane]) ^ (y & words[c + lane]) ^ (words[b + lane] & words[c + lane])
        words[d + lane] += first
        words[h + lane] = first + (_turned(y, _2) ^ _turned(y, _13) ^ _turned(y, _22)) + majority
