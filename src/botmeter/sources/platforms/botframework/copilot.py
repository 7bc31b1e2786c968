"""Copilot Studio: rows of the Dataverse table conversationtranscript, one a conversation → events."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from botmeter.domain.source import Source
from botmeter.sources.payloads.event_fields import Fields, customer_fields
from botmeter.sources.payloads.payload import EventRecord, PayloadContent, content_of, refused_payload
from botmeter.sources.payloads.payload_json import (
    JsonObject,
    bot_of,
    checked_objects,
    event_id_of,
    is_listed,
    json_bytes,
    json_value,
    object_of,
    scoped_id,
    shared_text_of,
    text_of,
    time_of_epoch,
)

ID_COLUMN = "conversationtranscriptid"
CONTENT_COLUMN = "content"
METADATA_COLUMN = "metadata"
SHARED_COLUMN = "botmeter"
"""Column in a row of one activity: author, preview flag and position, from the whole row."""
PREVIEW_CHANNELS = ("pva-studio", "emulator", "test")
# Runs started by a trigger, without a customer.
AUTONOMOUS_CHANNEL = "pva-autonomous"

_ACTOR_BY_ROLE = {0: "bot", 1: "customer", "bot": "bot", "user": "customer"}
# Far more activities than a row has, and short enough for an id.
_NUMBER_END = 1 << 32
_KIND_BY_OUTCOME = {"resolved": "resolved", "handoff": "handoff", "escalated": "handoff"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    source: Source
    row_id: str
    activities: list[JsonObject]
    person: str | None
    is_preview: bool | None
    bot: Fields
    metadata: Mapping[str, str | None]
    first_number: int

    def raw(self, activity: JsonObject, *, number: int) -> bytes:
        # Row of this activity alone; whole rows would grow quadratically.
        alone: JsonObject = {
            ID_COLUMN: self.row_id,
            CONTENT_COLUMN: json_bytes({"activities": [activity]}).decode(),
            METADATA_COLUMN: json_bytes(self.metadata).decode(),
            SHARED_COLUMN: {"person": self.person, "is_preview": self.is_preview, "place": number},
        }
        return json_bytes(alone)


def rows_of(content: object) -> list[JsonObject] | None:
    """Transcript rows (one, an array, or the Web API's wrapper), or None."""
    if isinstance(content, dict) and not _is_row(content):
        content = content.get("value")
    rows = [content] if isinstance(content, dict) else content
    if not isinstance(rows, list) or not rows:
        return None
    return rows if all(isinstance(row, dict) and _is_row(row) for row in rows) else None


def _is_row(content: JsonObject) -> bool:
    return CONTENT_COLUMN in content and ID_COLUMN in content


def content_of_rows(rows: list[JsonObject], source: Source) -> PayloadContent:
    """Read messages, resolutions and hand-offs; raises `Refused` (`payload_not_understood`)."""
    return content_of(_items(rows, source), subject="conversationtranscript")


def _items(rows: list[JsonObject], source: Source) -> Iterator[EventRecord | str]:
    for content in rows:
        row = _row(content, source)
        if _is_autonomous(row.activities):
            yield "A run that a trigger started has no customer and never counts."
            continue
        for number, activity in enumerate(row.activities, start=row.first_number):
            fields = _fields(activity, row, number=number)
            if fields is None:
                yield f"An activity of type {str(activity.get('type'))[:40]} never counts."
            else:
                yield EventRecord(fields=fields, raw=row.raw(activity, number=number))


def _row(cells: JsonObject, source: Source) -> _Row:
    row_id = shared_text_of(cells.get(ID_COLUMN), name=f"The {ID_COLUMN}")
    if row_id is None:
        raise refused_payload(f"A row of transcripts has no {ID_COLUMN}.")
    content = _decoded(cells.get(CONTENT_COLUMN), column=CONTENT_COLUMN)
    activities = content.get("activities") if isinstance(content, dict) else content
    if not isinstance(activities, list):
        raise refused_payload(f"The content of transcript {row_id[:40]} holds no activities.")
    activities = checked_objects(activities, name="activities")
    decoded = object_of(_decoded(cells.get(METADATA_COLUMN) or "{}", column=METADATA_COLUMN))
    metadata: dict[str, str | None] = {
        name: shared_text_of(decoded[name], name=f"The {name}") for name in ("BotId", "BotName") if name in decoded
    }
    shared = object_of(cells.get(SHARED_COLUMN))
    number = shared.get("place")
    return _Row(
        source=source,
        row_id=row_id,
        activities=activities,
        person=shared_text_of(shared["person"], name="The person") if "person" in shared else _person(activities),
        is_preview=_is_preview(activities, source, preview=shared.get("is_preview")),
        bot=bot_of(source, metadata.get("BotId"), name=metadata.get("BotName")),
        metadata=metadata,
        first_number=number if isinstance(number, int) and 0 <= number < _NUMBER_END else 0,
    )


def _decoded(cell: object, *, column: str) -> object:
    if not isinstance(cell, str):
        return cell
    try:
        return json_value(cell.encode())
    except UnicodeEncodeError:
        raise refused_payload(f"The {column} of a transcript is not text.") from None


def _actor(activity: JsonObject) -> str | None:
    role = object_of(activity.get("from")).get("role")
    return _ACTOR_BY_ROLE.get(role) if isinstance(role, int | str) else None


def _person(activities: list[JsonObject]) -> str | None:
    """Directory id, common to all channels, or the channel's."""
    for activity in activities:
        if activity.get("type") == "message" and _actor(activity) == "customer":
            sender = object_of(activity.get("from"))
            return shared_text_of(text_of(sender.get("aadObjectId")) or sender.get("id"), name="The id of who wrote")
    return None


def _is_autonomous(activities: list[JsonObject]) -> bool:
    return any(
        activity.get("channelId") == AUTONOMOUS_CHANNEL
        or object_of(activity.get("channelData")).get("triggerTest") is True
        for activity in activities
    )


def _is_preview(activities: list[JsonObject], source: Source, *, preview: object) -> bool | None:
    preview = preview if isinstance(preview, bool) else None
    for activity in activities:
        data = object_of(activity.get("channelData"))
        if (data.get("testMode") and data.get("enableDiagnostics")) or is_listed(
            source, "preview_channels", default=PREVIEW_CHANNELS, known_as=[text_of(activity.get("channelId"))]
        ):
            return True
        if activity.get("valueType") == "ConversationInfo":
            design = object_of(activity.get("value")).get("isDesignMode")
            preview = design if isinstance(design, bool) else preview
    return preview


def _fields(activity: JsonObject, row: _Row, *, number: int) -> dict[str, object] | None:
    if activity.get("type") == "message":
        actor = _actor(activity)
        if actor is None:
            raise refused_payload(f"A message of transcript {row.row_id[:40]} does not say who sent it (from.role).")
        return _event(activity, row, number=number) | row.bot | {"actor": actor, "kind": "message"}
    if activity.get("valueType") == "SessionInfo":
        outcome = text_of(object_of(activity.get("value")).get("outcome")) or ""
        kind = _KIND_BY_OUTCOME.get(outcome.lower())
        if kind is not None:
            # The source's bot applies only to customers and bots.
            bot: Fields = row.bot if "BotId" in row.metadata else {}
            return _event(activity, row, number=number) | bot | {"actor": "system", "kind": kind}
    return None


def _event(activity: JsonObject, row: _Row, *, number: int) -> dict[str, object]:
    return {
        "event_id": event_id_of("transcript", row.row_id, text_of(activity.get("id")) or number),
        "occurred_at": time_of_epoch(activity.get("timestamp")),
        **customer_fields(scoped_id(row.source, row.row_id), scoped_id(row.source, row.person)),
        "channel": text_of(activity.get("channelId")) or row.source.channel,
        "preview": row.is_preview,
    }
