"""Arrays that the scanner of lines writes, and its keys, by address."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from botmeter.domain.event import FIELDS

TEXT_FIELDS: Final = ("event_id", "conversation_id", "customer_id", "ticket_id")
CODED_FIELDS: Final = ("actor", "kind", "bot_id", "bot_name", "bot_version", "channel", "ticket_type")
"""Fields of few different texts."""
CODES_MAX: Final = 1 << 12
"""Different texts of a coded field in a block; the tables of more would outgrow the cache."""
SLOT_COUNT: Final = 4 * CODES_MAX
KEY_WORDS: Final = 3
"""Of the longest key, in quotes."""
ABSENT: Final = -1


class Keys(NamedTuple):
    """Addresses of the keys of fields in quotes, in words, and of masks of their bytes and their lengths."""

    words: np.uint64
    masks: np.uint64
    sizes: np.uint64


class Columns(NamedTuple):
    """Addresses of the columns of plain lines, with `room` for rows, and of the tables behind their codes.

    Attributes:
        texts: Of the bytes of each text field; those of `ends` have the offsets.
        codes: By coded field.
        instants: µs UTC.
        previews: 0, 1 or `ABSENT`.
        attributes: Starts, then lengths; 0: none.
        slots: Hash table by coded field; `firsts` has start and length of each code's text, `counts` how many.
    """

    room: np.int64
    texts: np.uint64
    ends: np.uint64
    codes: np.uint64
    instants: np.uint64
    previews: np.uint64
    attributes: np.uint64
    slots: np.uint64
    firsts: np.uint64
    counts: np.uint64


class ScanColumns:
    """Arrays for what the scanner reads in a text of some bytes and lines."""

    def __init__(self, size: int, *, rows: int) -> None:
        texts, coded = len(TEXT_FIELDS), len(CODED_FIELDS)
        self.starts = np.empty(rows, np.int32)
        self.is_plain = np.empty(rows, np.bool_)
        # The last text is copied by whole words.
        self.texts = np.empty((texts, size + 8), np.uint8)
        self.ends = np.zeros((texts, rows + 1), np.int32)
        self.codes = np.empty((coded, rows), np.int32)
        self.instants = np.empty(rows, np.int64)
        self.previews = np.empty(rows, np.int8)
        self.attributes = np.empty((2, rows), np.int32)
        self.firsts = np.empty((coded, CODES_MAX, 2), np.int32)
        self.counts = np.zeros(coded, np.int64)
        self._slots = np.full((coded, SLOT_COUNT), ABSENT, np.int32)
        self._text_addresses = np.array([address_of(text) for text in self.texts])

    def addresses(self) -> Columns:
        arrays: list[npt.NDArray[Any]] = [self._text_addresses, self.ends, self.codes, self.instants, self.previews]
        arrays += [self.attributes, self._slots, self.firsts, self.counts]
        return Columns(np.int64(len(self.starts)), *map(address_of, arrays))


def address_of(array: npt.NDArray[Any]) -> np.uint64:
    """Address of an array's first byte."""
    return np.uint64(array.ctypes.data)


class _FieldKeys:
    def __init__(self, names: Sequence[str]) -> None:
        quoted = [b'"%b"' % name.encode() for name in names]
        padded = b"".join(key.ljust(8 * KEY_WORDS, b"\0") for key in quoted)
        self._words = np.frombuffer(padded, np.uint64)
        self._masks = np.frombuffer(bytes(255 * (byte > 0) for byte in padded), np.uint64)
        self._sizes = np.array([len(key) for key in quoted], np.uint64)
        self.addresses = Keys(*map(address_of, (self._words, self._masks, self._sizes)))


KEYS: Final = _FieldKeys(FIELDS)
