"""Chatwoot's API, in the shape of webhook payloads.

Most times of messages are in whole seconds. Changes have no ids and can't be pulled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import quote

from botmeter.domain.source import Source
from botmeter.sources.payload import refused_payload
from botmeter.sources.payload_json import JsonObject, at, json_value, objects_in_list, text_of, us_of
from botmeter.sources.platforms.chatwoot.webhooks import read_payload
from botmeter.sources.pulled import PulledConversation, pulled_conversation, to_the_second

_EXACT_PLACES = ("messages", "last_non_activity_message")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedConversation:
    """A conversation in the list, last active at `active_us`."""

    number: str
    active_us: int | None
    found: JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedMessages:
    """A page of messages, with its lowest id and earliest µs UTC, if any."""

    messages: tuple[JsonObject, ...]
    first_number: int | None
    first_us: int | None


def conversations_path(account: str) -> str:
    """Return the path of the conversation list."""
    return f"/api/v1/accounts/{quote(account, safe='')}/conversations"


def conversations_query(page: int) -> dict[str, str]:
    """Return the query of a page, from 1."""
    return {
        "status": "all",
        "assignee_type": "all",
        "sort_by": "last_activity_at_desc",
        "page": str(page),
    }


def inboxes_path(account: str) -> str:
    """Return the path of the inbox list."""
    return f"/api/v1/accounts/{quote(account, safe='')}/inboxes"


def messages_path(account: str, number: str) -> str:
    """Return the path of the latest 20 messages, or those before `before`."""
    return f"{conversations_path(account)}/{quote(number, safe='')}/messages"


def conversations_in(body: bytes) -> tuple[ListedConversation, ...]:
    """Read a page of conversations; raises `Refused` (`payload_not_understood`)."""
    found = json_value(body)
    page = at(found, "data", "payload")
    if page is None:
        page = at(found, "payload")
    if not isinstance(page, list):
        raise refused_payload("Not a page of Chatwoot conversations: it has no payload.")
    numbered = ((text_of(each.get("id")), each) for each in objects_in_list(page))
    return tuple(
        ListedConversation(number=number, active_us=_active_us(each), found=each)
        for number, each in numbered
        if number is not None
    )


def inboxes_in(body: bytes) -> dict[str, JsonObject]:
    """Read inboxes, by id; raises `Refused` (`payload_not_understood`)."""
    page = at(json_value(body), "payload")
    if not isinstance(page, list):
        raise refused_payload("Not a list of Chatwoot inboxes: it has no payload.")
    return {number: each for each in objects_in_list(page) if (number := text_of(each.get("id"))) is not None}


def messages_in(body: bytes) -> ListedMessages:
    """Read a page of messages; raises `Refused` (`payload_not_understood`)."""
    page = at(json_value(body), "payload")
    if not isinstance(page, list):
        raise refused_payload("Not a page of Chatwoot messages: it has no payload.")
    messages = tuple(objects_in_list(page))
    numbers = [number for number in map(message_number, messages) if number is not None]
    instants = [us for each in messages if (us := us_of(each.get("created_at"))) is not None]
    return ListedMessages(
        messages=messages, first_number=min(numbers, default=None), first_us=min(instants, default=None)
    )


def message_number(message: JsonObject) -> int | None:
    """Return a message's numeric id."""
    number = message.get("id")
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def read_conversation(
    conversation: JsonObject, messages: Sequence[JsonObject], *, inboxes: Mapping[str, JsonObject], source: Source
) -> PulledConversation:
    """Return the creation and the messages of a conversation.

    Args:
        conversation: With `account_id` added.
        inboxes: By id.
    """
    inbox = inboxes.get(text_of(conversation.get("inbox_id")) or "")
    whole = conversation if inbox is None else _of_inbox(conversation, inbox)
    where = {
        "account": {"id": whole.get("account_id")},
        **({} if inbox is None else {"inbox": {"id": inbox.get("id"), "name": inbox.get("name")}}),
    }
    exact = _touched_at(whole)
    payloads = [
        {
            **message,
            **exact.get(text_of(message.get("id")) or "", {}),
            "event": "message_created",
            "conversation": whole,
            **where,
        }
        for message in messages
    ]
    creation = pulled_conversation([{**whole, **where, "event": "conversation_created"}], source, read=read_payload)
    written = pulled_conversation(payloads, source, read=read_payload)
    records = tuple(to_the_second(record) for record in written.records)
    return replace(
        written,
        records=(*creation.records, *records),
        refused=(*creation.refused, *written.refused),
        ignored_count=creation.ignored_count + written.ignored_count,
    )


def _active_us(found: JsonObject) -> int | None:
    told = (us_of(found.get("last_activity_at")), us_of(found.get("timestamp")))
    return max((us for us in told if us is not None), default=None)


def _of_inbox(conversation: JsonObject, inbox: JsonObject) -> JsonObject:
    """Add fields that only webhooks contain."""
    channel = text_of(conversation.get("channel")) or text_of(at(conversation, "meta", "channel"))
    told: JsonObject = {"channel": channel or text_of(inbox.get("channel_type"))}
    if text_of(inbox.get("medium")) == "whatsapp":
        told["contact_inbox"] = {"source_id": "whatsapp:"}
    return {**conversation, **told}


def _touched_at(conversation: JsonObject) -> dict[str, JsonObject]:
    """Return last changes of embedded messages, to the millisecond, by id."""
    held = [each for name in _EXACT_PLACES for each in _objects(conversation.get(name))]
    return {
        number: {"updated_at": each.get("updated_at")}
        for each in held
        if (number := text_of(each.get("id"))) is not None and isinstance(each.get("updated_at"), str)
    }


def _objects(found: object) -> list[JsonObject]:
    return [found] if isinstance(found, dict) else objects_in_list(found)
