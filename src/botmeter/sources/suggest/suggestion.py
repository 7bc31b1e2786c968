"""Suggestion of a mapping, field by field."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from botmeter.domain.event import REQUIRED_FIELDS

ColumnKind = Literal["empty", "text", "number", "time", "boolean"]
Document = Mapping[str, object]
"""Table of a mapping file, such as `{"column": "Sent", "format": "epoch_ms"}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleColumn:
    """Column, or pointer into JSON, of the sampled rows.

    Attributes:
        location: As in a mapping file.
        kind: Shape of most values.
        samples: First different values, cut.
    """

    location: Document
    kind: ColumnKind
    samples: tuple[str, ...]
    distinct_count: int
    filled_count: int

    @property
    def label(self) -> str:
        return label_of(self.location)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSuggestion:
    """Proposal for one field of an event.

    Attributes:
        location: Table of a mapping file; empty: none fits.
        doubt: What to check; empty: nothing.
    """

    field: str
    location: Document
    reason: str
    doubt: str = ""
    samples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """Mapping proposed for a file, from its first rows.

    Attributes:
        row_count: Rows that were read.
        options: Keys of the file itself, such as `header_row`.
        rows: Pointer to the records in nested JSON, if they are not the lines or elements.
        ready_made: Name of the ready-made mapping that fits.
    """

    file_name: str
    format: str
    row_count: int
    is_whole: bool
    columns: tuple[SampleColumn, ...]
    fields: tuple[FieldSuggestion, ...]
    options: Document = field(default_factory=dict)
    rows: str | None = None
    rows_reason: str = ""
    ready_made: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def doubts(self) -> tuple[str, ...]:
        return tuple(f"{each.field}: {each.doubt}" for each in self.fields if each.doubt)

    @property
    def missing_fields(self) -> tuple[str, ...]:
        located = {each.field for each in self.fields if each.location}
        return tuple(name for name in REQUIRED_FIELDS if name not in located)

    def document(self) -> dict[str, object]:
        """Mapping as a parsed mapping file, without `missing_fields`."""
        rows = {} if self.rows is None else {"rows": self.rows}
        return {**self.options, **rows, **{each.field: dict(each.location) for each in self.fields if each.location}}


def label_of(location: Document) -> str:
    """Format a location, such as `Sent at` or `/user/id`."""
    column, pointer = location.get("column"), location.get("pointer")
    if column is not None and pointer is not None:
        return f"{column}{pointer}"
    return str(column or pointer or location.get("outer") or "")
