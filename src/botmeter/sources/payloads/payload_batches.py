"""Payloads of one source → one batch of events."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from botmeter.domain.errors import Refused
from botmeter.domain.receipt import Rejection
from botmeter.domain.source import Source
from botmeter.metering.schema import EventBatch
from botmeter.sources.columns import batch_from_records
from botmeter.sources.mapping.mapped import text_columns
from botmeter.sources.payloads.connector import Connector
from botmeter.sources.payloads.payload import (
    PAYLOAD_REFUSED,
    EventRecord,
    PayloadContent,
    PayloadReader,
    joined_contents,
)
from botmeter.sources.payloads.payload_envelopes import InnerPayload, inner_payloads
from botmeter.sources.records import Records
from botmeter.sources.times.clock import RFC3339, Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPayload:
    """Payload in a batch; `record_count` includes rejected records."""

    first_position: int
    record_count: int
    content: PayloadContent = field(default_factory=PayloadContent)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPayloads:
    """Several payloads as one batch; positions count rejected records too."""

    batch: EventBatch
    payloads: tuple[ReadPayload, ...]


def batch_from_payloads(
    payloads: Iterable[bytes],
    *,
    source: Source,
    connector: Connector,
    first: int = 0,
    read: PayloadReader | None = None,
) -> ReadPayloads:
    """Read decompressed payloads; one that can't be read is one rejection, kept whole.

    Args:
        read: Instead of the connector's reader.
    """
    records: list[EventRecord] = []
    positions: list[int] = []
    rejections: list[Rejection] = []
    read_payloads: list[ReadPayload] = []
    position = first
    for payload in payloads:
        contents: list[PayloadContent] = []
        payload_position = position
        for inner in inner_payloads(payload, connector):
            content = _content(inner, source, read=read or connector.read)
            if isinstance(content, Refused):
                rejections.append(_rejection(inner.raw, content, position=position))
                position += 1
                continue
            contents.append(content)
            records += content.records
            positions += range(position, position + len(content.records))
            position += len(content.records)
        read_payloads.append(
            ReadPayload(
                first_position=payload_position,
                record_count=position - payload_position,
                content=joined_contents(contents),
            )
        )
    batch = batch_from_event_records(records, positions=positions, rejections=rejections)
    return ReadPayloads(batch=batch, payloads=tuple(read_payloads))


def _content(inner: InnerPayload, source: Source, *, read: PayloadReader) -> PayloadContent | Refused:
    if inner.refusal is not None:
        return inner.refusal
    try:
        return read(inner.text, source)
    except Refused as refusal:
        return refusal


def batch_from_pulled(records: Sequence[EventRecord], *, refused: Sequence[tuple[bytes, Refused]] = ()) -> EventBatch:
    """Build a batch from records and unreadable payloads."""
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
    """Build a batch from records; `bytes_read` of the stored file so far."""
    return batch_from_records(
        Records(
            columns=text_columns([each.fields for each in records]),
            record=lambda row: records[row].fields,
            raw=lambda row: records[row].raw,
            positions=np.array(positions, np.int64),
            clock=clock,
            rejections=tuple(rejections),
            bytes_read=bytes_read,
        )
    )


def _rejection(payload: bytes, error: Refused, *, position: int) -> Rejection:
    return Rejection(index=position, event_id=None, code=PAYLOAD_REFUSED, detail=error.message, raw=payload)
