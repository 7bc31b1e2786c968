"""Deliveries waiting for a commit: one queue per account, with a common limit."""

import threading
import time
from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Final

from botmeter.domain.errors import Unavailable
from botmeter.domain.receipt import Receipt
from botmeter.live import metrics
from botmeter.metering.schema import EventBatch

BYTES_MAX: Final = 64 << 20
"""Of all accounts together; parsing takes about five times as much memory."""
DELIVERIES_MAX: Final = 20_000
GROUP_RECORDS_MAX: Final = 20_000
"""Records of one commit: with more, the first delivery would wait for the last."""
GROUP_BYTES_MAX: Final = 32 << 20
FULL_RECORDS: Final = 5_000
"""A group this large is committed without waiting for more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDelivery:
    """Records of one delivery.

    Attributes:
        records: One JSON object per event, or one payload of another platform.
        batch: The events of `records`, if they are parsed already.
        received_us: µs UTC.
        subject: Kind of delivery, for people.
        receipt: Set once the delivery is on disk or has failed.
    """

    account: str
    source: str
    platform: str
    records: tuple[bytes, ...]
    received_us: int
    delivery_id: str | None = None
    subject: str = ""
    is_atomic: bool = False
    batch: EventBatch | None = field(default=None, repr=False, compare=False)
    receipt: "Future[Receipt]" = field(default_factory=Future, repr=False, compare=False)

    @property
    def size_bytes(self) -> int:
        return sum(map(len, self.records))


class QueueCapacity:
    """Count and size of all queued deliveries."""

    def __init__(self, *, deliveries_max: int = DELIVERIES_MAX, bytes_max: int = BYTES_MAX) -> None:
        self.lock = threading.Lock()
        self.deliveries_max = deliveries_max
        self.bytes_max = bytes_max
        self.delivery_count = 0
        self.size_bytes = 0

    @property
    def is_full(self) -> bool:
        return self.delivery_count >= self.deliveries_max or self.size_bytes >= self.bytes_max


class DeliveryQueue:
    """Deliveries of one account, oldest first."""

    def __init__(self, capacity: QueueCapacity) -> None:
        self._capacity = capacity
        self._changed = threading.Condition(capacity.lock)
        self._deliveries: deque[PendingDelivery] = deque()
        self._record_count = 0
        self._is_closed = False

    def put(self, delivery: PendingDelivery) -> None:
        """Queue a delivery.

        Raises:
            Unavailable: `queue_full`; `server_stopping` after `close`.
        """
        capacity = self._capacity
        with self._changed:
            if self._is_closed:
                raise Unavailable("server_stopping", "The server is starting or stopping. Try again in a moment.")
            size_bytes = capacity.size_bytes + delivery.size_bytes
            if capacity.delivery_count >= capacity.deliveries_max or size_bytes > capacity.bytes_max:
                metrics.QUEUE_REFUSED.inc()
                raise Unavailable(
                    "queue_full",
                    f"The queue is full: {capacity.delivery_count:,} requests of {capacity.size_bytes:,} bytes are "
                    f"waiting, the limit is {capacity.deliveries_max:,} requests of {capacity.bytes_max:,} bytes. "
                    "Nothing of this request was stored; send it again.",
                )
            capacity.delivery_count += 1
            capacity.size_bytes = size_bytes
            # From here on it is answered; its sender can no longer cancel it.
            delivery.receipt.set_running_or_notify_cancel()
            self._deliveries.append(delivery)
            was_full = self._record_count >= FULL_RECORDS
            self._record_count += len(delivery.records)
            # Waking the thread for each of many small deliveries takes as long as reading one.
            if len(self._deliveries) == 1 or (self._record_count >= FULL_RECORDS and not was_full):
                self._changed.notify()

    def next_group(self, *, idle_seconds: float, rest_seconds: float = 0) -> list[PendingDelivery]:
        """Wait for deliveries of one commit; none if idle too long or closed.

        Args:
            rest_seconds: Wait this long for more, unless the group is full.
        """
        with self._changed:
            rested_at = time.monotonic() + max(0, rest_seconds)
            self._changed.wait_for(lambda: self._deliveries or self._is_closed, timeout=idle_seconds)
            left_seconds = max(0, rested_at - time.monotonic())
            self._changed.wait_for(lambda: self._record_count >= FULL_RECORDS or self._is_closed, timeout=left_seconds)
            group: list[PendingDelivery] = []
            record_count = size_bytes = 0
            while self._deliveries:
                delivery = self._deliveries[0]
                record_count, size_bytes = record_count + len(delivery.records), size_bytes + delivery.size_bytes
                if group and (record_count > GROUP_RECORDS_MAX or size_bytes > GROUP_BYTES_MAX):
                    break
                group.append(self._deliveries.popleft())
            self._record_count -= sum(len(delivery.records) for delivery in group)
            return group

    def release(self, delivery: PendingDelivery) -> None:
        with self._capacity.lock:
            self._capacity.delivery_count -= 1
            self._capacity.size_bytes -= delivery.size_bytes

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def is_empty(self) -> bool:
        with self._changed:
            return not self._deliveries
