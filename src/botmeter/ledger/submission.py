"""What is handed to a ledger: events of one source, in batches."""

from collections.abc import Iterable
from dataclasses import dataclass

from botmeter.metering.schema import EventBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Events to append.

    Attributes:
        source: Where they come from; an event is known by (source, event_id).
        batches: Read once, one at a time.
        label: What people call it: a file's name, a request's number.
    """

    source: str
    batches: Iterable[EventBatch]
    label: str
