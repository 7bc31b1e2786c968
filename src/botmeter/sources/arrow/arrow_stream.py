"""Arrow tables in memory, of any library, → checked batches."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.metering.schema import EventBatch
from botmeter.sources.arrow.arrow_rows import cells_of_row, clock_of_columns, legible
from botmeter.sources.columns import batch_from_records
from botmeter.sources.mapping.document_records import records_in_cells
from botmeter.sources.mapping.mapped import checked_columns, columns_of_events, row_bytes
from botmeter.sources.mapping.mapping import OWN_NAMES
from botmeter.sources.mapping.mapping import Mapping as FieldMapping
from botmeter.sources.mapping.row_ids import records_with_row_ids
from botmeter.sources.records import Records

# As many as are read at once from a file.
_ROWS_MAX = 250_000


def batches_from_arrow(events: object, *, name: str, mapping: FieldMapping | None = None) -> Iterator[EventBatch]:
    """Yield a table's events and rejections, in order; raises as `batches`, and Refused `events_unreadable`."""
    where = mapping or OWN_NAMES
    with _opened(events, name=name) as reader:
        rows = _records(reader, name=name, mapping=where)
        if where.rows:
            rows = records_in_cells(rows, mapping=where, name=name)
        for records in records_with_row_ids(rows, mapping=where):
            yield batch_from_records(records)


def _records(reader: pa.RecordBatchReader, *, name: str, mapping: FieldMapping) -> Iterator[Records]:
    names = list(reader.schema.names)
    notes = checked_columns(names, mapping=mapping, name=name)
    clock = clock_of_columns(reader.schema, mapping=mapping, name=name)
    first = 0
    for rows in _slices(reader, name=name):
        columns = {column: legible(rows.column(index)) for index, column in enumerate(names) if mapping.is_read(column)}
        yield Records(
            columns=columns_of_events(columns, count=len(rows), mapping=mapping),
            record=_record_reader(rows, mapping=mapping),
            raw=_raw_reader(rows),
            positions=np.arange(first, first + len(rows), dtype=np.int64),
            clock=clock,
            notes=notes,
        )
        first, notes = first + len(rows), ()


def _opened(events: object, *, name: str) -> pa.RecordBatchReader:
    try:
        return pa.RecordBatchReader.from_stream(events)
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as fault:
        raise _unreadable(fault, name=name) from fault


def _slices(reader: pa.RecordBatchReader, *, name: str) -> Iterator[pa.RecordBatch]:
    while True:
        try:
            rows = reader.read_next_batch()
        except StopIteration:
            return
        except (pa.ArrowException, OSError) as fault:
            raise _unreadable(fault, name=name) from fault
        for start in range(0, len(rows), _ROWS_MAX):
            yield rows.slice(start, _ROWS_MAX)


def _unreadable(fault: Exception, *, name: str) -> Refused:
    # Arrow appends a trace to what a stream raised.
    reason = ". ".join(map(str, fault.args)).partition(". Detail:")[0].strip() or type(fault).__name__
    return Refused("events_unreadable", f"No Arrow table can be read from {name}: {reason[:500]}.")


def _record_reader(rows: pa.RecordBatch, *, mapping: FieldMapping) -> Callable[[int], Mapping[str, object]]:
    return lambda row: mapping.record(cells_of_row(rows, row))


def _raw_reader(rows: pa.RecordBatch) -> Callable[[int], bytes]:
    return lambda row: row_bytes(cells_of_row(rows, row))
