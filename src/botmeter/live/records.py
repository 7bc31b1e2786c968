"""A body that bears events → single JSON texts, by its media type: what stands between the events is read, and no more.

Events themselves are read later, together with those of others; a broken one is refused by itself.
"""

from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from botmeter.domain.errors import Refused, TooMuch

EVENTS_MAX: Final = 5_000
BODY_BYTES_MAX: Final = 10 << 20
REQUESTS_A_MINUTE: Final = 60_000
"""With events, per key: a thousand a second. Senders who batch their events have no reason to send more."""
SPLIT_ADVICE: Final = (
    f"Split the events into requests of at most {EVENTS_MAX:,} events and {BODY_BYTES_MAX:,} bytes; their order does "
    "not matter."
)

_JSON: Final = frozenset({"application/json", "text/json"})
_LINES: Final = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-lines"})
_ONE_CLOUDEVENT: Final = "application/cloudevents+json"
_MANY_CLOUDEVENTS: Final = "application/cloudevents-batch+json"
MEDIA_TYPES: Final = (
    "application/json",
    "application/x-ndjson",
    _ONE_CLOUDEVENT,
    _MANY_CLOUDEVENTS,
)

_RAWS = msgspec.json.Decoder(list[msgspec.Raw]).decode
_RAW = msgspec.json.Decoder(msgspec.Raw).decode
_SPACE: Final = b" \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The events in a body.

    Attributes:
        texts: One JSON object each, unread.
        subject: How they were sent, for people.
    """

    texts: tuple[bytes, ...]
    subject: str


def texts_from_body(body: bytes, *, headers: Mapping[str, str]) -> Texts:
    """The events in a body of any media type that is taken.

    Raises:
        Refused: `media_type_unknown`, `body_empty`, `json_invalid`, `cloudevent_invalid`.
        TooMuch: `events_too_many`.
    """
    media_type = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if "ce-specversion" in headers:
        from botmeter.sources.cloudevents_http import envelope_from_binary

        return Texts(texts=(envelope_from_binary(headers, body),), subject="a CloudEvent, binary")
    # What a program read from a file may begin as the file did.
    body = body.removeprefix(BOM_UTF8)
    if media_type == _ONE_CLOUDEVENT:
        return Texts(texts=(_one(body),), subject="a CloudEvent")
    if media_type == _MANY_CLOUDEVENTS:
        # An empty batch is a batch (CloudEvents JSON event format, 4.1).
        return Texts(texts=_elements(body), subject="CloudEvents")
    if media_type in _LINES:
        return Texts(texts=_checked(_lines(body)), subject="NDJSON")
    if media_type not in _JSON:
        raise Refused(
            "media_type_unknown", f"Events can't be sent as {media_type[:60]!r}; send {', '.join(MEDIA_TYPES)}."
        )
    if body.lstrip(_SPACE)[:1] == b"[":
        return Texts(texts=_checked(_elements(body)), subject="a JSON array")
    return Texts(texts=(_one(body),), subject="an event")


def _one(body: bytes) -> bytes:
    if not body.strip(_SPACE):
        raise Refused("body_empty", "The body is empty; it must hold an event.")
    try:
        return bytes(_RAW(body))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as fault:
        raise _not_json(fault) from None


def _elements(body: bytes) -> tuple[bytes, ...]:
    try:
        found = _RAWS(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as fault:
        raise _not_json(fault) from None
    _check_count(len(found))
    return tuple(map(bytes, found))


def _lines(body: bytes) -> tuple[bytes, ...]:
    found = tuple(text for line in body.split(b"\n") if (text := line.strip(_SPACE)))
    _check_count(len(found))
    return found


def _checked(texts: tuple[bytes, ...]) -> tuple[bytes, ...]:
    if not texts:
        raise Refused("body_empty", "The body holds no event.")
    return texts


def _check_count(count: int) -> None:
    if count > EVENTS_MAX:
        raise TooMuch("events_too_many", f"The body holds {count:,} events. {SPLIT_ADVICE}")


def _not_json(fault: Exception) -> Refused:
    return Refused("json_invalid", f"The body is not JSON: {str(fault)[:120]}.")
