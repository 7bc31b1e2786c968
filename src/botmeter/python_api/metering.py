"""Sessions from files and tables, without an account."""

import os
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.source import DEFAULT_SOURCE
from botmeter.domain.text import counted
from botmeter.metering.schema import EventBatch
from botmeter.metering.stateless import MeterResult, metered_files
from botmeter.sources.arrow.arrow_stream import batches_from_arrow
from botmeter.sources.mapping.mapping import Mapping as FieldMapping
from botmeter.sources.mapping.mapping_file import mapping_from_document
from botmeter.sources.mapping.ready_made import mapping_named
from botmeter.sources.policy_file import policy_named
from botmeter.sources.reader import SourceFile, batches


class ArrowTable(Protocol):
    """A table of pyarrow, Polars, pandas, DuckDB and others."""

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        """Export the table to Arrow."""


_Path = str | os.PathLike[str]


def meter(
    events: _Path | ArrowTable,
    policy: _Path = "freshchat.session",
    *,
    mapping: _Path | Mapping[str, Any] | FieldMapping | None = None,
    source: str = DEFAULT_SOURCE,
) -> pa.Table:
    """Return the sessions of events, one row each, as `botmeter meter` writes them.

    A warning counts the rows that can't be read and take no part; `meter_result` lists them.

    Args:
        events: A file or a table.
        policy: A name or a file.
        mapping: A file, its content as a dict, or a name.
        source: Part of session ids.

    Raises:
        Refused: The events, the policy or the mapping can't be read at all.
    """
    result = meter_result(events, policy, mapping=mapping, source=source)
    if rejected := result.counts["rejected"]:
        warnings.warn(
            f"{counted(rejected, 'event')} could not be read and did not count; botmeter.meter_result lists them.",
            stacklevel=2,
        )
    return result.sessions


def meter_result(
    events: _Path | ArrowTable,
    policy: _Path = "freshchat.session",
    *,
    mapping: _Path | Mapping[str, Any] | FieldMapping | None = None,
    source: str = DEFAULT_SOURCE,
) -> MeterResult:
    """Return the sessions of `meter`, the counts, and the rejected events."""
    rule = policy_named(str(_expanded(policy)))
    return metered_files([_batches(events, mapping=_field_mapping(mapping))], policy=rule, source=source)


def _batches(events: _Path | ArrowTable, *, mapping: FieldMapping | None) -> Iterator[EventBatch]:
    if isinstance(events, str | os.PathLike):
        # Absolute, because `-` alone would be standard input.
        return batches(SourceFile(path=str(_expanded(events).absolute()), name=str(events), mapping=mapping))
    kind = type(events).__name__
    if not hasattr(events, "__arrow_c_stream__"):
        raise Refused(
            "events_unreadable",
            f"Events of type {kind} can't be read. Use a path, or a table of pyarrow, Polars, pandas or DuckDB.",
        )
    return batches_from_arrow(events, name=f"the {kind}", mapping=mapping)


def _field_mapping(mapping: _Path | Mapping[str, Any] | FieldMapping | None) -> FieldMapping | None:
    if mapping is None or isinstance(mapping, FieldMapping):
        return mapping
    if isinstance(mapping, Mapping):
        return mapping_from_document(mapping)
    return mapping_named(str(_expanded(mapping)))


def _expanded(path: _Path) -> Path:
    return Path(path).expanduser()
