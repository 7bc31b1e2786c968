"""Chatwoot's API, in the shape of webhook payloads.

Most times of messages are in whole seconds. Changes have no ids and can't be pulled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from botmeter.domain.source import Source
from botmeter.sources.payloads.payload import refused_payload
from botmeter.sources.payloads.payload_json import (
    JsonObject,
    at,
    first_text,
    json_value,
    objects_in_list,
    text_of,
    us_of,
)
from botmeter.sources.payloads.pulled import PulledConversation, pulled_conversation, to_the_second
from botmeter.sources.platforms.chatwoot.webhooks import read_payload


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedConversation:
    """Conversation in the list, last active at `active_us`."""

    number: str
    active_us: int | None
    content: JsonObject


def account_path(account: str) -> str:
    """Path of an account."""
    return f"/api/v1/accounts/{quote(account, safe='')}"


def messages_path(account: str, number: str) -> str:
    """Path of the latest 20 messages, or those before `before`."""
    return f"{account_path(account)}/conversations/{quote(number, safe='')}/messages"


def conversations_in(body: bytes) -> tuple[ListedConversation, ...]:
    """Read a page of conversations; raises `Refused` (`payload_not_understood`)."""
    return tuple(
        ListedConversation(number=number, active_us=_active_us(each), content=each)
        for each in _page_in(body, name="conversations")
        if (number := text_of(each.get("id"))) is not None
    )


def inboxes_in(body: bytes) -> dict[str, JsonObject]:
    """Read inboxes, by id; raises `Refused` (`payload_not_understood`)."""
    page = _page_in(body, name="inboxes")
    return {number: each for each in page if (number := text_of(each.get("id"))) is not None}


def messages_in(body: bytes) -> list[JsonObject]:
    """Read a page of messages; raises `Refused` (`payload_not_understood`)."""
    return _page_in(body, name="messages")


def message_number(message: JsonObject) -> int | None:
    """Numeric id of a message."""
    number = message.get("id")
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def read_conversation(
    conversation: JsonObject, messages: Sequence[JsonObject], *, inboxes: Mapping[str, JsonObject], source: Source
) -> PulledConversation:
    """Creation and messages of a conversation.

    Args:
        conversation: With `account_id` added.
    """
    inbox = inboxes.get(text_of(conversation.get("inbox_id")) or "")
    shared: JsonObject = {"account": {"id": conversation.get("account_id")}}
    if inbox is not None:
        shared["inbox"] = {"id": inbox.get("id"), "name": inbox.get("name")}
        conversation = {**conversation, **_fields_of_inbox(inbox, conversation)}
    exact = _exact_times(conversation)
    payloads = [
        {
            **message,
            **exact.get(text_of(message.get("id")) or "", {}),
            "event": "message_created",
            "conversation": conversation,
            **shared,
        }
        for message in messages
    ]
    creation = {**conversation, **shared, "event": "conversation_created"}
    created = pulled_conversation([creation], source, read=read_payload)
    written = pulled_conversation(payloads, source, read=read_payload)
    return replace(
        written,
        records=(*created.records, *map(to_the_second, written.records)),
        refused=(*created.refused, *written.refused),
        ignored_count=created.ignored_count + written.ignored_count,
    )


def _page_in(body: bytes, *, name: str) -> list[JsonObject]:
    content = json_value(body)
    page = at(content, "payload")
    if page is None:
        page = at(content, "data", "payload")
    if not isinstance(page, list):
        raise refused_payload(f"Not a page of Chatwoot {name}: it has no payload.")
    return objects_in_list(page)


def _active_us(conversation: JsonObject) -> int | None:
    times = (us_of(conversation.get("last_activity_at")), us_of(conversation.get("timestamp")))
    return max((us for us in times if us is not None), default=None)


def _fields_of_inbox(inbox: JsonObject, conversation: JsonObject) -> JsonObject:
    """Fields that only webhooks contain."""
    channel = first_text(conversation.get("channel"), at(conversation, "meta", "channel"), inbox.get("channel_type"))
    is_whatsapp = inbox.get("medium") == "whatsapp"
    return {"channel": channel, **({"contact_inbox": {"source_id": "whatsapp:"}} if is_whatsapp else {})}


def _exact_times(conversation: JsonObject) -> dict[str, JsonObject]:
    """Last changes of embedded messages, to the millisecond, by id."""
    embedded = objects_in_list([conversation.get("last_non_activity_message")])
    return {
        number: {"updated_at": each["updated_at"]}
        for each in [*objects_in_list(conversation.get("messages")), *embedded]
        if (number := text_of(each.get("id"))) is not None and isinstance(each.get("updated_at"), str)
    }
