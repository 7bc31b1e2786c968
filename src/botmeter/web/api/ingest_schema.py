"""Events, webhooks and receipts as msgspec types."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from botmeter.domain import receipt as counted
from botmeter.reports.explanation_json import ActorName
from botmeter.reports.report_json import Count, Instant
from botmeter.web.api.problem_details import Problem


class Event(Struct, frozen=True, omit_defaults=True):
    """One thing that happened in a conversation at one instant."""

    event_id: Annotated[str, Meta(description="Identifies the event within its source. Sent again, it is a duplicate.")]
    occurred_at: Annotated[Instant, Meta(description="With an offset, such as `Z`.")]
    conversation_id: str
    customer_id: str
    actor: ActorName
    kind: Annotated[str | None, Meta(description="Default: `message`.")] = None
    bot_id: Annotated[str | None, Meta(description="Null: no bot took part.")] = None
    bot_name: str | None = None
    bot_version: str | None = None
    channel: Annotated[str | None, Meta(description="Default: `unknown`.")] = None
    ticket_id: str | None = None
    ticket_type: str | None = None
    preview: bool | None = None
    attributes: Annotated[dict[str, Any] | None, Meta(description="Stored; read only by a policy's `exclude`.")] = None


class CloudEvent(Struct, frozen=True, omit_defaults=True):
    """A CloudEvent 1.0. `data` is an event; the envelope supplies the fields that it lacks."""

    specversion: Literal["1.0"]
    id: str
    source: str
    type: Annotated[str, Meta(description="`botmeter.message`, `botmeter.handoff`, …")]
    time: Instant | None = None
    subject: Annotated[str | None, Meta(description="The conversation.")] = None
    data: dict[str, Any] | None = None


class Rejection(Struct, frozen=True, forbid_unknown_fields=True):
    """An event that was not accepted, and the reason."""

    index: Annotated[Count, Meta(description="Position in the request, from 0.")]
    event_id: str | None
    code: str
    detail: str


class Receipt(Struct, frozen=True, forbid_unknown_fields=True):
    """Outcome of the events of a request. Rejected and conflicting events are kept in quarantine."""

    accepted: Count
    duplicates: Annotated[Count, Meta(description="Sent before with the same content.")]
    conflicts: Annotated[Count, Meta(description="Sent before with different content; the first one stands.")]
    rejected: Count
    rejections: Annotated[
        list[Rejection], Meta(description=f"Includes conflicts; the first {counted.REJECTIONS_SHOWN_MAX:,}.")
    ]


class DeliveryReceipt(Receipt, frozen=True, forbid_unknown_fields=True):
    """Outcome of a delivery."""

    ignored: Annotated[list[str], Meta(description="A sentence for each kind of item that is never counted.")]


class EventsProblem(Problem, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The reason for which no event of an atomic request was accepted."""

    receipt: Annotated[Receipt | None, Meta(description="Outcome that each event would have had.")] = None


class AddressedSource(Struct, frozen=True, forbid_unknown_fields=True):
    """The source that an address belongs to."""

    source: str
    platform: str


def receipt_of(receipt: counted.Receipt) -> Receipt:
    """Batch's receipt for the API."""
    return msgspec.convert(receipt, Receipt, from_attributes=True)


def delivery_receipt_of(receipt: counted.Receipt) -> DeliveryReceipt:
    """Delivery's receipt for the API."""
    return msgspec.convert(receipt, DeliveryReceipt, from_attributes=True)
