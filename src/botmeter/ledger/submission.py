"""Submissions: batches of one source to append."""

from collections.abc import Iterable
from dataclasses import dataclass

from botmeter.domain.source import checked_source_name
from botmeter.metering.schema import EventBatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """Events to append.

    Attributes:
        batches: Read once, one at a time.
        label: A file's name, or how the events came.
        is_pulled: Their webhooks are no conflicts.

    Raises:
        Refused: `source_invalid`.
    """

    source: str
    batches: Iterable[EventBatch]
    label: str
    is_pulled: bool = False

    def __post_init__(self) -> None:
        checked_source_name(self.source)
