"""Freshchat's webhooks, of all generations → events.

Bots are agents there; only the source's identities distinguish them.
"""

from botmeter.domain.source import Source
from botmeter.sources.event_fields import Fields, default_bot, identity_bot, platform_bot
from botmeter.sources.payload import EventRecord, PayloadContent, refused_payload
from botmeter.sources.payload_json import (
    JsonObject,
    at,
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
_ACTORS = {"user": "customer", "agent": "agent", "bot": "bot", "system": "system"}
_PRIVATE = "A private note never counts."


def read_payload(payload: bytes, source: Source) -> PayloadContent:
    """Read at most one event; raises `Refused` (`payload_not_understood`)."""
    found = json_object(payload, platform="Freshchat")
    action = text_of(found.get("action"))
    if action is None or not isinstance(found.get("data"), dict):
        raise refused_payload("Not a Freshchat payload: it has no action with data.")
    if action == "message_create":
        fields = _message(found, source)
    elif action in _KINDS:
        fields = _change(found, action=action, source=source)
    else:
        raise refused_payload(f"Unknown Freshchat action {action[:60]!r}.")
    if fields is None:
        return PayloadContent(subject=action, ignored={_PRIVATE: 1})
    return PayloadContent(subject=action, records=(EventRecord(fields=fields, raw=payload),))


def _message(payload: JsonObject, source: Source) -> Fields | None:
    message = at(payload, "data", "message")
    if not isinstance(message, dict) or text_of(message.get("id")) is None:
        raise refused_payload("The Freshchat payload has no message with an id.")
    if message.get("message_type") == "private" or message.get("botsPrivateNote") is True:
        return None
    sent_as = text_of(message.get("actor_type")) or text_of(at(payload, "actor", "actor_type"))
    sender = text_of(message.get("actor_id")) or text_of(at(payload, "actor", "actor_id"))
    actor, bot = _actor_and_bot(sent_as, sender=sender, source=source)
    customer = text_of(message.get("user_id")) or (sender if sent_as == "user" else None)
    return {
        **_place(message, customer=customer, source=source),
        "event_id": text_of(message.get("id")),
        "occurred_at": message.get("created_time") or payload.get("action_time"),
        "actor": actor,
        "kind": "message",
        **(_bot_of_customer(message, source) if actor == "customer" else bot),
    }


def _change(payload: JsonObject, *, action: str, source: Source) -> Fields:
    deed = _change_object(payload)
    conversation = deed["conversation"] if isinstance(deed.get("conversation"), dict) else deed
    sent_as, sender = text_of(at(payload, "actor", "actor_type")), text_of(at(payload, "actor", "actor_id"))
    users = objects_in_list(conversation.get("users"))
    own = text_of(conversation.get("user_id")) or text_of(deed.get("user_id"))
    customer = own or (sender if sent_as == "user" else None) or (text_of(users[0].get("id")) if users else None)
    place = _place(conversation, customer=customer, source=source)
    actor, bot = _actor_and_bot(sent_as, sender=sender, source=source)
    handing = _bot_handing_over(deed, by=bot, source=source) if action == "conversation_assignment" else {}
    interaction = text_of(deed.get("interaction_id")) or text_of(conversation.get("interaction_id"))
    time = payload.get("action_time")
    known_by = (action, place["conversation_id"], interaction, text_of(time))
    return {
        **place,
        "event_id": ":".join("-" if part is None else str(part) for part in known_by),
        "occurred_at": time,
        "actor": actor,
        "kind": "handoff" if handing else _KINDS[action],
        **(handing or bot),
    }


def _change_object(payload: JsonObject) -> JsonObject:
    data = payload["data"]
    within = [each for each in data.values() if isinstance(each, dict)]
    for found in (*within, data):
        place = found.get("conversation") if isinstance(found.get("conversation"), dict) else found
        if _conversation_id(place) is not None:
            return found
    raise refused_payload("The Freshchat payload has no conversation with an id.")


def _conversation_id(found: object) -> str | None:
    numbers = at(found, "conversation_id"), at(found, "freshchat_conversation_id")
    return next((text for text in map(text_of, numbers) if text is not None), None)


def _place(found: JsonObject, *, customer: str | None, source: Source) -> Fields:
    conversation = _conversation_id(found)
    channel_id = text_of(found.get("channel_id"))
    return {
        "conversation_id": conversation,
        "customer_id": customer or conversation,
        "channel": _channel(found, channel_id=channel_id, source=source),
        "preview": is_listed(source, "preview_channels", default=(), known_as=(channel_id,)) or None,
        "ticket_id": _property(found, source.option("ticket_property")),
        "ticket_type": _property(found, source.option("ticket_type_property")),
        "attributes": None if customer else {"customer_source": "conversation"},
    }


def _channel(found: JsonObject, *, channel_id: str | None, source: Source) -> str | None:
    pairs = (pair.partition("=") for pair in (source.option("channels") or "").split(","))
    names = {key.strip(): name.strip() for key, _, name in pairs}
    named = names.get(channel_id or "") or text_of(found.get("message_source"))
    return named.lower() if named else source.channel


def _property(found: JsonObject, name: str | None) -> str | None:
    if not name:
        return None
    properties = found.get("properties")
    if isinstance(properties, dict):
        return text_of(properties.get(name))
    same = (each for each in objects_in_list(properties) if each.get("name") == name)
    return next((text_of(each.get("value")) for each in same), None)


def _actor_and_bot(sent_as: str | None, *, sender: str | None, source: Source) -> tuple[str | None, Fields]:
    identity = None if sent_as == "user" else source.identity(sender)
    if identity is not None:
        return "bot", identity_bot(source, identity)
    if sent_as == "bot":
        return "bot", platform_bot(source, sender) if sender else default_bot(source)
    return _ACTORS.get(sent_as or "", sent_as), {}


def _bot_of_customer(message: JsonObject, source: Source) -> Fields:
    channel_id = text_of(message.get("channel_id"))
    assigned = text_of(message.get("assigned_agent_id"))
    identity = source.identity(assigned, f"channel:{channel_id}")
    return default_bot(source) if identity is None else identity_bot(source, identity)


def _bot_handing_over(deed: JsonObject, *, by: Fields, source: Source) -> Fields:
    if source.identity(text_of(deed.get("to_agent_id"))) is not None:
        return {}
    before = source.identity(text_of(deed.get("from_agent_id")))
    return by if before is None else identity_bot(source, before)
