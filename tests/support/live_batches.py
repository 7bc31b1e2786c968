"""Batches of live events for tests."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from tests.support.ledgers import NOW_US, batch

from botmeter.domain.receipt import Receipt, Rejection
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.live_append import live_append
from botmeter.ledger.live_batch import BatchDelivery, LiveBatch

Event = dict[str, Any]


def live_batch(*sent: Sequence[Event], atomic: Sequence[int] = (), rejections: tuple[Rejection, ...] = ()) -> LiveBatch:
    """Return a batch of one source, a delivery for each list of events.

    Args:
        atomic: Indexes of atomic deliveries.
        rejections: Further records at the end of the last delivery.
    """
    events = [event for delivery in sent for event in delivery]
    firsts = np.cumsum([0, *map(len, sent)]).tolist()
    deliveries = tuple(
        BatchDelivery(first_position=first, is_atomic=number in atomic) for number, first in enumerate(firsts[:-1])
    )
    source = events[0]["source"] if events else "s"
    return LiveBatch(source=source, parsed=batch(events, rejections=rejections), deliveries=deliveries)


def append_live(ledger: Ledger, *batches: LiveBatch, now_us: int = NOW_US) -> list[Receipt]:
    """Append without metering; return the receipts of all deliveries."""
    return [receipt for own in live_append(ledger, batches, now_us=now_us) for receipt in own]


def counts(receipt: Receipt) -> tuple[int, int, int, int]:
    """Accepted, duplicates, conflicts, rejected."""
    return receipt.accepted, receipt.duplicates, receipt.conflicts, receipt.rejected
