"""Tables → records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.sources.mapping.mapped import cell_value, checked_columns, columns_of_events, row_bytes
from botmeter.sources.mapping.mapping import Mapping as FieldMapping
from botmeter.sources.records import Records
from botmeter.sources.stream import ByteStream
from botmeter.sources.table_options import TableOptions
from botmeter.sources.tables.id_columns import IdColumns
from botmeter.sources.tables.open_table import open_table
from botmeter.sources.tables.table import Table, TableBlock
from botmeter.sources.tables.text_rows import check_total
from botmeter.sources.times.clock import Clock


def records_from_table(stream: ByteStream, *, mapping: FieldMapping, options: TableOptions) -> Iterator[Records]:
    """Yield the records of a table; raises as `open_table` and `checked_columns`."""
    time_column = mapping.columns().get(mapping.shape.time, "")
    table = open_table(stream, options=options, expected=mapping.column_names(), times=(time_column,))
    notes = (*table.notes, *_checked(table, mapping))
    ids = IdColumns(_id_columns(mapping))
    for block in table.blocks:
        for part, clock in _by_clock(block, mapping.clock, time_column=time_column):
            records = _Rows(rows=part.rows, mapping=mapping, ids=ids).records(part, clock=clock)
            yield replace(records, bytes_read=stream.stored_bytes, notes=notes)
            notes = ()
    if notes := (*notes, *ids.notes(table.name)):
        yield _no_records(bytes_read=stream.stored_bytes, notes=notes)


def _no_records(*, bytes_read: int, notes: tuple[str, ...]) -> Records:
    none = np.array([], np.int64)
    return Records(
        columns={}, record=lambda _: {}, raw=lambda _: b"", positions=none, bytes_read=bytes_read, notes=notes
    )


def _id_columns(mapping: FieldMapping) -> set[str]:
    leaves = [leaf for field in mapping.shape.ids for leaf in mapping.location(field).leaves]
    in_cells = {leaf.column for leaf in leaves if leaf.column is not None and not leaf.path and not leaf.values}
    return in_cells & mapping.column_names()


def _checked(table: Table, mapping: FieldMapping) -> tuple[str, ...]:
    try:
        return checked_columns(table.columns, mapping=mapping, name=table.name)
    except Refused as fault:
        if fault.code != "column_missing":
            raise
        missing = [
            column
            for field, column in mapping.sent_columns()
            if column not in table.columns and (field in mapping.shape.required or field in mapping.locations)
        ]
        raise Refused("column_missing", fault.message + table.header_hint(missing)) from None


def _by_clock(block: TableBlock, clock: Clock, *, time_column: str) -> Iterator[tuple[TableBlock, Clock]]:
    is_date = block.dates.get(time_column)
    if is_date is None or not is_date.any():
        yield block, clock
        return
    yield _part(block, is_date), replace(clock, format="iso")
    if not is_date.all():
        yield _part(block, ~is_date), clock


def _part(block: TableBlock, flags: npt.NDArray[np.bool_]) -> TableBlock:
    return TableBlock(rows=block.rows.filter(pa.array(flags)), positions=block.positions[flags])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rows:
    rows: pa.RecordBatch
    mapping: FieldMapping
    ids: IdColumns

    def records(self, block: TableBlock, *, clock: Clock) -> Records:
        foreign = self.ids.checked(dict(zip(self.rows.schema.names, self.rows.columns, strict=True)))
        return Records(
            columns=columns_of_events(foreign, count=len(self.rows), mapping=self.mapping),
            record=self._record,
            raw=lambda row: row_bytes(self._cells(row)),
            positions=block.positions,
            clock=clock,
            rejections=block.uneven,
        )

    def _record(self, row: int) -> Mapping[str, object]:
        cells = self._cells(row)
        fields = self.mapping.record(self.ids.checked_row(cells))
        required = self.mapping.column_names() if self.mapping.rows else set(self.mapping.shape.required)
        # A generated id is given later.
        required -= {"event_id"} if self.mapping.has_generated_ids else set()
        check_total(list(map(str, cells.values())), is_whole=all(fields.get(name) for name in required))
        return fields

    def _cells(self, row: int) -> dict[str, object]:
        cells = self.rows.slice(row, 1).to_pylist()[0]
        return {name: cell_value(cell) for name, cell in cells.items()}
