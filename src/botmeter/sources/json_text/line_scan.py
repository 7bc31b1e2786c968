"""Compiled scanner of lines that hold plain events; it judges nothing, since every other line is doubtful.

Plain is an object of known keys, each once, of texts without escapes, whose time is in RFC 3339.
"""

from typing import Any, Final

import numpy as np
from numba import njit

from botmeter.domain.event import FIELDS, ID_BYTES_MAX, REQUIRED_FIELDS
from botmeter.domain.instant import INSTANT_END_US, INSTANT_FIRST_US, NEVER_US
from botmeter.metering.addresses import (
    byte_at,
    int8s_at,
    int32s_at,
    int64s_at,
    put_word,
    trailing_zeros,
    word_at,
    words_at,
)
from botmeter.metering.compiled import compiled
from botmeter.sources.json_text.scan_columns import (
    ABSENT,
    CODED_FIELDS,
    CODES_MAX,
    KEY_WORDS,
    SLOT_COUNT,
    TEXT_FIELDS,
)

# Of a field: how its value is read, and the column.
_TEXT, _CODED, _TIME, _PREVIEW, _ATTRIBUTES = range(5)
_OTHER_FORMS: Final = {"occurred_at": _TIME, "preview": _PREVIEW, "attributes": _ATTRIBUTES}
_FORMS = np.array([_TEXT if f in TEXT_FIELDS else _OTHER_FORMS.get(f, _CODED) for f in FIELDS])
_COLUMNS = np.array([(*TEXT_FIELDS, *CODED_FIELDS, *_OTHER_FORMS).index(f) for f in FIELDS])
_COLUMNS[_FORMS == _CODED] -= len(TEXT_FIELDS)
_FIELD_COUNT: Final = len(FIELDS)
_TEXT_COUNT: Final = len(TEXT_FIELDS)
_CODED_COUNT: Final = len(CODED_FIELDS)
_REQUIRED: Final = sum(1 << FIELDS.index(name) for name in REQUIRED_FIELDS)

