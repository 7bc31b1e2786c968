"""JSON Schema validation for the keywords of our OpenAPI document."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from botmeter.domain.instant import us_from_text

Schema = dict[str, Any]

# Keywords for people only, and those checked with another keyword.
_NOT_CHECKED = {"title", "description", "default", "example", "$defs", "format"}
_TYPES: dict[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}
_FORMATS: dict[str | None, Callable[[str], object]] = {
    "date": date.fromisoformat,
    "date-time": us_from_text,
    "binary": str,
    None: str,
}
# Each checks the value by the keyword; `schema` contains the keyword.
_WORDS: dict[str, Callable[[Any, Any, Schema], bool]] = {
    "type": lambda value, rule, schema: _TYPES[rule](value) and _is_formatted(value, schema),
    "required": lambda value, rule, _: set(rule) <= set(value),
    "additionalProperties": lambda value, rule, schema: bool(rule) or set(value) <= set(schema["properties"]),
    "enum": lambda value, rule, _: value in rule,
    "const": lambda value, rule, _: value == rule,
    "maxItems": lambda value, rule, _: len(value) <= rule,
    "minItems": lambda value, rule, _: len(value) >= rule,
    "maxLength": lambda value, rule, _: len(value) <= rule,
    "minLength": lambda value, rule, _: len(value) >= rule,
    "maximum": lambda value, rule, _: value <= rule,
    "minimum": lambda value, rule, _: value >= rule,
    "pattern": lambda value, rule, _: re.search(rule, value) is not None,
}


def faults(value: Any, schema: Schema, *, document: Schema, at: str = "") -> Iterator[str]:
    """Problems of the value; unknown keywords are problems too."""
    if "type" in schema and not _WORDS["type"](value, schema["type"], schema):
        yield f"{at}: {value!r} is no {schema['type']}"
        return
    for word, rule in schema.items():
        match word:
            case "$ref":
                named = document["components"]["schemas"][rule.removeprefix("#/components/schemas/")]
                yield from faults(value, named, document=document, at=at)
            case "anyOf":
                if all(any(faults(value, one, document=document)) for one in rule):
                    yield f"{at}: {value!r} is none of {rule}"
            case "properties" if isinstance(value, dict):
                for name in value.keys() & rule.keys():
                    yield from faults(value[name], rule[name], document=document, at=f"{at}.{name}")
            case "items" if isinstance(value, list):
                for index, item in enumerate(value):
                    yield from faults(item, rule, document=document, at=f"{at}[{index}]")
            case _ if word not in _NOT_CHECKED and word not in {"properties", "items"}:
                if word not in _WORDS or not _WORDS[word](value, rule, schema):
                    yield f"{at}: {value!r} is not as {word!r} says: {rule!r}"


def schema_of_answer(document: Schema, operation: str, *, status: int = 200, media_type: str | None = None) -> Schema:
    """Schema of an operation's answer with that status, in its first media type unless one is named."""
    for operations in document["paths"].values():
        for one in operations.values():
            if one["operationId"] == operation:
                content = one["responses"][str(status)]["content"]
                schema: Schema = content[media_type or next(iter(content))]["schema"]
                return schema
    raise LookupError(operation)


def _is_formatted(value: Any, schema: Schema) -> bool:
    if isinstance(value, str):
        _FORMATS[schema.get("format")](value)
    return True
