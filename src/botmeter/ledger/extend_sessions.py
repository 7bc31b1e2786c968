"""Sessions of a small append, most of whose events follow all earlier ones of their scopes' last sessions.

Earlier sessions stay as they are, so a session in memory stands for its events: its opening event is metered with the
new ones, and the tables change by the difference. Of scopes with late events, stored sessions and events are read and
replaced. Anything else is left to `remeter`.
"""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Unavailable
from botmeter.domain.instant import NEVER_US
from botmeter.ledger.changed_days import ChangedSpan
from botmeter.ledger.extend_usage import PartChanges, UsagePart, extend_usage
from botmeter.ledger.late_keys import LateKeys, StoredSession, late_spans, read_late_keys
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.partitions import (
    SharedKey,
    delete_rows,
    insert_participations,
    insert_sessions,
    is_anchored,
    last_events,
    running_rows,
)
from botmeter.ledger.recent_memory import Kept
from botmeter.ledger.recent_sessions import LATE_US, SESSIONS_MAX, Part, RecentSession, RecentSessions, openings_of
from botmeter.ledger.restatements import DayOfKey, PastDays, insert_restated_rows, restated_rows
from botmeter.ledger.usage_tables import bot_names, conversation_keys, count_days_before, replace_bot_names
from botmeter.metering.policy import ALWAYS_US, ignores_order
from botmeter.metering.schema import METER_SCHEMA

if TYPE_CHECKING:
    from botmeter.metering.meter import Metered

_AT: Final = METER_SCHEMA.get_field_index("occurred_at")
_EPOCH: Final = date(1970, 1, 1)
_LATE_ONE_OF: Final = 20
EVENTS_MAX: Final = 150_000
"""More events are not held in memory. Live ones of two slow turns are fewer, so that no turn slows down the next."""

READ_FOR_EVENTS_MAX: Final = 5_000
"""Events for which sessions are read. More take no less time from memory than from the tables, and have many late ones,
which would drop what was read."""


def extend_sessions(
    ledger: Ledger, key: SharedKey, *, events: pa.Table, append_no: int, past_days: PastDays | None
) -> bool:
    """Add the sessions and usage of new events; return False, and change nothing, if too many others can change.

    Args:
        past_days: Restated if their sessions change.
    """
    if not is_anchored(ledger.schedule, key) or not all(ignores_order(term.policy) for term in ledger.schedule):
        return False
    memory = ledger.memory
    recent = memory.sessions
    if recent is None:
        if len(events) > READ_FOR_EVENTS_MAX or not memory.attempts.is_due():
            return False
        recent = _read_recent(ledger, key, from_us=_all_but_late_us(events) - LATE_US, append_no=append_no)
    extension = None
    if recent is not None:
        spans = _spans(events)
        late = read_late_keys(ledger, key, since_us=late_spans(recent, spans), append_no=append_no)
        extension = None if late is None else _extension(ledger, recent, events=events, late=late, spans=spans)
    memory.attempts.note(is_used=extension is not None)
    if recent is None or extension is None:
        return False
    if memory.conversations is None:
        memory.conversations = conversation_keys(ledger.connection)
    restated = [] if past_days is None else _restated(extension, before_us=past_days.before_us, events=events)
    if restated:
        count_days_before(ledger.connection)
    counts = _store(ledger, extension)
    known = events if extension.late.events is None else pa.concat_tables([events, extension.late.events])
    extend_usage(ledger, recent, counts=counts, parts=_part_changes(extension), events=known)
    _extend_bot_names(ledger, recent, events=events)
    if restated and past_days is not None:
        insert_restated_rows(ledger, restated, past_days=past_days)
    replaced = np.array([each.started_at for each in extension.late.sessions], np.int64)
    ledger.note_changed_sessions(ChangedSpan.of(replaced, extension.rows["started_at"].to_numpy()))
    memory.sessions = recent if recent.prune(latest_us=pc.max(events["occurred_at"]).as_py()) else None
    memory.keep(Kept.SESSIONS | Kept.CONVERSATIONS)
    return True


def _all_but_late_us(events: pa.Table) -> int:
    # Sessions that only late events can join need not be in memory.
    instants = events["occurred_at"].to_numpy()
    rank = len(instants) // _LATE_ONE_OF
    return int(np.partition(instants, rank)[rank])


