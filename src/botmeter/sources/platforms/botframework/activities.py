"""Bot Framework activities and transcripts → events.

Activity ids are no keys: tools number from 1, copies share ids, edits keep theirs. Bots are never guessed.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from botmeter.domain.errors import Refused
from botmeter.domain.source import Source
from botmeter.sources.payloads.event_fields import customer_fields
from botmeter.sources.payloads.payload import EventRecord, PayloadContent, content_of, refused_payload
from botmeter.sources.payloads.payload_json import (
    JsonObject,
    bot_of,
    event_id_of,
    is_listed,
    json_bytes,
    json_value,
    object_of,
    objects_in,
    objects_in_list,
    scoped_id,
    shared_text_of,
    text_of,
    us_of,
)
from botmeter.sources.platforms.botframework import copilot

PREVIEW_CHANNELS = ("emulator", "chatdown", "test")
HANDOFF_EVENT = "handoff.initiate"

_BOT_ROLES = frozenset({"bot", "skill"})
# In Teams a bot's id begins with this, and a person's with another number.
_TEAMS_BOT = "28:"
# Of objects in an activity; nothing deeper is read.
_LOWERED_LEVELS = 4
# A transcript logger gives this to an activity without an id, a new one each time it is logged.
_MADE_UP = "g_"


@dataclass(slots=True, kw_only=True)
class _Parties:
    source: Source
    bots: set[str] = field(default_factory=set)
    customers: dict[str | None, set[str]] = field(default_factory=lambda: defaultdict(set))

    def is_bot(self, party: JsonObject) -> bool:
        party_id, name = text_of(party.get("id")), text_of(party.get("name"))
        if party.get("role") is not None:
            return text_of(party["role"]) in _BOT_ROLES
        return party_id in self.bots or self.source.identity(party_id, name) is not None


def read_payload(payload: bytes, source: Source) -> PayloadContent:
    """Read activities or transcripts; raises `Refused` (`payload_not_understood`), also without a bot."""
    content = json_value(payload)
    rows = copilot.rows_of(content)
    if rows is not None:
        return copilot.content_of_rows(rows, source)
    activities = [_in_usual_case(activity) for activity in objects_in(content)]
    if not all(_is_activity(activity) for activity in activities):
        raise refused_payload(_reason_to_refuse(activities))
    subject = text_of(activities[0].get("type")) if len(activities) == 1 else "transcript"
    return content_of(_items(activities, source), subject=subject or "")


def _items(activities: list[JsonObject], source: Source) -> Iterator[EventRecord | str]:
    parties = _parties(activities, source)
    for activity in activities:
        fields = _fields(activity, parties)
        if fields is None:
            yield _reason_to_ignore(activity)
        else:
            yield EventRecord(fields=fields, raw=json_bytes(activity))


def _is_activity(content: JsonObject) -> bool:
    return isinstance(content.get("type"), str) and "id" in object_of(content.get("conversation"))


def _in_usual_case(activity: JsonObject) -> JsonObject:
    return _lowered(activity, levels=_LOWERED_LEVELS) if "Type" in activity and "type" not in activity else activity


def _lowered(content: JsonObject, *, levels: int) -> JsonObject:
    # A key that is in the usual case already wins.
    names = {name[:1].lower() + name[1:]: name for name in sorted(content)}
    return {lower: _lowered_value(content[name], levels=levels - 1) for lower, name in names.items()}


def _lowered_value(value: object, *, levels: int) -> object:
    match value:
        case dict() if levels:
            return _lowered(value, levels=levels)
        case list() if levels:
            return [_lowered_value(each, levels=levels - 1) for each in value]
    return value


def _reason_to_refuse(activities: list[JsonObject]) -> str:
    # Name what is missing; Copilot Studio keeps conversation and bot in the row around its activities.
    is_of_copilot = activities and all(
        isinstance(each.get("type"), str) and "conversation" not in each for each in activities
    )
    if is_of_copilot and any(isinstance(object_of(each.get("from")).get("role"), int) for each in activities):
        return (
            "These activities are the content of a Copilot Studio transcript, which names neither its conversation nor "
            f"its bot. Import the whole row, with {copilot.ID_COLUMN}, {copilot.CONTENT_COLUMN} and "
            f"{copilot.METADATA_COLUMN}."
        )
    return "Not a Bot Framework activity: it has no type or no conversation."


def _parties(activities: list[JsonObject], source: Source) -> _Parties:
    parties = _Parties(source=source)
    for activity in activities:
        parties.bots.update(_bots_of(activity))
    parties.bots.discard("")
    for activity in activities:
        if activity["type"] == "message":
            customer = shared_text_of(_sides(activity, parties)[1].get("id"), name="The id of who wrote")
            if customer is not None:
                parties.customers[_conversation(activity)].add(customer)
    return parties


def _bots_of(activity: JsonObject) -> Iterator[str]:
    # Yield ids of bots: users write to them, and only they answer or receive conversation updates.
    sender, recipient = object_of(activity.get("from")), object_of(activity.get("recipient"))
    for party in (sender, recipient, *objects_in_list(activity.get("membersAdded"))):
        if text_of(party.get("role")) in _BOT_ROLES or (text_of(party.get("id")) or "").startswith(_TEAMS_BOT):
            yield text_of(party.get("id")) or ""
    is_sent_to_bot = activity["type"] == "conversationUpdate" or sender.get("role") == "user"
    if is_sent_to_bot and recipient.get("role") is None:
        yield text_of(recipient.get("id")) or ""
    if activity["type"] == "message" and activity.get("replyToId") and sender.get("role") is None:
        yield text_of(sender.get("id")) or ""


def _sides(activity: JsonObject, parties: _Parties) -> tuple[JsonObject, JsonObject, bool]:
    sender, recipient = object_of(activity.get("from")), object_of(activity.get("recipient"))
    if parties.is_bot(sender):
        return sender, recipient if not parties.is_bot(recipient) else {}, True
    if parties.is_bot(recipient) or sender.get("role") == "user":
        return recipient, sender, False
    if recipient.get("role") == "user":
        return sender, recipient, True
    raise refused_payload(
        f"Nothing says whether {str(sender.get('name') or sender.get('id'))[:40]!r} is a bot or a customer: "
        "name the bot's id among the bot identities of this source, then try again."
    )


def _fields(activity: JsonObject, parties: _Parties) -> dict[str, object] | None:
    match activity["type"]:
        case "message":
            bot, customer, is_by_bot = _sides(activity, parties)
            person = text_of(customer.get("id")) or _only_customer(activity, parties)
            actor = "bot" if is_by_bot else "customer"
            return _event(activity, parties, bot=bot, person=person) | {"actor": actor, "kind": "message"}
        case "conversationUpdate":
            # The sender may be the conversation itself rather than a customer.
            person = _only_customer(activity, parties)
            if person is None:
                return None
            return _event(activity, parties, bot=None, person=person) | {
                "actor": "system",
                "kind": "conversation_updated",
            }
        case "endOfConversation":
            return _ended(activity, parties, kind="resolved")
        case "event" if activity.get("name") == HANDOFF_EVENT:
            return _ended(activity, parties, kind="handoff")
    return None


def _ended(activity: JsonObject, parties: _Parties, *, kind: str) -> dict[str, object]:
    try:
        bot, customer, _ = _sides(activity, parties)
    except Refused:
        bot, customer = {}, {}
    person = text_of(customer.get("id")) or _only_customer(activity, parties)
    return _event(activity, parties, bot=bot if "id" in bot else None, person=person) | {
        "actor": "system",
        "kind": kind,
    }


def _only_customer(activity: JsonObject, parties: _Parties) -> str | None:
    customers = parties.customers.get(_conversation(activity), set())
    return next(iter(customers)) if len(customers) == 1 else None


def _conversation(activity: JsonObject) -> str | None:
    return text_of(object_of(activity.get("conversation")).get("id"))


def _event(activity: JsonObject, parties: _Parties, *, bot: JsonObject | None, person: str | None) -> dict[str, object]:
    source, channel = parties.source, text_of(activity.get("channelId"))
    conversation = scoped_id(source, channel or "", _conversation(activity))
    customer = scoped_id(source, channel or "", person)
    return {
        "event_id": _event_id(activity),
        "occurred_at": activity.get("timestamp"),
        **customer_fields(conversation, customer),
        "channel": channel or source.channel,
        "preview": is_listed(source, "preview_channels", default=PREVIEW_CHANNELS, known_as=[channel]) or None,
        **({} if bot is None else bot_of(source, text_of(bot.get("id")), name=text_of(bot.get("name")))),
    }


def _event_id(activity: JsonObject) -> str:
    own = text_of(activity.get("id"))
    if own is None or own.startswith(_MADE_UP):
        own = json_bytes([object_of(activity.get("from")).get("id"), activity.get("text")]).decode()
    kind, channel = str(activity["type"])[:40], text_of(activity.get("channelId"))
    return event_id_of(kind, channel, _conversation(activity), own, _time(activity.get("timestamp")))


def _time(timestamp: object) -> object:
    """Instant whose decimals don't change the id."""
    us = us_of(timestamp) if isinstance(timestamp, str) else None
    return timestamp if us is None else us


def _reason_to_ignore(activity: JsonObject) -> str:
    if activity["type"] == "conversationUpdate":
        return "An update of a conversation in which nobody wrote names no customer."
    return f"An activity of type {str(activity['type'])[:40]} never counts."
