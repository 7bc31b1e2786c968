"""Chatwoot's webhooks (account, agent bot, API inbox, automation rules) → events.

Ids name the event, so copies are one. Only messages have a time; a change gets its payload's latest instant and never
opens a session.
"""

from botmeter.domain.instant import text_from_us
from botmeter.domain.source import Source
from botmeter.sources.payloads.event_fields import Fields, identity_bot
from botmeter.sources.payloads.payload import EventRecord, PayloadContent, refused_payload
from botmeter.sources.payloads.payload_json import (
    JsonObject,
    at,
    first_text,
    json_object,
    object_of,
    objects_in_list,
    text_of,
    time_of_epoch,
    us_of,
)
from botmeter.sources.platforms.chatwoot.conversation import (
    BOT_KINDS,
    Conversation,
    conversation_in,
    sender_bot,
)

_AUTOMATION_PREFIX = "automation_event."
_NEVER_COUNTS = {
    "message_updated": "A message that changed counts once, where it was created.",
    "conversation_typing_on": "Typing never counts.",
    "conversation_typing_off": "Typing never counts.",
    "webwidget_triggered": "A chat window that was opened never counts.",
    "contact_created": "A contact is no event.",
    "contact_updated": "A contact is no event.",
    "inbox_created": "An inbox is no event.",
    "inbox_updated": "An inbox is no event.",
}
_PRIVATE = "A private note never counts."
_IMPORTED = "A message of an imported history never counts."
# Text in an event of its own, numbers in a nested message or in the API.
_MESSAGE_TYPES = {"0": "incoming", "1": "outgoing", "2": "activity", "3": "template"}
_MESSAGE_TYPES |= {name: name for name in _MESSAGE_TYPES.values()}
# Wide enough that ids sort by number as text, which orders events of one instant.
_ID_DIGITS = 12


def read_payload(payload: bytes, source: Source) -> PayloadContent:
    """Read at most one event; raises `Refused` (`payload_not_understood`)."""
    content = json_object(payload, platform="Chatwoot")
    subject = text_of(content.get("event"))
    if subject is None:
        raise refused_payload("Not a Chatwoot payload: it has no event.")
    if subject in _NEVER_COUNTS:
        return PayloadContent(subject=subject, ignored={_NEVER_COUNTS[subject]: 1})
    name = subject.removeprefix(_AUTOMATION_PREFIX)
    if name == "message_created":
        is_nested = subject != name or "conversation" not in content
        # Automation rules report the conversation, with its last message.
        messages = objects_in_list(content.get("messages")) if is_nested else [content]
        message = messages[-1] if messages else {}
        if at(message, "content_attributes", "imported_history") is True:
            return PayloadContent(subject=subject, ignored={_IMPORTED: 1})
        fields = _message(content, message, source=source)
    elif name in _KINDS:
        fields = _change(content, name=name, source=source)
    else:
        raise refused_payload(f"Unknown Chatwoot event {subject[:60]!r}.")
    if fields is None:
        return PayloadContent(subject=subject, ignored={_PRIVATE: 1})
    return PayloadContent(subject=subject, records=(EventRecord(fields=fields, raw=payload),))


def _message(payload: JsonObject, message: JsonObject, *, source: Source) -> Fields | None:
    conversation = conversation_in(payload, payload.get("conversation") or payload, source=source)
    form = _MESSAGE_TYPES.get(text_of(message.get("message_type")) or "")
    number = text_of(message.get("id"))
    if number is None or form is None:
        raise refused_payload("The Chatwoot payload has no message with an id and a known message_type.")
    if message.get("private") is True:
        return None
    contact = at(message, "sender", "id") if form == "incoming" else None
    return {
        **conversation.fields(sender=contact),
        "event_id": f"message:{number.zfill(_ID_DIGITS)}",
        "occurred_at": _message_time(message),
        "kind": "conversation_updated" if form == "activity" else "message",
        **_actor(message, form=form, conversation=conversation),
    }


def _message_time(message: JsonObject) -> object:
    # Creation time; of a nested message, if possible, with milliseconds from its last change.
    created = message.get("created_at")
    if isinstance(created, str):
        return created
    updated_us, created_us = us_of(message.get("updated_at")), us_of(created)
    if updated_us is not None and created_us is not None and 0 <= updated_us - created_us < 1_000_000:
        return text_from_us(updated_us)
    return time_of_epoch(created)


def _actor(message: JsonObject, *, form: str, conversation: Conversation) -> Fields:
    if form == "incoming":
        return {"actor": "customer", **conversation.bot()}
    if form != "outgoing":
        return {"actor": "system"}
    sender = message.get("sender")
    kind = _sender_kind(message, sender=sender, conversation=conversation)
    bot = sender_bot(sender, kind=kind, source=conversation.source)
    if not bot and kind in BOT_KINDS:
        bot = sender_bot({"id": message.get("sender_id")}, kind=kind, source=conversation.source)
    inbox = conversation.listed_inbox()
    if not bot and inbox is not None:
        bot = identity_bot(conversation.source, inbox)
    if bot:
        return {"actor": "bot", **bot}
    # Campaigns and automation rules have no sender; nor has what a person wrote in the channel's own app.
    is_echo = at(message, "content_attributes", "external_echo") is True
    return {"actor": "agent" if sender or kind or is_echo else "system"}


def _sender_kind(message: JsonObject, *, sender: object, conversation: Conversation) -> str | None:
    nested = objects_in_list(conversation.content.get("messages"))
    same = next((each for each in nested if each.get("id") == message.get("id")), {})
    return first_text(message.get("sender_type"), at(sender, "type"), same.get("sender_type"))


# Event → kind, unless the conversation's status and changes imply another.
_KINDS = {
    "conversation_created": "conversation_created",
    "conversation_updated": "conversation_updated",
    "conversation_status_changed": "conversation_updated",
    "conversation_opened": "handoff",
    "conversation_resolved": "resolved",
}


def _change(payload: JsonObject, *, name: str, source: Source) -> Fields:
    conversation = conversation_in(payload, payload, source=source)
    kind = _kind(payload, name=name)
    fields = conversation.fields()
    exact_us = us_of(payload.get("created_at" if kind == "conversation_created" else "updated_at"))
    # Older versions give no other time than `timestamp`, which may be days before.
    instant_us = conversation.latest_us() if exact_us is None else exact_us
    identity: tuple[object, ...] = (conversation.account, conversation.number, kind)
    if kind != "conversation_created":
        identity += (conversation.status, fields["ticket_id"], instant_us)
    attributes = {**object_of(fields.get("attributes")), **({"time_source": "derived"} if exact_us is None else {})}
    return {
        **fields,
        "event_id": "conversation:" + ":".join("-" if part is None else str(part) for part in identity),
        "occurred_at": None if instant_us is None else text_from_us(instant_us),
        "actor": "system",
        "kind": kind,
        "attributes": attributes or None,
    }


def _kind(payload: JsonObject, *, name: str) -> str:
    # Treat a change from pending (with a bot) to open as a hand-off.
    changed = [each["status"] for each in objects_in_list(payload.get("changed_attributes")) if "status" in each]
    if name == "conversation_created":
        return "conversation_created"
    is_status = name != "conversation_updated" or bool(changed)
    if is_status and payload.get("status") == "resolved":
        return "resolved"
    if name == "conversation_resolved":
        return "resolved"
    if changed:
        before, after = at(changed[0], "previous_value"), at(changed[0], "current_value")
        return "handoff" if (before, after) == ("pending", "open") else "conversation_updated"
    return _KINDS[name]
