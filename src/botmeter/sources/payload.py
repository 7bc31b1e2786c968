"""A payload looked into with care: what stands at a place, and the instant that it is, or nothing.

Connectors look into payloads that nobody checked. These answers are None for what is not there or is something else,
so that a connector reads like the table of its fields. What `wire` has is not here again.
"""

from decimal import Decimal
from typing import Any

from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_text
from botmeter.sources.json_values import not_understood, time_of_epoch, us_of_epoch, value_of

Found = dict[str, Any]


def object_in(payload: bytes, *, platform: str) -> Found:
    """The JSON object that a payload is; numbers with a fraction as `Decimal`.

    Raises:
        Refused: `payload_not_understood` if it is none.
    """
    found = value_of(payload)
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


def listed(found: object) -> list[Found]:
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
