"""Bot Framework activities and transcripts → events.

Activity ids are no keys: tools number from 1, copies share ids, edits keep theirs. Bots are never guessed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botmeter.domain.errors import Refused
from botmeter.domain.instant import us_from_text
from botmeter.domain.source import Source
from botmeter.sources.payload import EventRecord, PayloadContent, refused_payload
from botmeter.sources.payload_json import (
    JsonObject,
    bot_of,
    event_id_of,
    is_listed,
    json_bytes,
    json_value,
    object_of,
    objects_in,
    scoped_id,
    shared_text_of,
    text_of,
)
from botmeter.sources.platforms.botframework import copilot

if TYPE_CHECKING:
    pass

PREVIEW_CHANNELS = ("emulator", "chatdown", "test")
HANDOFF_EVENT = "handoff.initiate"

_BOT_ROLES = frozenset({"bot", "skill"})
# In Teams a bot's id begins with this, and a person's with another number.
_TEAMS_BOT = "28:"
# A transcript logger gives this to an activity without an id, a new one each time it is logged.
_MADE_UP = "g_"


@dataclass(slots=True, kw_only=True)
class _Known:
    source: Source
    bots: set[str] = field(default_factory=set)
    customers: dict[str | None, set[str]] = field(default_factory=lambda: defaultdict(set))

    def is_bot(self, party: JsonObject) -> bool:
        party_id = text_of(party.get("id"))
        if party.get("role") is not None:
            return text_of(party["role"]) in _BOT_ROLES
        return party_id in self.bots or self._is_listed(party)

    def _is_listed(self, party: JsonObject) -> bool:
        return self.source.identity(text_of(party.get("id")), text_of(party.get("name"))) is not None


def read_payload(payload: bytes, source: Source) -> PayloadContent:
    """Read activities or transcripts; raises `Refused` (`payload_not_understood`), also without a bot."""
    found = json_value(payload)
    rows = copilot.rows_of(found)
    if rows is not None:
        return copilot.content_of_rows(rows, source)
    activities = objects_in(found)
    if not all(_is_activity(activity) for activity in activities):
        raise refused_payload("Not a Bot Framework activity: it has no type or no conversation.")
    known = _learned(activities, source)
    records: list[EventRecord] = []
    ignored: Counter[str] = Counter()
    for activity in activities:
        fields = _fields(activity, known)
        if fields is None:
            ignored[_why_ignored(activity)] += 1
        else:
            records.append(EventRecord(fields=fields, raw=json_bytes(activity)))
    subject = text_of(activities[0].get("type")) if len(activities) == 1 else "transcript"
    return PayloadContent(records=tuple(records), ignored=ignored, subject=subject or "")


def _is_activity(found: JsonObject) -> bool:
    conversation = found.get("conversation")
    return isinstance(found.get("type"), str) and isinstance(conversation, dict) and "id" in conversation


def _learned(activities: list[JsonObject], source: Source) -> _Known:
    known = _Known(source=source)
    for activity in activities:
        known.bots.update(_bots_of(activity))
    known.bots.discard("")
    for activity in activities:
        if activity["type"] == "message":
            customer = shared_text_of(_sides(activity, known)[1].get("id"), what="The id of who wrote")
            if customer is not None:
                known.customers[_conversation(activity)].add(customer)
    return known


def _bots_of(activity: JsonObject) -> Iterator[str]:
    """Yield known bots: users write to them, and only they answer or receive conversation updates."""
    sender, recipient = object_of(activity.get("from")), object_of(activity.get("recipient"))
    members = activity.get("membersAdded")
    parties = [sender, recipient, *(each for each in (members if isinstance(members, list) else []))]
    for party in parties:
        if isinstance(party, dict) and (
            text_of(party.get("role")) in _BOT_ROLES or (text_of(party.get("id")) or "").startswith(_TEAMS_BOT)
        ):
            yield text_of(party.get("id")) or ""
    is_told = activity["type"] == "conversationUpdate" or sender.get("role") == "user"
    if is_told and recipient.get("role") is None:
        yield text_of(recipient.get("id")) or ""
    if activity["type"] == "message" and activity.get("replyToId") and sender.get("role") is None:
        yield text_of(sender.get("id")) or ""


def _sides(activity: JsonObject, known: _Known) -> tuple[JsonObject, JsonObject, bool]:
    sender, recipient = object_of(activity.get("from")), object_of(activity.get("recipient"))
    if known.is_bot(sender):
        return sender, recipient if not known.is_bot(recipient) else {}, True
    if known.is_bot(recipient) or sender.get("role") == "user":
        return recipient, sender, False
    if recipient.get("role") == "user":
        return sender, recipient, True
    raise refused_payload(
        f"Nothing says whether {str(sender.get('name') or sender.get('id'))[:40]!r} is a bot or a customer: "
        "name the bot's id among the bot identities of this source, then try again."
    )


def _fields(activity: JsonObject, known: _Known) -> dict[str, object] | None:
    match activity["type"]:
        case "message":
            bot, customer, is_by_bot = _sides(activity, known)
            person = text_of(customer.get("id")) or _only_customer(activity, known)
            actor = "bot" if is_by_bot else "customer"
            return _event(activity, known, bot=bot, person=person) | {"actor": actor, "kind": "message"}
        case "conversationUpdate":
            # The sender may be the conversation itself rather than a customer.
            person = _only_customer(activity, known)
            if person is None:
                return None
            return _event(activity, known, bot=None, person=person) | {
                "actor": "system",
                "kind": "conversation_updated",
            }
        case "endOfConversation":
            return _ended(activity, known, kind="resolved")
        case "event" if activity.get("name") == HANDOFF_EVENT:
            return _ended(activity, known, kind="handoff")
    return None


def _ended(activity: JsonObject, known: _Known, *, kind: str) -> dict[str, object]:
    try:
        bot, customer, _ = _sides(activity, known)
    except Refused:
        bot, customer = {}, {}
    person = text_of(customer.get("id")) or _only_customer(activity, known)
    named = bot if "id" in bot else None
    return _event(activity, known, bot=named, person=person) | {"actor": "system", "kind": kind}


def _only_customer(activity: JsonObject, known: _Known) -> str | None:
    customers = known.customers.get(_conversation(activity), set())
    return next(iter(customers)) if len(customers) == 1 else None


def _conversation(activity: JsonObject) -> str | None:
    return text_of(object_of(activity.get("conversation")).get("id"))


def _event(activity: JsonObject, known: _Known, *, bot: JsonObject | None, person: str | None) -> dict[str, object]:
    source, channel = known.source, text_of(activity.get("channelId"))
    conversation = scoped_id(source, channel or "", _conversation(activity))
    flags: dict[str, object] = {} if person is not None else {"attributes": {"customer_source": "conversation"}}
    return {
        "event_id": _event_id(activity),
        "occurred_at": activity.get("timestamp"),
        "conversation_id": conversation,
        "customer_id": conversation if person is None else scoped_id(source, channel or "", person),
        "channel": channel or source.channel,
        "preview": is_listed(source, "preview_channels", default=PREVIEW_CHANNELS, known_as=[channel]) or None,
        **({} if bot is None else bot_of(source, text_of(bot.get("id")), name=text_of(bot.get("name")))),
        **flags,
    }


def _event_id(activity: JsonObject) -> str:
    """Return an id from channel, conversation, id, type and time; sender and text replace made-up ids."""
    own = text_of(activity.get("id"))
    if own is None or own.startswith(_MADE_UP):
        own = json_bytes([object_of(activity.get("from")).get("id"), activity.get("text")]).decode()
    place = text_of(activity.get("channelId")), _conversation(activity)
    return event_id_of(str(activity["type"])[:40], *place, own, _time(activity.get("timestamp")))


def _time(sent: object) -> object:
    """Return an instant, whose decimals don't change the id."""
    try:
        return us_from_text(sent) if isinstance(sent, str) else sent
    except Refused:
        return sent


def _why_ignored(activity: JsonObject) -> str:
    if activity["type"] == "conversationUpdate":
        return "An update of a conversation in which nobody wrote names no customer."
    return f"An activity of type {str(activity['type'])[:40]} never counts."
