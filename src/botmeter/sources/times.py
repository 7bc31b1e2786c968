"""RFC 3339 text → µs UTC for whole columns; a test proves that `domain.instant` agrees."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.domain.instant import MICROSECONDS_PER_SECOND

Flags = npt.NDArray[np.bool_]
Instants = npt.NDArray[np.int64]

_SEPARATORS = ((4, b"-"), (7, b"-"), (10, b"T"), (13, b":"), (16, b":"))
_LENGTHS = range(20, 36)
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.int32)
_DAYS_TO_1970 = 719_468


def us_from_texts(texts: pa.StringArray) -> tuple[Instants, Flags]:
    """Return µs UTC (0 if unread) and flags of texts read; `domain.instant` reads the rest."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    lengths = np.diff(offsets)
    instants = np.zeros(len(texts), np.int64)
    read = np.zeros(len(texts), np.bool_)
    if len(texts) == 0 or texts.buffers()[2] is None:
        return instants, read
    data = np.frombuffer(texts.buffers()[2], np.uint8)
    for length in np.unique(lengths).tolist():
        if length not in _LENGTHS:
            continue
        rows = np.flatnonzero(lengths == length)
        characters = _characters(data, starts=offsets[rows], length=length, whole=len(rows) == len(texts))
        instants[rows], read[rows] = _us_of_one_length(characters)
    if texts.null_count:
        read &= texts.is_valid().to_numpy(zero_copy_only=False)
    instants[~read] = 0
    return instants, read


def _characters(
    data: npt.NDArray[np.uint8], *, starts: npt.NDArray[np.int32], length: int, whole: bool
) -> npt.NDArray[np.uint8]:
    """Return one row per position in the text, so that memory is read in order."""
    if whole:
        return np.ascontiguousarray(data[starts[0] : starts[0] + length * len(starts)].reshape(-1, length).T)
    return data[np.arange(length, dtype=np.int32)[:, None] + starts[None, :]]


def _us_of_one_length(characters: npt.NDArray[np.uint8]) -> tuple[Instants, Flags]:
    is_zulu = characters[-1] == ord("Z")
    if is_zulu.all():
        return _us(characters[:-1])
    instants, read = _us(characters[:-1])
    read &= is_zulu
    if len(characters) < 25:
        return instants, read
    offset_us, has_offset = _offset_us(characters[-6:])
    local, is_local = _us(characters[:-6])
    has_offset &= is_local
    return np.where(has_offset, local - offset_us, instants), read | has_offset


def _us(characters: npt.NDArray[np.uint8]) -> tuple[Instants, Flags]:
    length, count = characters.shape
    good = np.ones(count, np.bool_)
    if length not in (19, *range(21, 30)):
        return np.zeros(count, np.int64), ~good
    for place, character in _SEPARATORS if length == 19 else (*_SEPARATORS, (19, b".")):
        good &= characters[place] == ord(character)
    digits = characters - np.uint8(ord("0"))
    for place in range(length):
        if place not in (4, 7, 10, 13, 16, 19):
            good &= digits[place] <= 9
    year = _number(digits[0:4])
    month, day = _number(digits[5:7]), _number(digits[8:10])
    hour, minute, second = _number(digits[11:13]), _number(digits[14:16]), _number(digits[17:19])
    good &= (year >= 1) & (month >= 1) & (month <= 12) & (hour <= 23) & (minute <= 59) & (second <= 59)
    leap = (month == 2) & (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    good &= (day >= 1) & (day <= _MONTH_DAYS[np.where(good, month, 0)] + leap)
    seconds = _days(year, month=month, day=day) * 86_400 + (hour * 3_600 + minute * 60 + second)
    decimals = min(max(length - 20, 0), 6)
    instants: Instants = seconds * MICROSECONDS_PER_SECOND
    if decimals:
        instants += _number(digits[20 : 20 + decimals]) * np.int32(10 ** (6 - decimals))
    return instants, good


def _offset_us(characters: npt.NDArray[np.uint8]) -> tuple[Instants, Flags]:
    digits = characters - np.uint8(ord("0"))
    hours, minutes = _number(digits[1:3]), _number(digits[4:6])
    minus = characters[0] == ord("-")
    good = (minus | (characters[0] == ord("+"))) & (characters[3] == ord(":")) & (hours <= 23) & (minutes <= 59)
    for place in (1, 2, 4, 5):
        good &= digits[place] <= 9
    ahead_us = (hours * 60 + minutes).astype(np.int64) * np.int64(60 * MICROSECONDS_PER_SECOND)
    return np.where(minus, -ahead_us, ahead_us), good


def _number(digits: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    total = digits[0].astype(np.int32)
    for digit in digits[1:]:
        total = total * np.int32(10) + digit
    return total


def _days(year: npt.NDArray[np.int32], *, month: npt.NDArray[np.int32], day: npt.NDArray[np.int32]) -> Instants:
    """Source: Howard Hinnant, "chrono-compatible low-level date algorithms", days_from_civil."""
    shifted = year - (month <= 2)
    era = shifted // 400
    year_of_era = shifted - era * 400
    day_of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    days_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return (era * 146_097 + days_of_era - _DAYS_TO_1970).astype(np.int64)
