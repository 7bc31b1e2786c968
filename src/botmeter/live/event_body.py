"""Event records of a request body."""

from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Mapping
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
MEDIA_TYPES: Final = (
    "application/json",
    "application/x-ndjson",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
)
_SPACE: Final = b" \t\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitBody:
    """Event records, one JSON object each; `subject` names the body's format."""

    records: tuple[bytes, ...]
    subject: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Format:
    subject: str
    split: Callable[[bytes], "Iterable[bytes | msgspec.Raw]"]
    may_be_empty: bool = False


def _single(body: bytes) -> tuple[msgspec.Raw]:
    return (_decode_one(body),)


def _lines(body: bytes) -> list[bytes]:
    return [text for line in body.split(b"\n") if (text := line.strip(_SPACE))]


_decode_one = msgspec.json.Decoder(msgspec.Raw).decode
_decode_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
_ARRAY: Final = _Format(subject="a JSON array", split=_decode_array)
_EVENT: Final = _Format(subject="an event", split=_single)
_NDJSON: Final = _Format(subject="NDJSON", split=_lines)
_FORMATS: Final = {
    "application/json": _EVENT,
    "text/json": _EVENT,
    "application/x-ndjson": _NDJSON,
    "application/ndjson": _NDJSON,
    "application/jsonl": _NDJSON,
    "application/json-lines": _NDJSON,
    "application/cloudevents+json": _Format(subject="a CloudEvent", split=_single),
    # An empty batch is a batch (CloudEvents JSON event format, 4.1).
    "application/cloudevents-batch+json": _Format(subject="CloudEvents", split=_decode_array, may_be_empty=True),
}


def split_body(body: bytes, *, headers: Mapping[str, str]) -> SplitBody:
    """Split a body into its event records.

    Raises:
        Refused: `media_type_unknown`, `body_empty`, `json_invalid`, `cloudevent_invalid`.
        TooMuch: `events_too_many`.
    """
    if "ce-specversion" in headers:
        from botmeter.sources.cloudevents_http import envelope_from_binary

        envelope = envelope_from_binary(headers, body)
        return SplitBody(records=(envelope,), subject="a CloudEvent, binary")
    media_type = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    form = _FORMATS.get(media_type)
    if form is None:
        raise Refused(
            "media_type_unknown",
            f"Events can't be sent as {media_type[:60]!r}. Send one of: {', '.join(MEDIA_TYPES)}.",
        )
    # Programs send files as they are, which may begin with a byte order mark.
    body = body.removeprefix(BOM_UTF8)
    first = body.lstrip(_SPACE)[:1]
    if form is _EVENT and first == b"[":
        form = _ARRAY
    if not first and not form.may_be_empty:
        raise Refused("body_empty", "The body is empty. Send at least one event.")
    try:
        records = tuple(map(bytes, form.split(body)))
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as problem:
        raise Refused("json_invalid", f"The body is not JSON: {str(problem)[:120]}.") from None
    if len(records) > EVENTS_MAX:
        raise events_too_many(len(records))
    if not records and not form.may_be_empty:
        raise Refused("body_empty", "The body holds no events. Send at least one.")
    return SplitBody(records=records, subject=form.subject)


def events_too_many(count: int) -> TooMuch:
    """Return the error."""
    return TooMuch("events_too_many", f"The body holds {count:,} events. {SPLIT_ADVICE}")
