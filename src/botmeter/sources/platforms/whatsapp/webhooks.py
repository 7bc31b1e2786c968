"""WhatsApp Cloud API webhooks → events.

Answers appear only as status `sent`, or as echoes. Message ids contain phone numbers and are hashed.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from botmeter.domain.source import Source
from botmeter.sources.event_fields import Fields
from botmeter.sources.payload import EventRecord, PayloadContent, content_of, refused_payload
from botmeter.sources.payload_json import (
    JsonObject,
    bot_of,
    checked_objects,
    first_text,
    is_listed,
    json_bytes,
    json_value,
    object_of,
    shared_text_of,
    text_of,
    time_of_epoch,
)

OBJECT = "whatsapp_business_account"
CHANNEL = "whatsapp"
COUNTED_TYPES = frozenset(
    {"text", "image", "video", "audio", "voice", "document", "sticker", "location", "contacts"}
    | {"interactive", "button", "order"}
)
"""Types of messages by people."""
IGNORED_TYPES = frozenset(
    {"reaction", "system", "unsupported", "unknown", "revoke", "edit", "ephemeral", "request_welcome"}
)
NUMBER_CHANGED = "user_changed_number"

# List of a change → keys of the customer.
_CUSTOMER_KEYS = {
    "messages": ("from", "from_user_id"),
    "message_echoes": ("to", "to_user_id"),
    "statuses": ("recipient_id", "recipient_user_id"),
}
# Format in which senders may name the author in biz_opaque_callback_data: `actor=agent;bot_version=7`.
_TAGS = re.compile(r"\b(actor|bot_id|bot_version)=([^\s;,]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    source: Source
    value: JsonObject
    entry_id: str | None
    field: str | None
    number: str | None
    display_number: str | None
    contact: JsonObject

    def raw(self, list_name: str, message: JsonObject) -> bytes:
        metadata = {"phone_number_id": self.number, "display_phone_number": self.display_number}
        value: dict[str, object] = {"metadata": metadata, "contacts": [self.contact], list_name: [message]}
        change = {"field": self.field, "value": value}
        return json_bytes({"object": OBJECT, "entry": [{"id": self.entry_id, "changes": [change]}]})


def read_payload(payload: bytes, source: Source) -> PayloadContent:
    """Read messages and answers; raises `Refused` (`payload_not_understood`), also for an unknown type."""
    whole = object_of(json_value(payload))
    if whole.get("object") != OBJECT or "entry" not in whole:
        raise refused_payload(f'This is no webhook of WhatsApp: it has no "object": "{OBJECT}" with "entry".')
    changes = [
        _change(content, entry_id=entry.get("id"), source=source)
        for entry in checked_objects(whole["entry"], name="entry")
        for content in checked_objects(entry.get("changes"), name="changes")
    ]
    subjects = dict.fromkeys((change.field or "change")[:40] for change in changes)
    items = (item for change in changes for item in _items(change))
    return content_of(items, subject=", ".join(islice(subjects, 3)))


def _change(content: JsonObject, *, entry_id: object, source: Source) -> _Change:
    value = content.get("value")
    if not isinstance(value, dict):
        raise refused_payload("The value of a change must be an object.")
    metadata = object_of(value.get("metadata"))
    return _Change(
        source=source,
        value=value,
        entry_id=shared_text_of(entry_id, name="The entry's id"),
        field=shared_text_of(content.get("field"), name="The change's field"),
        number=shared_text_of(metadata.get("phone_number_id"), name="The phone_number_id"),
        display_number=shared_text_of(metadata.get("display_phone_number"), name="The display_phone_number"),
        contact=_only_contact(checked_objects(value.get("contacts"), name="contacts")),
    )


def _only_contact(contacts: list[JsonObject]) -> JsonObject:
    if len(contacts) != 1:
        return {}
    names = ("wa_id", "user_id")
    return {name: shared_text_of(contacts[0].get(name), name=f"The contact's {name}") for name in names}


def _items(change: _Change) -> Iterator[EventRecord | str]:
    if not any(name in change.value for name in _CUSTOMER_KEYS):
        yield f"A change of {change.field or 'no name'} is about no message."
    for name in _CUSTOMER_KEYS:
        reason_to_ignore = _reason_to_ignore_status if name == "statuses" else _reason_to_ignore_message
        for message in checked_objects(change.value.get(name), name=name):
            yield reason_to_ignore(message) or EventRecord(
                fields=_fields(message, change, list_name=name), raw=change.raw(name, message)
            )


def _reason_to_ignore_message(message: JsonObject) -> str | None:
    kind = text_of(message.get("type"))
    if kind in COUNTED_TYPES:
        return None
    if kind not in IGNORED_TYPES:
        raise refused_payload(f"Unknown type of message {str(kind)[:40]!r}.")
    system = object_of(message.get("system"))
    if system.get("type") == NUMBER_CHANGED:
        before, after = (_end_of(number) for number in (message.get("from"), system.get("wa_id")))
        return (
            f"A customer's number ending in {before} became one ending in {after}: "
            "merge the two under Customers → Merge customers, so that they count as one."
        )
    return f"A message of type {kind} never counts."


def _end_of(number: object) -> str:
    return (text_of(number) or "")[-4:] or "nothing"


def _reason_to_ignore_status(status: JsonObject) -> str | None:
    name = text_of(status.get("status"))
    if name != "sent":
        return f"A status {str(name)[:40]} never counts."
    if status.get("recipient_type") == "group":
        return "A message to a group has no one customer."
    return None


def _fields(message: JsonObject, change: _Change, *, list_name: str) -> dict[str, object]:
    customer = first_text(*(message.get(key) for key in _CUSTOMER_KEYS[list_name]))
    if list_name == "statuses":
        author = _author_of_answer(message, change)
    else:
        customer = first_text(customer, change.contact.get("wa_id"), change.contact.get("user_id"))
        is_echo = list_name == "message_echoes"
        author = {"actor": "agent"} if is_echo else {"actor": "customer", **bot_of(change.source, _bot_id(change))}
    wamid = text_of(message.get("id"))
    person = None if customer is None else f"{CHANNEL}:{customer.removeprefix('+')}"
    return {
        "event_id": None if wamid is None else f"wamid-{hashlib.sha256(wamid.encode()).hexdigest()}",
        "occurred_at": time_of_epoch(message.get("timestamp")),
        "conversation_id": None if person is None or change.number is None else f"{person}:{change.number}",
        "customer_id": person,
        "kind": "message",
        "channel": CHANNEL,
        "preview": _is_preview(change, customer),
        **author,
    }


def _author_of_answer(status: JsonObject, change: _Change) -> Fields:
    tag = text_of(status.get("biz_opaque_callback_data")) or ""
    tags = dict(_TAGS.findall(tag))
    agent_tag = change.source.option("agent_tag")
    actor = tags.get("actor") or change.source.option("sent_by") or "bot"
    if actor == "agent" or (agent_tag and agent_tag in tag):
        return {"actor": "agent"}
    bot = bot_of(change.source, tags.get("bot_id") or _bot_id(change), version=tags.get("bot_version"))
    return {"actor": "bot", **bot}


def _bot_id(change: _Change) -> str | None:
    identity = change.source.identity(change.number, change.display_number)
    if identity is not None:
        return identity.sender
    return None if change.source.bot_id is not None else change.number


def _is_preview(change: _Change, customer: str | None) -> bool | None:
    known_as = (change.number, change.display_number, customer)
    return True if is_listed(change.source, "preview_numbers", default=(), known_as=known_as) else None
