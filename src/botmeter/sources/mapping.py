"""Mapping of a foreign file to event fields."""

import json
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass, field
from decimal import Decimal

from botmeter.domain.event import FIELDS
from botmeter.sources.clock import RFC3339, Clock
from botmeter.sources.table_options import DEFAULTS, TableOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLocation:
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
        value = _followed(cell, self.path)
        if not self.values:
            return value
        text = _text(value)
        if text in self.values:
            return self.values[text]
        return value if self.otherwise is None or text == "" else self.otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Locations of event fields, and the format of times.

    Attributes:
        locations: Others are columns of their own name.
        table: Options of a file win over these.
    """

    locations: AbstractMapping[str, FieldLocation] = field(default_factory=dict)
    clock: Clock = RFC3339
    table: TableOptions = DEFAULTS

    def location(self, name: str) -> FieldLocation:
        return self.locations.get(name) or FieldLocation(column=name)

    def columns(self) -> dict[str, str]:
        columns = {name: self.location(name).column for name in FIELDS}
        return {name: column for name, column in columns.items() if column is not None}

    def record(self, row: AbstractMapping[str, object]) -> dict[str, object]:
        locations = {name: self.location(name) for name in FIELDS}
        return {name: location.value(row.get(location.column or "")) for name, location in locations.items()}


OWN_NAMES = Mapping()
"""Mapping of a file whose columns have the names of fields."""


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
        value: object = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return value


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | Decimal) else json.dumps(value, default=str)
