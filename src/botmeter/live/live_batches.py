"""Parsing of pending batches into live batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botmeter.domain.source import Source
from botmeter.ledger.live_batch import BatchDelivery, LiveBatch
from botmeter.live.queue import PendingBatch
from botmeter.sources.cloudevents import with_receipt_time
from botmeter.sources.columns import batch_from_records
from botmeter.sources.defaults import records_with_defaults
from botmeter.sources.elements import Objects
from botmeter.sources.json_records import records_from_objects
from botmeter.sources.payload_batches import ReadPayload, batch_from_payloads
from botmeter.sources.platforms.registry import connector_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedBatches:
    """A live batch, and the indexes of its pending batches."""

    batch: LiveBatch
    indexes: tuple[int, ...]


def live_batches(group: Sequence[PendingBatch], *, source_of: Callable[[str], Source | None]) -> list[ParsedBatches]:
    """Parse pending batches, one live batch per source and platform."""
    grouped: dict[tuple[str, str], list[int]] = {}
    for index, pending in enumerate(group):
        grouped.setdefault((pending.source, pending.platform), []).append(index)
    parsed = []
    for (name, platform), indexes in grouped.items():
        source = source_of(name) or Source(name=name, platform=platform)
        of_source = [group[index] for index in indexes]
        batch = _native(source, of_source) if connector_of(platform).is_native else _from_payloads(source, of_source)
        parsed.append(ParsedBatches(batch=batch, indexes=tuple(indexes)))
    return parsed


def _native(source: Source, group: Sequence[PendingBatch]) -> LiveBatch:
    deliveries, first = [], 0
    for pending in group:
        count = len(pending.records)
        deliveries.append(_delivery(pending, ReadPayload(first_position=first, record_count=count)))
        first += count
    timed = [with_receipt_time(text, received_us=pending.received_us) for pending in group for text in pending.records]
    objects = Objects.from_texts(timed)
    batch = batch_from_records(records_with_defaults(records_from_objects(objects, first=0), source))
    return LiveBatch(source=source.name, batch=batch, deliveries=tuple(deliveries))


def _from_payloads(source: Source, group: Sequence[PendingBatch]) -> LiveBatch:
    read = batch_from_payloads(
        [payload for pending in group for payload in pending.records],
        source=source,
        connector=connector_of(source.platform),
        received_us=[pending.received_us for pending in group],
    )
    deliveries = tuple(_delivery(pending, payload) for pending, payload in zip(group, read.payloads, strict=True))
    return LiveBatch(source=source.name, batch=read.batch, deliveries=deliveries)


def _delivery(pending: PendingBatch, payload: ReadPayload) -> BatchDelivery:
    return BatchDelivery(
        first_position=payload.first_position,
        record_count=payload.record_count,
        delivery_id=pending.delivery_id,
        subject=payload.subject or pending.subject,
        ignored=payload.ignored,
        ignored_count=payload.ignored_count,
        is_atomic=pending.is_atomic,
    )
