"""WhatsApp Cloud API webhooks → events.

Answers appear only as status `sent`, or as echoes. Message ids contain phone numbers and are hashed.
"""

import hashlib
import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice

from botmeter.domain.source import Source
from botmeter.sources.payload import EventRecord, PayloadContent, refused_payload
from botmeter.sources.payload_json import (
    JsonObject,
    bot_of,
    checked_objects,
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
"""Types of messages that a person wrote, sent or chose."""
IGNORED_TYPES = frozenset(
    {"reaction", "system", "unsupported", "unknown", "revoke", "edit", "ephemeral", "request_welcome"}
)
NUMBER_CHANGED = "user_changed_number"

_LISTS = ("messages", "message_echoes", "statuses")
# Format in which senders may name the author in biz_opaque_callback_data: `actor=agent;bot_version=7`.
_TAGS = re.compile(r"\b(actor|bot_id|bot_version)=([^\s;,]+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    source: Source
    entry_id: str | None
    change_field: str | None
    number: str | None
    shown_number: str | None
    contact: JsonObject

    def raw(self, name: str, message: JsonObject) -> bytes:
        metadata = {"phone_number_id": self.number, "display_phone_number": self.shown_number}
        value: dict[str, object] = {"metadata": metadata, "contacts": [self.contact], name: [message]}
        change = {"field": self.change_field, "value": value}
        return json_bytes({"object": OBJECT, "entry": [{"id": self.entry_id, "changes": [change]}]})


@dataclass(slots=True, kw_only=True)
class _Found:
    records: list[EventRecord] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)


def read_payload(payload: bytes, source: Source) -> PayloadContent:
    """Read messages and answers; raises `Refused` (`payload_not_understood`), also for an unknown type."""
    whole = object_of(json_value(payload))
    if whole.get("object") != OBJECT or "entry" not in whole:
        raise refused_payload(f'This is no webhook of WhatsApp: it has no "object": "{OBJECT}" with "entry".')
    found = _Found()
    subjects: dict[str, None] = {}
    for entry in checked_objects(whole["entry"], what="entry"):
        for change in checked_objects(entry.get("changes"), what="changes"):
            subjects[(text_of(change.get("field")) or "change")[:40]] = None
            _read_change(change, entry_id=entry.get("id"), source=source, found=found)
    return PayloadContent(
        records=tuple(found.records),
        ignored=found.ignored,
        subject=", ".join(islice(subjects, 3)),
    )


def _read_change(change: JsonObject, *, entry_id: object, source: Source, found: _Found) -> None:
    value = change.get("value")
    if not isinstance(value, dict):
        raise refused_payload("The value of a change must be an object.")
    metadata = object_of(value.get("metadata"))
    place = _Place(
        source=source,
        entry_id=shared_text_of(entry_id, what="The entry's id"),
        change_field=shared_text_of(change.get("field"), what="The change's field"),
        number=shared_text_of(metadata.get("phone_number_id"), what="The phone_number_id"),
        shown_number=shared_text_of(metadata.get("display_phone_number"), what="The display_phone_number"),
        contact=_only_contact(checked_objects(value.get("contacts"), what="contacts")),
    )
    if not any(name in value for name in _LISTS):
        found.ignored[f"A change of {text_of(change.get('field')) or 'no name'} is about no message."] += 1
    for name in _LISTS:
        for message in checked_objects(value.get(name), what=name):
            _read(message, name=name, place=place, found=found)


def _only_contact(contacts: list[JsonObject]) -> JsonObject:
    if len(contacts) != 1:
        return {}
    names = ("wa_id", "user_id")
    return {name: shared_text_of(contacts[0].get(name), what=f"The contact's {name}") for name in names}


def _read(message: JsonObject, *, name: str, place: _Place, found: _Found) -> None:
    said = _why_no_answer(message) if name == "statuses" else _why_no_message(message)
    if said is not None:
        found.ignored[said] += 1
        return
    fields = _answer(message, place) if name == "statuses" else _message(message, place, is_echo=name != "messages")
    found.records.append(EventRecord(fields=fields, raw=place.raw(name, message)))


def _why_no_message(message: JsonObject) -> str | None:
    kind = text_of(message.get("type"))
    if kind in COUNTED_TYPES:
        return None
    if kind not in IGNORED_TYPES:
        raise refused_payload(f"Unknown type of message {str(kind)[:40]!r}.")
    system = object_of(message.get("system"))
    if system.get("type") == NUMBER_CHANGED:
        was, now = (_end_of(number) for number in (message.get("from"), system.get("wa_id")))
        return (
            f"A customer's number ending in {was} became one ending in {now}: "
            "merge the two under Customers → Same customer, so that they count as one."
        )
    return f"A message of type {kind} never counts."


def _end_of(number: object) -> str:
    return (text_of(number) or "")[-4:] or "nothing"


def _why_no_answer(status: JsonObject) -> str | None:
    said = text_of(status.get("status"))
    if said != "sent":
        return f"A status {str(said)[:40]} never counts."
    if status.get("recipient_type") == "group":
        return "A message to a group has no one customer."
    return None


def _message(message: JsonObject, place: _Place, *, is_echo: bool) -> dict[str, object]:
    own = ("to", "to_user_id") if is_echo else ("from", "from_user_id")
    customer = next((word for name in own if (word := text_of(message.get(name)))), None)
    if customer is None:
        customer = text_of(place.contact.get("wa_id")) or text_of(place.contact.get("user_id"))
    bot = bot_of(place.source, _bot_id(place)) if not is_echo else {}
    return _fields(message, place, customer=customer) | {"actor": "agent" if is_echo else "customer"} | bot


def _answer(status: JsonObject, place: _Place) -> dict[str, object]:
    tag = text_of(status.get("biz_opaque_callback_data")) or ""
    tags = dict(_TAGS.findall(tag))
    agent_tag = place.source.option("agent_tag")
    actor = tags.get("actor") or place.source.option("sent_by") or "bot"
    if agent_tag and agent_tag in tag:
        actor = "agent"
    bot_id = tags.get("bot_id") or _bot_id(place)
    bot = bot_of(place.source, bot_id, version=tags.get("bot_version")) if actor != "agent" else {}
    customer = text_of(status.get("recipient_id")) or text_of(status.get("recipient_user_id"))
    return _fields(status, place, customer=customer) | {"actor": "agent" if actor == "agent" else "bot"} | bot


def _bot_id(place: _Place) -> str | None:
    identity = place.source.identity(place.number, place.shown_number)
    if identity is not None:
        return identity.sender
    return None if place.source.bot_id is not None else place.number


def _fields(message: JsonObject, place: _Place, *, customer: str | None) -> dict[str, object]:
    wamid = text_of(message.get("id"))
    person = None if customer is None else f"{CHANNEL}:{customer.removeprefix('+')}"
    return {
        "event_id": None if wamid is None else f"wamid-{hashlib.sha256(wamid.encode()).hexdigest()}",
        "occurred_at": time_of_epoch(message.get("timestamp")),
        "conversation_id": None if person is None or place.number is None else f"{person}:{place.number}",
        "customer_id": person,
        "kind": "message",
        "channel": CHANNEL,
        "preview": _is_preview(place, customer),
    }


def _is_preview(place: _Place, customer: str | None) -> bool | None:
    known_as = (place.number, place.shown_number, customer)
    return True if is_listed(place.source, "preview_numbers", default=(), known_as=known_as) else None
