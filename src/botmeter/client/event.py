"""Events of a bot."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NotRequired, TypedDict

import msgspec

from botmeter.domain.errors import Refused
from botmeter.domain.event import ACTOR_BY_NAME, ATTRIBUTES_BYTES_MAX, FIELDS, ID_BYTES_MAX, KIND_BY_NAME
from botmeter.domain.instant import now_us, present, text_from_us, us_from_datetime

ActorName = Literal["customer", "bot", "agent", "system"]
KindName = Literal[
    "message",
    "conversation_created",
    "conversation_updated",
    "resolved",
    "handoff",
    "restart",
    "customer_end",
    "ticket_linked",
]

_TEXTS = tuple(name for name in FIELDS if name not in {"occurred_at", "actor", "kind", "preview", "attributes"})
_NAMED_ALWAYS = {"event_id", "conversation_id", "customer_id"}


class MessageFields(TypedDict):
    """Keyword arguments of `Meter.message`; see `Event`."""

    conversation_id: str
    customer_id: str
    actor: ActorName
    event_id: NotRequired[str | None]
    occurred_at: NotRequired[datetime | None]
    bot_id: NotRequired[str | None]
    bot_name: NotRequired[str | None]
    bot_version: NotRequired[str | None]
    channel: NotRequired[str | None]
    ticket_id: NotRequired[str | None]
    ticket_type: NotRequired[str | None]
    preview: NotRequired[bool | None]
    attributes: NotRequired[Mapping[str, object] | None]


class EventFields(MessageFields):
    """Keyword arguments of `Meter.event`; see `Event`."""

    kind: KindName


class EventIds:
    """Ids in the form of UUID version 7, which sort by time.

    Source: RFC 9562, section 5.7, with the microseconds of the millisecond in `rand_a`.
    """

    def __init__(self, clock: Callable[[], int] = now_us) -> None:
        self._clock = clock
        self._last_us = 0

    def new_id(self) -> str:
        # Without a lock: in the same microsecond of two threads, the random part makes ids unique.
        self._last_us = at_us = max(self._clock(), self._last_us + 1)
        millis, micros = divmod(at_us, 1_000)
        tail = int.from_bytes(os.urandom(8)) >> 2 | 1 << 63
        text = f"{millis:012x}7{micros:03x}{tail:016x}"
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


_IDS = EventIds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Event of a conversation.

    Attributes:
        event_id: The platform's own, so that a message seen twice counts once; left out: generated.
        occurred_at: Aware; left out: now.
        bot_id: None: no bot took part, and the event is not metered.

    Raises:
        Refused: `client_event_invalid`.
    """

    conversation_id: str
    customer_id: str
    actor: ActorName
    event_id: str = field(default_factory=_IDS.new_id)
    occurred_at: datetime = field(default_factory=present)
    kind: KindName = "message"
    bot_id: str | None = None
    bot_name: str | None = None
    bot_version: str | None = None
    channel: str | None = None
    ticket_id: str | None = None
    ticket_type: str | None = None
    preview: bool | None = None
    attributes: Mapping[str, object] | None = None

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise Refused("client_event_invalid", " ".join(problems))

    def line(self) -> bytes:
        """NDJSON, without the line end."""
        values = {name: value for name in FIELDS if (value := getattr(self, name)) is not None}
        values["occurred_at"] = text_from_us(us_from_datetime(self.occurred_at))
        return msgspec.json.encode(values)


def _problems(event: Event) -> Iterator[str]:
    for name in _TEXTS:
        text = getattr(event, name)
        if text is not None or name in _NAMED_ALWAYS:
            yield from _problems_of_text(name, text)
    if event.actor not in ACTOR_BY_NAME:
        yield f"actor is {event.actor!r}; it must be one of {', '.join(ACTOR_BY_NAME)}."
    if event.kind not in KIND_BY_NAME:
        yield f"kind is {event.kind!r}; it must be one of {', '.join(KIND_BY_NAME)}."
    # Callers may have no type checker, so types are checked here.
    occurred_at: object = event.occurred_at
    if not isinstance(occurred_at, datetime) or occurred_at.utcoffset() is None:
        yield f"occurred_at is {event.occurred_at!r}; it must be a datetime with an offset, such as datetime.now(UTC)."
    preview: object = event.preview
    if preview is not None and not isinstance(preview, bool):
        yield f"preview is {event.preview!r}; it must be True, False or None."
    if event.attributes is not None:
        yield from _problems_of_attributes(event.attributes)


def _problems_of_text(name: str, text: object) -> Iterator[str]:
    if not isinstance(text, str):
        yield f"{name} is {text!r:.40}; it must be text."
        return
    try:
        size_bytes = len(text) if text.isascii() else len(text.encode())
    except UnicodeEncodeError:
        yield f"{name} is not valid Unicode: it contains a lone surrogate."
        return
    if not 0 < size_bytes <= ID_BYTES_MAX or "\0" in text:
        yield f"{name} is {text!r:.40}; it must be 1 to {ID_BYTES_MAX} bytes of text without a NUL character."


def _problems_of_attributes(attributes: object) -> Iterator[str]:
    if not isinstance(attributes, Mapping):
        yield f"attributes is {attributes!r:.40}; it must be a mapping."
        return
    try:
        size_bytes = len(msgspec.json.encode(attributes))
    except (TypeError, ValueError, RecursionError) as problem:
        yield f"attributes can't be written as JSON: {problem}."
        return
    if size_bytes > ATTRIBUTES_BYTES_MAX:
        yield f"attributes has {size_bytes:,} bytes as JSON; the limit is {ATTRIBUTES_BYTES_MAX:,}."
