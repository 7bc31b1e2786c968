"""JSON pointers (RFC 6901) into values; JSON text on the way is parsed."""

import json
from collections.abc import Sequence
from decimal import Decimal

Path = tuple[str, ...]


def parts_of(pointer: str) -> Path:
    """Unescaped parts of a pointer that begins with a slash."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))


def pointer_of(path: Sequence[str]) -> str:
    """Pointer with these parts."""
    return "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in path)


def followed(value: object, path: Sequence[str]) -> object:
    """Value at a path, or None."""
    for part in path:
        value = item_at(loaded(value) if isinstance(value, str) else value, part)
    return value


def item_at(value: object, part: str) -> object:
    """Member of an object or element of a list, or None."""
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isascii() and part.isdigit() and len(part) < 10:
        return value[int(part)] if int(part) < len(value) else None
    return None


def loaded(text: str) -> object:
    """Parse JSON text, fractions as `Decimal`; None if it isn't JSON."""
    try:
        value: object = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return value


def put_at(document: dict[str, object], path: Sequence[str], *, value: object) -> None:
    """Set a value, and the objects on the way to it."""
    for part in path[:-1]:
        below = document.setdefault(part, {})
        if not isinstance(below, dict):
            return
        document = below
    document[path[-1]] = value
