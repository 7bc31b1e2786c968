"""Definitions of policies and plans as TOML or JSON."""

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from datetime import date
from difflib import get_close_matches
from typing import Any, cast

import msgspec

from botmeter.domain.errors import Refused

# A date that TOML can't have, which its parser reports as a syntax error.
_DATE_LINE = re.compile(r"^\s*([\w.-]+)\s*=\s*(\d{4}-\d\d-\d\d)\s*(?:#.*)?$", re.ASCII | re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Part of a definition, as messages name it: `Policy 'x': match.bot`.

    Attributes:
        refusal: Makes a refusal of a sentence, with the code of this kind of definition.
    """

    refusal: Callable[[str], Refused]
    subject: str
    prefix: str = ""

    def within(self, prefix: str) -> "Section":
        return replace(self, prefix=self.prefix + prefix)

    def refused(self, sentence: str) -> Refused:
        return self.refusal(f"{self.subject}: {sentence}")


# The reader of a key's value, with a description of the values that it accepts.
Reader = Callable[[Section, object], object]
Readers = dict[str, tuple[str, Reader]]


def parsed(text: str, *, noun: str, refusal: Callable[[str], Refused]) -> Mapping[str, object]:
    """Parse TOML, or JSON if it begins with a brace.

    Raises:
        Refused: If it is neither.
    """
    text = text.removeprefix("\ufeff")
    is_json = text.lstrip().startswith("{")
    try:
        data = json.loads(text, object_pairs_hook=_without_doubles) if is_json else tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        if not is_json and (sentence := _wrong_date(text)):
            raise refusal(f"The {noun} is not valid: {sentence}") from None
        kind = "JSON" if is_json else "TOML"
        raise refusal(f"The {noun} is not valid {kind}: {error}.") from None
    return cast(Mapping[str, object], data)


def arguments(data: Mapping[str, object], readers: Readers, *, section: Section) -> dict[str, Any]:
    """Read a table's values by key.

    Raises:
        Refused: For an unknown key or a wrong type.
    """
    read: dict[str, Any] = {}
    for key, value in data.items():
        if key not in readers:
            near = section.prefix + get_close_matches(str(key), readers, n=1, cutoff=0.0)[0]
            unknown = section.prefix + str(key)
            raise section.refused(f"unknown key {unknown!r:.70}. Did you mean {near!r}?")
        expected, reader = readers[key]
        try:
            read[key] = reader(section, value)
        except (msgspec.ValidationError, ValueError):
            wrong = f"{section.prefix}{key} must be {expected}, not {excerpt(value)}."
            raise section.refused(wrong) from None
    return read


def converter(kind: Any) -> Reader:
    """Reader of values of a type."""
    return lambda _section, value: msgspec.convert(value, kind)


def changed(value: Any) -> dict[str, Any]:
    """Dataclass's values that differ from defaults, in order of fields."""
    values = {}
    for field in fields(value):
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        if (now := getattr(value, field.name)) != default:
            values[field.name] = now
    return values


def toml_value(value: object) -> str:
    """Format a value on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(toml_value(inner) for inner in value) + "]"
    # JSON's escapes are TOML's, but for the one control character that JSON leaves bare.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def excerpt(value: object) -> str:
    """Quote a value in at most 60 characters."""
    if isinstance(value, Mapping):
        return "a table"
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:60] + "…"


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("a key is present twice")
    return data


def _wrong_date(text: str) -> str | None:
    for line in _DATE_LINE.finditer(text):
        try:
            date.fromisoformat(line[2])
        except ValueError:
            return f"{line[1]} = {line[2]} is not a day of the calendar."
    return None
