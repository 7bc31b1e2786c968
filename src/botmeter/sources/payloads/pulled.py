"""Conversations from a platform's API, with the event ids of its webhooks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from botmeter.domain.errors import Refused
from botmeter.domain.instant import MICROSECONDS_PER_SECOND, text_from_us
from botmeter.domain.source import Source
from botmeter.sources.payloads.payload import EventRecord, PayloadReader
from botmeter.sources.payloads.payload_json import JsonObject, at, json_bytes, object_of, us_of

PULL_ATTRIBUTES = {"told_by": "pull"}
"""Attributes of every pulled event, for readers; the ledger uses `Submission.is_pulled`."""
SECOND_ATTRIBUTES = {"time_source": "second"}
"""Attributes of a pulled event whose time is known in whole seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PulledConversation:
    """Events of one conversation, unordered, and payloads not understood."""

    records: tuple[EventRecord, ...]
    refused: tuple[tuple[bytes, Refused], ...] = ()
    ignored_count: int = 0

    @property
    def seen_count(self) -> int:
        return len(self.records) + len(self.refused) + self.ignored_count


def pulled_conversation(payloads: Iterable[JsonObject], source: Source, *, read: PayloadReader) -> PulledConversation:
    """Read payloads in the shape of webhook payloads."""
    records: list[EventRecord] = []
    refused: list[tuple[bytes, Refused]] = []
    ignored_count = 0
    for payload in payloads:
        body = json_bytes(payload)
        try:
            content = read(body, source)
        except Refused as fault:
            refused.append((body, fault))
            continue
        records += (_with_attributes(record, PULL_ATTRIBUTES) for record in content.records)
        ignored_count += not content.records
    return PulledConversation(records=tuple(records), refused=tuple(refused), ignored_count=ignored_count)


def to_the_second(record: EventRecord) -> EventRecord:
    """Mark a record whose time has no fraction as cut to the second."""
    at_us = us_of(record.fields.get("occurred_at"))
    is_whole = at_us is not None and at_us % MICROSECONDS_PER_SECOND == 0
    return _with_attributes(record, SECOND_ATTRIBUTES) if is_whole else record


def event_id_in(record: EventRecord) -> str:
    """Id of the event."""
    return str(record.fields["event_id"])


def missing_records(pulled: PulledConversation, known: Mapping[str, int]) -> list[EventRecord]:
    """Events missing from `known` (event id → µs UTC), each once, ordered by id.

    A time cut to the second is raised to the latest of events in its second with smaller ids.
    """
    missing: list[EventRecord] = []
    done: set[str] = set()
    latest_us = None
    for record in sorted(pulled.records, key=event_id_in):
        event_id = event_id_in(record)
        if event_id in done:
            continue
        done.add(event_id)
        at_us = known.get(event_id, us_of(record.fields.get("occurred_at")))
        if event_id not in known:
            lifted = _lifted(record, at_us=at_us, latest_us=latest_us)
            at_us = us_of(lifted.fields.get("occurred_at"))
            missing.append(lifted)
        latest_us = at_us if latest_us is None or at_us is None else max(at_us, latest_us)
    return missing


def between(pulled: PulledConversation, *, first_us: int, end_us: int) -> PulledConversation:
    """Events in [first_us, end_us) or without a valid time."""
    timed = ((record, us_of(record.fields.get("occurred_at"))) for record in pulled.records)
    return replace(pulled, records=tuple(record for record, us in timed if us is None or first_us <= us < end_us))


def _lifted(record: EventRecord, *, at_us: int | None, latest_us: int | None) -> EventRecord:
    is_cut = at(record.fields, "attributes", "time_source") == SECOND_ATTRIBUTES["time_source"]
    if not is_cut or at_us is None or latest_us is None or not at_us < latest_us < at_us + MICROSECONDS_PER_SECOND:
        return record
    return replace(record, fields={**record.fields, "occurred_at": text_from_us(latest_us)})


def _with_attributes(record: EventRecord, added: Mapping[str, str]) -> EventRecord:
    attributes = object_of(record.fields.get("attributes"))
    return replace(record, fields={**record.fields, "attributes": {**attributes, **added}})
