"""Foreign columns → event columns."""

import json
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from decimal import Decimal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Refused
from botmeter.domain.event import FIELDS
from botmeter.sources.json_text.json_columns import Column, columns_within, is_text, uniform_array
from botmeter.sources.json_text.pointer import Path
from botmeter.sources.mapping.mapping import ROW, Address, FieldLocation, Mapping, joined
from botmeter.sources.mapping.row_content import digests_of_columns
from botmeter.sources.records import DOUBTFUL
from botmeter.sources.times.clock import number_text

_ENCODER = msgspec.json.Encoder(decimal_format="number")
# As many names as fit a readable sentence.
_LISTED_NAMES_MAX = 30
# Fields whose numbers may have decimals.
_NUMBERS = frozenset({"occurred_at", "started_at", "amount"})


def checked_columns(columns: Sequence[str], *, mapping: Mapping, name: str) -> tuple[str, ...]:
    """Check a file's columns and return notes about ignored ones.

    Raises:
        Refused: `column_doubled`, `column_missing`.
    """
    for _, column in mapping.sent_columns():
        if columns.count(column) > 1:
            raise Refused("column_doubled", f"{name} has the column {column!r} {columns.count(column)} times.")
    for field, column in mapping.sent_columns():
        if column not in columns and (field in (*mapping.shape.required, "rows") or field in mapping.locations):
            purpose = "" if field == column else f" (for {field})"
            reason = f"{name} has no column {column!r}{purpose}; its columns are {_listed(columns)}."
            raise Refused("column_missing", f"{reason} {mapping.shape.hint(columns)}")
    names = mapping.column_names()
    ignored = [column for column in dict.fromkeys(columns) if column and column not in names]
    return (f"Ignored columns of {name}: {_listed(ignored)}.",) if ignored else ()


def columns_of_events(foreign: AbstractMapping[str, pa.Array], *, count: int, mapping: Mapping) -> dict[str, pa.Array]:
    """Field → column for `count` rows of a table; none if its rows are documents."""
    if mapping.rows:
        return {}
    paths: dict[str, list[Path]] = {}
    for _, (column, *path) in mapping.leaves():
        if column in foreign:
            paths.setdefault(column, []).append(tuple(path))
    values = {
        (ROW, (column, *path)): within
        for column, inside in paths.items()
        for path, within in columns_within(foreign[column], inside).items()
    }
    columns = event_columns(values, count=count, mapping=mapping)
    if mapping.has_generated_ids:
        columns["event_id"] = digests_of_columns(foreign, count=count)
    return columns


def event_columns(values: AbstractMapping[Address, Column], *, count: int, mapping: Mapping) -> dict[str, pa.Array]:
    """Field → column values, without absent fields."""
    locations = {name: mapping.location(name) for name in mapping.shape.fields}
    return {
        name: _event_column(name, location, values=values, count=count)
        for name, location in locations.items()
        if all(leaf.address in values for leaf in location.leaves)
    }


def text_columns(records: Sequence[AbstractMapping[str, object]]) -> dict[str, pa.Array]:
    """Field → column of text for records."""
    return {name: pa.array([value_text(name, each.get(name)) for each in records], pa.string()) for name in FIELDS}


def value_text(field: str, value: object) -> str | None:
    """Value as text, or `DOUBTFUL` for `validation`."""
    match value:
        case None:
            return None
        case str():
            return value if _is_encodable(value) else DOUBTFUL
        case bool():
            return str(value).lower() if field == "preview" else DOUBTFUL
        case int():
            return str(value) if value.bit_length() < 64 else DOUBTFUL
        case Decimal() if field in _NUMBERS:
            return number_text(value)
        case dict() if field == "attributes":
            return _object_text(value)
        case _:
            return DOUBTFUL


def _event_column(
    field: str, location: FieldLocation, *, values: AbstractMapping[Address, Column], count: int
) -> pa.Array:
    if location.join:
        parts = [_part_column(part, values=values, count=count) for part in location.join]
        return _translated(_joined(parts, separator=location.separator), field, location=location)
    if location.column is None:
        return _constant(value_text(field, location.constant), count=count)
    return _translated(values[location.address], field, location=location)


def _constant(text: str | None, *, count: int) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(count, np.int32)), pa.array([text], pa.string()))


def _part_column(part: FieldLocation, *, values: AbstractMapping[Address, Column], count: int) -> pa.Array:
    if part.column is None:
        return pa.repeat(pa.scalar(joined([part.constant], separator=""), pa.string()), count)
    column = values[part.address]
    if isinstance(column, list) or not (is_text(column.type) or pa.types.is_integer(column.type)):
        cells = column if isinstance(column, list) else column.to_pylist()
        return pa.array([_part_text(part.translated(cell_value(cell))) for cell in cells], pa.string())
    return _translated(column, "", location=part)


def _part_text(value: object) -> str | None:
    try:
        text = joined([value], separator="")
    except Refused:
        return DOUBTFUL
    return text if text is None or _is_encodable(text) else DOUBTFUL


def _joined(parts: Sequence[pa.Array], *, separator: str) -> pa.Array:
    # Arrow does not check that text in files is UTF-8; `checked_column` does.
    texts = [(part.cast(pa.string()) if pa.types.is_integer(part.type) else part).cast(pa.binary()) for part in parts]
    present = [pc.if_else(pc.equal(pc.binary_length(text), 0), pa.scalar(None, pa.binary()), text) for text in texts]
    return pc.binary_join_element_wise(*present, separator.encode())


def _translated(column: Column, field: str, *, location: FieldLocation) -> pa.Array:
    if isinstance(column, list):
        array = uniform_array(column)
        if array is None:
            return pa.array([value_text(field, location.translated(value)) for value in column], pa.string())
        column = array
    if not location.values:
        return column
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    values = coded.dictionary
    values = values.cast(pa.binary()) if pa.types.is_string(values.type) else values
    cells = [*values.to_pylist(), None]
    texts = pa.array([value_text(field, location.translated(cell_value(cell))) for cell in cells], pa.string())
    return texts.take(coded.indices.fill_null(len(cells) - 1))


def cell_value(cell: object) -> object:
    """Decode a cell; bytes that are not UTF-8 become lone surrogates."""
    return cell.decode("utf-8", "surrogateescape") if isinstance(cell, bytes) else cell


def row_bytes(row: AbstractMapping[str, object]) -> bytes:
    """Table row as JSON to correct and send again."""
    return json.dumps(row, ensure_ascii=False, default=str).encode("utf-8", "surrogateescape")


def _object_text(value: object) -> str:
    try:
        return _ENCODER.encode(value).decode()
    except (msgspec.MsgspecError, UnicodeError, TypeError, ValueError, RecursionError):
        return DOUBTFUL


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _listed(names: Sequence[str]) -> str:
    names = [name for name in names if name]
    more = f" and {len(names) - _LISTED_NAMES_MAX} more" if len(names) > _LISTED_NAMES_MAX else ""
    return ", ".join(name[:64] for name in names[:_LISTED_NAMES_MAX]) + more
