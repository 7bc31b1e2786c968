"""Batches of live events: what one source sent in one or several deliveries at about the same time."""

from dataclasses import dataclass

from botmeter.metering.schema import EventBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDelivery:
    """A delivery whose records are part of a batch.

    Attributes:
        first_position: The position of its first record in the batch; the records end where the next delivery's begin.
        record_count: The number of its records, rejected ones included.
        delivery_id: The platform's id of the delivery; None: it has none.
        subject: The platform's name of what it is about (`message_created`), or how it was sent.
        ignored: A sentence for each kind of thing in it that never counts.
        ignored_count: The number of things in it that never count.
        is_atomic: All of its events are accepted or none.
    """

    first_position: int
    record_count: int
    delivery_id: str | None = None
    subject: str = ""
    ignored: tuple[str, ...] = ()
    ignored_count: int = 0
    is_atomic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveBatch:
    """Events of one source that are appended together.

    Attributes:
        source: The source of all events.
        batch: The records of all deliveries; positions count through all of them, from 0.
        deliveries: At least one, in the order of their positions.
    """

    source: str
    batch: EventBatch
    deliveries: tuple[BatchDelivery, ...]
