"""Memory of a ledger's writer: the sessions that later events can join, and what is known of their conversations."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import pyarrow as pa

from botmeter.domain.instant import DAY_US, MICROSECONDS_PER_SECOND
from botmeter.metering.schema import METER_SCHEMA

SESSIONS_MAX: Final = 60_000
"""Sessions in memory, about 1 KB each. With more, the tables are read at each commit."""
CONVERSATIONS_MAX: Final = 60_000
"""Conversations whose rows are in memory, about 0.5 KB each; beyond it, all are read again."""
LATE_US: Final = 600 * MICROSECONDS_PER_SECOND
"""Events may be older than those before by this much."""
_DAYS_MAX: Final = 8
_CUSTOMER, _CONVERSATION, _TOUCHPOINT, _PREVIEW = (
    METER_SCHEMA.get_field_index(name) for name in ("customer_id", "conversation_id", "touchpoint", "preview")
)


class Part(NamedTuple):
    """Key of a session's participation."""

    conversation_id: str
    touchpoint: int


@dataclass(slots=True, kw_only=True)
class RecentSession:
    """Last session of a scope key.

    Attributes:
        footprint: Number as stored; None: not yet.
        opening: Its opening event, in the columns of `METER_SCHEMA`.
        parts: Number of events by part.
    """

    session_id: str
    started_at: int
    ended_at: int
    last_event_at: int
    event_count: int
    footprint: int | None
    opening: tuple[Any, ...]
    parts: dict[Part, int]

    @property
    def day(self) -> int:
        return self.started_at // DAY_US

    @property
    def customer_id(self) -> str:
        return str(self.opening[_CUSTOMER])

    @property
    def preview(self) -> bool:
        return bool(self.opening[_PREVIEW])

    @property
    def opening_part(self) -> Part:
        return Part(self.opening[_CONVERSATION], self.opening[_TOUCHPOINT])

    @property
    def members(self) -> tuple[int, ...]:
        return tuple(sorted({part.touchpoint for part in self.parts}))


@dataclass(slots=True, kw_only=True)
class ConversationRow:
    """Row of `conversation_day`; `day` counts from 1970-01-01."""

    day: int
    preview: bool
    members: tuple[int, ...]
    has_other_rows: bool


class RecentSessions:
    """Sessions and conversations in memory.

    Attributes:
        from_us: No other session than these contains or follows an event at this instant (µs UTC) or later.
        by_key: Last session by scope key, as the statements of `SharedKey` compute it.
        last_at: Instant of the last event by scope key, in a session or not.
        rows_of: All rows of a conversation, where they are known.
        bot_names: Instant of the latest event with a name, and that name, by bot.
        session_counts, conversation_counts: Of recent days, by the other columns of the usage tables.
    """

    def __init__(self, *, from_us: int) -> None:
        self.from_us = from_us
        self.by_key: dict[str, RecentSession] = {}
        self.last_at: dict[str, int] = {}
        self.rows_of: dict[str, list[ConversationRow]] = {}
        self.bot_names: dict[str, tuple[int, str]] = {}
        self.session_counts: dict[int, Counter[tuple[Any, ...]]] = {}
        self.conversation_counts: dict[int, Counter[tuple[Any, ...]]] = {}
        self._pruned_count = 0

    def put(self, sessions: Sequence[tuple[Any, ...]], *, participations: Sequence[tuple[Any, ...]]) -> None:
        """Put the rows of `running_rows`."""
        by_id: dict[str, RecentSession] = {}
        for key, session_id, started_at, ended_at, last_event_at, event_count, footprint, *opening in sessions:
            by_id[session_id] = self.by_key[key] = RecentSession(
                session_id=session_id,
                started_at=started_at,
                ended_at=ended_at,
                last_event_at=last_event_at,
                event_count=event_count,
                footprint=footprint,
                opening=tuple(opening),
                parts={},
            )
        for session_id, conversation_id, touchpoint, event_count in participations:
            by_id[session_id].parts[Part(conversation_id, touchpoint)] = event_count

    def prune(self, *, latest_us: int) -> bool:
        """Remove sessions that no later event joins; return False if too many remain."""
        if len(self.by_key) > 2 * self._pruned_count:
            self.from_us = max(self.from_us, latest_us - LATE_US)
            running = {key: each for key, each in self.by_key.items() if each.ended_at >= self.from_us}
            self.last_at = {key: at_us for key, at_us in self.last_at.items() if at_us >= self.from_us}
            self.by_key, self._pruned_count = running, max(len(running), 1_000)
        if len(self.rows_of) > CONVERSATIONS_MAX:
            self.rows_of = {}
        for counts in (self.session_counts, self.conversation_counts):
            for day in sorted(counts)[:-_DAYS_MAX]:
                del counts[day]
        return len(self.by_key) <= SESSIONS_MAX


def openings_of(sessions: Sequence[RecentSession]) -> pa.Table:
    """Opening events, as the meter reads them."""
    columns = zip(*(each.opening for each in sessions), strict=True) if sessions else [()] * len(METER_SCHEMA)
    arrays = [
        pa.array(column, field.type.value_type).dictionary_encode()
        if pa.types.is_dictionary(field.type)
        else pa.array(column, field.type)
        for field, column in zip(METER_SCHEMA, columns, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=METER_SCHEMA)
