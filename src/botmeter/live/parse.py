"""Parsing of pending deliveries into live batches: large ones before they wait, small ones together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

import numpy as np
import pyarrow as pa

from botmeter.domain.source import Source
from botmeter.ledger.live_batch import BatchDelivery, LiveBatch
from botmeter.live.queue import PendingDelivery
from botmeter.metering.schema import EventBatch
from botmeter.sources.cloudevents import with_receipt_time
from botmeter.sources.columns import batch_from_records
from botmeter.sources.json_records import records_from_texts
from botmeter.sources.payloads.payload_batches import ReadPayload, batch_from_payloads
from botmeter.sources.platforms.registry import connector_of

AHEAD_RECORDS: Final = 200
"""A delivery of as many is parsed on its own, while others are committed. Each parse costs as much as 1,000 records."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsedGroup:
    """A live batch, and its deliveries in the same order."""

    live_batch: LiveBatch
    pending: tuple[PendingDelivery, ...]


def parsed_ahead(
    pending: PendingDelivery, *, recent_source: Callable[[PendingDelivery], Source | None]
) -> PendingDelivery:
    """Parse a delivery of our own format, unless its source's settings would have to be read first."""
    source = recent_source(pending)
    if source is None or not connector_of(pending.platform).is_native:
        return pending
    return replace(pending, batch=_batch_of([pending], source))


def parsed_groups(
    group: Sequence[PendingDelivery], *, source_of: Callable[[PendingDelivery], Source]
) -> list[ParsedGroup]:
    """Parse pending deliveries, one live batch per source and platform."""
    by_source: dict[tuple[str, str], list[PendingDelivery]] = {}
    for pending in group:
        by_source.setdefault((pending.source, pending.platform), []).append(pending)
    parsed = []
    for (_, platform), deliveries in by_source.items():
        parse = _parsed_events if connector_of(platform).is_native else _parsed_payloads
        live_batch = parse(source_of(deliveries[0]), deliveries)
        parsed.append(ParsedGroup(live_batch=live_batch, pending=tuple(deliveries)))
    return parsed


def _parsed_events(source: Source, group: Sequence[PendingDelivery]) -> LiveBatch:
    deliveries, first = [], 0
    for pending in group:
        count = len(pending.records)
        deliveries.append(_delivery(pending, ReadPayload(first_position=first, record_count=count)))
        first += count
    batches: list[tuple[int, EventBatch]] = []
    first = 0
    for is_parsed, run in groupby(group, key=lambda pending: pending.batch is not None):
        together = list(run)
        for each in [[pending] for pending in together] if is_parsed else [together]:
            batches.append((first, each[0].batch or _batch_of(each, source)))
            first += sum(len(pending.records) for pending in each)
    return LiveBatch(source=source.name, parsed=_joined(batches), deliveries=tuple(deliveries))


def _batch_of(group: Sequence[PendingDelivery], source: Source) -> EventBatch:
    return batch_from_records(records_from_texts([text for pending in group for text in _timed(pending)]), source)


def _timed(pending: PendingDelivery) -> Sequence[bytes]:
    # Searching all records at once is many times as fast as searching each.
    if b'"specversion"' not in b"".join(pending.records):
        return pending.records
    return [with_receipt_time(text, received_us=pending.received_us) for text in pending.records]


def _joined(batches: Sequence[tuple[int, EventBatch]]) -> EventBatch:
    if len(batches) == 1:
        return batches[0][1]
    positions = np.concatenate([batch.positions.to_numpy() + first for first, batch in batches])
    return EventBatch(
        events=pa.concat_tables(batch.events for _, batch in batches).unify_dictionaries().combine_chunks(),
        positions=pa.array(positions),
        rejections=tuple(
            replace(rejection, index=rejection.index + first)
            for first, batch in batches
            for rejection in batch.rejections
        ),
    )


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
