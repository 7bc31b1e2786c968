"""Rows of Arrow tables from outside, as columns to check and as records."""

from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Refused
from botmeter.domain.instant import INSTANT_END_US, INSTANT_FIRST_US, text_from_us
from botmeter.sources.mapping.mapped import cell_value
from botmeter.sources.mapping.mapping import Mapping as FieldMapping
from botmeter.sources.records import DOUBTFUL
from botmeter.sources.times.clock import RFC3339, Clock, us_from_number

WHOLE_END: Final = 10**15
"""Floats and spreadsheets keep all of 15 digits."""


def clock_of_columns(schema: pa.Schema, *, mapping: FieldMapping, name: str) -> Clock:
    """Format of the times in a table; raises Refused `time_without_offset` for timestamps without a zone."""
    clock = mapping.clock
    column = mapping.columns().get(mapping.shape.time)
    kind = schema.field(column).type if column is not None else pa.string()
    if not pa.types.is_timestamp(kind):
        return clock
    if kind.tz is not None:
        return RFC3339
    if clock.zone is None:
        raise Refused(
            "time_without_offset",
            f"The times in column {column!r} of {name} have no time zone ({kind}). Name it in a mapping, such as "
            f'{mapping.shape.time} = {{ timezone = "UTC" }}.',
        )
    return Clock(zone=clock.zone, ambiguous=clock.ambiguous)


def legible(column: pa.Array) -> pa.Array:
    """Column in a type that the checks read."""
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        return _without_extension(column)
    if pa.types.is_run_end_encoded(kind):
        return legible(pc.run_end_decode(column))
    if pa.types.is_dictionary(kind):
        return pa.DictionaryArray.from_arrays(column.indices, _plain_values(column.dictionary))
    if pa.types.is_timestamp(kind) and kind.tz is None:
        return column.cast(pa.string())
    # Whole numbers beyond 64 bits, which databases write as decimals without a fraction.
    if pa.types.is_decimal(kind) and kind.scale == 0:
        return column.cast(pa.string())
    # A data frame reads a column of ids in which one is missing as floats.
    if pa.types.is_floating(kind) and _are_whole(column):
        return column.cast(pa.int64()).cast(pa.string())
    return column


def _are_whole(column: pa.Array) -> bool:
    numbers = column.cast(pa.float64())
    is_whole = pc.and_(pc.equal(pc.floor(numbers), numbers), pc.less(pc.abs(numbers), WHOLE_END))
    return bool(pc.all(is_whole, min_count=0).as_py())


def cells_of_row(rows: pa.RecordBatch, row: int) -> dict[str, object]:
    """Cells as JSON values and text."""
    return {name: _cell(rows.column(index)[row]) for index, name in enumerate(rows.schema.names)}


def _without_extension(column: pa.ExtensionArray) -> pa.Array:
    if isinstance(column.type, pa.UuidType):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    return legible(column.storage)


def _plain_values(values: pa.Array) -> pa.Array:
    # Arrow can't take rows of views.
    plain = {"string_view": pa.string(), "binary_view": pa.binary()}.get(str(values.type))
    return legible(values) if plain is None else values.cast(plain)


def _cell(scalar: pa.Scalar) -> object:
    if not scalar.is_valid:
        return None
    kind = scalar.type
    if pa.types.is_timestamp(kind):
        return _time_text(scalar.value, kind)
    if pa.types.is_map(kind):
        return dict(scalar.as_py())
    if pa.types.is_decimal(kind) and kind.scale == 0:
        return str(int(scalar.as_py()))
    if isinstance(kind, pa.UuidType):
        return str(scalar.as_py())
    if pa.types.is_floating(kind) and abs(scalar.as_py()) < WHOLE_END and scalar.as_py().is_integer():
        return str(int(scalar.as_py()))
    try:
        return cell_value(scalar.as_py())
    except UnicodeDecodeError:
        plain = scalar.value if pa.types.is_dictionary(kind) else scalar
        # In a list or map no single cell can be decoded.
        return cell_value(plain.as_buffer().to_pybytes()) if hasattr(plain, "as_buffer") else DOUBTFUL


def _time_text(number: int, kind: pa.TimestampType) -> str:
    instant_us = us_from_number(number, unit=kind.unit)
    if not INSTANT_FIRST_US <= instant_us < INSTANT_END_US:
        return f"{number} {kind.unit} since 1970"
    return text_from_us(instant_us).removesuffix("" if kind.tz is not None else "Z")
