"""Mapping of a foreign file to event fields."""

import json
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from decimal import Decimal

from botmeter.domain.errors import Refused
from botmeter.domain.event import FIELDS
from botmeter.sources.clock import RFC3339, Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Location of one field in a record.

    Attributes:
        column: Or top-level key; None: every event has `constant`.
        path: JSON pointer from there; JSON text on the way is parsed.
        values: As sent → for Botmeter.
        otherwise: Replaces values not in `values`; None: they stay.
    """

    column: str | None = None
    path: tuple[str, ...] = ()
    constant: object = None
    values: AbstractMapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None

    @property
    def is_plain(self) -> bool:
        return self.column is not None and not self.path and not self.values

    def value(self, cell: object) -> object:
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
    """Locations of event fields, and the format of times.

    Attributes:
        places: Others are columns of their own name.
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
        return self.places.get(name) or Place(column=name)

    def record(self, row: AbstractMapping[str, object]) -> dict[str, object]:
        """Return one row with its values replaced."""
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
    if found is None:
        return ""
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found) if isinstance(found, str | int | Decimal) else json.dumps(found, default=str)
