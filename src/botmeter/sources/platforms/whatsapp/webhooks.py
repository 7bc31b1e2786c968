"""WhatsApp Cloud API webhooks → events, by the field of each change.

Answers appear only as status `sent`, or as echoes. Message ids contain phone numbers and are hashed.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, repeat

from botmeter.domain.source import Source
from botmeter.sources.payloads.event_fields import Fields
from botmeter.sources.payloads.payload import EventRecord, Note, PayloadContent, content_of, refused_payload
from botmeter.sources.payloads.payload_json import (
    JsonObject,
    bot_of,
    checked_objects,
    first_text,
    is_listed,
    json_bytes,
    json_value,
    object_of,
    objects_in_list,
    shared_text_of,
    text_of,
    time_of_epoch,
)
from botmeter.sources.platforms.whatsapp.customer_ids import (
    CHANNEL,
    customer_id_of,
    note_on_two_ids,
    notes_on_contacts,
    notes_on_system_message,
    notes_on_update,
)

OBJECT = "whatsapp_business_account"
COUNTED_TYPES = frozenset(
    {"text", "image", "video", "audio", "voice", "document", "sticker", "location", "contacts"}
    | {"interactive", "button", "order"}
)
"""Types of messages by people."""
IGNORED_TYPES = frozenset(
    {"reaction", "system", "unsupported", "unknown", "revoke", "edit", "ephemeral", "request_welcome"}
)
# List of a change → keys of the customer.
_CUSTOMER_KEYS = {
    "messages": ("from", "from_user_id"),
    "message_echoes": ("to", "to_user_id"),
    "statuses": ("recipient_id", "recipient_user_id"),
}
# Field → its lists. Other fields carry messages that nobody sends now, such as a history.
_LISTS = {"messages": tuple(_CUSTOMER_KEYS), "smb_message_echoes": ("message_echoes",)}
_HISTORY = "A message of a history, from before the number was connected, never counts."
_HISTORY_DECLINED = "The business did not share its history, which would not count."
_SECURITY_CODE = "customer_identity_changed"
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

    def is_own_number(self, customer: str | None) -> bool:
        # Compare digits, because the display number may have a plus sign, spaces and brackets.
        own = _digits(self.display_number)
        return bool(own) and customer is not None and customer.removeprefix("+") == own

    def raw(self, list_name: str, message: JsonObject) -> bytes:
        metadata = {"phone_number_id": self.number, "display_phone_number": self.display_number}
        value: dict[str, object] = {"metadata": metadata, "contacts": [self.contact], list_name: [message]}
        change = {"field": self.field, "value": value}
        return json_bytes({"object": OBJECT, "entry": [{"id": self.entry_id, "changes": [change]}]})


def read_payload(payload: bytes, source: Source) -> PayloadContent:
    """Read messages and answers; raises `Refused` (`payload_not_understood`), also for an unknown type."""
    changes = [
        _change(content, entry_id=entry.get("id"), source=source)
        for entry in _entries(object_of(json_value(payload)))
        for content in checked_objects(entry.get("changes"), name="changes")
    ]
    subjects = dict.fromkeys((change.field or "change")[:40] for change in changes)
    items = (item for change in changes for item in _items(change))
    return content_of(items, subject=", ".join(islice(subjects, 3)))


def _entries(whole: JsonObject) -> list[JsonObject]:
    # Entries of a webhook, or an entry or change that a program passed on alone.
    if whole.get("object") == OBJECT and "entry" in whole:
        return checked_objects(whole["entry"], name="entry")
    if "changes" in whole:
        return [whole]
    if isinstance(whole.get("field"), str) and "value" in whole:
        return [{"changes": [whole]}]
    if isinstance(whole.get("field"), str) and "metadata" in whole:
        # n8n's trigger puts the field among the keys of its value.
        return [{"changes": [{"field": whole["field"], "value": whole}]}]
    if "messages" in whole or "statuses" in whole:
        raise refused_payload(
            "This is the value of a WhatsApp change without its field, so its messages can't be told from those of a "
            f'history. Keep the whole webhook ("object": "{OBJECT}"), or the change with field and value.'
        )
    raise refused_payload(f'Not a WhatsApp webhook: it has no "object": "{OBJECT}" with "entry".')


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


def _digits(number: str | None) -> str:
    return "".join(filter(str.isdigit, number or ""))


def _only_contact(contacts: list[JsonObject]) -> JsonObject:
    if len(contacts) != 1:
        return {}
    names = ("wa_id", "user_id")
    return {name: shared_text_of(contacts[0].get(name), name=f"The contact's {name}") for name in names}


def _items(change: _Change) -> Iterator[EventRecord | Note | str]:
    if change.field == "history":
        yield from _items_of_history(change.value)
        return
    yield from _notes(notes_on_contacts(change.value.get("contacts")))
    counted = _LISTS.get(change.field or "", ())
    present = [name for name in _CUSTOMER_KEYS if name in change.value]
    if not present and change.field != "user_id_update":
        yield f"A change of {change.field or 'no name'} is about no message."
    if present and change.field is None:
        raise refused_payload("A change names no field, so its messages can't be told from those of a history.")
    for name in present:
        messages = checked_objects(change.value[name], name=name)
        for message in messages:
            yield from _items_of_message(message, change, list_name=name) if name in counted else [_uncounted(change)]
    for update in checked_objects(change.value.get("user_id_update"), name="user_id_update"):
        notes = list(notes_on_update(update))
        yield from _notes(notes)
        yield next(iter(notes), "An update of user IDs that names none never counts.")


def _notes(sentences: Iterable[str]) -> Iterator[Note]:
    return (Note(sentence=sentence) for sentence in sentences)


def _items_of_history(value: JsonObject) -> Iterator[str]:
    chunks = checked_objects(value.get("history"), name="history")
    if any("errors" in chunk for chunk in chunks):
        yield _HISTORY_DECLINED
        return
    threads = [thread for chunk in chunks for thread in objects_in_list(chunk.get("threads"))]
    message_count = sum(len(objects_in_list(each.get("messages"))) for each in (*threads, value))
    yield from repeat(_HISTORY, max(message_count, 1))


def _uncounted(change: _Change) -> str:
    return f"Messages of the field {str(change.field)[:40]} never count, only those of {' and '.join(_LISTS)}."


def _items_of_message(message: JsonObject, change: _Change, *, list_name: str) -> Iterator[EventRecord | Note | str]:
    number, user_id = (message.get(key) for key in _CUSTOMER_KEYS[list_name])
    yield from _notes(note_on_two_ids(number, user_id))
    kind = text_of(message.get("type"))
    if list_name == "statuses":
        reason = _reason_to_ignore_status(message)
    elif kind == "system":
        notes = list(notes_on_system_message(message))
        yield from _notes(notes)
        reason = next(iter(notes), None) or _reason_to_ignore_notice(message)
    else:
        reason = _reason_to_ignore_type(kind)
    if reason is None and change.is_own_number(_customer(message, change, list_name=list_name)):
        reason = "A message of or to the business's own number has no customer."
    yield reason or EventRecord(
        fields=_fields(message, change, list_name=list_name), raw=change.raw(list_name, message)
    )


def _reason_to_ignore_notice(message: JsonObject) -> str:
    if object_of(message.get("system")).get("type") == _SECURITY_CODE:
        return "A customer's new security code, with the same ID as before, never counts."
    return "A message of type system never counts."


def _reason_to_ignore_type(kind: str | None) -> str | None:
    if kind in COUNTED_TYPES:
        return None
    if kind not in IGNORED_TYPES:
        raise refused_payload(f"Unknown type of message {str(kind)[:40]!r}.")
    return f"A message of type {kind} never counts."


def _reason_to_ignore_status(status: JsonObject) -> str | None:
    name = text_of(status.get("status"))
    if name != "sent":
        return f"A status {str(name)[:40]} never counts."
    if status.get("recipient_type") == "group":
        return "A message to a group has no one customer."
    return None


def _customer(message: JsonObject, change: _Change, *, list_name: str) -> str | None:
    customer = first_text(*(message.get(key) for key in _CUSTOMER_KEYS[list_name]))
    if list_name == "statuses":
        return customer
    return first_text(customer, change.contact.get("wa_id"), change.contact.get("user_id"))


def _fields(message: JsonObject, change: _Change, *, list_name: str) -> dict[str, object]:
    customer = _customer(message, change, list_name=list_name)
    match list_name:
        case "statuses":
            author = _author_of_answer(message, change)
        case "message_echoes":
            author = {"actor": "agent"}
        case _:
            author = {"actor": "customer", **bot_of(change.source, _bot_id(change))}
    wamid = text_of(message.get("id"))
    person = None if customer is None else customer_id_of(customer)
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
