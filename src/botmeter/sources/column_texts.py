"""Columns of any type as text."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Flags = npt.NDArray[np.bool_]
CheckedColumn = tuple[pa.Array, Flags]
"""A column of `EVENTS_SCHEMA`, and flags of doubtful rows."""

_TEXT_TYPES: Final = frozenset(
    {"string", "large_string", "string_view", "binary", "large_binary", "binary_view", "fixed_size_binary"}
)


def decoded(sent: pa.Array) -> pa.Array:
    """Column without dictionary."""
    return sent.dictionary.take(sent.indices) if pa.types.is_dictionary(sent.type) else sent


def as_string(sent: pa.Array) -> CheckedColumn:
    """Column as text; other values and invalid UTF-8 are doubtful."""
    if pa.types.is_integer(sent.type) or pa.types.is_null(sent.type):
        return sent.cast(pa.string()), no_doubt(sent)
    if str(sent.type).partition("[")[0] not in _TEXT_TYPES:
        return pa.nulls(len(sent), pa.string()), present(sent)
    try:
        text = sent.cast(pa.string())
        text.validate(full=True)
    except pa.ArrowInvalid:
        return _readable(sent.cast(pa.large_binary()))
    return text, no_doubt(sent)


def _readable(sent: pa.Array) -> CheckedColumn:
    def text(value: bytes) -> str | None:
        try:
            return value.decode()
        except UnicodeDecodeError:
            return None

    texts = pa.array([None if value is None else text(value) for value in sent.to_pylist()], pa.string())
    return texts, flags(pc.and_(sent.is_valid(), texts.is_null()))


def present(sent: pa.Array) -> Flags:
    """Flags of values that are not null."""
    return flags(sent.is_valid())


def no_doubt(sent: pa.Array) -> Flags:
    """Flags of no row."""
    return np.zeros(len(sent), np.bool_)


def flags(column: pa.Array) -> Flags:
    """Column of booleans as flags."""
    return pc.fill_null(column, False).to_numpy(zero_copy_only=False)
