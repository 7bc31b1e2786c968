"""Records in arrays inside documents: objects of JSON, or rows of a table with JSON in a cell."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import msgspec
import numpy as np
import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.receipt import Rejection
from botmeter.sources.json_text.elements import RECORDS_MAX
from botmeter.sources.json_text.json_columns import Column, values_at
from botmeter.sources.json_text.pointer import Path, followed, loaded, pointer_of, put_at
from botmeter.sources.mapping.mapped import event_columns, row_bytes
from botmeter.sources.mapping.mapping import ROW, Address, Mapping
from botmeter.sources.mapping.row_content import DIGESTS, digest_of_values
from botmeter.sources.records import Records
from botmeter.sources.times.clock import Clock
from botmeter.sources.validation import kind_of

Levels = tuple[object, ...]
"""A document, the elements on the way to a record, and the record."""

_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Part of a document that is read at once.

    Attributes:
        levels: The document, and elements in it.
        rows: Path of the records from the last level; empty: the last level is a record.
        fault: Reason why it can't be read; its text is `raw`.
    """

    levels: Levels = ()
    rows: Path = ()
    fault: Rejection | None = None


def records_from_pieces(
    pieces: Iterable[Piece], *, mapping: Mapping, clock: Clock, name: str, bytes_read: Callable[[], int]
) -> Iterator[Records]:
    """Yield the records of a file; positions count records.

    Raises:
        Refused: `rows_missing` if no document has the array.
    """
    batch = _RecordBatch(mapping=mapping, clock=clock)
    document_count = 0
    for piece in pieces:
        document_count += 1
        batch.add(piece)
        if batch.count >= RECORDS_MAX:
            yield batch.records(bytes_read=bytes_read())
            batch = batch.next()
    if not batch.last_position and document_count == batch.missing_count > 0:
        raise Refused("rows_missing", f"{name} has nothing at {pointer_of(mapping.rows)}, where its mapping has rows.")
    missing = f"{batch.missing_count:,} objects of {name} have no records at {pointer_of(mapping.rows)}."
    yield batch.records(bytes_read=bytes_read(), notes=(missing,) if batch.missing_count else ())


def records_in_cells(tables: Iterable[Records], *, mapping: Mapping, name: str) -> Iterator[Records]:
    """Yield the records inside the rows of a table; raises as `records_from_pieces`."""
    read = 0
    notes: tuple[str, ...] = ()

    def pieces() -> Iterator[Piece]:
        nonlocal read, notes
        for table in tables:
            read, notes = table.bytes_read, (*notes, *table.notes)
            faults = {fault.index: Piece(fault=fault) for fault in table.rejections}
            rows = {int(position): row for row, position in enumerate(table.positions)}
            for position in sorted({*faults, *rows}):
                yield faults.get(position) or _piece_of_row(table, rows[position], mapping=mapping)

    for records in records_from_pieces(
        pieces(), mapping=mapping, clock=mapping.clock, name=name, bytes_read=lambda: read
    ):
        yield replace(records, notes=(*notes, *records.notes))
        notes = ()


def _piece_of_row(table: Records, row: int, *, mapping: Mapping) -> Piece:
    try:
        return Piece(levels=(table.record(row),), rows=mapping.rows)
    except Refused as fault:
        raw, index = table.raw(row), int(table.positions[row])
        return Piece(fault=Rejection(index=index, event_id=None, code=fault.code, detail=fault.message, raw=raw))


