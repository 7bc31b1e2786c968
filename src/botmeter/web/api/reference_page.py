"""The API's reference as a page of ours, made from its OpenAPI document."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from botmeter.web.access import for_everyone
from botmeter.web.api.codes import CODES
from botmeter.web.api.document import document
from botmeter.web.layout import Frame, plain_frame
from botmeter.web.rendering import rendered

_LINE_LENGTH: Final = 72
# What the examples of requests ask, of the many parameters that there are.
_ASKED_IN_EXAMPLES: Final = ("from", "to", "channel", "format")


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a sentence; code or words."""

    text: str
    is_code: bool


Sentence = tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterLine:
    """One parameter: its name, what it can be, what it means."""

    name: str
    kind: Sentence
    meaning: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationCard:
    """One address.

    Attributes:
        curl: A request, to be copied.
        answer: An answer as JSON; empty where it is a file.
        failures: Status and meaning.
    """

    anchor: str
    title: str
    method: str
    path: str
    description: Sentence
    parameters: tuple[ParameterLine, ...]
    curl: str
    answer: str
    answer_types: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The addresses under one heading."""

    title: str
    sentence: str
    operations: tuple[OperationCard, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeLine:
    """One code of problem details."""

    code: str
    status: int
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiReferencePage:
    """The reference."""

    frame: Frame
    version: str
    paragraphs: tuple[Sentence, ...]
    openapi_href: str
    sections: tuple[Section, ...]
    problem: str
    codes: tuple[CodeLine, ...]


@for_everyone
def api_reference(request: HttpRequest) -> HttpResponse:
    """The page; it says nothing that is secret, so everyone may read it."""
    told = document()
    page = ApiReferencePage(
        frame=plain_frame(request, title="API"),
        version=told["info"]["version"],
        paragraphs=tuple(pieces(" ".join(part.split())) for part in told["info"]["description"].split("\n\n")),
        openapi_href=reverse("openapi"),
        sections=sections(request.build_absolute_uri("/").rstrip("/")),
        problem=_json(_problem_example(told)),
        codes=tuple(CodeLine(code=code, status=status, meaning=meaning) for code, status, meaning in CODES),
    )
    return rendered(request, "api_reference.html", page=page)


@cache
def sections(server: str) -> tuple[Section, ...]:
    """The addresses of the document, under their headings.

    Args:
        server: What stands before a path in the examples of requests.
    """
    told = document()
    return tuple(
        Section(
            title=tag["name"],
            sentence=tag["description"],
            operations=tuple(
                _operation((method, path), operation, server=server)
                for path, operations in told["paths"].items()
                for method, operation in operations.items()
                if operation["tags"] == [tag["name"]]
            ),
        )
        for tag in told["tags"]
    )


def pieces(text: str) -> Sentence:
    """The text taken apart at its backticks."""
    return tuple(Piece(text=part, is_code=place % 2 == 1) for place, part in enumerate(text.split("`")) if part)


def _operation(place: tuple[str, str], operation: dict[str, Any], *, server: str) -> OperationCard:
    method, path = place
    content = operation["responses"]["200"]["content"]
    example = content.get("application/json", {}).get("example")
    return OperationCard(
        anchor=operation["operationId"].replace("_", "-"),
        title=operation["summary"],
        method=method.upper(),
        path=path,
        description=pieces(operation["description"]),
        parameters=tuple(_parameter(each) for each in operation["parameters"]),
        curl=_curl(path, operation, server=server),
        answer="" if example is None else _json(example),
        answer_types=", ".join(content),
    )


def _parameter(told: dict[str, Any]) -> ParameterLine:
    return ParameterLine(
        name=told["name"],
        kind=pieces(". ".join(_kinds(told["schema"], is_required=told["required"]))),
        meaning=pieces(told["description"]),
    )


def _kinds(schema: dict[str, Any], *, is_required: bool) -> Iterator[str]:
    one = schema.get("items", schema)
    if "enum" in one:
        yield ", ".join(f"`{word}`" for word in one["enum"])
    else:
        yield {"date": "A day", "integer": "A whole number"}.get(one.get("format", one["type"]), "Text")
    if "minimum" in one:
        yield f"From {one['minimum']:,} to {one['maximum']:,}"
    if "items" in schema:
        yield f"Up to {schema['maxItems']:,} times"
    if is_required:
        yield "Part of the path"
    if "default" in one:
        yield f"Default `{one['default']}`"


def _curl(path: str, operation: dict[str, Any], *, server: str) -> str:
    asked: list[tuple[str, str]] = []
    for told in operation["parameters"]:
        example = told["example"][0] if isinstance(told["example"], list) else told["example"]
        if told["in"] == "path":
            path = path.replace(f"{{{told['name']}}}", example)
        elif told["name"] in _ASKED_IN_EXAMPLES:
            asked.append((told["name"], example))
    body = operation.get("requestBody", {}).get("content", {})
    asking = "curl" if body else "curl -G"
    lines = [f'{asking} "{server}{path}"']
    if operation["security"]:
        lines.append('  -H "Authorization: Bearer $BOTMETER_KEY"')
    # Of several forms the first is shown.
    for media_type, content in list(body.items())[:1]:
        lines += [f"  -H 'Content-Type: {media_type}'", f"  -d '{json.dumps(content['example'])}'"]
    if asked:
        lines.append("  " + " ".join(f"-d {name}={example}" for name, example in asked))
    return " \\\n".join(lines)


def _problem_example(told: dict[str, Any]) -> Any:
    operation = next(operation for operations in told["paths"].values() for operation in operations.values())
    return next(iter(operation["responses"]["400"]["content"].values()))["example"]


def _json(value: Any, *, margin: str = "") -> str:
    """JSON as people write it: what fits on a line stands on one."""
    short = json.dumps(value, ensure_ascii=False)
    if len(margin) + len(short) <= _LINE_LENGTH or not isinstance(value, dict | list):
        return short
    inner = f"{margin}  "
    if isinstance(value, dict):
        parts = [f"{inner}{json.dumps(name)}: {_json(part, margin=inner)}" for name, part in value.items()]
    else:
        parts = [f"{inner}{_json(part, margin=inner)}" for part in value]
    start, end = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([start, ",\n".join(parts), f"{margin}{end}"])
