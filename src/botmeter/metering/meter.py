"""The meter: sessions and participations from the kernel."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.metering import kernel
from botmeter.metering.arrange import EventColumns, arranged, edges_of, numbers_of, rules_of, spans_of_keys
from botmeter.metering.columns import Ints, order_within_ties
from botmeter.metering.policy import FRESHCHAT, Policy, Schedule, schedule_of
from botmeter.metering.schema import METER_SCHEMA, PARTICIPATIONS_SCHEMA, SESSIONS_SCHEMA
from botmeter.metering.session_ids import session_ids
from botmeter.metering.text_column import Positions, TextColumn
from botmeter.metering.touchpoints import Touchpoints

# For fewer events the threads cost more than they save.
WORTH_TWO_THREADS = 200_000
# Sessions and participations of many events, as measured; more room is made where it is needed.
_EVENTS_PER_SESSION, _SESSIONS_MIN = 4, 64
_NO_STATES = np.zeros((0, kernel.STATE_COLUMNS), np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """Result of metering.

    Attributes:
        sessions: `SESSIONS_SCHEMA`, in the order of their opening events.
        participations: `PARTICIPATIONS_SCHEMA`, one row per session × conversation × touchpoint, ordered by session.
        closing_event: Row of the turn or end that closed each session; null for none.
    """

    sessions: pa.Table
    participations: pa.Table
    closing_event: pa.Array


def sessions_from_events(events: pa.Table, *, schedule: Schedule, touchpoints: Touchpoints) -> Metered:
    """Meter events under the policies in force.

    Args:
        events: Columns of `METER_SCHEMA`, whose texts may have any encoding, without duplicates, in any order.
        schedule: Ascending; an event belongs to the first policy with a session for it.
    """
    names_members = len(schedule) > 1
    return _metered(events, schedule=schedule, touchpoints=touchpoints, names_members=names_members)[0]


def sessions_with_members(
    events: pa.Table, *, schedule: Schedule, touchpoints: Touchpoints
) -> tuple[Metered, pa.Array]:
    """Meter as `sessions_from_events`; also return the row of each event's session, null for none."""
    metered, session_of_row = _metered(events, schedule=schedule, touchpoints=touchpoints, names_members=True)
    return metered, pa.array(session_of_row, pa.int64(), mask=session_of_row < 0)


def sessions_from_batches(batches: Sequence[pa.Table], *, schedule: Schedule, touchpoints: Touchpoints) -> Metered:
    """Meter events in several tables as one; each may encode its texts in its own way.

    Args:
        batches: Columns of `METER_SCHEMA` or more. Rows of the result count through all of them.
    """
    if not batches:
        return sessions_from_events(METER_SCHEMA.empty_table(), schedule=schedule, touchpoints=touchpoints)
    columns = {name: _joined([batch[name] for batch in batches]) for name in METER_SCHEMA.names}
    return sessions_from_events(pa.table(columns), schedule=schedule, touchpoints=touchpoints)


def load_kernel() -> None:
    """Load the compiled kernel ahead of its first use, by metering nothing."""
    sessions_from_events(METER_SCHEMA.empty_table(), schedule=schedule_of(FRESHCHAT), touchpoints=Touchpoints())


def _metered(
    events: pa.Table, *, schedule: Schedule, touchpoints: Touchpoints, names_members: bool
) -> tuple[Metered, Positions]:
    columns = EventColumns(events, touchpoints=touchpoints.all())
    session_of_row = np.full(len(events) if names_members else 0, kernel.FREE, np.int32)
    is_large = len(events) >= WORTH_TWO_THREADS
    opened: list[Ints] = []
    parts: list[Ints] = []
    policies: list[Positions] = []
    with ThreadPoolExecutor(2, thread_name_prefix="meter") if is_large else nullcontext() as threads:
        for position, policy, opens in _terms(schedule):
            first = sum(map(len, opened))
            pieces = _segmented(
                columns, policy, opens=opens, first=first, session_of_row=session_of_row, threads=threads
            )
            for sessions, participations in pieces:
                opened.append(sessions)
                parts.append(participations)
                policies.append(np.full(len(sessions), position, np.int32))
    return _tables(
        columns,
        _one(opened),
        parts=_one(parts),
        policies=_one(policies),
        schedule=schedule,
        session_of_row=session_of_row,
    )