def _read_recent(ledger: Ledger, key: SharedKey, *, from_us: int, append_no: int) -> RecentSessions | None:
    """Read the sessions that an event at an instant (µs UTC) or later can join; None: too many. In a transaction.

    Args:
        append_no: From this append on, events are not metered yet.
    """
    connection = ledger.connection
    running = running_rows(connection, key, from_us=from_us, count_max=SESSIONS_MAX)
    if running is None or len(running.sessions) != running.session_count:
        return None
    recent = RecentSessions(from_us=from_us)
    recent.put(running.sessions, participations=running.participations)
    recent.last_at = last_events(connection, key, from_us=from_us, append_no=append_no)
    recent.bot_names = {bot_id: (named_at, bot_name) for bot_id, named_at, bot_name in bot_names(connection)}
    return recent


def _extend_bot_names(ledger: Ledger, recent: RecentSessions, *, events: pa.Table) -> None:
    touchpoints, latest = ledger.touchpoints.all(), dict[str, tuple[int, str]]()
    named = events.select(["touchpoint", "bot_name", "occurred_at"]).filter(events["bot_name"].is_valid())
    lasts = named.group_by(["touchpoint", "bot_name"]).aggregate([("occurred_at", "max")])
    columns = (lasts[name].to_pylist() for name in ("touchpoint", "occurred_at_max", "bot_name"))
    for touchpoint, occurred_at, bot_name in zip(*columns, strict=True):
        bot_id = touchpoints[touchpoint].bot_id
        if bot_id is not None:
            latest[bot_id] = max((occurred_at, bot_name), latest.get(bot_id, (occurred_at, bot_name)))
    for is_known in (True, False):
        changed = {
            bot_id: name
            for bot_id, name in latest.items()
            if (bot_id in recent.bot_names) is is_known and name > recent.bot_names.get(bot_id, (ALWAYS_US, ""))
        }
        if changed:
            named_at, bot_names = zip(*changed.values(), strict=True)
            rows = pa.table({"bot_id": list(changed), "bot_name": bot_names, "named_at": named_at})
            replace_bot_names(ledger.connection, rows, is_known=is_known)
    recent.bot_names |= {bot_id: max(name, recent.bot_names.get(bot_id, name)) for bot_id, name in latest.items()}


@dataclass(slots=True, kw_only=True)
class _Extension:
    """Changes of the tables.

    Attributes:
        rows: Rows of `session` that are new or have more events, before these were added to those in memory.
        sessions: The same, in memory.
        extended: Those that are stored.
        stored_part_count: Of their rows in `participation`.
        new_parts: Parts that no session had.
        late: Sessions that are replaced.
        key_of_new: Scope keys of new and replacing sessions by id.
    """

    rows: pa.Table
    late: LateKeys
    key_of_new: Mapping[str, str]
    sessions: list[RecentSession] = field(default_factory=list)
    extended: list[RecentSession] = field(default_factory=list)
    stored_part_count: int = 0
    new_parts: list[tuple[RecentSession, Part]] = field(default_factory=list)


def _extension(
    ledger: Ledger,
    recent: RecentSessions,
    *,
    events: pa.Table,
    late: LateKeys,
    spans: Mapping[str, tuple[int, int]],
) -> _Extension | None:
    """Extend the sessions in memory; None, and nothing is changed, if an event opens a session before known events."""
    running: dict[str, RecentSession] = {}
    for key, (first_us, _) in spans.items():
        session = recent.by_key.get(key)
        if key not in late.keys and session is not None and session.ended_at >= first_us:
            running[session.session_id] = session
    again = events if late.events is None else pa.concat_tables([events, late.events])
    metered = _metered(ledger, list(running.values()), events=again)
    openings = _openings(again, metered.sessions, known=running)
    follows = all(
        key in late.keys or recent.last_at.get(key, ALWAYS_US) < opening[_AT] for key, opening in openings.values()
    )
    if not follows or len(openings) + len(running) != len(metered.sessions):
        return None
    for key in late.keys:
        recent.by_key.pop(key, None)
    extension = _applied(recent, metered, running=running, openings=openings, late=late)
    for key, (_, last_us) in (spans if late.events is None else _spans(again)).items():
        recent.last_at[key] = max(last_us, recent.last_at.get(key, last_us))
    return extension


