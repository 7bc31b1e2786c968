"""Text of mappings as TOML."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from datetime import date, datetime

from botmeter.domain.event import FIELDS
from botmeter.domain.text import counted
from botmeter.sources.suggest.columns import readable, without_controls
from botmeter.sources.suggest.suggestion import FieldSuggestion, Suggestion

_WIDTH = 110
_SAMPLES = 3
_BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def text_of_suggestion(suggestion: Suggestion) -> str:
    """Mapping file with a reason per line, and doubts at the top."""
    blocks = ["\n".join(_head(suggestion))]
    if suggestion.options:
        blocks.append("\n".join(f"{key} = {toml_value(value)}" for key, value in suggestion.options.items()))
    if suggestion.rows is not None:
        blocks.append("\n".join([*_comment(suggestion.rows_reason), f"rows = {toml_value(suggestion.rows)}"]))
    by_field = {each.field: each for each in suggestion.fields}
    blocks += ["\n".join(_lines(by_field[name])) for name in FIELDS if name in by_field]
    return "\n\n".join(blocks) + "\n"


def text_of_document(document: Mapping[str, object]) -> str:
    """Mapping file of one line per key."""
    return "".join(f"{key} = {toml_value(value)}\n" for key, value in document.items())


def toml_value(value: object) -> str:
    """Format a value on one line."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float() | date() | datetime():
            return str(value)
        case dict():
            members = ", ".join(f"{_key(key)} = {toml_value(part)}" for key, part in value.items())
            return f"{{ {members} }}"
        case list() | tuple():
            return f"[{', '.join(map(toml_value, value))}]"
        case _:
            # JSON escapes what TOML escapes, but for one character.
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _head(suggestion: Suggestion) -> Iterator[str]:
    rows = counted(suggestion.row_count, "row")
    extent = f"all {rows}" if suggestion.is_whole else f"the first {rows}"
    yield from _comment(f"Mapping suggested for {readable(suggestion.file_name)} from {extent}.")
    if suggestion.ready_made is not None:
        yield from _comment(f"The file fits the ready-made mapping {suggestion.ready_made}.")
        for note in suggestion.notes:
            yield from _comment(note)
    if suggestion.doubts:
        yield "#"
        yield "# Not sure about:"
        for doubt in suggestion.doubts:
            yield from _comment(doubt, indent="- ")


def _lines(field: FieldSuggestion) -> Iterator[str]:
    samples = ", ".join(field.samples[:_SAMPLES])
    yield from _comment(field.reason + (f" Such as: {samples}" if samples else ""))
    if field.location:
        yield f"{field.field} = {toml_value(dict(field.location))}"
    else:
        yield f'# {field.field} = {{ column = "…" }}'


def _comment(text: str, *, indent: str = "") -> Iterator[str]:
    after = "# " + " " * len(indent)
    yield from textwrap.wrap(without_controls(text), _WIDTH, initial_indent=f"# {indent}", subsequent_indent=after)


def _key(key: str) -> str:
    return key if key and set(key) <= _BARE else toml_value(key)
