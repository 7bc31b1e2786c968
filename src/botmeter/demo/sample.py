"""Sample data for an account of one's own: the latest months of the demo's events."""

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from botmeter.demo.account import DEMO_SEED, demo_batches
from botmeter.metering.schema import EventBatch

SAMPLE_DAYS = 90
"""Three months: the last thirty days, those before for comparison, and columns by month."""
# About 27,000 of them are of the last 90 days; made in 0.7 s, and metered as fast.
_EVENTS_SINCE_2022 = 200_000


def sample_batches(*, first_us: int, now_us: int) -> Iterator[EventBatch]:
    """Yield the demo's events since `first_us`, in order of time."""
    position = 0
    for batch in demo_batches(seed=DEMO_SEED, now_us=now_us, events=_EVENTS_SINCE_2022):
        start = int(np.searchsorted(batch.events["occurred_at"].to_numpy(), first_us))
        events = batch.events.slice(start)
        if len(events):
            positions = np.arange(position, position + len(events), dtype=np.int64)
            yield EventBatch(events=events, positions=pa.array(positions))
            position += len(events)
