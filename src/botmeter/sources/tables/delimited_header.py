"""First rows of delimited text: `sep=` line, titles, header."""

import csv
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from botmeter.domain.errors import Refused
from botmeter.sources.json_text.elements import BLOCK_BYTES
from botmeter.sources.stream import ByteStream
from botmeter.sources.tables.table import SAMPLE_ROWS, NumberedRow, header_missing

DELIMITERS: Final = (",", ";", "\t", "|")
_START_BYTES: Final = 1 << 20
_BLANKS: Final = ",;\t| \r\n"
# By which Excel is told the delimiter; saved again, the line has those of the other columns.
_SEPARATOR_LINE = re.compile(r'"?sep=(?P<delimiter>[^\w\s"]|\t)"?[,;\t|]*\s*', re.IGNORECASE)
# For single cells; a row can be as long as two blocks.
csv.field_size_limit(2 * BLOCK_BYTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class DelimitedHeader:
    """Header of delimited text, which is consumed.

    Attributes:
        names: With nameless ones for further cells of the first row, if blank.
        below: First rows of the rest, as text.
    """

    names: list[str]
    delimiter: str
    below: list[tuple[int, str]]

    def rows(self) -> Iterator[NumberedRow]:
        return ((number, cells_of(text, self.delimiter)) for number, text in self.below)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    number: int
    text: bytes
    end: int

    def decoded(self, name: str) -> str:
        try:
            return self.text.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise Refused(
                "text_invalid",
                f"The header of {name} is not UTF-8. Name its encoding, such as --encoding windows-1252.",
            ) from None


def header_of(stream: ByteStream, *, expected: Collection[str], header_row: int | None) -> DelimitedHeader:
    """Read up to the header; its delimiter gives most of the expected names, then most names.

    Raises:
        Refused: `text_invalid`, `header_missing`.
    """
    lines = _lines(stream.peek(_START_BYTES))
    first = next(lines, _Line(number=1, text=b"", end=0))
    mark = _SEPARATOR_LINE.fullmatch(first.decoded(stream.name))
    offset = 1 if mark is not None else 0
    header = next(lines, None) if mark is not None else first
    while header is not None and _is_above(header, header_row=header_row, offset=offset, name=stream.name):
        header = next(lines, None)
    if header is None:
        raise header_missing(stream.name, header_row)
    text = header.decoded(stream.name)
    delimiters = DELIMITERS if mark is None else (mark["delimiter"],)
    candidates = {delimiter: [cell.strip() for cell in cells_of(text, delimiter)] for delimiter in delimiters}
    delimiter = max(
        candidates, key=lambda each: (len(set(expected).intersection(candidates[each])), len(candidates[each]))
    )
    below = [
        (line.number - offset, line.text.decode(errors="backslashreplace")) for line in islice(lines, SAMPLE_ROWS + 1)
    ]
    stream.read(header.end)
    return DelimitedHeader(
        names=_with_blank_columns(candidates[delimiter], below, delimiter=delimiter), delimiter=delimiter, below=below
    )


def cells_of(text: str, delimiter: str) -> list[str]:
    """Cells of one row."""
    try:
        return next(csv.reader(text.splitlines(keepends=True), delimiter=delimiter), [])
    except csv.Error:
        return [text]


def _is_above(line: _Line, *, header_row: int | None, offset: int, name: str) -> bool:
    if header_row is None:
        return not line.decoded(name).strip(_BLANKS)
    return line.number - offset < header_row


def _with_blank_columns(names: list[str], below: list[tuple[int, str]], *, delimiter: str) -> list[str]:
    cells = cells_of(below[0][1], delimiter) if below else []
    further = cells[len(names) :]
    return names if any(cell.strip() for cell in further) else names + [""] * len(further)


def _lines(start: bytes) -> Iterator[_Line]:
    begin = number = 0
    while begin < len(start):
        end = _end_of_row(start, begin)
        number += 1
        next_begin = end + (2 if start[end : end + 2] == b"\r\n" else 1)
        yield _Line(number=number, text=start[begin:end], end=min(next_begin, len(start)))
        begin = next_begin


def _end_of_row(start: bytes, begin: int) -> int:
    inside = False
    for mark in _ROW_MARKS.finditer(start, begin):
        if mark[0] == b'"':
            inside = not inside
        elif not inside:
            return mark.start()
    return len(start)


_ROW_MARKS = re.compile(rb'["\r\n]')
