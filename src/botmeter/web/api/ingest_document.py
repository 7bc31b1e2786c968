"""What the OpenAPI document says of the addresses that the front answers itself: those that take events in."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from pydantic import ConfigDict, Field
from pydantic.json_schema import models_json_schema

from botmeter.domain.receipt import REJECTIONS_SHOWN_MAX
from botmeter.domain.source import DEFAULT_SOURCE
from botmeter.live.records import BODY_BYTES_MAX, EVENTS_MAX, REQUESTS_A_MINUTE
from botmeter.web.api.parameters import Parameter
from botmeter.web.api.schemas import Answer, Count, Instant, Problem

TAG: Final = {"name": "Events", "description": "What happened in conversations, sent while it happens."}

_REFERENCES: Final = "#/components/schemas/{model}"


class Event(Answer):
    """One thing that happened in a conversation at one instant."""

    model_config = ConfigDict(extra="allow")

    event_id: str = Field(description="Known by this and the source: sent again, it is a duplicate.")
    occurred_at: Instant = Field(description="With an offset, such as `Z`.")
    conversation_id: str
    customer_id: str
    actor: Literal["customer", "bot", "agent", "system"]
    kind: str | None = Field(default=None, description="Left out: `message`.")
    bot_id: str | None = Field(default=None, description="Left out: no bot took part.")
    bot_name: str | None = None
    bot_version: str | None = None
    channel: str | None = Field(default=None, description="Left out: `unknown`.")
    ticket_id: str | None = None
    ticket_type: str | None = None
    preview: bool | None = None
    attributes: dict[str, Any] | None = Field(default=None, description="Kept, and never metered.")


class CloudEvent(Answer):
    """A CloudEvent 1.0; `data` is an event, and the envelope stands in for what it leaves out."""

    model_config = ConfigDict(extra="allow")

    specversion: Literal["1.0"]
    id: str
    source: str
    type: str = Field(description="`botmeter.message`, `botmeter.handoff`, …")
    time: Instant | None = None
    subject: str | None = Field(default=None, description="The conversation.")
    data: dict[str, Any] | None = None


class Rejection(Answer):
    """An event that was not taken, and why."""

    index: Count = Field(description="Its place in the request, from 0.")
    event_id: str | None
    code: str
    detail: str


class Receipt(Answer):
    """What became of the events of a request. What was rejected, or conflicts, is kept in quarantine."""

    accepted: Count
    duplicates: Count = Field(description="Known already, with the same content.")
    conflicts: Count = Field(description="Known already, with another content; the first one stands.")
    rejected: Count
    rejections: list[Rejection] = Field(description=f"Of conflicts too; the first {REJECTIONS_SHOWN_MAX:,}.")


class EventsProblem(Problem):
    """Why none of the events was taken, where all or none were to be."""

    receipt: Receipt | None = Field(default=None, description="What would have become of each.")


class DeliveryReceipt(Receipt):
    """What became of a delivery."""

    ignored: list[str] = Field(description="A sentence for each kind of thing in it that never counts.")


class AddressedSource(Answer):
    """The source that an address is of."""

    source: str
    platform: str


_MODELS: Final = (Event, CloudEvent, Receipt, EventsProblem, DeliveryReceipt, AddressedSource)
_EVENT_EXAMPLE: Final = {
    "event_id": "m-1001",
    "occurred_at": "2026-11-21T22:30:00Z",
    "conversation_id": "c-77",
    "customer_id": "cus_8401",
    "actor": "customer",
    "bot_id": "orders",
    "channel": "web",
}
_CLOUDEVENT_EXAMPLE: Final = {
    "specversion": "1.0",
    "id": "m-1001",
    "source": "/bots/orders",
    "type": "botmeter.message",
    "time": "2026-11-21T22:30:00Z",
    "subject": "c-77",
    "data": {"customer_id": "cus_8401", "actor": "customer", "bot_id": "orders", "channel": "web"},
}
_RECEIPT_EXAMPLE: Final = {"accepted": 1, "duplicates": 0, "conflicts": 0, "rejected": 0, "rejections": []}
_ADDRESS: Final = (
    ("source", "The source's name.", "support-desk"),
    ("key", "The key of the source's address, as it was shown when it was made.", "wh_…"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnOperation:
    """One operation of the document.

    Attributes:
        told: As OpenAPI has it, with the answers of success alone.
        failures: Status → when it is given.
        problem: The schema of its problem details.
    """

    path: str
    method: str
    told: dict[str, Any]
    failures: dict[str, str]
    problem: str = "Problem"


_UNREAD: Final = {
    "400": "The body can't be read; `detail` says why.",
    "404": "There is no such thing.",
    "408": "The body stood still for too long.",
    "413": f"More than {EVENTS_MAX:,} events or {BODY_BYTES_MAX >> 20} MiB; `detail` says how to split them.",
    "415": "The body is in no format that this takes.",
    "500": "A bug; `reference` says where its details are in the server's logs. What was taken is not known.",
    "503": "Nothing was taken; send it again after `Retry-After` seconds.",
}


def operations() -> tuple[OwnOperation, ...]:
    """All of them, in the order in which they are told."""
    return (_events(), _delivery(), _handshake())


def own_schemas() -> dict[str, Any]:
    """The models that they name, by name."""
    _, told = models_json_schema([(model, "validation") for model in _MODELS], ref_template=_REFERENCES)
    found: dict[str, Any] = told["$defs"]
    return found


def _events() -> OwnOperation:
    told = {
        "operationId": "send_events",
        "summary": "Send events",
        "description": (
            "One event, an array, NDJSON, or CloudEvents (structured, batched, or binary with `ce-` headers); up to "
            f"{EVENTS_MAX:,} events and {BODY_BYTES_MAX >> 20} MiB, packed with gzip or not. When it answers 200, what "
            "it took is on disk; the receipt tells what became of each event. Sending the same again counts nothing "
            f"twice. A key may send {REQUESTS_A_MINUTE:,} requests a minute. Scope: `events:write`."
        ),
        "tags": [TAG["name"]],
        "parameters": [_ATOMIC.documented, _SOURCE.documented],
        "requestBody": {"required": True, "content": _event_bodies()},
        "responses": {"200": _answer("Receipt", _RECEIPT_EXAMPLE, description="It is on disk.")},
        "security": [{"BearerKey": []}, {"HeaderKey": []}],
    }
    failures = _UNREAD | {
        "401": "No key was sent, or one that does not work (any more).",
        "403": "The key has not the scope that this takes.",
        "409": "With `atomic=true`: an event was sent before with another content, and none was taken.",
        "422": "With `atomic=true`: an event can't be taken, and none was.",
        "429": f"More than {REQUESTS_A_MINUTE:,} requests in this minute; `Retry-After` has the seconds left of it.",
    }
    return OwnOperation(path="/api/v1/events", method="post", told=told, failures=failures, problem="EventsProblem")


def _event_bodies() -> dict[str, Any]:
    one, many = _reference("Event"), {"type": "array", "items": _reference("Event"), "maxItems": EVENTS_MAX}
    envelope = _reference("CloudEvent")
    envelopes = {"type": "array", "items": envelope, "maxItems": EVENTS_MAX}
    return {
        "application/json": {"schema": {"anyOf": [many, one]}, "example": [_EVENT_EXAMPLE]},
        "application/x-ndjson": {
            "schema": {"type": "string", "description": "One event a line."},
            "example": '{"event_id": "m-1001", …}\n{"event_id": "m-1002", …}\n',
        },
        "application/cloudevents+json": {"schema": envelope, "example": _CLOUDEVENT_EXAMPLE},
        "application/cloudevents-batch+json": {"schema": envelopes, "example": [_CLOUDEVENT_EXAMPLE]},
    }


def _delivery() -> OwnOperation:
    told = {
        "operationId": "deliver",
        "summary": "Deliver to a source",
        "description": (
            "What a bot platform sends of itself to the address that stands under Admin, Sources. The platform's "
            "signature is checked where the source has a secret. A payload that is not understood is kept whole in "
            "quarantine, and is no failure of the platform's. OPTIONS answers the handshake of CloudEvents."
        ),
        "tags": [TAG["name"]],
        "parameters": _address(),
        "requestBody": {"required": True, "content": {"application/json": {"schema": {}, "example": {"…": "…"}}}},
        "responses": {
            "200": _answer("DeliveryReceipt", _RECEIPT_EXAMPLE | {"ignored": []}, description="It is on disk.")
        },
        "security": [],
    }
    failures = _UNREAD | {
        "401": "The signature is missing, does not fit, or is too old.",
        "403": "The source is turned off.",
        "404": "There is no such address.",
    }
    return OwnOperation(path=_WEBHOOK, method="post", told=told, failures=failures)


def _handshake() -> OwnOperation:
    told = {
        "operationId": "handshake",
        "summary": "Ask whether an address is ours",
        "description": (
            "Meta's check has `hub.mode`, `hub.verify_token` and `hub.challenge`, and the last is returned."
        ),
        "tags": [TAG["name"]],
        "parameters": _address(),
        "responses": {
            "200": {
                "description": "It is.",
                "content": {
                    "application/json": {
                        "schema": _reference("AddressedSource"),
                        "example": {"source": "support-desk", "platform": "botmeter"},
                    },
                    "text/plain": {"schema": {"type": "string"}, "example": "1158201444"},
                },
            }
        },
        "security": [],
    }
    failures = {
        "400": "The address can't be understood.",
        "403": "The source is turned off, or the verify token is another.",
        "404": "There is no such address.",
        "413": "The address has too many parameters.",
        "500": _UNREAD["500"],
        "503": "The server is starting or stopping; try again after `Retry-After` seconds.",
    }
    return OwnOperation(path=_WEBHOOK, method="get", told=told, failures=failures)


def _address() -> list[dict[str, Any]]:
    return [
        {
            "in": "path",
            "name": name,
            "description": meaning,
            "required": True,
            "schema": {"type": "string"},
            "example": example,
        }
        for name, meaning, example in _ADDRESS
    ]


def _answer(model: str, example: Any, *, description: str) -> dict[str, Any]:
    content = {"application/json": {"schema": _reference(model), "example": example}}
    return {"description": description, "content": content}


def _reference(model: str) -> dict[str, str]:
    return {"$ref": _REFERENCES.format(model=model)}


_WEBHOOK: Final = "/api/v1/webhooks/{source}/{key}"
_ATOMIC: Final = Parameter(
    name="atomic",
    description="`true`: all events are taken or none.",
    schema={"type": "string", "enum": ["true", "false"], "default": "false"},
    example="false",
)
_SOURCE: Final = Parameter(
    name="source",
    description="Where the events come from. The same event of two sources is two events.",
    schema={"type": "string", "default": DEFAULT_SOURCE},
    example=DEFAULT_SOURCE,
)
