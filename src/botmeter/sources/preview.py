"""First events of a file, beside what was sent and what is refused."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from heapq import merge
from itertools import islice
from typing import Any, Final

import numpy as np

from botmeter.domain.errors import Refused
from botmeter.domain.receipt import Rejection
from botmeter.domain.source import Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.columns import batch_from_records
from botmeter.sources.reader import SourceFile, records_of_file
from botmeter.sources.records import Records
from botmeter.sources.source_files import batches_of_source, is_of_platform

ROWS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewRow:
    """Record as an event, or its rejection.

    Attributes:
        position: In the file, from 0.
        event: By field, as in `EVENTS_SCHEMA`.
        sent_at: Time as sent; empty: unknown.
    """

    position: int
    event: Mapping[str, Any] | None = None
    sent_at: str = ""
    rejection: Rejection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """First records; `notes` are about the whole file."""

    rows: tuple[PreviewRow, ...]
    notes: tuple[str, ...]


def preview(file: SourceFile, *, source: Source | None = None) -> Preview:
    """Read the first records; raises as `batches_of_source`."""
    rows: list[PreviewRow] = []
    notes: list[str] = []
    with closing(_batches(file, source)) as batches:
        for batch, records in batches:
            notes += batch.notes
            rows += islice(_rows(batch, records), ROWS - len(rows))
            if len(rows) >= ROWS:
                break
    return Preview(rows=tuple(rows), notes=tuple(notes))


def _batches(file: SourceFile, source: Source | None) -> Generator[tuple[EventBatch, Records | None]]:
    if is_of_platform(file, source):
        yield from ((batch, None) for batch in batches_of_source(file, source))
        return
    with closing(records_of_file(file)) as found:
        for records in map(_start, found):
            yield batch_from_records(records, source), records


def _start(records: Records) -> Records:
    if len(records.positions) <= ROWS:
        return records
    positions = records.positions[:ROWS]
    return replace(
        records,
        columns={name: column.slice(0, ROWS) for name, column in records.columns.items()},
        positions=positions,
        rejections=tuple(each for each in records.rejections if each.index < positions[-1]),
    )


def _rows(batch: EventBatch, records: Records | None) -> Iterator[PreviewRow]:
    first = batch.events.slice(0, ROWS).to_pylist()
    positions = batch.positions.slice(0, len(first)).to_pylist()
    accepted = (
        PreviewRow(position=position, event=event, sent_at=_sent_at(records, position))
        for position, event in zip(positions, first, strict=True)
    )
    refused = (
        PreviewRow(position=each.index, rejection=each, sent_at=_sent_at(records, each.index))
        for each in batch.rejections[:ROWS]
    )
    yield from merge(accepted, refused, key=lambda row: row.position)


def _sent_at(records: Records | None, position: int) -> str:
    if records is None:
        return ""
    row = int(np.searchsorted(records.positions, position))
    if row >= len(records.positions) or records.positions[row] != position:
        return ""
    try:
        value = records.record(row).get("occurred_at")
    except Refused:
        return ""
    return "" if value is None else str(value)
