"""Parsing of pending deliveries into live batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botmeter.domain.source import Source
from botmeter.ledger.live_batch import BatchDelivery, LiveBatch
from botmeter.live.queue import PendingDelivery
from botmeter.sources.cloudevents import with_receipt_time
from botmeter.sources.columns import batch_from_records
from botmeter.sources.json_records import records_from_objects
from botmeter.sources.json_text.elements import Objects
from botmeter.sources.payloads.payload_batches import ReadPayload, batch_from_payloads
from botmeter.sources.platforms.registry import connector_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedGroup:
    """A live batch, and its deliveries in the same order."""

    live_batch: LiveBatch
    pending: tuple[PendingDelivery, ...]


def parsed_groups(group: Sequence[PendingDelivery], *, source_of: Callable[[str], Source | None]) -> list[ParsedGroup]:
    """Parse pending deliveries, one live batch per source and platform."""
    by_source: dict[tuple[str, str], list[PendingDelivery]] = {}
    for pending in group:
        by_source.setdefault((pending.source, pending.platform), []).append(pending)
    parsed = []
    for (name, platform), deliveries in by_source.items():
        source = source_of(name) or Source(name=name, platform=platform)
        parse = _parsed_events if connector_of(platform).is_native else _parsed_payloads
        parsed.append(ParsedGroup(live_batch=parse(source, deliveries), pending=tuple(deliveries)))
    return parsed


def _parsed_events(source: Source, group: Sequence[PendingDelivery]) -> LiveBatch:
    deliveries, first = [], 0
    for pending in group:
        count = len(pending.records)
        deliveries.append(_delivery(pending, ReadPayload(first_position=first, record_count=count)))
        first += count
    timed = [with_receipt_time(text, received_us=pending.received_us) for pending in group for text in pending.records]
    objects = Objects.from_texts(timed)
    parsed = batch_from_records(records_from_objects(objects, first=0), source)
    return LiveBatch(source=source.name, parsed=parsed, deliveries=tuple(deliveries))


def _parsed_payloads(source: Source, group: Sequence[PendingDelivery]) -> LiveBatch:
    payloads = (payload for pending in group for payload in pending.records)
    read = batch_from_payloads(payloads, source=source, connector=connector_of(source.platform))
    deliveries = tuple(_delivery(pending, payload) for pending, payload in zip(group, read.payloads, strict=True))
    return LiveBatch(source=source.name, parsed=read.batch, deliveries=deliveries)


def _delivery(pending: PendingDelivery, payload: ReadPayload) -> BatchDelivery:
    return BatchDelivery(
        first_position=payload.first_position,
        delivery_id=pending.delivery_id,
        subject=payload.content.subject or pending.subject,
        ignored=payload.content.ignored_sentences,
        ignored_count=payload.content.ignored_count,
        notes=payload.content.notes,
        is_atomic=pending.is_atomic,
    )
