"""Content of a record in a canonical form, from which ids are generated.

It is the netstrings (`5:hello,`) of name and text of each filled value, in order of the names, so that a
file's format and the order of its columns don't matter; its digest is the first 16 bytes of its SHA-256.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from hashlib import sha256
from typing import Final

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.instant import INSTANT_END_US, INSTANT_FIRST_US
from botmeter.sources.json_text.json_columns import is_text
from botmeter.sources.times.clock import us_from_number

DIGEST_BYTES: Final = 16
DIGESTS: Final = pa.binary(DIGEST_BYTES)
_NESTED = msgspec.json.Encoder(order="sorted", decimal_format="number")
# Beyond, a number is written with an exponent.
_DIGITS_MAX: Final = 40


def digest_of_values(values: Mapping[str, object]) -> bytes:
    """Digest of a record's values by name."""
    texts = sorted((name.encode("utf-8", "surrogatepass"), _text(value)) for name, value in values.items())
    return _digest(b"".join(_netstring(name) + _netstring(text) for name, text in texts if text))


def digests_of_columns(columns: Mapping[str, pa.Array], *, count: int) -> pa.Array:
    """Digest of each row of a table's columns."""
    pieces = [_netstrings(name, columns[name]) for name in sorted(columns)]
    contents = pc.binary_join_element_wise(*pieces, b"").to_pylist() if pieces else [b""] * count
    return pa.array(map(_digest, contents), DIGESTS, size=count)


def _digest(content: bytes) -> bytes:
    return sha256(content).digest()[:DIGEST_BYTES]


def _netstring(text: bytes) -> bytes:
    return b"%d:%b," % (len(text), text)


def _netstrings(name: str, column: pa.Array) -> pa.Array:
    texts = _texts(column)
    lengths = pc.binary_length(texts)
    start = pa.scalar(_netstring(name.encode()), pa.binary())
    sizes = lengths.cast(pa.string()).cast(pa.binary())
    pairs = pc.binary_join_element_wise(start, sizes, b":", texts, b",", b"")
    return pc.if_else(pc.fill_null(pc.greater(lengths, 0), False), pairs, pa.scalar(b"", pa.binary()))


def _texts(column: pa.Array) -> pa.Array:
    kind = column.type
    if is_text(kind):
        return column.cast(pa.binary())
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return column.cast(pa.string()).cast(pa.binary())
    if pa.types.is_timestamp(kind):
        return _times(column.cast(pa.int64()), unit=kind.unit)
    return pa.array([_text(value) for value in column.to_pylist()], pa.binary())


def _times(numbers: pa.Array, *, unit: str) -> pa.Array:
    us = us_from_number(numbers.fill_null(0).to_numpy(), unit=unit)
    instants = pa.array(np.clip(us, INSTANT_FIRST_US, INSTANT_END_US - 1)).cast(pa.timestamp("us"))
    texts = pc.replace_substring_regex(pc.strftime(instants, "%Y-%m-%dT%H:%M:%SZ"), r"(\.000|(\.\d{3}))000Z$", r"\2Z")
    is_instant = pa.array((us >= INSTANT_FIRST_US) & (us < INSTANT_END_US))
    times = pc.if_else(is_instant, texts, numbers.cast(pa.string()))
    return pc.if_else(numbers.is_valid(), times, pa.scalar(None, pa.string())).cast(pa.binary())


def _text(value: object) -> bytes:
    match value:
        case None:
            return b""
        case str():
            return _encoded(value)
        case bytes():
            return value
        case bool():
            return b"true" if value else b"false"
        case int():
            return b"%d" % value
        case float():
            return _number(Decimal(repr(value)))
        case Decimal():
            return _number(value)
        case datetime() | date() | time():
            return value.isoformat().encode()
        case _:
            return _NESTED.encode(value)


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        # Bytes of a file that are not UTF-8 are lone surrogates here; others come from JSON's escapes.
        is_from_bytes = all(not "\ud800" <= each <= "\udfff" or "\udc80" <= each <= "\udcff" for each in text)
        return text.encode("utf-8", "surrogateescape" if is_from_bytes else "surrogatepass")


def _number(value: Decimal) -> bytes:
    if not value.is_finite() or abs(value.adjusted()) >= _DIGITS_MAX:
        return str(value).encode()
    text = format(value, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text).encode()
