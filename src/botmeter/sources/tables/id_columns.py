"""Ids that spreadsheets and data frames wrote as numbers.

`1.34681E+12` has lost digits and is refused. The `.0` of a column of floats is removed; a `123.0` beside other ids
stays as it is.
"""

import re
from collections.abc import Collection, Mapping
from typing import Final, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Refused
from botmeter.sources.records import DOUBTFUL

_ROUNDED: Final = r"^-?\d(?:[.,]\d+)?[eE]\+\d{2,3}$"
# Of more digits a float keeps not all.
_FLOAT: Final = r"^(\d{1,15})\.0$"
_WHOLE: Final = r"^\d+$"
_IS_ROUNDED = re.compile(_ROUNDED, re.ASCII).match
_IS_FLOAT = re.compile(_FLOAT, re.ASCII).match
_Value = TypeVar("_Value")
# Enough to see how a column is written.
_SAMPLE_ROWS: Final = 100


def check_id(name: str, text: str) -> None:
    """Raises `Refused` (`id_rounded`)."""
    if _IS_ROUNDED(text) is not None:
        raise Refused(
            "id_rounded",
            f"{name} is {text!r}, a number from which a spreadsheet has cut digits. Export the column as text.",
        )


class IdColumns:
    """Ids in the columns of one file, block by block."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = tuple(names)
        self._is_numeric: dict[str, bool] = {}
        self._floats: dict[str, str] = {}
        self._has_whole: set[str] = set()

    def checked(self, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """Numbers without `.0`, and `DOUBTFUL` for rounded ones."""
        return {
            name: self._checked(name, column) if name in self._names else column for name, column in columns.items()
        }

    def checked_row(self, row: Mapping[str, _Value]) -> dict[str, _Value | str]:
        """Check a row of checked columns in the same way; raises `Refused` (`id_rounded`)."""
        checked: dict[str, _Value | str] = dict(row)
        for name in self._names:
            text = row.get(name)
            if isinstance(text, str):
                check_id(name, text)
                if self._is_numeric.get(name) and _IS_FLOAT(text) is not None:
                    checked[name] = text.removesuffix(".0")
        return checked

    def notes(self, name: str) -> tuple[str, ...]:
        return tuple(
            f"{field} of {name} is a column of numbers such as {example}; they are read without .0."
            if self._is_numeric[field]
            else f"{field} of {name} has whole numbers with and without .0, such as {example}: these are different ids."
            for field, example in self._floats.items()
            if self._is_numeric[field] or field in self._has_whole
        )

    def _checked(self, name: str, column: pa.Array) -> pa.Array:
        if pa.types.is_dictionary(column.type):
            return pa.DictionaryArray.from_arrays(column.indices, self._checked(name, column.dictionary))
        data = column.buffers()[2] if pa.types.is_binary(column.type) or pa.types.is_string(column.type) else None
        if data is None:
            return column
        # Searching all of it for one character first is many times as fast as a pattern.
        text = data.to_pybytes()
        if b"." in text or name in self._floats:
            column = self._without_point(name, column)
        else:
            self._is_numeric.setdefault(name, False)
        if name not in self._has_whole and _has(column.slice(0, _SAMPLE_ROWS), _WHOLE):
            self._has_whole.add(name)
        if b"+" in text and _has(column, _ROUNDED):
            is_rounded = pc.match_substring_regex(column, _ROUNDED)
            column = pc.if_else(is_rounded, pa.scalar(DOUBTFUL.encode(), pa.binary()).cast(column.type), column)
        return column

    def _without_point(self, name: str, column: pa.Array) -> pa.Array:
        is_float = pc.match_substring_regex(column, _FLOAT)
        if pc.any(is_float).as_py():
            first = column.filter(is_float)[0].as_py()
            self._floats.setdefault(name, first if isinstance(first, str) else first.decode())
        if name not in self._is_numeric:
            is_filled = pc.greater(pc.binary_length(column), 0)
            others = pc.and_(is_filled, pc.invert(is_float))
            if not pc.any(is_filled).as_py():
                return column
            self._is_numeric[name] = not pc.any(others).as_py()
        return pc.replace_substring_regex(column, _FLOAT, r"\1") if self._is_numeric[name] else column


def _has(column: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(column, pattern)).as_py())
