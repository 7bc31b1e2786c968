"""The API reference page, from the OpenAPI document."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from markupsafe import Markup

from botmeter.people.public_address import server_address
from botmeter.web.access import for_everyone
from botmeter.web.api.codes import CODES, ProblemCode
from botmeter.web.api.document import document
from botmeter.web.api.table import EXAMPLES
from botmeter.web.layout import Frame, plain_frame
from botmeter.web.rendering import rendered

_LINE_LENGTH: Final = 72
# Parameters shown in the example requests.
_IN_EXAMPLES: Final = ("from", "to", "channel", "format")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterLine:
    """One parameter."""

    name: str
    kind: Markup
    meaning: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationCard:
    """One route; `answer` is empty for a file."""

    anchor: str
    title: str
    method: str
    path: str
    description: Markup
    parameters: tuple[ParameterLine, ...]
    curl: str
    answer: str
    answer_types: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Routes under one heading."""

    title: str
    sentence: str
    operations: tuple[OperationCard, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiReferencePage:
    """The API reference."""

    frame: Frame
    version: str
    paragraphs: tuple[Markup, ...]
    openapi_href: str
    sections: tuple[Section, ...]
    problem: str
    codes: tuple[ProblemCode, ...]


@for_everyone
def api_reference(request: HttpRequest) -> HttpResponse:
    """Show the public reference page."""
    openapi = document()
    page = ApiReferencePage(
        frame=plain_frame(request, title="API"),
        version=openapi["info"]["version"],
        paragraphs=tuple(code_spans(" ".join(part.split())) for part in openapi["info"]["description"].split("\n\n")),
        openapi_href=reverse("openapi"),
        sections=sections(server_address(request)),
        problem=_json(EXAMPLES["problem"]),
        codes=CODES,
    )
    return rendered(request, "api_reference.html", page=page)


def sections(server: str) -> tuple[Section, ...]:
    """Routes under their headings; `server` is the examples' base URL."""
    openapi = document()
    return tuple(
        Section(
            title=tag["name"],
            sentence=tag["description"],
            operations=tuple(
                _operation(path, operation, method=method, server=server)
                for path, operations in openapi["paths"].items()
                for method, operation in operations.items()
                if operation["tags"] == [tag["name"]]
            ),
        )
        for tag in openapi["tags"]
    )


def code_spans(text: str) -> Markup:
    """HTML of a text whose code is in backticks."""
    code = Markup("<code>{}</code>")
    return Markup("").join(code.format(part) if number % 2 else part for number, part in enumerate(text.split("`")))


def _operation(path: str, operation: dict[str, Any], *, method: str, server: str) -> OperationCard:
    content = operation["responses"]["200"]["content"]
    example = content.get("application/json", {}).get("example")
    return OperationCard(
        anchor=operation["operationId"].replace("_", "-"),
        title=operation["summary"],
        method=method.upper(),
        path=path,
        description=code_spans(operation["description"]),
        parameters=tuple(_parameter(each) for each in operation["parameters"]),
        curl=_curl(path, operation, server=server),
        answer="" if example is None else _json(example),
        answer_types=", ".join(content),
    )


def _parameter(parameter: dict[str, Any]) -> ParameterLine:
    return ParameterLine(
        name=parameter["name"],
        kind=code_spans(". ".join(_kinds(parameter["schema"], is_required=parameter["required"]))),
        meaning=code_spans(parameter["description"]),
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
    query: list[tuple[str, str]] = []
    for parameter in operation["parameters"]:
        name, example = parameter["name"], parameter["example"]
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", example)
        elif name in _IN_EXAMPLES:
            query.append((name, example[0] if isinstance(example, list) else example))
    body = operation.get("requestBody", {}).get("content", {})
    lines = [f'{"curl" if body else "curl -G"} "{server}{path}"']
    if operation["security"]:
        lines.append('  -H "Authorization: Bearer $BOTMETER_KEY"')
    # Only the first of several forms of a body.
    for media_type, content in list(body.items())[:1]:
        lines += [f"  -H 'Content-Type: {media_type}'", f"  -d '{json.dumps(content['example'])}'"]
    if query:
        lines.append("  " + " ".join(f"-d {name}={example}" for name, example in query))
    return " \\\n".join(lines)


def _json(value: Any, *, margin: str = "") -> str:
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
