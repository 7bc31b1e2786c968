"""Parcels of live events for tests, each event list a request of its own."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from tests.support.ledgers import NOW_US, batch

from botmeter.domain.receipt import Receipt, Rejection
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.live_append import live_append
from botmeter.ledger.live_batch import BatchDelivery, LiveBatch

Event = dict[str, Any]


def parcel(*sent: Sequence[Event], atomic: Sequence[int] = (), rejections: tuple[Rejection, ...] = ()) -> LiveBatch:
    """The events of one source as they were sent, request by request.

    Args:
        sent: The events of each request.
        atomic: The numbers of those requests that are all or none.
        rejections: Of further records, which stand after all the events, in the last request.
    """
    events = [event for request in sent for event in request]
    firsts = np.cumsum([0, *map(len, sent)]).tolist()
    counts = [len(request) for request in sent]
    counts[-1] += len(rejections)
    dispatches = tuple(
        BatchDelivery(first_position=firsts[place], record_count=count, is_atomic=place in atomic)
        for place, count in enumerate(counts)
    )
    source = events[0]["source"] if events else "s"
    return LiveBatch(source=source, batch=batch(events, rejections=rejections), deliveries=dispatches)


def take(ledger: Ledger, *parcels: LiveBatch, now_us: int = NOW_US) -> list[Receipt]:
    """The receipts of all requests of the parcels, which are on disk now and not settled."""
    return [receipt for own in live_append(ledger, parcels, now_us=now_us) for receipt in own]


def counts(receipt: Receipt) -> tuple[int, int, int, int]:
    """What became of the events: accepted, duplicates, conflicts, rejected."""
    return receipt.accepted, receipt.duplicates, receipt.conflicts, receipt.rejected
