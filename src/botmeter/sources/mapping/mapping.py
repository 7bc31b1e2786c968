"""Mapping of a foreign file to event fields."""

import json
from collections.abc import Mapping as AbstractMapping
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal

from botmeter.domain.errors import Refused
from botmeter.sources.json_text.pointer import Path, followed, pointer_of
from botmeter.sources.mapping.record_shape import EVENTS, RecordShape
from botmeter.sources.table_options import DEFAULTS, TableOptions
from botmeter.sources.times.clock import RFC3339, Clock
from botmeter.sources.validation import kind_of

ROW = -1
"""Level of the record itself."""
Address = tuple[int, Path]
"""Level and path from there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLocation:
    """Location of one field in a record.

    Attributes:
        column: Or top-level key; None: every event has `constant`.
        path: JSON pointer from there; JSON text on the way is parsed.
        level: Enclosing element that has the column: 0 is the document, n the element at the n-th `*` of `rows`.
        join: Parts of the value; without one of them the value is missing.
        values: As sent → for Botmeter.
        otherwise: Replaces values not in `values`; None: they stay.
    """

    column: str | None = None
    path: Path = ()
    level: int = ROW
    constant: object = None
    join: "tuple[FieldLocation, ...]" = ()
    separator: str = ":"
    values: AbstractMapping[str, str] = field(default_factory=dict)
    otherwise: str | None = None
    is_generated: bool = False

    @property
    def leaves(self) -> "tuple[FieldLocation, ...]":
        """Locations with a column."""
        if self.join:
            return tuple(leaf for part in self.join for leaf in part.leaves)
        return () if self.column is None else (self,)

    @property
    def address(self) -> "Address":
        return self.level, (self.column or "", *self.path)

    def value(self, levels: Sequence[object]) -> object:
        """Value in a record, the last of its enclosing elements; raises `Refused` (`type_invalid`)."""
        if self.join:
            return self.translated(joined([part.value(levels) for part in self.join], separator=self.separator))
        if self.column is None:
            return self.constant
        return self.translated(followed(levels[self.level], (self.column, *self.path)))

    def translated(self, value: object) -> object:
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
        rows: Path of the records in each object, with `*` for each element; empty: each object is a record.
        decimal_mark: Of numbers in texts; empty: as the file shows.
    """

    locations: AbstractMapping[str, FieldLocation] = field(default_factory=dict)
    clock: Clock = RFC3339
    table: TableOptions = DEFAULTS
    rows: Path = ()
    decimal_mark: str = ""
    shape: RecordShape = EVENTS

    def location(self, name: str) -> FieldLocation:
        return self.locations.get(name) or FieldLocation(column=name)

    def columns(self) -> dict[str, str]:
        """Field → column; without constant and joined fields, and fields inside cells."""
        columns = {} if self.rows else {name: self.location(name).column for name in self.shape.fields}
        return {name: column for name, column in columns.items() if column is not None}

    def sent_columns(self) -> list[tuple[str, str]]:
        """Pairs of field and column of a table, joined columns and `rows` included."""
        level = 0 if self.rows else ROW
        leaves = [
            (name, leaf) for name in self.shape.fields for leaf in self.location(name).leaves if leaf.level == level
        ]
        pairs = [(name, leaf.column) for name, leaf in leaves if leaf.column is not None]
        return [*pairs, *(("rows", part) for part in self.rows[:1])]

    @property
    def has_generated_ids(self) -> bool:
        return self.location("event_id").is_generated

    def is_read(self, column: str) -> bool:
        """Look for a column that fields read; ids of rows are generated from all."""
        return self.has_generated_ids or column in self.column_names()

    def column_names(self) -> set[str]:
        return {column for _, column in self.sent_columns()}

    def leaves(self) -> "set[Address]":
        return {leaf.address for name in self.shape.fields for leaf in self.location(name).leaves}

    def object_paths(self) -> set[Path]:
        """Paths of values that can be objects, and are no other fields' values."""
        location = self.location("attributes")
        others = {
            leaf.address for name in self.shape.fields if name != "attributes" for leaf in self.location(name).leaves
        }
        return {
            path
            for level, path in [location.address]
            if not (location.join or location.values) and (level, path) not in others
        }

    def paths_at(self, level: int) -> list[Path]:
        return sorted(path for each, path in self.leaves() if each == level)

    def pointer_to(self, level: int, path: Path) -> str:
        """Pointer from the top of a document to a path below a level."""
        stars = [index for index, part in enumerate(self.rows) if part == "*"]
        return pointer_of((*self.rows[: stars[level - 1] + 1 if level else 0], *path))

    def record(self, row: AbstractMapping[str, object]) -> dict[str, object]:
        """Fields as sent, or the row as it is if it is a document; raises `Refused` (`type_invalid`)."""
        return dict(row) if self.rows else self.record_below((row,))

    def record_below(self, levels: Sequence[object]) -> dict[str, object]:
        """Fields of a record below the elements around it; raises as `record`."""
        return {name: self.location(name).value(levels) for name in self.shape.fields}


OWN_NAMES = Mapping()
"""Mapping of a file whose columns have the names of fields."""


def joined(parts: Sequence[object], *, separator: str) -> str | None:
    """Join texts and whole numbers; None if one is missing; raises `Refused` (`type_invalid`)."""
    if any(part is None or part == "" for part in parts):
        return None
    return separator.join(_joinable(part) for part in parts)


def _joinable(part: object) -> str:
    match part:
        case str():
            return part
        case int() if not isinstance(part, bool):
            return str(part)
        case date() | time():
            return part.isoformat()
        case _:
            raise Refused(
                "type_invalid", f"A part of a joined value is {kind_of(part)}; it must be text or a whole number."
            )


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | Decimal) else json.dumps(value, default=str)
