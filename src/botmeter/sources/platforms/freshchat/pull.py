"""Freshchat's API, in the shape of webhook payloads; only messages can be pulled."""

from collections.abc import Sequence
from urllib.parse import quote

from botmeter.domain.instant import text_from_us
from botmeter.domain.source import Source
from botmeter.sources.payloads.payload import refused_payload
from botmeter.sources.payloads.payload_json import (
    JsonObject,
    at,
    first_text,
    json_value,
    object_of,
    objects_in_list,
    us_of,
)
from botmeter.sources.payloads.pulled import PulledConversation, pulled_conversation
from botmeter.sources.platforms.freshchat.webhooks import read_payload

PAGE_ITEMS = 50
"""The API's maximum per page."""

USERS_PATH = "/v2/users"
_MILLISECOND_US = 1_000
# Keys of a conversation that its messages may omit.
_SHARED = ("channel_id", "app_id", "properties")


def users_query(first_us: int, end_us: int, *, page: int) -> dict[str, str]:
    """Query of a page (from 1) of users changed in [first_us, end_us)."""
    return {"updated_from": _milliseconds(first_us), "updated_to": _milliseconds(end_us), **page_query(page)}


def page_query(page: int) -> dict[str, str]:
    """Query of a page, from 1."""
    return {"items_per_page": str(PAGE_ITEMS), "page": str(page)}


def user_conversations_path(user: str) -> str:
    """Path of a user's conversations."""
    return f"{USERS_PATH}/{quote(user, safe='')}/conversations"


def conversation_path(conversation: str) -> str:
    """Path of a conversation; its messages are below, newest first."""
    return f"/v2/conversations/{quote(conversation, safe='')}"


def objects_of_page(body: bytes, *, name: str) -> list[JsonObject]:
    """Read a page of `users`, `conversations` or `messages`; raises `Refused` (`payload_not_understood`)."""
    page = at(json_value(body), name)
    if not isinstance(page, list):
        raise refused_payload(f"Not a page of Freshchat {name}.")
    return objects_in_list(page)


def ids_in(body: bytes, *, name: str) -> tuple[str, ...]:
    """Ids on a page; raises as `objects_of_page`."""
    ids = (first_text(each.get("id"), each.get("conversation_id")) for each in objects_of_page(body, name=name))
    return tuple(each for each in ids if each is not None)


def conversation_in(body: bytes) -> JsonObject:
    """Read a conversation; raises `Refused` (`payload_not_understood`)."""
    conversation = object_of(json_value(body))
    if first_text(conversation.get("conversation_id"), conversation.get("id")) is None:
        raise refused_payload("Not a Freshchat conversation: it has no conversation_id.")
    return conversation


def message_us(message: JsonObject) -> int | None:
    """Creation time of a message, µs UTC."""
    return us_of(message.get("created_time"))


def read_conversation(
    conversation: JsonObject, messages: Sequence[JsonObject], *, user: str | None, source: Source
) -> PulledConversation:
    """Messages of a conversation with the customer `user`."""
    number = first_text(conversation.get("conversation_id"), conversation.get("id"))
    customer = user or _customer(conversation, messages)
    shared = {name: conversation.get(name) for name in _SHARED} | {"conversation_id": number, "user_id": customer}
    payloads = [
        {
            "actor": {"actor_type": message.get("actor_type"), "actor_id": message.get("actor_id")},
            "action": "message_create",
            "action_time": message.get("created_time"),
            "data": {"message": {**_without_nulls(shared), **_without_nulls(message)}},
        }
        for message in messages
    ]
    return pulled_conversation(payloads, source, read=read_payload)


def _without_nulls(content: JsonObject) -> JsonObject:
    return {name: value for name, value in content.items() if value is not None}


def _customer(conversation: JsonObject, messages: Sequence[JsonObject]) -> str | None:
    return first_text(
        conversation.get("user_id"),
        *(user.get("id") for user in objects_in_list(conversation.get("users"))),
        *(message.get("user_id") for message in messages),
        *(message.get("actor_id") for message in messages if message.get("actor_type") == "user"),
    )


def _milliseconds(at_us: int) -> str:
    text = text_from_us(at_us // _MILLISECOND_US * _MILLISECOND_US)
    return text if "." in text else f"{text[:-1]}.000Z"