def _terms(schedule: Schedule) -> list[tuple[int, Policy, tuple[int, int]]]:
    ends = [*(entry.from_us for entry in schedule[1:]), kernel.NEVER]
    return [
        (position, entry.policy, (entry.from_us, end))
        for position, (entry, end) in enumerate(zip(schedule, ends, strict=True))
    ]


def _joined(columns: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    kinds = {column.type for column in columns}
    if len(kinds) > 1:
        columns = [column.cast(pa.string()) for column in columns]
    return pa.chunked_array([chunk for column in columns for chunk in column.chunks], columns[0].type)


def _one(arrays: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return arrays[0] if len(arrays) == 1 else np.concatenate(arrays)


def _segmented(
    columns: EventColumns,
    policy: Policy,
    *,
    opens: tuple[int, int],
    first: int,
    session_of_row: Positions,
    threads: ThreadPoolExecutor | None,
) -> list[tuple[Ints, Ints]]:
    # Sessions of the policy, numbered from `first`, and their participations.
    own = arranged(columns, policy, opens=opens, session_of_row=session_of_row, threads=threads)
    spans = spans_of_keys(own.start, 1 if threads is None else 2)
    # There are fewer sessions than events, so the numbers of the second half can't meet the first's.
    numbers = [first + int(own.start[span[0]]) for span in spans]
    rules, edges = rules_of(policy), edges_of(policy, columns.at)
    texts = columns.conversations.texts

    def segment(part: int) -> tuple[Ints, Ints]:
        (key, end), counts = spans[part], np.zeros(2, np.int64)
        room = _SESSIONS_MIN + int(own.start[end] - own.start[key]) // _EVENTS_PER_SESSION
        sessions = np.empty((room, kernel.SESSION_COLUMNS), np.int64)
        parts = np.empty((room, kernel.PART_COLUMNS), np.int64)
        while True:
            key = kernel.segmented(
                *own,
                (key, end),
                rules,
                edges,
                texts,
                _NO_STATES,
                session_of_row,
                numbers[part],
                sessions,
                parts,
                counts,
            )
            if key == end:
                return sessions[: counts[0]], parts[: counts[1]]
            needed = int(own.start[key + 1] - own.start[key]) + 1
            sessions, parts = (
                _wider(sessions, count=int(counts[0]), needed=needed),
                _wider(parts, count=int(counts[1]), needed=needed),
            )

    pieces = list((map if threads is None else threads.map)(segment, range(len(spans))))
    for part, (sessions, parts) in enumerate(pieces):
        gap = numbers[part] - first
        if gap and len(session_of_row):
            np.subtract(session_of_row, gap, out=session_of_row, where=session_of_row >= numbers[part])
        parts[:, 0] += first
        first += len(sessions)
    return pieces


def _wider(table: Ints, *, count: int, needed: int) -> Ints:
    if count + needed <= len(table):
        return table
    wider = np.empty((2 * len(table) + needed, table.shape[1]), np.int64)
    wider[:count] = table[:count]
    return wider


def _tables(
    columns: EventColumns,
    opened: Ints,
    *,
    parts: Ints,
    policies: Positions,
    schedule: Schedule,
    session_of_row: Positions,
) -> tuple[Metered, Positions]:
    order = _order_of_openings(columns, opened)
    opened, policies = opened[order], policies[order]
    row_of_session = np.empty(len(order) + 1, np.int64)
    row_of_session[order] = np.arange(len(order))
    closing = opened[:, kernel.CLOSING]
    metered = Metered(
        sessions=_sessions(columns, opened, policies=policies, schedule=schedule),
        participations=_participations(columns, parts, order=order, row_of_session=row_of_session),
        closing_event=pa.array(closing, mask=closing < 0),
    )
    members = np.where(session_of_row < 0, kernel.FREE, row_of_session[np.maximum(session_of_row, 0)])
    return metered, members


def _order_of_openings(columns: EventColumns, opened: Ints) -> Ints:
    # Only messages open sessions, so ids alone decide at one instant.
    started_at = opened[:, kernel.STARTED_AT]
    order = np.argsort(started_at)
    ties = np.zeros(len(order), np.bool_)
    ties[1:] = np.diff(started_at[order]) == 0

    def ids_of(sessions: Ints) -> pa.Table:
        rows = opened[sessions, kernel.OPENING]
        return pa.table({"event_id": _texts(columns.ids, rows), "source": _sources(columns, rows)})

    return order_within_ties(order, ties=ties, table_of=ids_of)


def _texts(column: TextColumn, rows: Ints) -> pa.ChunkedArray:
    return column.gathered(column.entries_of(rows))


def _sources(columns: EventColumns, rows: Ints) -> pa.DictionaryArray:
    codes = columns.source_codes
    own = codes[rows] if len(codes) else np.zeros(len(rows), np.int32)
    return pa.DictionaryArray.from_arrays(pa.array(own), columns.source_names)


def _sessions(columns: EventColumns, opened: Ints, *, policies: Positions, schedule: Schedule) -> pa.Table:
    opening = np.ascontiguousarray(opened[:, kernel.OPENING])
    ended_at = opened[:, kernel.ENDED_AT]
    sources, event_ids = _sources(columns, opening), _texts(columns.ids, opening)
    preview = columns.events["preview"]
    has_preview = preview.null_count < len(preview)
    tables = {
        "session_id": _session_ids(sources, event_ids, policies=policies, schedule=schedule),
        "policy": pa.array(policies),
        "customer_id": _texts(columns.customers, opening),
        "conversation_id": columns.conversations.gathered(columns.conversation_entries[opening].astype(np.int64)),
        "source": sources,
        "opening_event_id": event_ids,
        "opening_touchpoint": pa.array(columns.touchpoint[opening]),
        "started_at": pa.array(opened[:, kernel.STARTED_AT]),
        "ended_at": pa.array(ended_at, mask=ended_at == kernel.NEVER),
        "last_event_at": pa.array(opened[:, kernel.LAST_EVENT_AT]),
        "event_count": pa.array(opened[:, kernel.EVENT_COUNT].astype(np.int32)),
        "closed_by": pa.array(opened[:, kernel.CLOSED_BY].astype(np.uint8)),
        "preview": pa.array(
            numbers_of(preview.fill_null(False), np.bool_)[opening] if has_preview else np.zeros(len(opening), np.bool_)
        ),
    }
    return pa.table(tables, schema=SESSIONS_SCHEMA)


def _session_ids(
    sources: pa.DictionaryArray, event_ids: pa.ChunkedArray, *, policies: Positions, schedule: Schedule
) -> pa.ChunkedArray:
    ids = pa.chunked_array([], pa.string())
    for position, term in enumerate(schedule):
        own = pa.array(policies == position)
        if len(schedule) == 1:
            return session_ids(term.policy.label, sources=sources, opening_event_ids=event_ids)
        own_ids = session_ids(term.policy.label, sources=sources.filter(own), opening_event_ids=event_ids.filter(own))
        ids = pc.replace_with_mask(
            ids if position else pa.nulls(len(policies), pa.string()), own, own_ids.combine_chunks()
        )
    return ids


def _participations(columns: EventColumns, parts: Ints, *, order: Ints, row_of_session: Ints) -> pa.Table:
    # They come by session, whose order is another now.
    counts = np.bincount(parts[:, 0], minlength=len(order))
    firsts = np.cumsum(counts) - counts
    counts = counts[order]
    moves = firsts[order] - (np.cumsum(counts) - counts)
    parts = parts[np.repeat(moves, counts) + np.arange(len(parts))]
    own = {
        "session_row": pa.array(row_of_session[parts[:, 0]]),
        "conversation_id": columns.conversations.gathered(np.ascontiguousarray(parts[:, 1])),
        "touchpoint": pa.array(parts[:, 2].astype(np.int32)),
        "event_count": pa.array(parts[:, 3].astype(np.int32)),
    }
    return pa.table(own, schema=PARTICIPATIONS_SCHEMA)
