"""Freshchat's webhooks, of all generations → events.

Bots are agents there; only the source's identities distinguish them.
"""

from botmeter.domain.source import Source
from botmeter.sources.payloads.event_fields import Fields, customer_fields, default_bot, identity_bot, platform_bot
from botmeter.sources.payloads.payload import EventRecord, PayloadContent, refused_payload
from botmeter.sources.payloads.payload_json import (
    JsonObject,
    at,
    first_text,
    is_listed,
    json_object,
    objects_in_list,
    text_of,
)

# Action → kind of event.
_KINDS = {
    "conversation_reopen": "conversation_updated",
    "conversation_assignment": "conversation_updated",
    "conversation_resolution": "resolved",
}
_PRIVATE = "A private note never counts."


def read_payload(payload: bytes, source: Source) -> PayloadContent:
    """Read at most one event; raises `Refused` (`payload_not_understood`)."""
    content = json_object(payload, platform="Freshchat")
    action = text_of(content.get("action"))
    if action is None or not isinstance(content.get("data"), dict):
        raise refused_payload("Not a Freshchat payload: it has no action with data.")
    if action == "message_create":
        fields = _message(content, source)
    elif action in _KINDS:
        fields = _change(content, action=action, source=source)
    else:
        raise refused_payload(f"Unknown Freshchat action {action[:60]!r}.")
    if fields is None:
        return PayloadContent(subject=action, ignored={_PRIVATE: 1})
    return PayloadContent(subject=action, records=(EventRecord(fields=fields, raw=payload),))


def _message(payload: JsonObject, source: Source) -> Fields | None:
    message = at(payload, "data", "message")
    if not isinstance(message, dict) or text_of(message.get("id")) is None:
        raise refused_payload("The Freshchat payload has no message with an id.")
    return message_fields(
        {
            **message,
            "actor_type": first_text(message.get("actor_type"), at(payload, "actor", "actor_type")),
            "actor_id": first_text(message.get("actor_id"), at(payload, "actor", "actor_id")),
            "created_time": message.get("created_time") or payload.get("action_time"),
        },
        source,
    )


def message_fields(message: JsonObject, source: Source, *, sender_name: str | None = None) -> Fields | None:
    """Fields of a message; None for a private note."""
    if message.get("message_type") == "private" or message.get("botsPrivateNote") is True:
        return None
    sent_as, sender = text_of(message.get("actor_type")), text_of(message.get("actor_id"))
    actor, bot = _actor_and_bot(sent_as, sender=sender, name=sender_name, source=source)
    customer = first_text(message.get("user_id"), sender if sent_as == "user" else None)
    return {
        **_conversation_fields(message, customer=customer, source=source),
        "event_id": text_of(message.get("id")),
        "occurred_at": message.get("created_time"),
        "actor": actor,
        "kind": "message",
        **(_bot_of_customer(message, source) if actor == "customer" else bot),
    }


def _change(payload: JsonObject, *, action: str, source: Source) -> Fields:
    change = _change_object(payload)
    conversation = change["conversation"] if isinstance(change.get("conversation"), dict) else change
    sent_as, sender = text_of(at(payload, "actor", "actor_type")), text_of(at(payload, "actor", "actor_id"))
    customer = first_text(
        conversation.get("user_id"),
        change.get("user_id"),
        sender if sent_as == "user" else None,
        *(user.get("id") for user in objects_in_list(conversation.get("users"))[:1]),
    )
    actor, bot = _actor_and_bot(sent_as, sender=sender, source=source)
    former_bot = _bot_before_handoff(change, by=bot, source=source) if action == "conversation_assignment" else {}
    interaction = first_text(change.get("interaction_id"), conversation.get("interaction_id"))
    time = payload.get("action_time")
    identity = (action, _conversation_id(conversation), interaction, text_of(time))
    return {
        **_conversation_fields(conversation, customer=customer, source=source),
        "event_id": ":".join("-" if part is None else str(part) for part in identity),
        "occurred_at": time,
        "actor": actor,
        "kind": "handoff" if former_bot else _KINDS[action],
        **(former_bot or bot),
    }


def _change_object(payload: JsonObject) -> JsonObject:
    data = payload["data"]
    within = [each for each in data.values() if isinstance(each, dict)]
    for change in (*within, data):
        conversation = change.get("conversation") if isinstance(change.get("conversation"), dict) else change
        if _conversation_id(conversation) is not None:
            return change
    raise refused_payload("The Freshchat payload has no conversation with an id.")


def _conversation_id(conversation: object) -> str | None:
    return first_text(at(conversation, "conversation_id"), at(conversation, "freshchat_conversation_id"))


def _conversation_fields(content: JsonObject, *, customer: str | None, source: Source) -> Fields:
    channel_id = text_of(content.get("channel_id"))
    return {
        **customer_fields(_conversation_id(content), customer),
        "channel": _channel(content, channel_id=channel_id, source=source),
        "preview": is_listed(source, "preview_channels", default=(), known_as=(channel_id,)) or None,
        "ticket_id": _property(content, source.option("ticket_property")),
        "ticket_type": _property(content, source.option("ticket_type_property")),
    }


def _channel(content: JsonObject, *, channel_id: str | None, source: Source) -> str | None:
    pairs = (pair.partition("=") for pair in (source.option("channels") or "").split(","))
    names = {key.strip(): name.strip() for key, _, name in pairs}
    name = first_text(names.get(channel_id or ""), content.get("message_source"))
    return name.lower() if name else source.channel


def _property(content: JsonObject, name: str | None) -> str | None:
    if not name:
        return None
    properties = content.get("properties")
    if isinstance(properties, dict):
        return text_of(properties.get(name))
    same = (each for each in objects_in_list(properties) if each.get("name") == name)
    return next((text_of(each.get("value")) for each in same), None)


def _actor_and_bot(
    sent_as: str | None, *, sender: str | None, name: str | None = None, source: Source
) -> tuple[str | None, Fields]:
    if sent_as == "user":
        return "customer", {}
    identity = source.identity(sender, name)
    if identity is not None:
        return "bot", identity_bot(source, identity, name=name)
    if sent_as == "bot":
        bot_id = first_text(sender, name)
        return "bot", default_bot(source) if bot_id is None else platform_bot(source, bot_id, name=name)
    return sent_as, {}


def _bot_of_customer(message: JsonObject, source: Source) -> Fields:
    channel_id = text_of(message.get("channel_id"))
    assigned = text_of(message.get("assigned_agent_id"))
    identity = source.identity(assigned, f"channel:{channel_id}")
    return default_bot(source) if identity is None else identity_bot(source, identity)


def _bot_before_handoff(change: JsonObject, *, by: Fields, source: Source) -> Fields:
    if source.identity(text_of(change.get("to_agent_id"))) is not None:
        return {}
    before = source.identity(text_of(change.get("from_agent_id")))
    return by if before is None else identity_bot(source, before)
