"""What is handed to a ledger: events of one source, in batches."""

from collections.abc import Iterable
from dataclasses import dataclass

from botmeter.domain.source import checked_source_name
from botmeter.metering.schema import EventBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Events to append.

    Attributes:
        source: Where they come from; an event is known by (source, event_id).
        batches: Read once, one at a time.
        label: What people call it: a file's name, a request's number.

    Raises:
        Refused: `source_invalid` where `checked_source_name` refuses the source's name.
    """

    source: str
    batches: Iterable[EventBatch]
    label: str

    def __post_init__(self) -> None:
        checked_source_name(self.source)
