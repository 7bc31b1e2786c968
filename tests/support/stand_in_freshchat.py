"""A small Freshchat, with webhooks and an API."""

from dataclasses import dataclass, field
from typing import Any

from tests.support.stand_in_api import Answer, ApiRequest

from botmeter.domain.instant import text_from_us, us_from_text

Payload = dict[str, Any]
TOKEN = "fresh-token"  # noqa: S105 - of a stand-in


@dataclass(kw_only=True, slots=True)
class Message:
    """Message; `at_us` to the millisecond."""

    number: str
    at_us: int
    actor_type: str = "user"
    actor: str = ""
    form: str = "normal"


@dataclass(kw_only=True, slots=True)
class Conversation:
    """Conversation of one user."""

    number: str
    user: str
    messages: list[Message] = field(default_factory=list)


@dataclass(kw_only=True, slots=True)
class Team:
    """Conversations of a Freshchat account.

    Attributes:
        unchanged: Users that Freshchat doesn't report as changed.
    """

    conversations: list[Conversation] = field(default_factory=list)
    unchanged: set[str] = field(default_factory=set)

    def webhooks(self) -> list[Payload]:
        """All webhook payloads of messages, in order."""
        webhooks = [
            (message.at_us, _webhook(each, message)) for each in self.conversations for message in each.messages
        ]
        return [payload for _, payload in sorted(webhooks, key=lambda pair: pair[0])]

    def answer(self, path: str, request: ApiRequest) -> Answer:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return 401, {"code": 401, "status": "UNAUTHENTICATED"}
        page, size = int(request.query.get("page", "1")), int(request.query.get("items_per_page", "20"))
        index = slice((page - 1) * size, page * size)
        match path.strip("/").split("/"):
            case ["v2", "users"]:
                first, end = us_from_text(request.query["updated_from"]), us_from_text(request.query["updated_to"])
                users = sorted(user for user, at_us in self._changed().items() if first <= at_us < end)
                return 200, {"users": [{"id": user} for user in users[index]]}
            case ["v2", "users", user, "conversations"]:
                own = [{"id": each.number} for each in self.conversations if each.user == user]
                return 200, {"conversations": own}
            case ["v2", "conversations", number, *subpath]:
                result = next((each for each in self.conversations if each.number == number), None)
                if result is None:
                    return 404, {"code": 404}
                if not subpath:
                    return 200, {"conversation_id": number, "status": "new", "channel_id": "chan-1"}
                latest = sorted(result.messages, key=lambda message: -message.at_us)
                return 200, {"messages": [_read(result, message) for message in latest[index]]}
        return 404, {"code": 404}

    def _changed(self) -> dict[str, int]:
        changed: dict[str, int] = {}
        for each in self.conversations:
            if each.user not in self.unchanged:
                latest = max((message.at_us for message in each.messages), default=0)
                changed[each.user] = max(latest, changed.get(each.user, 0))
        return changed


def _read(each: Conversation, message: Message) -> Payload:
    """Message in a list of messages."""
    return {
        "id": message.number,
        "app_id": "app-1",
        "conversation_id": each.number,
        "channel_id": "chan-1",
        "message_type": message.form,
        "actor_type": message.actor_type,
        "actor_id": message.actor or each.user,
        "created_time": text_from_us(message.at_us),
        "message_parts": [{"text": {"content": "…"}}],
    }


def _webhook(each: Conversation, message: Message) -> Payload:
    read = _read(each, message)
    return {
        "actor": {"actor_type": read["actor_type"], "actor_id": read["actor_id"]},
        "action": "message_create",
        "action_time": read["created_time"],
        "data": {"message": {**read, "user_id": each.user}},
    }
