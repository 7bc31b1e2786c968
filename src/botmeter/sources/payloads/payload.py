"""Deliveries of platforms and the events in their payloads."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from botmeter.domain.errors import Refused
from botmeter.domain.source import Source

PAYLOAD_REFUSED: Final = "payload_not_understood"
"""Rejection code of a payload that is kept whole, to be read again after an update."""

# A payload can hold any number of kinds where a platform has a few.
_IGNORED_KINDS_MAX: Final = 19
_FURTHER_KINDS: Final = "Further kinds never count."
MERGE_PAGE: Final = "Customers → Merge customers"
"""Name of the page in notes; the source's page links it."""
NOTES_MAX: Final = 20
"""Notes of one payload or file; nobody reads through more."""


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
class Note:
    """Sentence to be read, whatever counts."""

    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayloadContent:
    """Content of a payload.

    Attributes:
        ignored: Sentence on a kind that never counts → number of records.
        subject: The platform's name, such as `message_created`.
        notes: Each once.
    """

    records: tuple[EventRecord, ...] = ()
    ignored: Mapping[str, int] = field(default_factory=dict)
    subject: str = ""
    notes: tuple[str, ...] = ()

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


def content_of(items: Iterable[EventRecord | Note | str], *, subject: str) -> PayloadContent:
    """Collect events, notes, and sentences on what never counts."""
    records: list[EventRecord] = []
    ignored: Counter[str] = Counter()
    notes: dict[str, None] = {}
    for item in items:
        match item:
            case EventRecord():
                records.append(item)
            case Note(sentence=sentence):
                if len(notes) < NOTES_MAX:
                    notes[sentence] = None
            case _:
                ignored[item if item in ignored or len(ignored) < _IGNORED_KINDS_MAX else _FURTHER_KINDS] += 1
    return PayloadContent(records=tuple(records), ignored=ignored, subject=subject, notes=tuple(notes))


def joined_contents(contents: Sequence[PayloadContent]) -> PayloadContent:
    """Join the contents of payloads."""
    if len(contents) == 1:
        return contents[0]
    ignored = (sentence for each in contents for sentence, count in each.ignored.items() for _ in range(count))
    notes = (Note(sentence=sentence) for each in contents for sentence in each.notes)
    records = (record for each in contents for record in each.records)
    return content_of(chain(records, notes, ignored), subject=contents[0].subject if contents else "")


def refused_payload(reason: str) -> Refused:
    """Refusal of a payload."""
    return Refused("payload_not_understood", reason)
