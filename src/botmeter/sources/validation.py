"""Validation of one record of any format; a test proves that `columns` agrees."""

from collections.abc import Mapping
from decimal import Decimal

from botmeter.domain.errors import Refused
from botmeter.domain.event import (
    ACTOR_BY_NAME,
    FIELDS,
    ID_BYTES_MAX,
    KIND_BY_NAME,
    REQUIRED_FIELDS,
    Kind,
)
from botmeter.sources.attributes import attributes_text
from botmeter.sources.times.clock import Clock

PREVIEW_BY_NAME = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

# An integer of more bits has more digits than an id may have bytes; checking bits first
# avoids Python's limit on converting integers to text.
_INTEGER_BITS_MAX = ID_BYTES_MAX * 3

Event = dict[str, object]
"""A valid event: field → value as `EVENTS_SCHEMA` stores it."""


def event_from_record(
    record: Mapping[str, object], *, clock: Clock, default_channel: str
) -> tuple[Event, list[Refused]]:
    """Valid fields of an event, and every fault.

    Empty text counts as missing, because CSV can't tell them apart.
    """
    event: Event = {}
    faults: list[Refused] = []
    for name in FIELDS:
        try:
            sent = record.get(name)
            is_absent = sent is None or sent == ""
            event[name] = _absent(name, default_channel) if is_absent else _value(name, sent, clock=clock)
        except Refused as fault:
            faults.append(fault)
    return event, faults


def _value(name: str, sent: object, *, clock: Clock) -> object:
    match name:
        case "occurred_at":
            return clock.us(sent)
        case "actor":
            return _number(name, checked_text(name, sent), known=ACTOR_BY_NAME)
        case "kind":
            return _number(name, checked_text(name, sent), known=KIND_BY_NAME)
        case "preview":
            return _preview(sent)
        case "attributes":
            return attributes_text(sent)
        case _:
            return checked_text(name, sent)


def _absent(name: str, default_channel: str) -> object:
    if name in REQUIRED_FIELDS:
        raise Refused("field_missing", f"{name} is missing.")
    defaults: Event = {"kind": int(Kind.MESSAGE), "channel": default_channel}
    return defaults.get(name)


def _number(name: str, text: str, *, known: Mapping[str, int]) -> int:
    if text not in known:
        raise Refused(f"{name}_unknown", f"{name} is {_excerpt(text)}; it must be one of {', '.join(known)}.")
    return int(known[text])


def _preview(sent: object) -> bool:
    if isinstance(sent, bool):
        return sent
    known = PREVIEW_BY_NAME.get(str(sent).lower()) if isinstance(sent, str | int) else None
    if known is None:
        raise Refused("preview_invalid", f"preview is {_excerpt(str(sent))}; it must be true or false, or left out.")
    return known


def checked_text(name: str, sent: object) -> str:
    """Text of a field; raises `Refused` (`type_invalid`, `text_invalid`, `text_too_long`)."""
    if isinstance(sent, bytes):
        sent = sent.decode("utf-8", "surrogateescape")
    if isinstance(sent, int) and not isinstance(sent, bool):
        sent = str(sent) if sent.bit_length() <= _INTEGER_BITS_MAX else "9" * (ID_BYTES_MAX + 1)
    if not isinstance(sent, str):
        raise Refused("type_invalid", f"{name} is {kind_of(sent)}; it must be text or a whole number.")
    try:
        size_bytes = len(sent.encode())
    except UnicodeEncodeError:
        raise Refused("text_invalid", f"{name} holds a lone surrogate or bytes that are not UTF-8.") from None
    if size_bytes > ID_BYTES_MAX:
        raise Refused("text_too_long", f"{name} has {size_bytes} bytes; the limit is {ID_BYTES_MAX}.")
    if "\0" in sent:
        raise Refused("text_invalid", f"{name} holds a NUL character, at position {sent.index(chr(0))}.")
    return sent


def kind_of(sent: object) -> str:
    """Description of a JSON value for messages."""
    match sent:
        case None:
            return "null"
        case bool():
            return str(sent).lower()
        case int() | float() | Decimal():
            return f"the number {str(sent)[:40]}"
        case str():
            return "text"
        case dict():
            return "an object"
        case list():
            return "a list"
        case _:
            return f"a {type(sent).__name__}"


def _excerpt(text: str) -> str:
    excerpt = text if len(text) <= 40 else text[:40] + "…"
    return ascii(excerpt) if any("\ud800" <= character <= "\udfff" for character in excerpt) else repr(excerpt)