def _spans(events: pa.Table) -> dict[str, tuple[int, int]]:
    spans = events.select(["key", "occurred_at"]).group_by("key").aggregate([("occurred_at", "min_max")])
    values = spans["occurred_at_min_max"].to_pylist()
    return {key: (value["min"], value["max"]) for key, value in zip(spans["key"].to_pylist(), values, strict=True)}


def _metered(ledger: Ledger, running: Sequence[RecentSession], *, events: pa.Table) -> "Metered":
    from botmeter.metering.meter import sessions_from_events

    table = pa.concat_tables([openings_of(running), events.select(METER_SCHEMA.names).cast(METER_SCHEMA)])
    return sessions_from_events(table, schedule=ledger.schedule, touchpoints=ledger.touchpoints)


def _openings(
    events: pa.Table, sessions: pa.Table, *, known: Mapping[str, RecentSession]
) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """Scope key and opening event of new sessions, by id."""
    names = ("session_id", "source", "opening_event_id")
    opened = {
        (source, event_id): session_id
        for session_id, source, event_id in zip(*(sessions[name].to_pylist() for name in names), strict=True)
        if session_id not in known
    }
    ids = pa.array([event_id for _, event_id in opened], pa.string())
    named = events.select(["key", *METER_SCHEMA.names]).filter(pc.is_in(events["event_id"], value_set=ids))
    openings = {}
    for key, source, event_id, *others in zip(*(column.to_pylist() for column in named.columns), strict=True):
        session_id = opened.get((source, event_id))
        if session_id is not None:
            openings[session_id] = key, (source, event_id, *others)
    return openings


def _applied(
    recent: RecentSessions,
    metered: "Metered",
    *,
    running: Mapping[str, RecentSession],
    openings: Mapping[str, tuple[str, tuple[Any, ...]]],
    late: LateKeys,
) -> _Extension:
    columns = ("session_id", "started_at", "ended_at", "last_event_at", "event_count")
    rows = list(zip(*(metered.sessions[name].to_pylist() for name in columns), strict=True))
    # The opening event of a session in memory is metered again.
    is_changed = [session_id not in running or event_count > 1 for session_id, *_, event_count in rows]
    extension = _Extension(
        rows=metered.sessions.filter(pa.array(is_changed, pa.bool_())),
        late=late,
        key_of_new={session_id: key for session_id, (key, _) in openings.items()},
    )
    sessions = []
    for session_id, started_at, ended_at, last_event_at, event_count in rows:
        session = running.get(session_id)
        if session is None:
            key, opening = openings[session_id]
            session = recent.by_key[key] = RecentSession(
                session_id=session_id,
                started_at=started_at,
                ended_at=NEVER_US if ended_at is None else ended_at,
                last_event_at=last_event_at,
                event_count=event_count,
                footprint=None,
                opening=opening,
                parts={},
            )
            extension.sessions.append(session)
        elif event_count > 1:
            session.event_count += event_count - 1
            session.last_event_at = max(session.last_event_at, last_event_at)
            extension.sessions.append(session)
            extension.extended.append(session)
            extension.stored_part_count += len(session.parts)
        sessions.append(session)
    _apply_parts(extension, sessions, participations=metered.participations, running=running)
    return extension


def _apply_parts(
    extension: _Extension, sessions: Sequence[RecentSession], *, participations: pa.Table, running: Container[str]
) -> None:
    columns = ("session_row", "conversation_id", "touchpoint", "event_count")
    for row, conversation_id, touchpoint, event_count in zip(
        *(participations[name].to_pylist() for name in columns), strict=True
    ):
        session, part = sessions[row], Part(conversation_id, touchpoint)
        known_count = session.parts.get(part)
        if known_count is None:
            extension.new_parts.append((session, part))
            session.parts[part] = event_count
        else:
            is_metered_again = session.session_id in running and part == session.opening_part
            session.parts[part] = known_count + event_count - is_metered_again


