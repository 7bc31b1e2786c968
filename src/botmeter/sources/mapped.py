"""Foreign columns → event columns."""

import json
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence

import msgspec
import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.event import FIELDS, REQUIRED_FIELDS
from botmeter.sources.mapping import FieldLocation, Mapping
from botmeter.sources.records import DOUBTFUL

_ENCODER = msgspec.json.Encoder(decimal_format="number")
# As many names as fit a readable sentence.
_LISTED_NAMES_MAX = 30


def checked_columns(columns: Sequence[str], *, mapping: Mapping, name: str) -> tuple[str, ...]:
    """Check a file's columns and return notes about ignored ones.

    Raises:
        Refused: `column_doubled`, `column_missing`.
    """
    for column in columns:
        if columns.count(column) > 1:
            raise Refused("column_doubled", f"{name} has the column {column!r} {columns.count(column)} times.")
    expected = mapping.columns()
    for field, column in expected.items():
        if column not in columns and (field in REQUIRED_FIELDS or field in mapping.locations):
            purpose = "" if field == column else f" (for {field})"
            raise Refused(
                "column_missing", f"{name} has no column {column!r}{purpose}; its columns are {_listed(columns)}."
            )
    ignored = [column for column in columns if column not in expected.values()]
    return (f"Ignored columns of {name}: {_listed(ignored)}.",) if ignored else ()


def columns_of_events(foreign: AbstractMapping[str, pa.Array], *, count: int, mapping: Mapping) -> dict[str, pa.Array]:
    """Field → column values, for `count` rows."""
    columns = {}
    for field in FIELDS:
        location = mapping.location(field)
        if location.column is None:
            columns[field] = pa.repeat(pa.scalar(value_text(field, location.constant), pa.string()), count)
        elif location.column in foreign:
            columns[field] = _column(field, foreign[location.column], location=location)
    return columns


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
        case dict() if field == "attributes":
            return _object_text(value)
        case _:
            return DOUBTFUL


def _column(field: str, foreign: pa.Array, *, location: FieldLocation) -> pa.Array:
    if location.is_plain:
        return foreign
    if pa.types.is_nested(foreign.type):
        return pa.array([value_text(field, location.value(cell)) for cell in foreign.to_pylist()], pa.string())
    coded = foreign if pa.types.is_dictionary(foreign.type) else foreign.dictionary_encode()
    values = coded.dictionary
    # Arrow does not check that text in files is UTF-8.
    values = values.cast(pa.binary()) if pa.types.is_string(values.type) else values
    cells = [*values.to_pylist(), None]
    texts = pa.array([value_text(field, location.value(cell_value(cell))) for cell in cells], pa.string())
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
    more = f" and {len(names) - _LISTED_NAMES_MAX} more" if len(names) > _LISTED_NAMES_MAX else ""
    return ", ".join(name[:64] for name in names[:_LISTED_NAMES_MAX]) + more
