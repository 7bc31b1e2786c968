"""Payloads of one source → one batch of events."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

import numpy as np
import pyarrow as pa

from botmeter.domain.errors import Refused
from botmeter.domain.event import FIELDS
from botmeter.domain.receipt import Rejection
from botmeter.domain.source import Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.clock import RFC3339, Clock
from botmeter.sources.columns import batch_from_records
from botmeter.sources.mapped import value_text
from botmeter.sources.payload import PAYLOAD_REFUSED, EventRecord, PayloadContent, PayloadReader
from botmeter.sources.records import Records

# A payload can hold any number of kinds where a platform has a few.
_IGNORED_KINDS_MAX: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPayload:
    """Content of one payload in a batch.

    Attributes:
        record_count: Includes rejected records.
        ignored: As in `PayloadContent`, at most twenty kinds.
        ignored_count: Of all kinds.
    """

    first_position: int
    record_count: int
    subject: str = ""
    ignored: Mapping[str, int] = field(default_factory=dict)
    ignored_count: int = 0

    @property
    def ignored_sentences(self) -> tuple[str, ...]:
        return tuple(
            sentence if count == 1 else f"{sentence} ({count:,} of them)" for sentence, count in self.ignored.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPayloads:
    """Several payloads as one batch; positions count rejected records too."""

    batch: EventBatch
    payloads: tuple[ReadPayload, ...]


def batch_from_payloads(
    payloads: Iterable[bytes], *, source: Source, read: PayloadReader, first: int = 0
) -> ReadPayloads:
    """Read decompressed payloads; one that can't be read is one rejection, kept whole."""
    records: list[EventRecord] = []
    positions: list[int] = []
    rejections: list[Rejection] = []
    read_payloads: list[ReadPayload] = []
    position = first
    for payload in payloads:
        try:
            content = read(payload, source)
            record_count = len(content.records)
        except Refused as error:
            content, record_count = PayloadContent(), 1
            rejections.append(_rejection(payload, error, position=position))
        read_payloads.append(_read_payload(content, first_position=position, record_count=record_count))
        records += content.records
        positions += range(position, position + len(content.records))
        position += record_count
    batch = batch_from_event_records(records, positions=positions, rejections=rejections)
    return ReadPayloads(batch=batch, payloads=tuple(read_payloads))


def batch_from_pulled(records: Sequence[EventRecord], *, refused: Sequence[tuple[bytes, Refused]] = ()) -> EventBatch:
    """Build a batch from records, and from payloads that can't be read."""
    count = len(records)
    rejections = [_rejection(payload, error, position=count + index) for index, (payload, error) in enumerate(refused)]
    return batch_from_event_records(records, positions=range(count), rejections=rejections)


def batch_from_event_records(
    records: Sequence[EventRecord],
    *,
    positions: Sequence[int],
    rejections: Sequence[Rejection] = (),
    clock: Clock = RFC3339,
    bytes_read: int = 0,
) -> EventBatch:
    """Build a batch from records at positions; `bytes_read` of the stored file, so far."""
    columns = {
        name: pa.array([value_text(name, each.fields.get(name)) for each in records], pa.string()) for name in FIELDS
    }
    return batch_from_records(
        Records(
            columns=columns,
            record=lambda row: records[row].fields,
            raw=lambda row: records[row].raw,
            positions=np.array(positions, np.int64),
            clock=clock,
            rejections=tuple(rejections),
            bytes_read=bytes_read,
        )
    )


def _read_payload(content: PayloadContent, *, first_position: int, record_count: int) -> ReadPayload:
    return ReadPayload(
        first_position=first_position,
        record_count=record_count,
        subject=content.subject,
        ignored=dict(islice(content.ignored.items(), _IGNORED_KINDS_MAX)),
        ignored_count=sum(content.ignored.values()),
    )


def _rejection(payload: bytes, error: Refused, *, position: int) -> Rejection:
    return Rejection(index=position, event_id=None, code=PAYLOAD_REFUSED, detail=error.message, raw=payload)
