"""Conversations in Chatwoot's payloads."""

from dataclasses import dataclass

from botmeter.domain.source import BotIdentity, Source
from botmeter.sources.payloads.event_fields import Fields, customer_fields, default_bot, identity_bot, platform_bot
from botmeter.sources.payloads.payload import refused_payload
from botmeter.sources.payloads.payload_json import (
    JsonObject,
    at,
    first_text,
    is_listed,
    objects_in_list,
    scoped_id,
    text_of,
    us_of,
)

# `sender_type` of a nested message, `type` of a sender and `assignee_type` → prefix of bot identities.
BOT_KINDS = {
    "AgentBot": "agent_bot",
    "agent_bot": "agent_bot",
    "Captain::Assistant": "captain",
    "captain_assistant": "captain",
}

_CHANNELS = {
    "Channel::WebWidget": "web",
    "Channel::FacebookPage": "facebook",
    "Channel::TwitterProfile": "twitter",
    "Channel::TwilioSms": "sms",
}
_CHANNEL_PREFIX = "Channel::"
# Instants of a conversation, except `snoozed_until`, which lies in the future.
_INSTANTS = (
    "timestamp",
    "created_at",
    "updated_at",
    "last_activity_at",
    "agent_last_seen_at",
    "assignee_last_seen_at",
    "contact_last_seen_at",
    "waiting_since",
    "first_reply_created_at",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """Conversation of a Chatwoot account.

    Attributes:
        number: Unique in the account only.
        inboxes: Names of its inbox.
    """

    content: JsonObject
    account: str
    number: str
    inboxes: tuple[str, ...]
    source: Source

    @property
    def status(self) -> str:
        return text_of(self.content.get("status")) or ""

    def fields(self, *, sender: object = None) -> Fields:
        contact = first_text(
            at(self.content, "meta", "sender", "id"), at(self.content, "contact_inbox", "contact_id"), sender
        )
        return {
            **customer_fields(
                scoped_id(self.source, self.account, self.number), scoped_id(self.source, self.account, contact)
            ),
            "channel": self._channel(),
            "ticket_id": self._attribute("ticket_attribute"),
            "ticket_type": self._attribute("ticket_type_attribute"),
            "preview": is_listed(self.source, "preview_inboxes", default=(), known_as=self.inboxes) or None,
        }

    def listed_inbox(self) -> BotIdentity | None:
        return self.source.identity(*self.inboxes[1:])

    def bot(self) -> Fields:
        assignee = at(self.content, "meta", "assignee")
        kind = first_text(at(self.content, "meta", "assignee_type"), at(assignee, "type"))
        assigned = sender_bot(assignee, kind=kind, source=self.source)
        if assigned:
            return assigned
        identity = self.listed_inbox()
        if identity is not None:
            return identity_bot(self.source, identity)
        if self.source.option("default_bot_while") == "pending" and self.status != "pending":
            return {}
        return default_bot(self.source)

    def latest_us(self) -> int | None:
        """Latest µs UTC in the payload: a lower bound for its change."""
        instants = [self.content.get(name) for name in _INSTANTS]
        for message in objects_in_list(self.content.get("messages")):
            instants += [message.get("created_at"), message.get("updated_at")]
        return max((us for us in map(us_of, instants) if us is not None), default=None)

    def _channel(self) -> str | None:
        name = first_text(self.content.get("channel"), at(self.content, "meta", "channel"))
        if name is None:
            return self.source.channel
        address = at(self.content, "contact_inbox", "source_id")
        if name == "Channel::TwilioSms" and isinstance(address, str) and address.startswith("whatsapp:"):
            return "whatsapp"
        return _CHANNELS.get(name) or name.removeprefix(_CHANNEL_PREFIX).lower()

    def _attribute(self, option: str) -> str | None:
        key = self.source.option(option)
        return None if not key else text_of(at(self.content, "custom_attributes", key))


def conversation_in(payload: JsonObject, content: object, *, source: Source) -> Conversation:
    """Read a conversation; raises `Refused` (`payload_not_understood`) without id or account."""
    number = text_of(at(content, "id"))
    if not isinstance(content, dict) or number is None:
        raise refused_payload("The Chatwoot payload has no conversation with an id.")
    messages = objects_in_list(content.get("messages"))
    nested = messages[0].get("account_id") if messages else None
    account = first_text(
        at(payload, "account", "id"),
        content.get("account_id"),
        payload.get("account_id"),
        nested,
        source.option("account_id"),
    )
    if not account:
        raise refused_payload(
            "The Chatwoot payload names no account. Set the account's number with the source's option account_id."
        )
    inbox = first_text(content.get("inbox_id"), at(payload, "inbox", "id"))
    name = text_of(at(payload, "inbox", "name"))
    # A bare number identifies a sender; inbox identities include the word.
    names = (inbox or "", f"inbox:{inbox}", *([name, f"inbox:{name}"] if name else []))
    return Conversation(content=content, account=account, number=number, inboxes=names, source=source)


def sender_bot(sender: object, *, kind: str | None, source: Source) -> Fields:
    """Fields of a sending bot; empty for people."""
    number, name = text_of(at(sender, "id")), text_of(at(sender, "name"))
    if number is None and name is None:
        return {}
    own = BOT_KINDS.get(kind or "")
    identity = source.identity(number, name, f"{own or 'user'}:{number}")
    if identity is not None:
        return identity_bot(source, identity, name=name)
    return {} if own is None else platform_bot(source, f"{own}:{number or name}", name=name)
