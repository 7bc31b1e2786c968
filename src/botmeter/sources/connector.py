"""What a platform's connector is: a request as it came → what is in it, and what of it never counts.

Each platform is one module that gives a `Connector`; `platforms` lists them. A connector knows no account, clock,
database or network. What it can't understand is refused as a whole, so that it can be read again after an update.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from botmeter.domain.source import Platform, Source

if TYPE_CHECKING:
    from botmeter.metering.schema import EventBatch
    from botmeter.sources.reader import SourceFile

REPLAY_WINDOW_SECONDS = 300
"""How old a signed instant may be: as long as the platforms' own documentation says."""

NOT_UNDERSTOOD = "payload_not_understood"
"""The code of a payload that is kept whole, to be read again after an update."""

NOT_RECEIVED_US = 0
"""When a payload came that is read from a file: it never came, and the moment of an import must not matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One request of a platform, as it came.

    Attributes:
        body: Its bytes, unpacked and otherwise untouched: signatures are over these.
        headers: Name in small letters → value.
        received_us: When it came, µs UTC.
    """

    body: bytes
    headers: Mapping[str, str]
    received_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecord:
    """One event in a payload.

    Attributes:
        fields: Field of the event (DESIGN's names) → its value; `occurred_at` as RFC 3339 text.
        raw: The part of the payload that it was read from, as JSON, to be kept where the event is refused.
    """

    fields: Mapping[str, object]
    raw: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a payload holds.

    Attributes:
        records: Events, in the order of the payload.
        ignored: A sentence for each kind of thing in it that never counts: a private note, typing, a status.
        subject: What the platform calls it, for people: `message_created`.
        ignored_count: How many things in it never count; by itself as many as there are sentences, and never fewer.
    """

    records: tuple[FoundRecord, ...] = ()
    ignored: tuple[str, ...] = ()
    subject: str = ""
    ignored_count: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "ignored_count", max(self.ignored_count, len(self.ignored)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorOption:
    """Something that a source of one platform may say beyond what every source says.

    Attributes:
        name: By which `Source.options` holds it.
        label: What a form calls it.
        help: What to write, and what it does: a sentence.
    """

    name: str
    label: str
    help: str


class Reading(Protocol):
    """How the payloads of one platform are read."""

    def __call__(self, payload: bytes, source: Source, *, received_us: int) -> Findings:
        """What is in a payload.

        Args:
            payload: JSON text.
            source: Where it comes from.
            received_us: When it came, µs UTC; `NOT_RECEIVED_US` where it is read from a file.

        Raises:
            Refused: `payload_not_understood` for a payload that is none of the platform's, and nothing else.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """How one platform is read.

    Attributes:
        findings: What is in a payload.
        batches_from_file: The platform's own files (CSV, ZIP, …), as `reader.batches` reads ours. It may read JSON too.
            None: files hold payloads, one or an array or one a line.
        options: What a source of this platform may say beyond what every source says.
        checked_signature: Raises `NotAllowed` (`signature_missing`, `signature_wrong`, `delivery_too_old`) unless the
            secret signed the delivery. None: the platform signs nothing.
        delivery_id: What the platform calls this delivery, apart from the events in it; None: it does not.
    """

    platform: Platform
    findings: Reading
    checked_signature: "Callable[[Delivery, str], None] | None" = None
    delivery_id: "Callable[[Delivery], str | None]" = lambda delivery: None  # noqa: ARG005 - named for its type
    batches_from_file: "Callable[[SourceFile, Source], Iterator[EventBatch]] | None" = None
    options: tuple[ConnectorOption, ...] = ()