@dataclass(slots=True, kw_only=True)
class _RecordBatch:
    mapping: Mapping
    clock: Clock
    first_position: int = 0
    missing_count: int = 0
    rows: list[Levels] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.rows) + len(self.rejections)

    @property
    def last_position(self) -> int:
        return self.first_position + self.count

    def next(self) -> "_RecordBatch":
        return _RecordBatch(
            mapping=self.mapping,
            clock=self.clock,
            first_position=self.last_position,
            missing_count=self.missing_count,
        )

    def add(self, piece: Piece) -> None:
        if piece.fault is not None:
            self._reject(piece.fault.code, piece.fault.detail, raw=piece.fault.raw)
        else:
            self._descend(piece.levels, piece.rows)

    def _descend(self, levels: Levels, path: Path) -> None:
        if not path:
            self._add_row(levels)
            return
        end = path.index("*")
        value = followed(levels[-1], path[:end])
        value = _list(value)
        if value is None:
            self.missing_count += 1
        elif isinstance(value, list):
            for element in value:
                self._descend((*levels, element), path[end + 1 :])
        else:
            detail = f"{pointer_of(path[:end])} is {kind_of(value)}; the records must be in a list."
            self._reject("json_invalid", detail, raw=_text(levels[-1]))

    def _add_row(self, levels: Levels) -> None:
        if isinstance(levels[-1], dict | list):
            self.positions.append(self.last_position)
            self.rows.append(levels)
        else:
            detail = f"The record must be a JSON object; it is {kind_of(levels[-1])}."
            self._reject("json_invalid", detail, raw=_text(levels[-1]))

    def _reject(self, code: str, detail: str, *, raw: bytes) -> None:
        self.rejections.append(Rejection(index=self.last_position, event_id=None, code=code, detail=detail, raw=raw))

    def records(self, *, bytes_read: int, notes: tuple[str, ...] = ()) -> Records:
        addresses = self.mapping.leaves()
        values: dict[Address, Column] = {}
        for level in {level for level, _ in addresses}:
            paths = [path for each, path in addresses if each == level]
            found = values_at([levels[level] for levels in self.rows], paths)
            values.update({(level, path): column for path, column in found.items()})
        columns = event_columns(values, count=len(self.rows), mapping=self.mapping)
        if self.mapping.has_generated_ids:
            columns["event_id"] = _digests(self.rows, mapping=self.mapping)
        return Records(
            columns=columns,
            record=lambda row: self.mapping.record_below(self.rows[row]),
            raw=lambda row: _text(document_of_row(self.rows[row], mapping=self.mapping)),
            positions=np.array(self.positions, np.int64),
            clock=self.clock,
            rejections=tuple(self.rejections),
            bytes_read=bytes_read,
            notes=notes,
        )


def _list(value: object) -> object:
    if isinstance(value, str) and value.strip() not in ("", "null"):
        parsed = loaded(value)
        value = value if parsed is None else parsed
    if isinstance(value, dict):
        return list(value.values())
    return None if isinstance(value, str) and value.strip() in ("", "null") else value


def _digests(rows: Sequence[Levels], *, mapping: Mapping) -> pa.Array:
    outer = [(level, path, mapping.pointer_to(level, path)) for level, path in mapping.leaves() if level != ROW]
    digests = []
    for levels in rows:
        row = levels[-1]
        members = row.items() if isinstance(row, dict) else enumerate(row) if isinstance(row, list) else ()
        content = {str(name): value for name, value in members}
        content.update({pointer: followed(levels[level], path) for level, path, pointer in outer})
        digests.append(digest_of_values(content))
    return pa.array(digests, DIGESTS)


def document_of_row(levels: Sequence[object], *, mapping: Mapping) -> object:
    """Smallest document with the record and the values that the mapping names around it."""
    segments = _segments(mapping.rows)
    document = levels[-1]
    for level in range(len(levels) - 2, -1, -1):
        around: dict[str, object] = {}
        for path in mapping.paths_at(level):
            value = followed(levels[level], path)
            if value is not None:
                put_at(around, path, value=value)
        segment = segments[level]
        if segment:
            put_at(around, segment, value=[document])
        document = around if segment else [document]
    return document


def _segments(rows: Path) -> list[Path]:
    segments: list[Path] = [()]
    for part in rows:
        segments[-1:] = [segments[-1], ()] if part == "*" else [(*segments[-1], part)]
    return segments[:-1]


def _text(value: object) -> bytes:
    try:
        return _ENCODER.encode(value)
    except (msgspec.MsgspecError, UnicodeError, TypeError, ValueError, RecursionError):
        return row_bytes({"record": value}) if not isinstance(value, dict) else row_bytes(value)
