"""Tables of a lake, each a Delta table in the folder of its name, and the rule by which their rows count.

Every row has the `run` that wrote it, from 1, and most have a `bucket`: a hash of the session's scope key, or in tables
of conversations, of the conversation. Rows are never changed. A row of `session` or `session_new` counts unless
`session_replaced` has its key from a later run, so the current rows are

    (session UNION ALL session_new) without those x for which session_replaced has the key of x and a run above x.run

and likewise for the others in `REPLACED_BY`. All other tables count as they are. `record` has the versions that belong
together; newer ones are a run that has not ended.
"""

from dataclasses import dataclass
from typing import Final

import pyarrow as pa

BUCKETS: Final = 64
"""Parts of the keys, which tasks take in ranges: so many workers can meter a lake at once. Each costs some ms a run."""

_RUN = ("run", pa.int32())
_BUCKET = ("bucket", pa.int32())

_SESSION: Final = pa.schema(
    [
        _RUN,
        _BUCKET,
        ("session_id", pa.string()),
        ("policy", pa.int32()),
        ("customer_id", pa.string()),
        ("conversation_id", pa.string()),
        ("source", pa.string()),
        ("opening_event_id", pa.string()),
        ("opening_touchpoint", pa.int32()),
        ("started_at", pa.int64()),
        ("ended_at", pa.int64()),
        ("last_event_at", pa.int64()),
        ("event_count", pa.int32()),
        ("closed_by", pa.int32()),
        ("preview", pa.bool_()),
        ("footprint", pa.int32()),
    ]
)
_PARTICIPATION: Final = pa.schema(
    [
        _RUN,
        _BUCKET,
        ("session_id", pa.string()),
        ("started_at", pa.int64()),
        ("customer_id", pa.string()),
        ("conversation_id", pa.string()),
        ("touchpoint", pa.int32()),
        ("event_count", pa.int32()),
        ("preview", pa.bool_()),
    ]
)
_CONVERSATION_DAY: Final = pa.schema(
    [
        _RUN,
        _BUCKET,
        ("day", pa.date32()),
        ("conversation_id", pa.string()),
        ("preview", pa.bool_()),
        ("footprint", pa.int32()),
        ("has_other_rows", pa.bool_()),
    ]
)
_SESSION_TICKET: Final = pa.schema(
    [
        _RUN,
        _BUCKET,
        ("day", pa.date32()),
        ("session_id", pa.string()),
        ("conversation_id", pa.string()),
        ("ticket_id", pa.string()),
        ("ticket_type", pa.string()),
        ("footprint", pa.int32()),
        ("preview", pa.bool_()),
    ]
)

