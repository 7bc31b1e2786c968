"""Submissions: events of one source to append to a ledger, in batches."""

from collections.abc import Iterable
from dataclasses import dataclass

from botmeter.domain.source import checked_source_name
from botmeter.metering.schema import EventBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Events to append.

    Attributes:
        source: The source; an event is identified by (source, event_id).
        batches: Read once, one at a time.
        label: A file's name, or how the events came, for people.
        is_pulled: A pull brought them, so that their webhooks are no conflicts.

    Raises:
        Refused: `source_invalid` where `checked_source_name` refuses the source's name.
    """

    source: str
    batches: Iterable[EventBatch]
    label: str
    is_pulled: bool = False

    def __post_init__(self) -> None:
        checked_source_name(self.source)
