"""Sizes of a Parquet file's pages, before they are expanded: a few KB can stand for gigabytes.

The footer's sizes can be wrong, so each page's own header is read.
Source: the Parquet format, `PageHeader` in Thrift's compact protocol.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from botmeter.domain.errors import Refused, TooMuch

PAGE_BYTES_MAX: Final = 256 << 20
"""Writers make pages of 1 MB; DuckDB's have up to 100 MB."""
REPEATED_BYTES_MAX: Final = 1 << 30
"""Of a column of lists or maps in one row group, since all its values can be in one row."""

_HEADER_BYTES: Final = 4 << 10
# Headers hold the least and greatest value too; Arrow refuses longer ones.
_HEADER_BYTES_MAX: Final = 16 << 20
_DICTIONARY_PAGE: Final = 2
_PLAIN, _DELTA_LENGTH = 0, 6
_DICTIONARY_ENCODINGS: Final = frozenset({2, 8})
_NUMBER_BYTES: Final = 16
_DEPTH_MAX: Final = 8
# Of a value in a dictionary's page.
_SIZE: Final = struct.Struct("<I")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnBounds:
    """Upper bounds of a column in a row group, in bytes.

    Attributes:
        page: Its largest page, decompressed.
        value: Average of the fullest page, or the longest value of the dictionary.
        dictionary_value: Longest value of the dictionary; 0 without one.
    """

    name: str
    page: int
    value: int
    dictionary_value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    kind: int
    size_bytes: int
    stored_bytes: int
    value_count: int
    encoding: int
    start: int


@dataclass(slots=True, kw_only=True)
class _ThriftReader:
    data: bytes
    position: int = 0
    _open: int = field(default=0, repr=False)

    def struct(self) -> dict[int, Any]:
        """Read the fields by number; raises IndexError or ValueError."""
        self._open += 1
        if self._open > _DEPTH_MAX:
            raise ValueError
        fields, number = {}, 0
        while head := self._byte():
            number = number + (head >> 4) if head >> 4 else self._integer()
            fields[number] = self._value(head & 15)
        self._open -= 1
        return fields

    def _value(self, kind: int) -> Any:
        match kind:
            case 1 | 2:
                return kind == 1
            case 3:
                return self._byte()
            case 4 | 5 | 6:
                return self._integer()
            case 7:
                return self._skip(8)
            case 8:
                return self._skip(self._varint())
            case 9 | 10:
                head = self._byte()
                count = head >> 4 if head >> 4 < 15 else self._varint()
                return [self._value(head & 15) for _ in range(min(count, len(self.data) - self.position + 1))]
            case 12:
                return self.struct()
            case _:
                raise ValueError

    def _byte(self) -> int:
        self.position += 1
        return self.data[self.position - 1]

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
        return value | byte << shift

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _skip(self, count: int) -> None:
        self.position += count
        if self.position > len(self.data):
            raise IndexError


def column_bounds(
    file: IO[bytes], parquet: pyarrow.parquet.ParquetFile, *, group: int, name: str
) -> list[ColumnBounds]:
    """Bounds of all columns of a row group.

    Raises:
        Refused: `file_damaged`.
        TooMuch: `row_group_too_large`.
    """
    row_group = parquet.metadata.row_group(group)
    bounds = []
    for index in range(row_group.num_columns):
        chunk, column = row_group.column(index), parquet.schema.column(index)
        try:
            pages = list(_pages(file, chunk))
            one = _bounds(file, pages, chunk=chunk, column=column)
        except (IndexError, ValueError, KeyError, TypeError, OSError, struct.error, pa.ArrowException):
            raise Refused("file_damaged", f"{name} is damaged: a page of column {chunk.path_in_schema!r}.") from None
        repeated = sum(page.value_count for page in pages) * one.value if column.max_repetition_level else 0
        for size_bytes, most, what in (
            (one.page, PAGE_BYTES_MAX, "a page"),
            (repeated, REPEATED_BYTES_MAX, "lists or maps"),
        ):
            if size_bytes > most:
                raise TooMuch(
                    "row_group_too_large",
                    f"Column {chunk.path_in_schema!r} of {name} has {what} of up to {size_bytes:,} bytes in row group "
                    f"{group + 1}; the limit is {most:,}. Write smaller row groups.",
                )
        bounds.append(one)
    return bounds


