"""A small Chatwoot, with webhooks to the millisecond and an API to the second."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.stand_in_api import Answer, ApiRequest

from botmeter.domain.instant import text_from_us

Payload = dict[str, Any]
TOKEN = "desk-token"  # noqa: S105 - of a stand-in
ACCOUNT = 2
PAGE = 20
_FORMS = {"incoming": 0, "outgoing": 1, "activity": 2, "template": 3}


@dataclass(kw_only=True, slots=True)
class Message:
    """Message; `at_us` to the millisecond."""

    number: int
    at_us: int
    form: str = "incoming"
    is_private: bool = False
    sender: Payload = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Conversation:
    """Conversation of one contact."""

    number: int
    contact: int
    began_us: int
    messages: list[Message] = field(default_factory=list)
    inbox: int = 5
    status: str = "pending"
    attributes: Payload = field(default_factory=dict)
    assignee: Payload | None = None

    @property
    def active_s(self) -> int:
        return max((message.at_us for message in self.messages), default=self.began_us) // 1_000_000


@dataclass(kw_only=True, slots=True)
class Account:
    """Conversations of an account.

    Attributes:
        page_size: Conversations on a page of the list.
        is_reversed: Reverse the list's order, as no version does.
    """

    conversations: list[Conversation] = field(default_factory=list)
    inboxes: list[Payload] = field(
        default_factory=lambda: [{"id": 5, "name": "Shop", "channel_type": "Channel::WebWidget"}]
    )
    page_size: int = 25
    is_reversed: bool = False

    def webhooks(self) -> list[Payload]:
        """All webhook payloads, in order."""
        webhooks: list[tuple[int, Payload]] = []
        for each in self.conversations:
            webhooks.append(
                (each.began_us, {"event": "conversation_created", **_nested(each), "account": {"id": ACCOUNT}})
            )
            webhooks += ((message.at_us, self.webhook(each, message)) for message in each.messages)
        return [payload for _, payload in sorted(webhooks, key=lambda pair: pair[0])]

    def webhook(self, conversation: Conversation, message: Message) -> Payload:
        return {
            "event": "message_created",
            "id": message.number,
            "account": {"id": ACCOUNT, "name": "Maple"},
            "inbox": {"id": conversation.inbox, "name": self._inbox(conversation)["name"]},
            "message_type": message.form,
            "private": message.is_private,
            "created_at": text_from_us(message.at_us),
            "content": "…",
            "sender": message.sender or {"id": conversation.contact, "name": "Ines"},
            "conversation": _nested(conversation),
        }

    def answer(self, path: str, request: ApiRequest) -> Answer:
        if request.headers.get("api_access_token") != TOKEN:
            return 401, {"error": "Invalid Access Token"}
        root = f"/api/v1/accounts/{ACCOUNT}"
        if path == f"{root}/inboxes":
            return 200, {"payload": self.inboxes}
        if path == f"{root}/conversations":
            return 200, self._page(int(request.query.get("page", "1")))
        number = path.removeprefix(f"{root}/conversations/").removesuffix("/messages")
        result = next((each for each in self.conversations if str(each.number) == number), None)
        if result is None:
            return 404, {"error": "Resource could not be found"}
        return 200, self._messages(result, before=int(request.query["before"]) if "before" in request.query else None)

    def _page(self, page: int) -> Payload:
        ordered = sorted(self.conversations, key=lambda each: (-each.active_s, each.number), reverse=self.is_reversed)
        page_items = ordered[(page - 1) * self.page_size : page * self.page_size]
        return {"data": {"meta": {"all_count": len(ordered)}, "payload": [self._listed(each) for each in page_items]}}

    def _listed(self, each: Conversation) -> Payload:
        last = [_pushed(each, message) for message in each.messages[-1:]]
        return {
            "id": each.number,
            "account_id": ACCOUNT,
            "inbox_id": each.inbox,
            "status": each.status,
            "meta": _meta(each) | {"channel": self._inbox(each)["channel_type"]},
            "custom_attributes": each.attributes,
            "created_at": each.began_us // 1_000_000,
            "timestamp": each.active_s,
            "last_activity_at": each.active_s,
            "messages": last,
        }

    def _messages(self, each: Conversation, *, before: int | None) -> Payload:
        page_items = [message for message in each.messages if before is None or message.number < before][-PAGE:]
        return {"meta": {}, "payload": [_read(each, message) for message in page_items]}

    def _inbox(self, each: Conversation) -> Payload:
        return next(inbox for inbox in self.inboxes if inbox["id"] == each.inbox)


def _meta(each: Conversation) -> Payload:
    return {"sender": {"id": each.contact, "name": "Ines", "type": "contact"}, "assignee": each.assignee}


def _nested(each: Conversation) -> Payload:
    return {
        "id": each.number,
        "inbox_id": each.inbox,
        "status": each.status,
        "channel": "Channel::WebWidget",
        "created_at": each.began_us // 1_000_000,
        "timestamp": each.active_s,
        "contact_inbox": {"contact_id": each.contact, "source_id": "5c2e"},
        "meta": _meta(each),
        "custom_attributes": each.attributes,
        "messages": [],
    }


def _read(each: Conversation, message: Message) -> Payload:
    """Message in a list of messages."""
    return {
        "id": message.number,
        "content": "…",
        "inbox_id": each.inbox,
        "conversation_id": each.number,
        "message_type": _FORMS[message.form],
        "created_at": message.at_us // 1_000_000,
        "private": message.is_private,
        "sender": message.sender or {"id": each.contact, "name": "Ines", "type": "contact"},
    }


def _pushed(each: Conversation, message: Message) -> Payload:
    """Last message in a list of conversations, with its update time to the millisecond."""
    return _read(each, message) | {
        "account_id": ACCOUNT,
        "updated_at": text_from_us(message.at_us),
        "sender_type": "Contact" if message.form == "incoming" else "User",
    }
