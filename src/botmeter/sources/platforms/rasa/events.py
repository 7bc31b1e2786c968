"""Rasa's broker posts, tracker dumps and tracker store rows → events with the same ids.

The sender is the conversation; Rasa's own sessions are not.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from botmeter.domain.errors import Refused
from botmeter.domain.source import Source
from botmeter.sources.payloads.event_fields import Fields
from botmeter.sources.payloads.payload import EventRecord, PayloadContent, PayloadReader, content_of, refused_payload
from botmeter.sources.payloads.payload_json import (
    JsonObject,
    bot_of,
    checked_objects,
    event_id_of,
    is_listed,
    json_bytes,
    json_value,
    object_of,
    objects_in,
    scoped_id,
    shared_text_of,
    text_of,
    time_of_epoch,
    us_of_epoch,
)
from botmeter.sources.platforms.rasa.channel_history import ChannelHistory

PREVIEW_CHANNELS = ("inspector", "cmdline", "rasa")
PREVIEW_ENVIRONMENTS = ("development", "dev", "test", "testing", "staging")
HANDOFF_FLOW = "pattern_human_handoff"

_KINDS = {
    "user": ("customer", "message"),
    "bot": ("bot", "message"),
    "session_started": ("system", "conversation_created"),
}
# Commands that a client sends to the bot's engine, alone or with slot values. Matched against stripped text: a
# second run of spaces in the pattern would try each split of a megabyte of them.
_COMMAND = re.compile(r"/(session_start|restart)\s*(\{.*\})?", re.DOTALL)
# Rasa's prefix of an intent that a program triggered.
_TRIGGERED = "EXTERNAL: "
# Content that distinguishes events of the same sender, kind and time.
_CONTENT = ("text", "data", "name", "value", "flow_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class _TrackerEvent:
    sender: str
    event: JsonObject
    channel: str | None = None


def read_payload(payload: bytes, source: Source) -> PayloadContent:
    """Read messages, hand-offs and tickets; raises `Refused` (`payload_not_understood`)."""
    return _content(payload, source, history=ChannelHistory())


def file_reader() -> PayloadReader:
    """Reader of one file's pieces, in which a message's channel applies to later ones."""
    return partial(_content, history=ChannelHistory())


def _content(payload: bytes, source: Source, *, history: ChannelHistory) -> PayloadContent:
    events = list(_events_in(payload))
    subject = text_of(events[0].event.get("event")) if len(events) == 1 else f"{len(events)} events"
    return content_of(_items(events, source, history=history), subject=subject or "")


def _items(events: list[_TrackerEvent], source: Source, *, history: ChannelHistory) -> Iterator[EventRecord | str]:
    for each, channel in zip(events, _channels(events, source, history=history), strict=True):
        reason = _reason_to_ignore(each.event, source)
        if reason is None:
            own = {} if channel is None else {"input_channel": channel}
            raw = json_bytes({"sender_id": each.sender, **each.event, **own})
            yield EventRecord(fields=_fields(each, source, channel=channel), raw=raw)
        else:
            yield reason


def _events_in(payload: bytes) -> Iterator[_TrackerEvent]:
    try:
        content = json_value(payload)
    except Refused:
        lines = [line for line in payload.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        content = [json_value(line) for line in lines]
    for each in objects_in(content):
        yield from _events_of(each)


def _events_of(content: JsonObject) -> Iterator[_TrackerEvent]:
    if isinstance(content.get("events"), list):
        yield from _events_in_tracker(content)
        return
    if isinstance(content.get("type_name"), str) and "data" in content:
        content = _event_of_row(content)
    sender = text_of(content.get("sender_id") or content.get("conversation_id"))
    if sender is None or "timestamp" not in content:
        raise refused_payload(
            "Not a Rasa event: it has no sender_id or no timestamp. A tracker has its sender_id beside its events."
        )
    yield _TrackerEvent(sender=sender, event=_flat(content))


def _events_in_tracker(tracker: JsonObject) -> Iterator[_TrackerEvent]:
    named = tracker.get("sender_id") or tracker.get("name") or tracker.get("conversation_id")
    sender = shared_text_of(named, name="The tracker's sender_id")
    if sender is None:
        raise refused_payload("The tracker has neither sender_id nor name.")
    channel = shared_text_of(tracker.get("latest_input_channel"), name="The tracker's channel")
    for event in checked_objects(tracker["events"], name="The tracker's events"):
        yield _TrackerEvent(sender=sender, event=_flat(event), channel=channel)


def _event_of_row(row: JsonObject) -> JsonObject:
    data = row["data"]
    event = json_value(data.encode("utf-8", "surrogatepass")) if isinstance(data, str) else data
    if not isinstance(event, dict):
        raise refused_payload("The data of a tracker store row must be a JSON object.")
    known = {"event": row["type_name"], "timestamp": row.get("timestamp"), "sender_id": row.get("sender_id")}
    return known | {name: value for name, value in event.items() if value is not None or name not in known}


def _flat(event: JsonObject) -> JsonObject:
    """Event in the older form, without nesting."""
    if isinstance(event.get("event"), str):
        return event
    kind = next((name for name in ("user", "bot", "session_started", "memory_set") if name in event), None)
    if text_of(event.get("event_id")) is None:
        raise refused_payload("A Rasa event has neither a name nor an id.")
    if kind is None:
        named = [name for name, value in event.items() if isinstance(value, dict) and name != "metadata"]
        return {"event": named[0] if named else "without a name", "timestamp": event.get("timestamp")}
    inside = object_of(event[kind])
    if kind == "memory_set":
        inside = {"name": inside.get("name"), "value": _value_of_memory(inside.get("value_json"))}
    flat = {name: value for name, value in event.items() if name != kind} | dict(inside)
    return flat | {"event": "slot" if kind == "memory_set" else kind, "timestamp": event.get("timestamp")}


def _value_of_memory(text: object) -> object:
    try:
        return json_value(text.encode()) if isinstance(text, str) else None
    except (Refused, UnicodeEncodeError):
        return None


def _reason_to_ignore(event: JsonObject, source: Source) -> str | None:
    kind = text_of(event.get("event"))
    text = event.get("text")
    if kind == "user" and isinstance(text, str):
        if _COMMAND.fullmatch(text.strip()):
            return "A command to Rasa itself never counts."
        if text.startswith(_TRIGGERED) or object_of(event.get("metadata")).get("is_external") is True:
            return "An intent that a program triggered never counts."
    if kind in _KINDS or _is_handoff(event) or _ticket_id(event, source) is not None:
        return None
    return f"An event of type {str(kind)[:40]} never counts."


def _is_handoff(event: JsonObject) -> bool:
    return event.get("event") == "flow_started" and event.get("flow_id") == HANDOFF_FLOW


def _ticket_id(event: JsonObject, source: Source) -> str | None:
    slot = source.option("ticket_slot")
    if slot is None or event.get("event") != "slot" or event.get("name") != slot:
        return None
    return text_of(event.get("value"))


def _channels(events: list[_TrackerEvent], source: Source, *, history: ChannelHistory) -> list[str | None]:
    # Return each event's channel; the source's precedes that of the sender's previous message. A broker post has no
    # previous message and must agree with a dump.
    own = [shared_text_of(each.event.get("input_channel"), name="The input_channel") for each in events]
    if source.channel is not None:
        return [channel or source.channel for channel in own]
    times = [us_of_epoch(each.event.get("timestamp")) or 0 for each in events]
    for each, channel, time_us in zip(events, own, times, strict=True):
        if channel is not None:
            history.add(each.sender, channel=channel, time_us=time_us)
    return [
        channel or _channel_before(each, time_us, history=history)
        for each, channel, time_us in zip(events, own, times, strict=True)
    ]


def _channel_before(tracked: _TrackerEvent, time_us: int, *, history: ChannelHistory) -> str | None:
    # Rasa names no channel for its own events, and a table has no tracker to look it up in.
    if _actor_and_kind(tracked.event)[0] == "system":
        return None
    if not history.has(tracked.sender):
        return tracked.channel
    return history.channel_at(tracked.sender, time_us)


def _actor_and_kind(event: JsonObject) -> tuple[str, str]:
    if _is_handoff(event):
        return "bot", "handoff"
    return _KINDS.get(text_of(event.get("event")) or "", ("system", "ticket_linked"))


def _fields(tracked: _TrackerEvent, source: Source, *, channel: str | None) -> dict[str, object]:
    event = tracked.event
    actor, kind = _actor_and_kind(event)
    customer = scoped_id(source, text_of(event.get("user_id")) or tracked.sender)
    return {
        "event_id": _event_id(tracked, text_of(event.get("event")) or ""),
        "occurred_at": time_of_epoch(event.get("timestamp")),
        "conversation_id": scoped_id(source, tracked.sender),
        "customer_id": customer,
        "actor": actor,
        "kind": kind,
        "channel": channel,
        "ticket_id": _ticket_id(event, source),
        "preview": _is_preview(event, source, channel=channel),
        **_bot(event, source, actor=actor),
    }


def _bot(event: JsonObject, source: Source, *, actor: str) -> Fields:
    metadata = object_of(event.get("metadata"))
    assistant = text_of(metadata.get("assistant_id"))
    if assistant is None and actor == "system":
        return {}
    return bot_of(source, assistant, version=text_of(metadata.get("model_id")))


def _event_id(tracked: _TrackerEvent, name: str) -> str:
    # Return an id; without one of its own, from time and content. Times are not unique, and a post doesn't know its
    # position.
    event = tracked.event
    own = text_of(event.get("event_id")) or (text_of(event.get("message_id")) if name == "user" else None)
    if own is not None:
        return event_id_of(name, tracked.sender, own)
    time = us_of_epoch(event.get("timestamp"))
    return event_id_of(name, tracked.sender, time, [_without_nulls(event.get(part)) for part in _CONTENT])


def _without_nulls(content: object) -> object:
    if not isinstance(content, Mapping):
        return content
    return {name: value for name, value in content.items() if value is not None}


def _is_preview(event: JsonObject, source: Source, *, channel: str | None) -> bool | None:
    if is_listed(source, "preview_channels", default=PREVIEW_CHANNELS, known_as=[channel]):
        return True
    environment = text_of(event.get("deployment_environment") or event.get("rasa_environment"))
    if environment is None:
        return None
    return is_listed(source, "preview_environments", default=PREVIEW_ENVIRONMENTS, known_as=[environment])
