"""What a platform's connector is: a request as it came → what is in it, and what of it never counts.

Each platform is one module that gives a `Connector`; `platforms` lists them. A connector knows no account, clock,
database or network. What it can't understand is refused as a whole, so that it can be read again after an update.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from botmeter.domain.source import Platform, Source

REPLAY_WINDOW_SECONDS = 300
"""How old a signed instant may be: as long as the platforms' own documentation says."""


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
        ignored: A sentence for each thing in it that never counts: a private note, typing, a status.
        subject: What the platform calls it, for people: `message_created`.
    """

    records: tuple[FoundRecord, ...] = ()
    ignored: tuple[str, ...] = ()
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """How one platform is read.

    Attributes:
        findings: A payload's JSON text, the source, and when it came (µs UTC) → what is in it. Raises `Refused` with
            `payload_not_understood` for a payload that is none of the platform's.
        checked_signature: Raises `NotAllowed` (`signature_missing`, `signature_wrong`, `delivery_too_old`) unless the
            secret signed the delivery. None: the platform signs nothing.
        delivery_id: What the platform calls this delivery, apart from the events in it; None: it does not.
    """

    platform: Platform
    findings: "Callable[[bytes, Source, int], Findings]"
    checked_signature: "Callable[[Delivery, str], None] | None" = None
    delivery_id: "Callable[[Delivery], str | None]" = lambda delivery: None  # noqa: ARG005 - named for its type
