"""What is handed to a ledger: events of one source, in batches."""

from collections.abc import Iterable
from dataclasses import dataclass

from botmeter.domain.errors import Refused
from botmeter.domain.event import ID_BYTES_MAX
from botmeter.metering.schema import EventBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Events to append.

    Attributes:
        source: Where they come from; an event is known by (source, event_id).
        batches: Read once, one at a time.
        label: What people call it: a file's name, a request's number.

    Raises:
        Refused: `source_invalid` if the source is empty, longer than an id may be, not Unicode, or
            holds a NUL, which separates it from the event's id where a session is named.
    """

    source: str
    batches: Iterable[EventBatch]
    label: str

    def __post_init__(self) -> None:
        try:
            size_bytes = len(self.source.encode())
        except UnicodeEncodeError:
            size_bytes = 0
        if not 0 < size_bytes <= ID_BYTES_MAX or "\0" in self.source:
            raise Refused(
                "source_invalid",
                f"{self.source[:40]!r} can't name a source: "
                f"use 1 to {ID_BYTES_MAX} bytes of text without a NUL character.",
            )
