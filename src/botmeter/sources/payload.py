"""Deliveries of platforms and the events in their payloads."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from botmeter.domain.errors import Refused
from botmeter.domain.source import Source

PAYLOAD_REFUSED: Final = "payload_not_understood"
"""Rejection code of a payload that is kept whole, to be read again after an update."""

# A payload can hold any number of kinds where a platform has a few.
_IGNORED_KINDS_MAX: Final = 19
_FURTHER_KINDS: Final = "Further kinds never count."


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Request of a platform.

    Attributes:
        body: Decompressed, otherwise as signed.
        headers: Names in lower case.
    """

    body: bytes
    headers: Mapping[str, str]
    received_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRecord:
    """Event in a payload.

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
        ignored: Sentence on a kind that never counts → number of records.
        subject: The platform's name, such as `message_created`.
    """

    records: tuple[EventRecord, ...] = ()
    ignored: Mapping[str, int] = field(default_factory=dict)
    subject: str = ""

    @property
    def ignored_count(self) -> int:
        return sum(self.ignored.values())

    @property
    def ignored_sentences(self) -> tuple[str, ...]:
        return tuple(
            sentence if count == 1 else f"{sentence} ({count:,} of them)" for sentence, count in self.ignored.items()
        )


PayloadReader = Callable[[bytes, Source], PayloadContent]
"""Function that reads the payloads of one platform; raises only `Refused` (`payload_not_understood`)."""


def content_of(items: Iterable[EventRecord | str], *, subject: str) -> PayloadContent:
    """Collect events, and sentences on what never counts."""
    records: list[EventRecord] = []
    ignored: Counter[str] = Counter()
    for item in items:
        if isinstance(item, str):
            ignored[item if item in ignored or len(ignored) < _IGNORED_KINDS_MAX else _FURTHER_KINDS] += 1
        else:
            records.append(item)
    return PayloadContent(records=tuple(records), ignored=ignored, subject=subject)


def refused_payload(reason: str) -> Refused:
    """Refusal of a whole payload."""
    return Refused("payload_not_understood", reason)