def _bounds(
    file: IO[bytes],
    pages: list[_Page],
    *,
    chunk: pyarrow.parquet.ColumnChunkMetaData,
    column: pyarrow.parquet.ColumnSchema,
) -> ColumnBounds:
    page_bytes = max((page.size_bytes for page in pages), default=0)
    longest, value = 0, 1
    for page in pages if page_bytes <= PAGE_BYTES_MAX else ():
        if chunk.physical_type != "BYTE_ARRAY":
            value = max(value, _NUMBER_BYTES, column.length)
        elif page.kind == _DICTIONARY_PAGE:
            longest = max(longest, _longest_value(file, page, codec=chunk.compression))
        elif page.encoding in _DICTIONARY_ENCODINGS:
            value = max(value, longest)
        elif page.encoding in {_PLAIN, _DELTA_LENGTH}:
            value = max(value, -(-page.size_bytes // max(page.value_count, 1)))
        else:
            # A value may repeat the one before it.
            value = max(value, page.size_bytes)
    top = chunk.path_in_schema.partition(".")[0]
    return ColumnBounds(name=top, page=page_bytes, value=value, dictionary_value=longest)


def _longest_value(file: IO[bytes], page: _Page, *, codec: str) -> int:
    file.seek(page.start)
    stored = file.read(page.stored_bytes)
    if codec != "UNCOMPRESSED":
        if codec not in {"SNAPPY", "GZIP", "BROTLI", "ZSTD", "LZ4_RAW"}:
            return page.size_bytes
        stored = pa.Codec(codec.lower()).decompress(stored, decompressed_size=page.size_bytes, asbytes=True)
    if not stored:
        return 0
    (first,) = _SIZE.unpack_from(stored)
    # Ids mostly have one size, and looking at all sizes at once takes a hundredth of the time.
    if len(stored) % (_SIZE.size + first) == 0:
        sizes = np.frombuffer(stored, np.uint8).reshape(-1, _SIZE.size + first)[:, : _SIZE.size]
        if (sizes == sizes[0]).all():
            return int(first)
    position = longest = 0
    while position < len(stored):
        size_bytes = _SIZE.unpack_from(stored, position)[0]
        longest = max(longest, size_bytes)
        position += _SIZE.size + size_bytes
    return longest


def _pages(file: IO[bytes], chunk: pyarrow.parquet.ColumnChunkMetaData) -> Iterator[_Page]:
    starts = [chunk.data_page_offset, chunk.dictionary_page_offset if chunk.has_dictionary_page else None]
    position = min(start for start in starts if start)
    end = position + chunk.total_compressed_size
    while position < end:
        fields, header_bytes = _header(file, position)
        details = fields.get(5) or fields.get(8) or {}
        page = _Page(
            kind=fields[1],
            size_bytes=fields[2],
            stored_bytes=fields[3],
            value_count=details.get(1, 0),
            encoding=details.get(2, _PLAIN) if 5 in fields else details.get(4, _PLAIN),
            start=position + header_bytes,
        )
        if min(page.size_bytes, page.stored_bytes, page.value_count) < 0:
            raise ValueError
        yield page
        position = page.start + page.stored_bytes


def _header(file: IO[bytes], position: int) -> tuple[dict[int, Any], int]:
    size_bytes = _HEADER_BYTES
    while True:
        file.seek(position)
        reader = _ThriftReader(data=file.read(size_bytes))
        try:
            return reader.struct(), reader.position
        except IndexError:
            if len(reader.data) < size_bytes or size_bytes >= _HEADER_BYTES_MAX:
                raise
            size_bytes *= 16
