"""Parquet files of the lake's tables, with the bounds by which readers skip them."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.receipt import Rejection
from botmeter.lake.delta import LakeFile
from botmeter.lake.layout import LOOKUP_COLUMNS, SCHEMAS, TIME_COLUMNS
from botmeter.lake.root import ROW_GROUP_ROWS_OF_RUNS, LakeRoot, new_name, read_parquet, write_parquet

# Columns whose bounds are worth keeping, where a table has them.
_BOUNDED = ("run", "bucket", "occurred_at", "started_at", "ended_at", "last_event_at", "day", "append_no")


def write_rows(
    root: LakeRoot, table: str, *, rows: pa.Table, row_group_rows: int = ROW_GROUP_ROWS_OF_RUNS
) -> LakeFile | None:
    """Write rows as a file of a table, in order of time; None: none. Columns that they lack are null."""
    if not len(rows):
        return None
    schema = SCHEMAS[table]
    ordered = pa.table([_column(rows, field) for field in schema], names=schema.names)
    if table in TIME_COLUMNS:
        ordered = _in_order(ordered, TIME_COLUMNS[table])
    ordered = pa.table([_plain(ordered[field.name]).cast(field.type) for field in schema], schema=schema)
    name = new_name(root, table, ending="parquet")
    size_bytes = write_parquet(
        root, ordered, name=name, row_group_rows=row_group_rows, looked_up=LOOKUP_COLUMNS.get(table, ())
    )
    return LakeFile(name=name, row_count=len(rows), size_bytes=size_bytes, bounds=_bounds(ordered))


def read_table(root: LakeRoot, table: str, *, files: Iterable[LakeFile]) -> pa.Table:
    """Read all rows of a table."""
    schema = SCHEMAS[table]
    return pa.concat_tables([schema.empty_table(), *(read_parquet(root, file.name).cast(schema) for file in files)])


def write_rejections(
    root: LakeRoot, rejections: Sequence[Rejection], *, run: int, append_no: int, source: str, now_us: int
) -> LakeFile | None:
    """Write refused events of one input file to `quarantine`."""
    count = len(rejections)
    columns: Mapping[str, Sequence[object]] = {
        "run": [run] * count,
        "append_no": [append_no] * count,
        "recorded_at": [now_us] * count,
        "source": [source] * count,
        "position": [each.index for each in rejections],
        "event_id": [each.event_id for each in rejections],
        "code": [each.code for each in rejections],
        "detail": [each.detail for each in rejections],
        "raw": [each.raw for each in rejections],
    }
    schema = SCHEMAS["quarantine"]
    own = pa.schema(field for field in schema if field.name in columns)
    return write_rows(root, "quarantine", rows=pa.table({name: columns[name] for name in own.names}, schema=own))


def repeated(value: int, count: int) -> pa.Array:
    """Repeated number, as a column."""
    return pa.array(np.full(count, value, np.int32))


def _in_order(rows: pa.Table, column: str) -> pa.Table:
    order = np.argsort(rows[column].to_numpy(), kind="stable")
    return rows.take(pa.array(order))


def _column(rows: pa.Table, field: pa.Field) -> pa.ChunkedArray | pa.Array:
    return rows[field.name] if field.name in rows.column_names else pa.nulls(len(rows), field.type)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def _bounds(rows: pa.Table) -> dict[str, tuple[int, int]]:
    bounds = {}
    for name in _BOUNDED:
        if name in rows.column_names:
            column = rows[name].cast(pa.int32()) if pa.types.is_date(rows.schema.field(name).type) else rows[name]
            least = pc.min_max(column).as_py()
            bounds[name] = (least["min"], least["max"])
    return bounds
