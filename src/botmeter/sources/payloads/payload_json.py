"""Values, times, ids and bots in JSON payloads; `validation` reports missing fields."""

import hashlib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from botmeter.domain.errors import Refused
from botmeter.domain.event import ID_BYTES_MAX
from botmeter.domain.instant import text_from_us, us_from_text
from botmeter.domain.source import Source
from botmeter.sources.payloads.event_fields import Fields, default_bot, identity_bot, platform_bot
from botmeter.sources.payloads.payload import refused_payload
from botmeter.sources.times.clock import Clock

JsonObject = dict[str, Any]

VALUES_MAX = 2_000_000
"""Of one payload, which can be an export of many conversations. Each takes about 100 bytes as a Python object."""
_SECONDS = Clock(format="epoch_s")
_BOM = b"\xef\xbb\xbf"
_DECODE = msgspec.json.Decoder(object, float_hook=Decimal).decode
_ENCODE = msgspec.json.Encoder(order="sorted", decimal_format="number").encode
_UNREADABLE = (msgspec.MsgspecError, ArithmeticError, RecursionError, ValueError)


def json_value(payload: bytes) -> object:
    """Parse JSON, fractions as `Decimal`; raises `Refused` (`payload_not_understood`)."""
    if has_too_many_values(payload):
        count = _value_count(payload)
        raise refused_payload(f"The payload has {count:,} JSON values; the limit is {VALUES_MAX:,}.")
    try:
        return _DECODE(without_mark(payload))
    except _UNREADABLE as fault:
        raise refused_payload(f"The payload is not JSON: {str(fault)[:120]}.") from None


def has_too_many_values(payload: bytes) -> bool:
    """Compare with `VALUES_MAX` without parsing."""
    # A payload has no more values than bytes, and most are small.
    return len(payload) > VALUES_MAX and _value_count(payload) > VALUES_MAX


def _value_count(payload: bytes) -> int:
    return sum(map(payload.count, (b"[", b"{", b",")))


def without_mark(payload: bytes) -> bytes:
    """Remove a byte order mark."""
    return payload.removeprefix(_BOM)


def json_bytes(value: object) -> bytes:
    """Encode a value in canonical form."""
    return _ENCODE(value)


def json_object(payload: bytes, *, platform: str) -> JsonObject:
    """Parse a JSON object; raises `Refused` (`payload_not_understood`)."""
    value = json_value(payload)
    if not isinstance(value, dict):
        raise refused_payload(f"Not a {platform} payload: it must be a JSON object.")
    return value


def checked_objects(value: object, *, name: str) -> list[JsonObject]:
    """List of objects; raises `Refused` (`payload_not_understood`)."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise refused_payload(f"{name} is not a list of objects.")
    return value


def objects_in(value: object) -> list[JsonObject]:
    """One object or an array as a list; raises `Refused` (`payload_not_understood`)."""
    if isinstance(value, dict):
        return [value]
    if value is None:
        raise refused_payload("The payload is null.")
    return checked_objects(value, name="The payload")


def objects_in_list(value: object) -> list[JsonObject]:
    """Objects in a list; otherwise none."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def object_of(value: object) -> JsonObject:
    """Object; otherwise an empty one."""
    return value if isinstance(value, dict) else {}


def at(value: object, *path: str) -> Any:
    """Value at a path in nested objects, or None."""
    for name in path:
        value = object_of(value).get(name)
    return value


def text_of(value: object) -> str | None:
    """Non-empty text, or an integer as text."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def first_text(*values: object) -> str | None:
    """First `text_of` any value."""
    return next((text for value in values if (text := text_of(value)) is not None), None)


def shared_text_of(value: object, *, name: str) -> str | None:
    """Text of a value stored with every event.

    Raises:
        Refused: `payload_not_understood` past the length of an id.
    """
    text = text_of(value)
    if text is not None and len(text) > ID_BYTES_MAX:
        raise refused_payload(f"{name} has {len(text):,} characters; the most that an id has is {ID_BYTES_MAX} bytes.")
    return text


def us_of_epoch(seconds: object) -> int | None:
    """µs UTC from seconds since 1970, as number or text."""
    if not isinstance(seconds, int | str | Decimal):
        return None
    try:
        return _SECONDS.us(seconds)
    except Refused:
        return None


def time_of_epoch(seconds: object) -> object:
    """Seconds since 1970 as RFC 3339 text; otherwise unchanged, for `validation`."""
    us = us_of_epoch(seconds)
    return seconds if us is None else text_from_us(us)


def us_of(time: object) -> int | None:
    """µs UTC from RFC 3339 text or seconds since 1970; None for 0."""
    if not isinstance(time, str):
        return us_of_epoch(time) or None
    try:
        return us_from_text(time)
    except Refused:
        return None


def event_id_of(kind: str, *parts: object) -> str:
    """Hash the parts, which may be long or hold a phone number."""
    return f"{kind}-{hashlib.sha256(_ENCODE(parts)).hexdigest()[:40]}"


def scoped_id(source: Source, *parts: str | None) -> str | None:
    """Id qualified by the source."""
    texts = [part for part in parts if part is not None]
    return ":".join((source.name, *texts)) if len(texts) == len(parts) else None


def is_listed(source: Source, option: str, *, default: Iterable[str], known_as: Iterable[str | None]) -> bool:
    """Look for any of the names in a comma-separated option."""
    setting = source.option(option)
    names = default if setting is None else (word.strip() for word in setting.split(","))
    return not {word for word in names if word}.isdisjoint(word for word in known_as if word)


def bot_of(source: Source, bot_id: str | None, *, name: str | None = None, version: str | None = None) -> Fields:
    """Source's bot identity, platform's bot, or default."""
    identity = source.identity(bot_id, name)
    if identity is not None:
        bot = identity_bot(source, identity, name=name)
    elif bot_id is not None:
        bot = platform_bot(source, bot_id, name=name)
    else:
        bot = default_bot(source)
    if version is not None and bot and (identity is None or identity.bot_version is None):
        bot["bot_version"] = version
    return bot
