"""What platforms' payloads are read with: JSON to plain values, their clocks, and ids for events that have none.

A payload's outline is checked, and one that is none of the platform's is refused as a whole. What an event in it lacks
is left out here; the rule that every format shares then says which field is missing.
"""

import hashlib
from collections.abc import Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal
from itertools import islice
from typing import Any

import msgspec

from botmeter.domain.errors import Refused
from botmeter.domain.event import ID_BYTES_MAX
from botmeter.domain.instant import (
    INSTANT_END_US,
    INSTANT_FIRST_US,
    MICROSECONDS_PER_SECOND,
    text_from_us,
    us_from_text,
)
from botmeter.domain.source import Source
from botmeter.sources.bot_fields import Fields, default_bot, listed_bot, platform_bot

JsonObject = dict[str, Any]

_BOM = b"\xef\xbb\xbf"
_DECODE = msgspec.json.Decoder(object, float_hook=Decimal).decode
_ENCODE = msgspec.json.Encoder(order="sorted", decimal_format="number").encode
_UNREADABLE = (msgspec.MsgspecError, ArithmeticError, RecursionError, ValueError)
# A payload can hold any number of words where a platform has a few.
_SENTENCES_MAX = 20
_INSTANTS_US = (Decimal(INSTANT_FIRST_US), Decimal(INSTANT_END_US))


def not_understood(what: str) -> Refused:
    """The refusal of a whole payload; `what` is a sentence."""
    return Refused("payload_not_understood", what)


def json_value(payload: bytes) -> object:
    """The value that JSON text holds, a number with a point as a `Decimal`.

    Raises:
        Refused: `payload_not_understood` if it is no JSON.
    """
    try:
        return _DECODE(payload.removeprefix(_BOM))
    except _UNREADABLE as fault:
        raise not_understood(f"The payload is not JSON: {str(fault)[:120]}.") from None


def json_bytes(value: object) -> bytes:
    """JSON of a value that `json_value` gave, in one canonical form."""
    return _ENCODE(value)


def checked_objects(found: object, *, what: str) -> list[JsonObject]:
    """The objects in a list; none for null.

    Raises:
        Refused: `payload_not_understood` if it is anything else; `what` names it in the sentence.
    """
    if found is None:
        return []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise not_understood(f"{what} is not a list of objects.")
    return found


def objects_in(found: object) -> list[JsonObject]:
    """The objects of a payload: one, or an array of them.

    Raises:
        Refused: `payload_not_understood` if it is neither.
    """
    if isinstance(found, dict):
        return [found]
    if found is None:
        raise not_understood("The payload is null.")
    return checked_objects(found, what="The payload")


def object_of(found: object) -> JsonObject:
    """An object as it is; anything else as one without members."""
    return found if isinstance(found, dict) else {}


def text_of(found: object) -> str | None:
    """Text that is not empty, or a whole number as text; None for anything else."""
    if isinstance(found, str):
        return found or None
    return str(found) if isinstance(found, int) and not isinstance(found, bool) else None


def shared_text_of(found: object, *, what: str) -> str | None:
    """What `text_of` gives, of what many events of a payload share and each repeats: no longer than an id may be.

    Raises:
        Refused: `payload_not_understood` for a longer one, which beside many events would take the memory of all.
    """
    text = text_of(found)
    if text is not None and len(text) > ID_BYTES_MAX:
        raise not_understood(f"{what} has {len(text):,} characters; the most that an id has is {ID_BYTES_MAX} bytes.")
    return text


def us_of_epoch(seconds: object) -> int | None:
    """The µs UTC of seconds since 1970, given as a number or as its text; None if it is neither, or no year of ours."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | str | Decimal):
        return None
    try:
        us = Decimal(seconds) * MICROSECONDS_PER_SECOND
        if not _INSTANTS_US[0] <= us < _INSTANTS_US[1]:
            return None
    except ArithmeticError:
        return None
    return int(us.to_integral_value(rounding=ROUND_FLOOR))


def time_of_epoch(seconds: object) -> object:
    """RFC 3339 text of seconds since 1970; what can't be read as such stays as it is, for the rule to refuse."""
    us = us_of_epoch(seconds)
    return seconds if us is None else text_from_us(us)


def event_id_of(kind: str, *parts: object) -> str:
    """An event's id made of what it is known by: the same parts give the same id, whoever makes it, and hide them.

    Ids of platforms can hold a phone number, and be longer than an id may be.
    """
    return f"{kind}-{hashlib.sha256(_ENCODE(parts)).hexdigest()[:40]}"


def scoped_id(source: Source, *parts: str | None) -> str | None:
    """An id that means something within its source alone, told apart from the same one elsewhere; None: incomplete."""
    return None if None in parts else ":".join((source.name, *(part for part in parts if part is not None)))


def is_listed(source: Source, option: str, *, default: Iterable[str], known_as: Iterable[str | None]) -> bool:
    """Whether an option's list, separated by commas, names a thing by any of its ids and names."""
    said = source.option(option)
    objects_in_list = default if said is None else (word.strip() for word in said.split(","))
    return not {word for word in objects_in_list if word}.isdisjoint(word for word in known_as if word)


def ignored_sentences(counts: Mapping[str, int]) -> tuple[str, ...]:
    """What never counts, each with how many there were of it if there were several; the first twenty are named."""
    named = islice(counts.items(), _SENTENCES_MAX)
    return tuple(what if count == 1 else f"{what} ({count:,} of them)" for what, count in named)


def bot_of(source: Source, bot_id: str | None, *, name: str | None = None, version: str | None = None) -> Fields:
    """The bot of an event: as the source's list says, else as the platform does, else the source's default.

    Args:
        bot_id: By which the platform knows it; None: it names none.
        version: As the platform says; the list's own goes before it.
    """
    identity = source.identity(bot_id, name)
    if identity is not None:
        bot = listed_bot(source, identity, name=name)
    elif bot_id is not None:
        bot = platform_bot(source, bot_id, name=name)
    else:
        bot = default_bot(source)
    if version is not None and bot and (identity is None or identity.bot_version is None):
        bot["bot_version"] = version
    return bot


def json_object(payload: bytes, *, platform: str) -> JsonObject:
    """The JSON object that a payload is; numbers with a fraction as `Decimal`.

    Raises:
        Refused: `payload_not_understood` if it is none.
    """
    found = json_value(payload)
    if not isinstance(found, dict):
        raise not_understood(f"This is no payload of {platform}: it is not a JSON object.")
    return found


def at(found: object, *path: str) -> Any:
    """What stands in nested objects under the names of `path`; None: nothing."""
    for name in path:
        if not isinstance(found, dict):
            return None
        found = found.get(name)
    return found


def objects_in_list(found: object) -> list[JsonObject]:
    """The objects in a list; nothing of what is no list."""
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def us_of(found: object) -> int | None:
    """µs UTC of RFC 3339 text or of seconds since 1970; None for what is no such time, and for 0."""
    if not isinstance(found, str):
        return us_of_epoch(found) or None
    try:
        return us_from_text(found)
    except Refused:
        return None


def time_of(found: object) -> object:
    """A time as `occurred_at` of a record: text as it is, seconds since 1970 as RFC 3339.

    What is no time stays as it is, for the rule to refuse it in its words.
    """
    return time_of_epoch(found) if isinstance(found, int | Decimal) else found
