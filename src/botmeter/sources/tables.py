"""CSV tables of platforms, row by row."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from botmeter.domain.errors import TooMuch
from botmeter.sources.csv import DELIMITERS
from botmeter.sources.stream import ByteStream

# As long as the longest block of lines: a transcript can be one cell.
_CELL_CHARACTERS_MAX: Final = 16 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; `rows` skips blank rows and raises `TooMuch` (`record_too_long`)."""

    columns: tuple[str, ...]
    rows: Iterator[list[str]]


def open_table(stream: ByteStream, *, errors: str) -> Table:
    """Read the header of a UTF-8 CSV file; `errors` as in `bytes.decode`."""
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", errors=errors, newline="")  # type: ignore[type-var]
    csv.field_size_limit(_CELL_CHARACTERS_MAX)
    header = text.readline()
    delimiter = max(DELIMITERS, key=header.count)
    columns = tuple(name.strip() for name in next(csv.reader([header], delimiter=delimiter), []))
    return Table(columns=columns, rows=_rows(text, delimiter=delimiter, name=stream.name))


def _rows(text: Iterable[str], *, delimiter: str, name: str) -> Iterator[list[str]]:
    try:
        yield from (cells for cells in csv.reader(text, delimiter=delimiter) if cells)
    except csv.Error as error:
        raise TooMuch("record_too_long", f"{name} has a cell that can't be read: {error}.") from None
