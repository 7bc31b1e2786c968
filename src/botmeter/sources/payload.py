"""Deliveries of platforms and the events in their payloads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from botmeter.domain.source import Source

NOT_UNDERSTOOD: Final = "payload_not_understood"
"""Rejection code of a payload that is kept whole, to be read again after an update."""

NOT_RECEIVED_US: Final = 0
"""Receipt time of a payload from a file: the result must not depend on when the file is imported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One request of a platform.

    Attributes:
        body: Decompressed but otherwise untouched, as signed.
        headers: Names in lower case.
    """

    body: bytes
    headers: Mapping[str, str]
    received_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """One event in a payload.

    Attributes:
        fields: Event fields, times as RFC 3339 text.
        raw: JSON for quarantine.
    """

    fields: Mapping[str, object]
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadContent:
    """Content of a payload.

    Attributes:
        ignored: Sentences on kinds that never count, such as private notes.
        subject: The platform's name, such as `message_created`.
        ignored_count: At least one per sentence.
    """

    records: tuple[EventRecord, ...] = ()
    ignored: tuple[str, ...] = ()
    subject: str = ""
    ignored_count: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "ignored_count", max(self.ignored_count, len(self.ignored)))


class PayloadReader(Protocol):
    """Function that reads the payloads of one platform."""

    def __call__(self, payload: bytes, source: Source, *, received_us: int) -> PayloadContent:
        """Read a payload; raises only `Refused` (`payload_not_understood`).

        Args:
            received_us: µs UTC; `NOT_RECEIVED_US` in files.
        """
        ...
