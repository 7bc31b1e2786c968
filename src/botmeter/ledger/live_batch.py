"""Batches of live events of one source."""

from dataclasses import dataclass

from botmeter.metering.schema import EventBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDelivery:
    """Delivery in a batch, which ends where the next one begins.

    Attributes:
        subject: The platform's event name (`message_created`), or how it was sent.
        ignored: A sentence per kind of item that never counts.
        notes: Sentences that somebody should read.
        is_atomic: All events are accepted or none.
    """

    first_position: int
    delivery_id: str | None = None
    subject: str = ""
    ignored: tuple[str, ...] = ()
    ignored_count: int = 0
    notes: tuple[str, ...] = ()
    is_atomic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveBatch:
    """Events of one source to append together.

    Attributes:
        parsed: Events of all deliveries, with positions from 0.
        deliveries: By position.
    """

    source: str
    parsed: EventBatch
    deliveries: tuple[BatchDelivery, ...]
