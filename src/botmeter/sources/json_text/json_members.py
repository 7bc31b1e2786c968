"""Members of JSON objects; the others are skipped, which takes a fraction of decoding them."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import msgspec
import pyarrow as pa

from botmeter.sources.json_text.pointer import item_at, loaded
from botmeter.sources.records import DOUBTFUL

UNDECODABLE: Final = (msgspec.MsgspecError, ArithmeticError, RecursionError, ValueError)
"""Errors of JSON that only the tolerant reader can judge."""
_DECODE: Final = msgspec.json.Decoder(float_hook=Decimal).decode
_NO_TEXT: Final = msgspec.Raw()


class Unreadable:
    """Value that only the tolerant reader can judge."""


UNREADABLE: Final = Unreadable()


def decoded(text: bytes) -> object:
    """Value of JSON text, with fractions as `Decimal`, or `UNREADABLE`."""
    try:
        return _DECODE(text)
    except UNDECODABLE:
        return UNREADABLE


def record_value(text: bytes) -> object:
    """Object of JSON text, or `UNREADABLE`."""
    value = decoded(text)
    return value if isinstance(value, dict) else UNREADABLE


def cell_json(text: str | bytes) -> object:
    """Value of JSON text in a cell, None for other text, or `UNREADABLE`."""
    try:
        return _DECODE(text)
    except UNDECODABLE:
        plain = text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text
        return None if loaded(plain) is None else UNREADABLE


def member_of(value: object, name: str) -> object:
    """Member or element, or None; `UNREADABLE` of what is."""
    if type(value) is dict:
        return value.get(name)
    return value if value is UNREADABLE else item_at(value, name)


def members_of(
    texts: Sequence[bytes], names: tuple[str, ...], *, decode: Callable[[bytes], object], as_text: frozenset[str]
) -> "dict[str, list[object] | pa.Array]":
    """Values of each name.

    Args:
        decode: For texts that are no object.
        as_text: Names whose values stay JSON text, or `DOUBTFUL`.
    """
    kind, read = _reader(names, as_text)
    rows: list[object] = []
    for text in texts:
        try:
            rows.append(read(text))
        except UNDECODABLE:
            rows.append(decode(text))
    are_objects = all(type(row) is kind for row in rows)
    columns: dict[str, list[object] | pa.Array] = {}
    for number, name in enumerate(names):
        member = attrgetter(f"member_{number}")
        if name in as_text:
            columns[name] = pa.array(
                [bytes(member(row)) or None if type(row) is kind else DOUBTFUL.encode() for row in rows], pa.binary()
            )
        elif are_objects:
            columns[name] = list(map(member, rows))
        else:
            columns[name] = [member(row) if type(row) is kind else member_of(row, name) for row in rows]
    return columns


@lru_cache(maxsize=64)
def _reader(names: tuple[str, ...], as_text: frozenset[str]) -> tuple[type, Callable[[bytes], object]]:
    fields = [
        (f"member_{number}", msgspec.Raw, _NO_TEXT) if name in as_text else (f"member_{number}", Any, None)
        for number, name in enumerate(names)
    ]
    renamed = {f"member_{number}": name for number, name in enumerate(names)}
    kind = msgspec.defstruct("Members", fields, rename=renamed, gc=False)
    return kind, msgspec.json.Decoder(kind, float_hook=Decimal).decode
