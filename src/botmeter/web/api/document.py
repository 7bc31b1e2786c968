"""The OpenAPI 3.1 document, derived from the routes."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from botmeter import __version__
from botmeter.reports.report_json import WORD_ORDER
from botmeter.web.api.authentication import REQUESTS_A_MINUTE
from botmeter.web.api.parameters import Parameter
from botmeter.web.api.problem_details import MEDIA_TYPE
from botmeter.web.api.route import JSON, PREFIX, Content, Route
from botmeter.web.api.table import EXAMPLES, ROUTES

Json = dict[str, Any]

_DESCRIPTION: Final = f"""Sessions consumed, the data behind them, and why each one was charged.

Every request needs a key of the account, made under Admin, Keys, or by `botmeter key create`. A key may send
{REQUESTS_A_MINUTE} requests a minute. Failures are problem details (RFC 9457) with a stable `code`. Unknown parameters
are refused. Instants are in RFC 3339, days are UTC days unless `timezone` is given."""
_TAGS: Final = {
    "Events": "What happened in conversations, sent while it happens.",
    "Entitlement": "What the next message would do, before a bot replies.",
    "Reports": "What was consumed.",
    "Sessions": "The underlying data, and why each session was charged.",
    "Exports": "The underlying data as files.",
    "Customers": "Customers who are the same person.",
    "Billing": "Plans, purchases, bills, statements, corrections, budgets, cost centres, and the vendor's bill.",
}
_PATH_PARTS: Final = {
    "account": ("Name of the account that the key belongs to.", "acme"),
    "session_id": ("Id of a session, as reports and exports show it.", "4c10adab-a6a2-87a4-acf7-6c2826b08fbe"),
    "source": ("Name of the source.", "support-desk"),
    "key": ("Key of the source's address, as it was shown when it was made.", "wh_…"),
    "number": ("Number of the statement, such as ACME-000001 or 1, or of what its list numbers.", "1"),
    "plan": ("Name of the shipped plan.", "freshworks.new"),
}
_KEYS: Final[Json] = {
    "BearerKey": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of the account, made under Admin, Keys, or by `botmeter key create`.",
    },
    "HeaderKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same key, for programs that can't send `Authorization`.",
    },
}
_BYTES: Final[Json] = {"type": "string", "format": "binary"}
_FILE_SCHEMAS: Final[Json] = {JSON: {"type": "array", "items": {"type": "object"}}}
# From the server itself, before it reads a request; without a body.
_UNREADABLE: Final[Json] = {
    "414": {"description": "The address is longer than 65,534 bytes."},
    "431": {"description": "The headers are too large or too many."},
}
_RETRY_AFTER: Final[Json] = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
}
_FILE_NAME: Final[Json] = {"Content-Disposition": {"description": "Name of the file.", "schema": {"type": "string"}}}


def openapi(request: HttpRequest) -> HttpResponse:
    """Serve the document as JSON."""
    del request
    return HttpResponse(msgspec.json.encode(document()), content_type=JSON)


@cache
def document() -> Json:
    """Document, without HEAD, which every GET implies."""
    components: Json = {}
    paths: Json = {}
    for route in ROUTES:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, components)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Botmeter",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": settings.FORCE_SCRIPT_NAME or "/"}],
        "tags": [{"name": name, "description": description} for name, description in _TAGS.items()],
        "paths": paths,
        "components": {"schemas": components, "securitySchemes": _KEYS},
    }


def _schema(types: tuple[Any, ...], components: Json) -> Json:
    schemas, added = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    components.update(_plain(added))
    alternatives = _plain([*schemas])
    return alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives}


def _plain(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {
        key: " ".join(value.split()) if key == "description" and isinstance(value, str) else _plain(value)
        for key, value in schema.items()
    }
    if isinstance(plain.get("enum"), list):
        plain.setdefault("type", "string")
        plain["enum"] = plain.pop(WORD_ORDER, plain["enum"])
    if plain.get("type") == "object":
        plain.setdefault("additionalProperties", True)
    return plain


def _operation(route: Route, components: Json) -> Json:
    operation: Json = {
        "operationId": route.operation,
        "summary": route.summary,
        "description": _description(route),
        "tags": [route.tag],
        "parameters": [
            *_path_parameters(route),
            *(_query_parameter(parameter) for parameter in route.parameters),
        ],
        "responses": dict(sorted((_responses(route, components) | _UNREADABLE).items())),
        "security": [] if route.scope is None else [{name: []} for name in _KEYS],
    }
    if route.body:
        operation["requestBody"] = {"required": True, "content": _contents(route.body, components)}
    return operation


def _description(route: Route) -> str:
    scope = "" if route.scope is None else f"Scope: `{route.scope}`."
    return f"{route.description} {scope}".strip()


def _path_parameters(route: Route) -> Iterator[Json]:
    for part in route.path.split("/"):
        if part.startswith("{"):
            description, example = _PATH_PARTS[part[1:-1]]
            yield {
                "in": "path",
                "name": part[1:-1],
                "required": True,
                "description": description,
                "schema": {"type": "string"},
                "example": example,
            }


def _query_parameter(parameter: Parameter) -> Json:
    return {
        "in": "query",
        "name": parameter.name,
        "required": parameter.is_required,
        "description": parameter.description,
        "schema": parameter.json_schema,
        "example": [parameter.example] if parameter.is_list else parameter.example,
    }


def _responses(route: Route, components: Json) -> Json:
    success: Json = {"description": route.answer, "content": _contents(route.answers, components)}
    if any(not content.types for content in route.answers):
        success["headers"] = _FILE_NAME
    problem = {MEDIA_TYPE: {"schema": _schema((route.problem,), components), "example": EXAMPLES["problem"]}}
    responses: Json = {"200": success}
    for status, sentence in route.failures.items():
        responses[str(status)] = {"description": sentence, "content": problem}
        if status in {429, 503}:
            responses[str(status)]["headers"] = _RETRY_AFTER
    return responses


def _contents(contents: tuple[Content, ...], components: Json) -> Json:
    return {
        content.media_type: {"schema": _schema(content.types, components), "example": content.example}
        if content.types
        else {"schema": _FILE_SCHEMAS.get(content.media_type, _BYTES)}
        for content in contents
    }
