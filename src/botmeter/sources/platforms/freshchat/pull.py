"""Freshchat's API, in the shape of webhook payloads; only messages can be pulled."""

from collections.abc import Sequence
from urllib.parse import quote

from botmeter.domain.instant import text_from_us
from botmeter.domain.source import Source
from botmeter.sources.payload import refused_payload
from botmeter.sources.payload_json import JsonObject, at, json_value, objects_in_list, text_of, us_of
from botmeter.sources.platforms.freshchat.webhooks import read_payload
from botmeter.sources.pulled import PulledConversation, pulled_conversation

PAGE_ITEMS = 50
"""The API's maximum per page."""

USERS_PATH = "/v2/users"
_MILLISECOND_US = 1_000
# Keys of a conversation that its messages may omit.
_SHARED = ("channel_id", "app_id", "properties")


def users_query(first_us: int, end_us: int, *, page: int) -> dict[str, str]:
    """Return the query of a page (from 1) of users changed in [first_us, end_us)."""
    return {
        "updated_from": _milliseconds(first_us),
        "updated_to": _milliseconds(end_us),
        "items_per_page": str(PAGE_ITEMS),
        "page": str(page),
    }


def user_conversations_path(user: str) -> str:
    """Return the path of a user's conversations."""
    return f"/v2/users/{quote(user, safe='')}/conversations"


def conversation_path(conversation: str) -> str:
    """Return the path of a conversation."""
    return f"/v2/conversations/{quote(conversation, safe='')}"


def messages_path(conversation: str) -> str:
    """Return the path of a conversation's messages, newest first."""
    return f"/v2/conversations/{quote(conversation, safe='')}/messages"


def messages_query(page: int) -> dict[str, str]:
    """Return the query of a page, from 1."""
    return {"items_per_page": str(PAGE_ITEMS), "page": str(page)}


def ids_in(body: bytes, *, of: str) -> tuple[str, ...]:
    """Return the ids of `users` or `conversations`; raises `Refused` (`payload_not_understood`)."""
    found = json_value(body)
    page = at(found, of)
    if not isinstance(page, list):
        raise refused_payload(f"Not a page of Freshchat {of}.")
    numbers = (text_of(each.get("id")) or text_of(each.get("conversation_id")) for each in objects_in_list(page))
    return tuple(number for number in numbers if number is not None)


def conversation_in(body: bytes) -> JsonObject:
    """Read a conversation; raises `Refused` (`payload_not_understood`)."""
    found = json_value(body)
    if not isinstance(found, dict) or text_of(found.get("conversation_id") or found.get("id")) is None:
        raise refused_payload("Not a Freshchat conversation: it has no conversation_id.")
    return found


def messages_in(body: bytes) -> tuple[JsonObject, ...]:
    """Read a page of messages; raises `Refused` (`payload_not_understood`)."""
    page = at(json_value(body), "messages")
    if not isinstance(page, list):
        raise refused_payload("Not a page of Freshchat messages.")
    return tuple(objects_in_list(page))


def message_us(message: JsonObject) -> int | None:
    """Return the creation time of a message, µs UTC."""
    return us_of(message.get("created_time"))


def read_conversation(
    conversation: JsonObject, messages: Sequence[JsonObject], *, user: str | None, source: Source
) -> PulledConversation:
    """Return the messages of a conversation with the customer `user`."""
    number = text_of(conversation.get("conversation_id")) or text_of(conversation.get("id"))
    customer = user or _customer(conversation, messages)
    shared = {name: conversation[name] for name in _SHARED if conversation.get(name) is not None}
    own = {**shared, "conversation_id": number, **({} if customer is None else {"user_id": customer})}
    payloads = [
        {
            "actor": {"actor_type": message.get("actor_type"), "actor_id": message.get("actor_id")},
            "action": "message_create",
            "action_time": message.get("created_time"),
            "data": {"message": {**own, **{name: told for name, told in message.items() if told is not None}}},
        }
        for message in messages
    ]
    return pulled_conversation(payloads, source, read=read_payload)


def _customer(conversation: JsonObject, messages: Sequence[JsonObject]) -> str | None:
    users = [text_of(each.get("id")) for each in objects_in_list(conversation.get("users"))]
    own = [text_of(message.get("user_id")) for message in messages]
    writers = [text_of(message.get("actor_id")) for message in messages if message.get("actor_type") == "user"]
    known = (text_of(conversation.get("user_id")), *users, *own, *writers)
    return next((each for each in known if each is not None), None)


def _milliseconds(at_us: int) -> str:
    text = text_from_us(at_us // _MILLISECOND_US * _MILLISECOND_US)
    return text if "." in text else f"{text[:-1]}.000Z"
