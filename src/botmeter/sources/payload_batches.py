"""Payloads of one source → one batch of events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.event import FIELDS
from botmeter.domain.receipt import Rejection
from botmeter.domain.source import Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.clock import Clock
from botmeter.sources.cloudevents import with_receipt_time
from botmeter.sources.columns import batch_from_records
from botmeter.sources.connector import Connector
from botmeter.sources.defaults import records_with_defaults
from botmeter.sources.elements import Objects
from botmeter.sources.event_payloads import objects_of_payload
from botmeter.sources.json_records import records_from_objects
from botmeter.sources.mapped import row_bytes, value_text
from botmeter.sources.payload import NOT_RECEIVED_US, NOT_UNDERSTOOD, EventRecord, PayloadContent
from botmeter.sources.records import Records

_NO_CONTENT = PayloadContent()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPayload:
    """Content of one payload in a batch; `record_count` includes rejected records."""

    first_position: int
    record_count: int
    subject: str = ""
    ignored: tuple[str, ...] = ()
    ignored_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPayloads:
    """Several payloads as one batch; positions count rejected records too."""

    batch: EventBatch
    payloads: tuple[ReadPayload, ...]


def batch_from_payloads(
    payloads: Sequence[bytes], *, source: Source, connector: Connector, received_us: Sequence[int], first: int = 0
) -> ReadPayloads:
    """Read decompressed payloads; one not understood is one rejection, kept whole."""
    builder = _BatchBuilder(position=first)
    if connector.is_native:
        for payload, at_us in zip(payloads, received_us, strict=True):
            _add_native(builder, payload, received_us=at_us)
        batch = _native_batch(builder, source)
    else:
        for payload, at_us in zip(payloads, received_us, strict=True):
            try:
                content = connector.read(payload, source, received_us=at_us)
            except Refused as error:
                builder.reject(payload, error)
                continue
            builder.records.extend(content.records)
            builder.add(len(content.records), content=content)
        batch = batch_from_records(builder.batch_records())
    return ReadPayloads(batch=batch, payloads=tuple(builder.payloads))


def batch_from_event_records(
    records: Sequence[EventRecord], *, refused: Sequence[tuple[bytes, Refused]] = ()
) -> EventBatch:
    """Build a batch from records and rejections of whole payloads."""
    builder = _BatchBuilder(position=0)
    builder.records.extend(records)
    builder.add(len(records))
    for payload, error in refused:
        builder.reject(payload, error)
    return batch_from_records(builder.batch_records())


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of a platform's table.

    Attributes:
        fields: None: the row never counts.
        raw: Column → cell.
        error: Set for too many or too few cells.
    """

    fields: Mapping[str, object] | None
    raw: Mapping[str, object]
    error: str | None = None


def batch_from_rows(rows: Iterable[Row], *, clock: Clock, first: int, bytes_read: int) -> EventBatch:
    """Build a batch; rows that never count keep their positions, from `first`.

    Args:
        bytes_read: Of the stored file, so far.
    """
    builder = _BatchBuilder(position=first)
    for row in rows:
        if row.error is not None:
            builder.rejections.append(
                Rejection(
                    index=builder.position,
                    event_id=None,
                    code="row_uneven",
                    detail=row.error,
                    raw=row_bytes(row.raw),
                )
            )
            builder.position += 1
        elif row.fields is None:
            builder.position += 1
        else:
            builder.records.append(EventRecord(fields=row.fields, raw=row_bytes(row.raw)))
            builder.add(1)
    return batch_from_records(replace(builder.batch_records(), clock=clock, bytes_read=bytes_read))


@dataclass(slots=True, kw_only=True)
class _BatchBuilder:
    position: int
    records: list[EventRecord] = field(default_factory=list)
    objects: list[Objects] = field(default_factory=list)
    ranges: list[range] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    payloads: list[ReadPayload] = field(default_factory=list)

    def add(self, count: int, *, content: PayloadContent = _NO_CONTENT) -> None:
        self.payloads.append(
            ReadPayload(
                first_position=self.position,
                record_count=count,
                subject=content.subject,
                ignored=content.ignored,
                ignored_count=content.ignored_count,
            )
        )
        self.ranges.append(range(self.position, self.position + count))
        self.position += count

    def reject(self, payload: bytes, error: Refused) -> None:
        self.rejections.append(
            Rejection(index=self.position, event_id=None, code=NOT_UNDERSTOOD, detail=error.message, raw=payload)
        )
        self.payloads.append(ReadPayload(first_position=self.position, record_count=1))
        self.position += 1

    def positions(self) -> npt.NDArray[np.int64]:
        return np.fromiter((position for each in self.ranges for position in each), np.int64)

    def batch_records(self) -> Records:
        records = self.records
        columns = {
            name: pa.array([value_text(name, each.fields.get(name)) for each in records], pa.string())
            for name in FIELDS
        }
        return Records(
            columns=columns,
            record=lambda row: records[row].fields,
            raw=lambda row: records[row].raw,
            positions=self.positions(),
            rejections=tuple(self.rejections),
        )


def _add_native(builder: _BatchBuilder, payload: bytes, *, received_us: int) -> None:
    try:
        objects = objects_of_payload(payload)
    except Refused as error:
        builder.reject(payload, error)
        return
    if received_us != NOT_RECEIVED_US and b'"specversion"' in payload:
        objects = Objects.from_texts([with_receipt_time(text, received_us=received_us) for text in objects.texts])
    builder.objects.append(objects)
    builder.add(objects.count)


def _native_batch(builder: _BatchBuilder, source: Source) -> EventBatch:
    objects = Objects.joining(builder.objects)
    if not objects.count:
        return batch_from_records(builder.batch_records())
    records = replace(
        records_from_objects(objects, first=0), positions=builder.positions(), rejections=tuple(builder.rejections)
    )
    return batch_from_records(records_with_defaults(records, source))