_LINE_FEED, _SPACE, _TAB, _RETURN, _QUOTE, _BACKSLASH = b'\n \t\r"\\'
_OPEN, _CLOSE, _COLON, _COMMA, _ZERO, _NINE = b"{}:,09"
_DASH, _PLUS, _DOT, _T, _Z = b"-+.TZ"
_ONES, _HIGHS = np.uint64(0x0101010101010101), np.uint64(0x8080808080808080)
_QUOTES, _BACKSLASHES, _SPACES, _LINE_FEEDS = (np.uint64(int.from_bytes(8 * bytes([b]))) for b in b'"\\ \n')
_NULL, _TRUE, _FALSE = (np.uint64(int.from_bytes(text, "little")) for text in (b"null", b"true", b"false"))
_32_BITS, _40_BITS = np.uint64((1 << 32) - 1), np.uint64((1 << 40) - 1)
# Addresses are unsigned: numbers added to them would make them floats otherwise.
_0, _1, _2, _3, _4, _5, _7, _8, _10, _11, _13, _14, _16, _17, _19, _29 = (
    np.uint64(number) for number in (0, 1, 2, 3, 4, 5, 7, 8, 10, 11, 13, 14, 16, 17, 19, 29)
)
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_DIGITS_MAX: Final = 18
# With an offset and more decimals than any sender writes.
_TIME_BYTES_MIN, _TIME_BYTES_MAX = 20, 40
_DAYS_TO_1970: Final = 719_468
_MONTH_DAYS = np.array([0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


# A part of `scanned` is kept with it. Entries for Python would make compiling take half as long again.
_PART: Final[dict[str, Any]] = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


@compiled
def scanned(base, size, keys, columns, starts, is_plain):  # type: ignore[no-untyped-def]
    """Scan a text; return how many lines that are not blank, or -1 for too many, and how many plain rows it has.

    Args:
        base: Address of the text.
        starts, is_plain: Written by line.
    """
    order = np.arange(_FIELD_COUNT)
    order_at = np.uint64(order.ctypes.data)
    end = base + np.uint64(size)
    p = base
    line = row = np.int64(0)
    while p < end:
        p = _after_space(p)
        if byte_at(p) == _LINE_FEED:
            p += _1
            continue
        if line == len(starts):
            return -1, row
        starts[line] = np.int64(p - base)
        _begin(row, columns)
        after = _members(base, p, row, order_at, keys, columns)
        is_plain[line] = after != _0
        row += after != _0
        p = (_line_end(p) if after == _0 else after) + _1
        line += 1
    return line, row


@njit(**_PART)
def _begin(row, columns):  # type: ignore[no-untyped-def]
    ends, codes = int32s_at(columns.ends), int32s_at(columns.codes)
    for column in range(_TEXT_COUNT):
        at = column * (columns.room + 1) + row
        ends[at + 1] = ends[at]
    for column in range(_CODED_COUNT):
        codes[column * columns.room + row] = ABSENT
    int8s_at(columns.previews)[row] = ABSENT
    int32s_at(columns.attributes)[columns.room + row] = 0


@njit(**_PART)
def _members(base, p, row, order, keys, columns):  # type: ignore[no-untyped-def]
    """Read an object into a row; return the line's end, or 0 if doubtful."""
    if byte_at(p) != _OPEN:
        return _0
    seen = missing = 0
    for position in range(_FIELD_COUNT):
        p = _after_space(p + _1)
        field = _field(p, position, order, keys)
        if field < 0 or seen >> field & 1:
            return _0
        seen |= 1 << field
        p = _after_space(p + words_at(keys.sizes)[field])
        if byte_at(p) != _COLON:
            return _0
        p = _after_space(p + _1)
        if word_at(p) & _32_BITS == _NULL:
            missing |= 1 << field
            p += _4
        elif _FORMS[field] == _PREVIEW or _FORMS[field] == _ATTRIBUTES:
            p = _put_other(base, p, row, field, columns)
        else:
            start, count, p = _text(p)
            missing |= np.int64(count == 0) << field
            if p != _0 and not _put_text(base, start, count, row, field, columns):
                return _0
        if p == _0:
            return _0
        p = _after_space(p)
        if byte_at(p) != _COMMA:
            break
    if byte_at(p) != _CLOSE or seen & ~missing & _REQUIRED != _REQUIRED:
        return _0
    p = _after_space(p + _1)
    return p if byte_at(p) == _LINE_FEED else _0


@njit(**_PART)
def _put_other(base, p, row, field, columns):  # type: ignore[no-untyped-def]
    """Put a truth value or an object; return its end, or 0 if doubtful."""
    if _FORMS[field] == _PREVIEW:
        is_true = word_at(p) & _32_BITS == _TRUE
        int8s_at(columns.previews)[row] = is_true
        if is_true:
            return p + _4
        return p + _5 if word_at(p) & _40_BITS == _FALSE else _0
    end = _object_end(p)
    spans = int32s_at(columns.attributes)
    spans[row], spans[columns.room + row] = np.int64(p - base), np.int64(end - p)
    return end


@njit(**_PART)
def _put_text(base, start, count, row, field, columns):  # type: ignore[no-untyped-def]
    """Put a text into its column; return False if doubtful."""
    column = _COLUMNS[field]
    if _FORMS[field] == _TIME:
        us = _instant(start, count)
        int64s_at(columns.instants)[row] = us
        return us != NEVER_US
    if count > ID_BYTES_MAX:
        return False
    if _FORMS[field] == _TEXT:
        ends, at = int32s_at(columns.ends), column * (columns.room + 1) + row
        _copy(words_at(columns.texts)[column] + np.uint64(ends[at]), start, count)
        ends[at + 1] = ends[at] + count
        return True
    code = _code(base, start, count, column, columns) if count > 0 else ABSENT
    int32s_at(columns.codes)[column * columns.room + row] = code
    return code != ABSENT or count == 0


@njit(**_PART)
def _field(p, position, order, keys):  # type: ignore[no-untyped-def]
    """Field of the key at an address, first that of the line before; -1: none."""
    fields = int64s_at(order)
    if _is_key(p, fields[position], keys):
        return fields[position]
    for field in range(_FIELD_COUNT):
        if _is_key(p, field, keys):
            fields[position] = field
            return field
    return -1


@njit(**_PART)
def _is_key(p, field, keys):  # type: ignore[no-untyped-def]
    words, masks, at = words_at(keys.words), words_at(keys.masks), field * KEY_WORDS
    differs = (word_at(p) ^ words[at]) & masks[at]
    differs |= (word_at(p + _8) ^ words[at + 1]) & masks[at + 1]
    return (differs | ((word_at(p + _16) ^ words[at + 2]) & masks[at + 2])) == _0


@njit(**_PART)
def _text(p):  # type: ignore[no-untyped-def]
    """Start and length of a plain text or whole number, and the address after it, or 0."""
    if byte_at(p) == _QUOTE:
        end = _plain_end(p + _1)
        return p + _1, np.int64(end - p) - 1, end + _1 if byte_at(end) == _QUOTE else _0
    count = 0
    while count <= _DIGITS_MAX and _ZERO <= byte_at(p + np.uint64(count)) <= _NINE:
        count += 1
    is_number = 0 < count <= _DIGITS_MAX and (count == 1 or byte_at(p) != _ZERO)
    return p, count, p + np.uint64(count) if is_number else _0


@njit(**_PART)
def _plain_end(p):  # type: ignore[no-untyped-def]
    """Address of the next quote, backslash or control character."""
    while True:
        word = word_at(p)
        quotes, backslashes = word ^ _QUOTES, word ^ _BACKSLASHES
        # A borrow makes marks above the lowest one wrong, which are not read.
        marks = ((quotes - _ONES) & ~quotes) | ((backslashes - _ONES) & ~backslashes) | ((word - _SPACES) & ~word)
        marks &= _HIGHS
        if marks:
            return p + (trailing_zeros(marks) >> _3)
        p += _8


@njit(**_PART)
def _object_end(p):  # type: ignore[no-untyped-def]
    """Address after an object whose texts are not checked, or 0."""
    if byte_at(p) != _OPEN:
        return _0
    depth = 0
    while True:
        byte = byte_at(p)
        if byte == _QUOTE:
            p = _plain_end(p + _1)
            while byte_at(p) == _BACKSLASH:
                p = _plain_end(p + _2) if byte_at(p + _1) >= _SPACE else p + _1
            if byte_at(p) != _QUOTE:
                return _0
        elif byte == _OPEN:
            depth += 1
        elif byte == _CLOSE:
            depth -= 1
            if depth == 0:
                return p + _1
        elif byte == _LINE_FEED:
            return _0
        p += _1


@njit(**_PART)
def _code(base, start, count, column, columns):  # type: ignore[no-untyped-def]
    """Code of a text in a column; `ABSENT` if there are too many."""
    slots, counts = int32s_at(columns.slots), int64s_at(columns.counts)
    firsts = int32s_at(columns.firsts)
    slot = np.int64(_hash(start, count) & np.uint64(SLOT_COUNT - 1))
    while True:
        code = slots[column * SLOT_COUNT + slot]
        if code == ABSENT:
            break
        at = 2 * (column * CODES_MAX + code)
        if firsts[at + 1] == count and _equal(base + np.uint64(firsts[at]), start, count):
            return code
        slot = (slot + 1) & (SLOT_COUNT - 1)
    if counts[column] == CODES_MAX:
        return ABSENT
    code = np.int32(counts[column])
    at = 2 * (column * CODES_MAX + code)
    slots[column * SLOT_COUNT + slot], counts[column] = code, code + 1
    firsts[at], firsts[at + 1] = np.int64(start - base), count
    return code


@njit(**_PART)
def _hash(p, count):  # type: ignore[no-untyped-def]
    mixed = np.uint64(count)
    while count >= 8:
        mixed = (mixed ^ word_at(p)) * _FACTOR
        mixed ^= mixed >> _29
        p += _8
        count -= 8
    mixed = (mixed ^ (word_at(p) & _low_bytes(count))) * _FACTOR
    return mixed ^ (mixed >> _29)


@njit(**_PART)
def _equal(p, q, count):  # type: ignore[no-untyped-def]
    while count >= 8:
        if word_at(p) != word_at(q):
            return False
        p += _8
        q += _8
        count -= 8
    return (word_at(p) ^ word_at(q)) & _low_bytes(count) == _0


@njit(**_PART)
def _low_bytes(count):  # type: ignore[no-untyped-def]
    return (_1 << np.uint64(8 * count)) - _1


@njit(**_PART)
def _copy(to, start, count):  # type: ignore[no-untyped-def]
    # The last word goes past the end, where the next text comes.
    copied = 0
    while copied < count:
        put_word(to + np.uint64(copied), word_at(start + np.uint64(copied)))
        copied += 8


@njit(**_PART)
def _instant(p, count):  # type: ignore[no-untyped-def]
    """µs UTC of `YYYY-MM-DDTHH:MM:SS`, decimals and an offset; `NEVER_US` for other spellings."""
    if not _TIME_BYTES_MIN <= count <= _TIME_BYTES_MAX:
        return NEVER_US
    end = p + np.uint64(count)
    century, year, month, day = _two_digits(p), _two_digits(p + _2), _two_digits(p + _5), _two_digits(p + _8)
    hour, minute, second = _two_digits(p + _11), _two_digits(p + _14), _two_digits(p + _17)
    are_marks = byte_at(p + _4) == _DASH and byte_at(p + _7) == _DASH and byte_at(p + _13) == _COLON
    are_marks = are_marks and byte_at(p + _16) == _COLON and (byte_at(p + _10) == _T or byte_at(p + _10) == _SPACE)
    if not are_marks or (century | year | month | day | hour | minute | second) < 0:
        return NEVER_US
    year += 100 * century
    if not 1 <= month <= 12 or not 1 <= day <= _days_in(year, month) or hour > 23 or minute > 59 or second > 59:
        return NEVER_US
    p += _19
    micros = np.int64(0)
    if byte_at(p) == _DOT:
        p += _1
        unit = 1_000_000
        while _ZERO <= byte_at(p) <= _NINE:
            unit //= 10
            micros += unit * (np.int64(byte_at(p)) - _ZERO)
            p += _1
        if unit == 1_000_000:
            return NEVER_US
    offset = _offset_minutes(p, np.int64(end - p))
    if offset == NEVER_US:
        return NEVER_US
    minutes = (_days_to(year, month, day) * 24 + hour) * 60 + minute - offset
    us = minutes * 60_000_000 + second * 1_000_000 + micros
    return us if INSTANT_FIRST_US <= us < INSTANT_END_US else NEVER_US


@njit(**_PART)
def _offset_minutes(p, count):  # type: ignore[no-untyped-def]
    """Minutes of `Z`, `+HH`, `+HHMM` or `+HH:MM`; `NEVER_US` for other spellings."""
    sign = byte_at(p)
    if count == 1 and sign == _Z:
        return 0
    has_colon = count == 6 and byte_at(p + _3) == _COLON
    if sign not in (_PLUS, _DASH) or not (has_colon or count in (3, 5)):
        return NEVER_US
    hours = _two_digits(p + _1)
    minutes = 0 if count == 3 else _two_digits(p + (_4 if has_colon else _3))
    if not 0 <= hours <= 23 or not 0 <= minutes <= 59:
        return NEVER_US
    return hours * 60 + minutes if sign == _PLUS else -hours * 60 - minutes


@njit(**_PART)
def _two_digits(p):  # type: ignore[no-untyped-def]
    """Number of two digits; negative if one is none."""
    tens, ones = np.int64(byte_at(p)) - _ZERO, np.int64(byte_at(p + _1)) - _ZERO
    return tens * 10 + ones if 0 <= tens <= 9 and 0 <= ones <= 9 else -1


@njit(**_PART)
def _days_in(year, month):  # type: ignore[no-untyped-def]
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return 29 if month == 2 and is_leap else _MONTH_DAYS[month]


@njit(**_PART)
def _days_to(year, month, day):  # type: ignore[no-untyped-def]
    """Days from 1970."""
    # Years that begin in March end with the leap day.
    year -= month < 3
    day_of_year = (153 * (month + (9 if month < 3 else -3)) + 2) // 5 + day - 1
    return year * 365 + year // 4 - year // 100 + year // 400 + day_of_year - _DAYS_TO_1970


@njit(**_PART)
def _after_space(p):  # type: ignore[no-untyped-def]
    while byte_at(p) == _SPACE or byte_at(p) == _TAB or byte_at(p) == _RETURN:
        p += _1
    return p


@njit(**_PART)
def _line_end(p):  # type: ignore[no-untyped-def]
    while True:
        feeds = word_at(p) ^ _LINE_FEEDS
        marks = (feeds - _ONES) & ~feeds & _HIGHS
        if marks:
            return p + (trailing_zeros(marks) >> _3)
        p += _8