SCHEMAS: Final[dict[str, pa.Schema]] = {
    # One row per input file of a run, in the order in which files were read. `fingerprint` tells whether a file was
    # read before. The first table that a run commits, so that of two runs one stops before it has committed anything.
    "receipt": pa.schema(
        [
            _RUN,
            ("append_no", pa.int32()),
            ("recorded_at", pa.int64()),
            ("source", pa.string()),
            ("label", pa.string()),
            ("file", pa.string()),
            ("fingerprint", pa.string()),
            ("size_bytes", pa.int64()),
            ("accepted", pa.int64()),
            ("duplicates", pa.int64()),
            ("conflicts", pa.int64()),
            ("rejected", pa.int64()),
            ("retry_of", pa.int32()),
            ("undone_at", pa.int64()),
            ("undone_by", pa.string()),
            ("undone_for", pa.string()),
        ]
    ),
    # As in a ledger, where ledger/schema.sql explains each column; null flags are false. `event_key` is a hash of
    # source and event id, as they were before an erasure; `erased_key` is then what a ledger's event_key was.
    "event": pa.schema(
        [
            _RUN,
            _BUCKET,
            ("event_key", pa.int64()),
            ("source", pa.string()),
            ("event_id", pa.string()),
            ("occurred_at", pa.int64()),
            ("conversation_id", pa.string()),
            ("customer_id", pa.string()),
            ("actor", pa.int32()),
            ("kind", pa.int32()),
            ("touchpoint", pa.int32()),
            ("bot_name", pa.string()),
            ("ticket_id", pa.string()),
            ("ticket_type", pa.string()),
            ("preview", pa.bool_()),
            ("attributes", pa.string()),
            ("append_no", pa.int32()),
            ("sent_customer_id", pa.string()),
            ("is_pulled", pa.bool_()),
            ("is_erased", pa.bool_()),
            ("is_conversation_erased", pa.bool_()),
            ("erased_key", pa.int64()),
        ]
    ),
    # The keys of all events, by bucket of the key itself: finds out which events were sent before.
    "event_key": pa.schema([_RUN, _BUCKET, ("event_key", pa.int64())]),
    "quarantine": pa.schema(
        [
            _RUN,
            ("quarantine_no", pa.int64()),
            ("append_no", pa.int32()),
            ("recorded_at", pa.int64()),
            ("source", pa.string()),
            ("position", pa.int64()),
            ("event_id", pa.string()),
            ("code", pa.string()),
            ("detail", pa.string()),
            ("raw", pa.binary()),
            ("is_pulled", pa.bool_()),
            ("accepted_no", pa.int32()),
            ("discarded_at", pa.int64()),
            ("discarded_by", pa.string()),
            ("discarded_for", pa.string()),
            ("again_nos", pa.list_(pa.int32())),
        ]
    ),
    "session": _SESSION,
    "session_new": _SESSION,
    "session_replaced": pa.schema([_RUN, _BUCKET, ("session_id", pa.string()), ("started_at", pa.int64())]),
    "participation": _PARTICIPATION,
    "participation_new": _PARTICIPATION,
    "conversation_day": _CONVERSATION_DAY,
    "conversation_day_new": _CONVERSATION_DAY,
    "conversation_replaced": pa.schema([_RUN, _BUCKET, ("conversation_id", pa.string())]),
    "session_ticket": _SESSION_TICKET,
    "session_ticket_new": _SESSION_TICKET,
    # Several rows of a conversation: the least and the greatest count.
    "conversation_span": pa.schema(
        [
            _RUN,
            _BUCKET,
            ("conversation_id", pa.string()),
            ("created_at", pa.int64()),
            ("first_event_at", pa.int64()),
            ("last_event_at", pa.int64()),
        ]
    ),
    "conversation_ticket": pa.schema(
        [_RUN, _BUCKET, ("conversation_id", pa.string()), ("ticket_id", pa.string()), ("ticket_type", pa.string())]
    ),
    # As in a ledger. Merges are few.
    "customer_alias": pa.schema(
        [
            ("customer_id", pa.string()),
            ("same_as", pa.string()),
            ("merge_no", pa.int32()),
            ("set_at", pa.int64()),
            ("set_by", pa.string()),
            ("undone_no", pa.int32()),
            ("undone_at", pa.int64()),
            ("undone_by", pa.string()),
        ]
    ),
    # A ledger's keys of the events of erased customers: sent again, these are duplicates. Those that left with an
    # undone import are not in `event`.
    "erased_key": pa.schema([("event_key", pa.int64()), ("occurred_at", pa.int64()), ("has_event", pa.bool_())]),
    # As in a ledger: one row per cause × day.
    "restatement": pa.schema(
        [
            _RUN,
            ("cause", pa.int32()),
            ("cause_no", pa.int32()),
            ("recorded_at", pa.int64()),
            ("day", pa.date32()),
            ("before_count", pa.int64()),
            ("after_count", pa.int64()),
            ("removed", pa.list_(pa.string())),
            ("added", pa.list_(pa.string())),
            ("because", pa.list_(pa.string())),
            ("because_count", pa.int64()),
        ]
    ),
    # Small tables, which each run writes whole.
    "session_usage": pa.schema(
        [
            ("day", pa.date32()),
            ("footprint", pa.int32()),
            ("opening_touchpoint", pa.int32()),
            ("preview", pa.bool_()),
            ("session_count", pa.int64()),
        ]
    ),
    "conversation_usage": pa.schema(
        [
            ("day", pa.date32()),
            ("footprint", pa.int32()),
            ("preview", pa.bool_()),
            ("conversation_count", pa.int64()),
        ]
    ),
    "touchpoint": pa.schema(
        [
            ("touchpoint", pa.int32()),
            ("bot_id", pa.string()),
            ("bot_version", pa.string()),
            ("channel", pa.string()),
        ]
    ),
    "footprint_member": pa.schema([("footprint", pa.int32()), ("touchpoint", pa.int32())]),
    "bot_name_sent": pa.schema([("bot_id", pa.string()), ("bot_name", pa.string()), ("named_at", pa.int64())]),
}

SMALL_TABLES: Final = ("session_usage", "conversation_usage", "touchpoint", "footprint_member", "bot_name_sent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """Table with the keys of rows that no longer count, and the column that they share."""

    table: str
    key: str


_BY_SESSION: Final = Replacement(table="session_replaced", key="session_id")
_BY_CONVERSATION: Final = Replacement(table="conversation_replaced", key="conversation_id")
REPLACED_BY: Final = {
    "session": _BY_SESSION,
    "participation": _BY_SESSION,
    "conversation_day": _BY_CONVERSATION,
    "session_ticket": _BY_CONVERSATION,
}

TIME_COLUMNS: Final = {
    "event": "occurred_at",
    "session": "started_at",
    "session_new": "started_at",
    "participation": "started_at",
    "participation_new": "started_at",
    "conversation_day": "day",
    "conversation_day_new": "day",
    "session_ticket": "day",
    "session_ticket_new": "day",
    "conversation_span": "last_event_at",
}
"""Column by which the rows of a file are nearly in order."""

LOOKUP_COLUMNS: Final = {
    "event": ("customer_id", "conversation_id"),
    "session": ("session_id",),
    "session_new": ("session_id",),
}
"""Columns by which few rows are looked up, as the events of an explanation are."""

INSTANTS: Final = frozenset({"occurred_at", "started_at", "ended_at", "created_at", "first_event_at", "last_event_at"})
"""Columns stored as differences, nearly in order: two thirds of the bytes that compression leaves, half of its time."""
_DISTINCT_COLUMNS: Final = INSTANTS | {"event_key", "event_id", "session_id", "opening_event_id"}
TABLES_WITH_SMALL_PAGES: Final = frozenset({"session", "session_new", "participation", "participation_new"})
"""Those of which few rows are read, by time. Events have larger columns, which small pages make 6 % slower to write."""


def is_compressed(table: str, column: str) -> bool:
    """Return whether compression is worth its time: half of that of reading a column, or more."""
    # Keys would be smaller by 4 % at most. Each run reads the conversations of all days; 20 bytes more of each.
    is_looked_up = column == "conversation_id" and table in ("conversation_day", "conversation_day_new")
    return column != "event_key" and column not in INSTANTS and not is_looked_up


def is_distinct(table: str, column: str) -> bool:
    """Return whether few values of a column occur twice: dictionaries cost a third of the time to write an event."""
    # And a quarter of the time to find the rows of some conversations, of which only events have many.
    return column in _DISTINCT_COLUMNS or (column == "conversation_id" and table != "event")
