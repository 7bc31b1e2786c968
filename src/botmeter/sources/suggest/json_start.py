"""JSON values at the start of a text that may be cut off."""

import json
import re
from collections.abc import Iterator

_DECODER = json.JSONDecoder(parse_int=str, parse_float=str)
_SPACE = re.compile(r"\s*")
_MARKS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|[{\[\]},]|"', re.DOTALL)
_CLOSING = {"{": "}", "[": "]"}
# The decoder counts the lines before each of them.
_UNREAD_MAX = 100
# Deeper than any export; Python's decoder stops at about 1,000.
_DEPTH_MAX = 500


def json_values(text: bytes, *, is_whole: bool = True) -> Iterator[object]:
    """Yield the values, and the elements of an array; numbers are texts, other lines are left out."""
    start = text.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    position = _end_of_space(start, 0)
    unread_count = 0
    while position < len(start) and unread_count < _UNREAD_MAX:
        try:
            value, position = _DECODER.raw_decode(start, position)
        except (ValueError, RecursionError):
            unread_count += 1
            value, position = _rest(start, position, is_whole=is_whole)
        yield from value if isinstance(value, list) else [value]
        position = _end_of_space(start, position)


def value_of_cell(text: str) -> object:
    """Object or list written as text, or the text itself."""
    if text[:1] not in ("{", "["):
        return text
    try:
        value: object = _DECODER.decode(text)
    except (ValueError, RecursionError):
        return text
    return value


def _rest(text: str, position: int, *, is_whole: bool) -> tuple[object, int]:
    end_of_line = text.find("\n", position)
    if is_whole or (end_of_line >= 0 and text[position:end_of_line].rstrip().endswith(("}", "]"))):
        return [], len(text) if end_of_line < 0 else end_of_line
    try:
        return _DECODER.decode(_closed(text[position:])), len(text)
    except (ValueError, RecursionError):
        return [], len(text)


def _closed(text: str) -> str:
    open_brackets: list[str] = []
    end = 0
    for mark in _MARKS.finditer(text):
        character = mark.group()
        if character in ("{", "["):
            open_brackets.append(_CLOSING[character])
            if len(open_brackets) > _DEPTH_MAX:
                return ""
        elif character in ("}", "]") and open_brackets:
            open_brackets.pop()
        elif character != ",":
            continue
        end = mark.start() if character == "," else mark.end()
    return text[:end] + "".join(reversed(open_brackets))


def _end_of_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position
