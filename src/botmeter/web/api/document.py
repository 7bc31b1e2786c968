"""The OpenAPI document as it goes out: what the framework wrote, with all that it can't know."""

from copy import deepcopy
from typing import Any, Final

from botmeter.web.api.authentication import REQUESTS_A_MINUTE
from botmeter.web.api.examples import EXAMPLES
from botmeter.web.api.ingest_document import TAG, OwnOperation, operations, own_schemas
from botmeter.web.api.problem_details import MEDIA_TYPE
from botmeter.web.media_types import MEDIA_TYPES

_PLACES: Final = {
    "account": "The account's name, as the key is for it.",
    "session_id": "A session's id, as reports and exports show it.",
}
_PLACE_EXAMPLES: Final = {"account": "acme", "session_id": "4c10adab-a6a2-87a4-acf7-6c2826b08fbe"}

_FAILURES: Final = {
    "400": "The request can't be carried out as it stands; `detail` says what to change.",
    "401": "No key was sent, or one that does not work (any more).",
    "403": "The key has not the scope that this takes.",
    "404": "There is no such thing, or the key is not for this account.",
    "409": "What is there already stands against it; `detail` says what.",
    "413": "Over a limit, which `detail` names.",
    "415": "The body is in no format that this takes.",
    "429": f"More than {REQUESTS_A_MINUTE} requests in this minute; `Retry-After` has the seconds left of it.",
    "500": "A bug; `reference` says where its details are in the server's logs.",
    "503": "Nothing is wrong with the request; try again after `Retry-After` seconds.",
}
# Of the server itself, before anything is read; without a body.
_UNREADABLE: Final = {
    "414": {"description": "The address is longer than 65,534 bytes."},
    "431": {"description": "The headers are larger, or more, than the server reads."},
}
_RETRY_AFTER: Final = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}}
_FILE: Final = {"schema": {"type": "string", "format": "binary"}}
_NAMED: Final = {
    "Content-Disposition": {"description": "The name of the file.", "schema": {"type": "string"}},
}
_TAGS: Final = (
    TAG,
    {"name": "Reports", "description": "What was consumed."},
    {"name": "Sessions", "description": "The underlying data, and why each session was charged."},
    {"name": "Exports", "description": "The underlying data as files."},
    {"name": "Customers", "description": "Which customers are the same person."},
)


def finished(written: dict[str, Any]) -> dict[str, Any]:
    """The document that the framework wrote, made whole.

    HEAD is left out: it is what HTTP says of every GET.
    """
    made: dict[str, Any] = deepcopy(dict(written))
    made["servers"] = [{"url": "/"}]
    made["tags"] = list(_TAGS)
    made["info"]["license"] = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
    for operations_of_path in made["paths"].values():
        operations_of_path.pop("head", None)
        for operation in operations_of_path.values():
            _finish(operation)
    for own in operations():
        made["paths"].setdefault(own.path, {})[own.method] = _finished_own(own)
    for operations_of_path in made["paths"].values():
        for operation in operations_of_path.values():
            operation["responses"] = dict(sorted((operation["responses"] | deepcopy(_UNREADABLE)).items()))
    made["components"]["schemas"] |= own_schemas()
    return made


def _finish(operation: dict[str, Any]) -> None:
    for parameter in operation["parameters"]:
        if parameter["in"] == "path":
            parameter["description"] = _PLACES[parameter["name"]]
            parameter["example"] = _PLACE_EXAMPLES[parameter["name"]]
    operation["responses"] = {str(status): told for status, told in sorted(operation["responses"].items(), key=_status)}
    for status, told in operation["responses"].items():
        if status == "200":
            _finish_answer(told, name=operation["operationId"])
            continue
        schema = told["content"]["application/json"]["schema"]
        operation["responses"][status] = _problem(status, sentence=_FAILURES[status], schema=schema)


def _finished_own(own: OwnOperation) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{own.problem}"}
    failures = {
        status: _problem(status, sentence=sentence, schema=schema) for status, sentence in sorted(own.failures.items())
    }
    return own.told | {"responses": own.told["responses"] | failures}


def _problem(status: str, *, sentence: str, schema: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "description": sentence,
        "content": {MEDIA_TYPE: {"schema": schema, "example": EXAMPLES["problem"]}},
    }
    if status in {"429", "503"}:
        told["headers"] = _RETRY_AFTER
    return told


def _finish_answer(told: dict[str, Any], *, name: str) -> None:
    told["description"] = "The answer."
    if "content" not in told:
        told["content"] = dict.fromkeys(MEDIA_TYPES.values(), _FILE)
        told["headers"] = _NAMED
    elif name in EXAMPLES:
        told["content"]["application/json"]["example"] = EXAMPLES[name]


def _status(entry: tuple[int | str, Any]) -> str:
    return str(entry[0])
