"""A mapping: where each field of an event stands in a foreign file, and how to read it.

It says field by field: a column, a JSON pointer or a constant, then perhaps a table of values. A
field that the mapping does not name is read from the column of its own name, if there is one.
"""

import json
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from decimal import Decimal

from botmeter.domain.errors import Refused
from botmeter.domain.event import FIELDS
from botmeter.sources.clock import RFC3339, Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where one field stands in a record, and how its values are called there.

    Attributes:
        column: Column, or key at the top of an object; None: every event has `constant`.
        path: From there on into an object or list, as the parts of a JSON pointer. A text on the
            way is read as JSON, since CSV files hold such cells.
        constant: The value of every event.
        values: Value as sent → value as Botmeter calls it.
        otherwise: For every value that `values` does not name; None: it stays as it is.
    """

    column: str | None = None
    path: tuple[str, ...] = ()
    constant: object = None
    values: AbstractMapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the column holds the values as they are."""
        return self.column is not None and not self.path and not self.values

    def value(self, cell: object) -> object:
        """The field's value where the column holds `cell`."""
        if self.column is None:
            return self.constant
        found = _followed(cell, self.path)
        if not self.values:
            return found
        name = _name(found)
        if name in self.values:
            return self.values[name]
        return found if self.otherwise is None or name == "" else self.otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Where the fields of an event stand, and how times are written.

    Attributes:
        places: Field → its place. Fields left out stand in the column of their own name.
        clock: How `occurred_at` is written.
    """

    places: AbstractMapping[str, Place]
    clock: Clock = RFC3339

    def __post_init__(self) -> None:
        unknown = [name for name in self.places if name not in FIELDS]
        if unknown:
            fields = ", ".join(FIELDS)
            raise Refused(
                "mapping_invalid", f"The mapping names {unknown[0]!r}, which is no field; fields are {fields}."
            )

    def place(self, name: str) -> Place:
        """Where the field `name` stands."""
        return self.places.get(name) or Place(column=name)

    def record(self, row: AbstractMapping[str, object]) -> dict[str, object]:
        """The record in one row of the foreign file: field → value as sent, values renamed."""
        record = {}
        for name in FIELDS:
            place = self.place(name)
            record[name] = place.value(row.get(place.column) if place.column is not None else None)
        return record


def _followed(cell: object, path: tuple[str, ...]) -> object:
    for part in path:
        if isinstance(cell, str):
            cell = _loaded(cell)
        if isinstance(cell, dict):
            cell = cell.get(part)
        elif isinstance(cell, list) and part.isascii() and part.isdigit() and len(part) < 10:
            cell = cell[int(part)] if int(part) < len(cell) else None
        else:
            return None
    return cell


def _loaded(text: str) -> object:
    try:
        found: object = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return found


def _name(found: object) -> str:
    """How a table of values calls what was found; nothing is the empty text."""
    if found is None:
        return ""
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found) if isinstance(found, str | int | Decimal) else json.dumps(found, default=str)
