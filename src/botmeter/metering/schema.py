"""Arrow tables that pass between sources, meter and ledger. Instants are int64 µs UTC."""

from dataclasses import dataclass

import pyarrow as pa

from botmeter.domain.receipt import Rejection

_REPEATED = pa.dictionary(pa.int32(), pa.string())

# One row per event, in the order of the batch: from every source to the ledger.
EVENTS_SCHEMA = pa.schema(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("occurred_at", pa.int64(), nullable=False),
        pa.field("conversation_id", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("actor", pa.uint8(), nullable=False),
        pa.field("kind", pa.uint8(), nullable=False),
        pa.field("bot_id", _REPEATED),
        pa.field("bot_name", _REPEATED),
        pa.field("bot_version", _REPEATED),
        pa.field("channel", _REPEATED, nullable=False),
        pa.field("ticket_id", pa.string()),
        pa.field("ticket_type", _REPEATED),
        pa.field("preview", pa.bool_()),
        pa.field("attributes", pa.string()),
    ]
)

# One row per event, in any order: the input of the meter. The number of the touchpoint replaces the text of bot,
# version and channel. Only a policy whose `exclude` names an attribute needs `attributes`.
METER_SCHEMA = pa.schema(
    [
        pa.field("source", _REPEATED, nullable=False),
        *(EVENTS_SCHEMA.field(name) for name in ("event_id", "occurred_at", "conversation_id", "customer_id")),
        *(EVENTS_SCHEMA.field(name) for name in ("actor", "kind")),
        pa.field("touchpoint", pa.int32(), nullable=False),
        *(EVENTS_SCHEMA.field(name) for name in ("preview", "attributes")),
    ]
)

# One row per session, in the order of their opening events. `policy` is the position of its policy in
# the schedule; conversation and touchpoint are those of the opening event, so every column that a
# scope can name is here. `ended_at` is null if no limit ends it.
SESSIONS_SCHEMA = pa.schema(
    [
        pa.field("session_id", pa.string(), nullable=False),
        pa.field("policy", pa.int32(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("conversation_id", pa.string(), nullable=False),
        pa.field("source", _REPEATED, nullable=False),
        pa.field("opening_event_id", pa.string(), nullable=False),
        pa.field("opening_touchpoint", pa.int32(), nullable=False),
        pa.field("started_at", pa.int64(), nullable=False),
        pa.field("ended_at", pa.int64()),
        pa.field("last_event_at", pa.int64(), nullable=False),
        pa.field("event_count", pa.int32(), nullable=False),
        pa.field("closed_by", pa.uint8(), nullable=False),
        pa.field("preview", pa.bool_(), nullable=False),
    ]
)

# One row per session × conversation × touchpoint, ordered by session. `session_row` is the row of
# the session in the sessions table that came with it.
PARTICIPATIONS_SCHEMA = pa.schema(
    [
        pa.field("session_row", pa.int64(), nullable=False),
        pa.field("conversation_id", pa.string(), nullable=False),
        pa.field("touchpoint", pa.int32(), nullable=False),
        pa.field("event_count", pa.int32(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBatch:
    """Events of a source, with rejections of unreadable ones.

    Attributes:
        events: `EVENTS_SCHEMA`, one row per readable event.
        positions: int64: position of each event in the file or request, from 0.
        bytes_read: So far, for progress.
        notes: Distinct sentences about the source.
    """

    events: pa.Table
    positions: pa.Array
    rejections: tuple[Rejection, ...] = ()
    bytes_read: int = 0
    notes: tuple[str, ...] = ()
