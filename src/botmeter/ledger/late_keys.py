"""Scope keys whose new events precede stored ones: their sessions and events from then on, which are metered again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

import pyarrow as pa

from botmeter.domain.instant import DAY_US
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.partitions import SharedKey, late_events, late_parts, late_sessions
from botmeter.ledger.recent_sessions import Part, RecentSessions
from botmeter.metering.policy import ALWAYS_US

LATE_KEYS_MAX: Final = 30
"""Keys of an append. Of more, sessions of a small ledger are metered in less time from the tables."""
EVENTS_MAX: Final = 20_000
"""Stored events of all these keys that are held in memory."""


class StoredSession(NamedTuple):
    """Session that metering replaces, perhaps by itself."""

    key: str
    session_id: str
    started_at: int
    opening_touchpoint: int
    preview: bool
    footprint: int

    @property
    def day(self) -> int:
        return self.started_at // DAY_US


@dataclass(frozen=True, slots=True, kw_only=True)
class LateKeys:
    """Late scope keys, and what metering replaces of them.

    Attributes:
        sessions: With their parts.
        events: Earlier events to meter again, in the columns of `new_events`; None: no key is late.
    """

    keys: frozenset[str] = frozenset()
    sessions: Mapping[StoredSession, frozenset[Part]]
    events: pa.Table | None = None


def late_spans(recent: RecentSessions, spans: Mapping[str, tuple[int, int]]) -> dict[str, int]:
    """First new event (µs UTC) of each key that can change other sessions than its last."""
    return {key: first_us for key, (first_us, _) in spans.items() if _is_late(recent, key, first_us=first_us)}


def _is_late(recent: RecentSessions, key: str, *, first_us: int) -> bool:
    session = recent.by_key.get(key)
    if session is not None and session.ended_at >= first_us:
        return first_us <= session.started_at
    return first_us < recent.from_us or first_us <= recent.last_at.get(key, ALWAYS_US)


def read_late_keys(ledger: Ledger, key: SharedKey, *, since_us: Mapping[str, int], append_no: int) -> LateKeys | None:
    """Read what metering keys from these instants on replaces, of appends before that one; None: too much."""
    if not since_us:
        return LateKeys(sessions={})
    if len(since_us) > LATE_KEYS_MAX:
        return None
    connection = ledger.connection
    starts = pa.table({"late_key": list(since_us), "start_at": list(since_us.values())})
    stored = [StoredSession(*row) for row in late_sessions(connection, key, starts=starts)]
    restarts = dict(since_us)
    for each in stored:
        # The session that was open at the first new event began before it.
        restarts[each.key] = min(restarts[each.key], each.started_at)
    starts = pa.table({"late_key": list(restarts), "start_at": list(restarts.values())})
    events = late_events(connection, key, starts=starts, append_no=append_no, limit=EVENTS_MAX + 1)
    if len(events) > EVENTS_MAX:
        return None
    parts: dict[str, set[Part]] = {each.session_id: set() for each in stored}
    for session_id, *part in late_parts(connection, parts, starts_us=[each.started_at for each in stored]):
        parts[session_id].add(Part(*part))
    return LateKeys(
        keys=frozenset(since_us),
        sessions={each: frozenset(parts[each.session_id]) for each in stored},
        events=events,
    )
