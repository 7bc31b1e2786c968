"""Foreign columns → event columns."""

import json
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence

import msgspec
import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.event import FIELDS, REQUIRED_FIELDS
from botmeter.sources.mapping import Mapping, Place
from botmeter.sources.records import DOUBTFUL

_ENCODER = msgspec.json.Encoder(decimal_format="number")
# As many names as fit a readable sentence.
_NAMES_SHOWN_MAX = 30


def checked_columns(found: Sequence[str], *, mapping: Mapping | None, name: str) -> tuple[str, ...]:
    """Check a file's columns and return notes about ignored ones.

    Raises:
        Refused: `column_doubled`, `column_missing`.
    """
    for column in found:
        if found.count(column) > 1:
            raise Refused("column_doubled", f"{name} has the column {column!r} {found.count(column)} times.")
    wanted = columns_by_field(mapping)
    for field, column in wanted.items():
        is_needed = field in REQUIRED_FIELDS or (mapping is not None and field in mapping.places)
        if is_needed and column not in found:
            there = f"its columns are {_listed(found)}"
            raise Refused("column_missing", f"{name} has no column {column!r}{_for(field, column)}; {there}.")
    ignored = [column for column in found if column not in wanted.values()]
    return (f"Ignored columns of {name}: {_listed(ignored)}.",) if ignored else ()


def columns_by_field(mapping: Mapping | None) -> dict[str, str]:
    """Return field → column; constants have none."""
    if mapping is None:
        return {field: field for field in FIELDS}
    places = {field: mapping.place(field) for field in FIELDS}
    return {field: place.column for field, place in places.items() if place.column is not None}


def columns_of_events(
    foreign: AbstractMapping[str, pa.Array], *, count: int, mapping: Mapping | None
) -> dict[str, pa.Array]:
    """Return field → column values, for `count` rows."""
    if mapping is None:
        return {field: foreign[field] for field in FIELDS if field in foreign}
    columns = {}
    for field in FIELDS:
        place = mapping.place(field)
        if place.column is None:
            columns[field] = pa.repeat(pa.scalar(value_text(field, place.constant), pa.string()), count)
        elif place.column in foreign:
            columns[field] = _column(field, foreign[place.column], place=place)
    return columns


def value_text(field: str, value: object) -> str | None:
    """Return a value as text, or `DOUBTFUL` for `validation`."""
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


def _column(field: str, foreign: pa.Array, *, place: Place) -> pa.Array:
    if place.is_plain:
        return foreign
    if pa.types.is_nested(foreign.type):
        return pa.array([value_text(field, place.value(cell)) for cell in foreign.to_pylist()], pa.string())
    coded = foreign if pa.types.is_dictionary(foreign.type) else foreign.dictionary_encode()
    cells = [*coded.dictionary.to_pylist(), None]
    texts = pa.array([value_text(field, place.value(cell_value(cell))) for cell in cells], pa.string())
    return texts.take(coded.indices.fill_null(len(cells) - 1))


def cell_value(cell: object) -> object:
    """Decode a cell; bytes that are not UTF-8 become lone surrogates."""
    return cell.decode("utf-8", "surrogateescape") if isinstance(cell, bytes) else cell


def row_bytes(row: AbstractMapping[str, object]) -> bytes:
    """Return a table row as JSON to correct and send again."""
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


def _for(field: str, column: str) -> str:
    return "" if field == column else f" (for {field})"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES_SHOWN_MAX} more" if len(names) > _NAMES_SHOWN_MAX else ""
    return ", ".join(name[:64] for name in names[:_NAMES_SHOWN_MAX]) + more