def _store(ledger: Ledger, extension: _Extension) -> Counter[tuple[Any, ...]]:
    """Change `session` and `participation`; return the changes of the session counts."""
    changes: Counter[tuple[Any, ...]] = Counter()
    for session in {session.session_id: session for session, _ in extension.new_parts}.values():
        before = session.footprint
        session.footprint = ledger.footprints.number(session.members)
        opened = (session.opening_part.touchpoint, session.preview)
        changes[session.day, session.footprint, *opened] += 1
        if before is not None:
            changes[session.day, before, *opened] -= 1
    for each in extension.late.sessions:
        changes[each.day, each.footprint, each.opening_touchpoint, each.preview] -= 1
    more_count = len(extension.sessions) - len(extension.extended) - len(extension.late.sessions)
    if changes.total() != more_count:
        raise _unbalanced(changes.total(), stored_count=more_count)
    ledger.insert_numbers()
    if extension.extended or extension.late.sessions:
        _delete(ledger, extension)
    if extension.sessions:
        insert_sessions(ledger.connection, _session_rows(extension))
        insert_participations(ledger.connection, _part_rows(extension.sessions))
    return changes


def _delete(ledger: Ledger, extension: _Extension) -> None:
    # Deleting and inserting again takes half the time of an update.
    replaced = extension.late.sessions
    starts_us = [each.started_at for each in extension.extended] + [each.started_at for each in replaced]
    session_ids = [each.session_id for each in extension.extended] + [each.session_id for each in replaced]
    deleted_count = delete_rows(ledger.connection, session_ids, first_us=min(starts_us), last_us=max(starts_us))
    stored_count = len(session_ids) + extension.stored_part_count + sum(map(len, replaced.values()))
    if deleted_count != stored_count:
        raise _unbalanced(stored_count, stored_count=deleted_count)


def _part_changes(extension: _Extension) -> PartChanges:
    added = {_usage_part(session, part) for session, part in extension.new_parts}
    replaced = {_usage_part(session, part) for session, parts in extension.late.sessions.items() for part in parts}
    return PartChanges(added=added, replaced=replaced - added)


def _usage_part(session: RecentSession | StoredSession, part: Part) -> UsagePart:
    return UsagePart(part.conversation_id, session.day, session.preview, part.touchpoint)


def _restated(extension: _Extension, *, before_us: int, events: pa.Table) -> list[dict[str, object]]:
    before, after = dict[str, DayOfKey](), dict[str, DayOfKey]()
    for stored in extension.late.sessions:
        if stored.started_at < before_us:
            before[stored.session_id] = DayOfKey(_EPOCH + timedelta(days=stored.day), stored.key)
    for each in extension.sessions:
        if each.started_at < before_us and each.session_id in extension.key_of_new:
            after[each.session_id] = DayOfKey(_EPOCH + timedelta(days=each.day), extension.key_of_new[each.session_id])
    return restated_rows(before, after, new_events=events)


def _unbalanced(expected_count: int, *, stored_count: int) -> Unavailable:
    return Unavailable(
        "ledger_unbalanced",
        f"{expected_count:,} rows of sessions were expected and {stored_count:,} are stored; these must be equal. "
        "Nothing was changed. Please report this.",
    )


def _session_rows(extension: _Extension) -> pa.Table:
    rows = extension.rows
    for name, kind in (("last_event_at", pa.int64()), ("event_count", pa.int32())):
        present = pa.array([getattr(each, name) for each in extension.sessions], kind)
        rows = rows.set_column(rows.schema.get_field_index(name), name, present)
    footprints = pa.array([each.footprint for each in extension.sessions], pa.int32())
    return rows.append_column("footprint", footprints)


def _part_rows(sessions: Sequence[RecentSession]) -> pa.Table:
    parts = [(session, part, event_count) for session in sessions for part, event_count in session.parts.items()]
    return pa.table(
        {
            "session_id": [session.session_id for session, *_ in parts],
            "started_at": [session.started_at for session, *_ in parts],
            "customer_id": [session.customer_id for session, *_ in parts],
            "conversation_id": [part.conversation_id for _, part, _ in parts],
            "touchpoint": [part.touchpoint for _, part, _ in parts],
            "event_count": [event_count for *_, event_count in parts],
            "preview": [session.preview for session, *_ in parts],
        }
    )
