"""Live events on their way into a ledger: what several senders sent at about the same time, read as one batch."""

from dataclasses import dataclass

from botmeter.metering.schema import EventBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDelivery:
    """What one sender sent in one request.

    Attributes:
        first_position: Where its records begin in the parcel's batch; they end where the next one's begin.
        record_count: How many there are, the refused ones included; 0: nothing in it counts.
        delivery_id: What the sender calls the request; None: nothing.
        subject: What the platform calls what it is about (`message_created`), or how it was sent.
        ignored: A sentence for each kind of thing in it that never counts.
        ignored_count: How many things in it never count.
        is_atomic: All of its events are taken or none.
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
    """Events of one source that are taken in together.

    Attributes:
        source: An event is known by (source, event_id).
        batch: The records of all dispatches; its positions count through all of them, from 0.
        dispatches: In the order of their positions; there is at least one.
    """

    source: str
    batch: EventBatch
    dispatches: tuple[BatchDelivery, ...]
