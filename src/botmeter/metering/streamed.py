"""Meter over events in chunks; what runs at a cut is carried over.

Memory holds one chunk, and of each running session its state and participations, not its events.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from botmeter.metering import kernel
from botmeter.metering.arrange import Arranged, EventColumns, arranged, edges_of, rules_of
from botmeter.metering.columns import Ints, Mask, codes_of, dictionary_of
from botmeter.metering.meter import Metered, metered_tables, terms_of
from botmeter.metering.policy import Policy, Schedule
from botmeter.metering.schema import METER_SCHEMA
from botmeter.metering.text_column import Positions
from botmeter.metering.touchpoints import Touchpoints

# Columns of participations here: the row of the session's opening event, then as the kernel's.
_ROW, _ENTRY, _TOUCHPOINT, _COUNT = range(kernel.PART_COLUMNS)
# An event that takes no part, later than every limit.
_CLOSING = np.array([kernel.NEVER, 0, 0])
_NOBODY_READS: Positions = np.zeros(1, np.int32)


class _Running(NamedTuple):
    # Running sessions of a policy's keys, and sides that wait for an answer; `firsts` has each one's first row.
    # Rows: the opening event once for each participation, with its conversation and touchpoint; or one of the key.
    states: Ints
    firsts: Ints
    rows: pa.Table
    counts: Ints


_NOTHING = _Running(
    np.zeros((0, kernel.STATE_COLUMNS), np.int64),
    np.zeros(0, np.int64),
    METER_SCHEMA.empty_table(),
    np.zeros(0, np.int64),
)


class _Chunk(NamedTuple):
    # Events after the rows of what is running; `earlier` is their number.
    columns: EventColumns
    session_of_row: Positions
    earlier: int
    is_over: Mask
    last_us: int


def sessions_from_chunks(
    chunks: Iterable[pa.Table], *, schedule: Schedule, touchpoints: Touchpoints, scope: tuple[str, ...]
) -> Iterator[Metered]:
    """Meter events that come in order; the tables together are those of `sessions_from_events`.

    Args:
        chunks: Columns of `METER_SCHEMA`: events with one key of `scope` after another, each key's in the order of
            the kernel (instant, rank of the kind, id, source).
        scope: Names that the scopes of all policies have; the fewer, the more sessions run at once.

    Returns:
        Sessions that ended within each chunk, and then those that were running after the last.
    """
    running = [_NOTHING for _ in schedule]
    for events in filter(len, chunks):
        metered, running = _advanced(running, events, schedule=schedule, touchpoints=touchpoints, scope=scope)
        yield metered
    if any(len(own.rows) for own in running):
        nothing = METER_SCHEMA.empty_table()
        yield _advanced(running, nothing, schedule=schedule, touchpoints=touchpoints, scope=scope)[0]


def _advanced(
    running: list[_Running], events: pa.Table, *, schedule: Schedule, touchpoints: Touchpoints, scope: tuple[str, ...]
) -> tuple[Metered, list[_Running]]:
    # Without events, everything is over.
    chunk = _chunk(running, events, touchpoints=touchpoints, scope=scope)
    opened: list[Ints] = []
    parts: list[Ints] = []
    policies: list[Positions] = []
    after: list[_Running] = []
    first_row, session_count = 0, 0
    for (position, policy, opens), own in zip(terms_of(schedule), running, strict=True):
        sessions, participations, left = _passed(chunk, policy, opens=opens, running=own, first_row=first_row)
        participations[:, _ROW] += session_count
        first_row, session_count = first_row + len(own.rows), session_count + len(sessions)
        opened.append(sessions)
        parts.append(participations)
        policies.append(np.full(len(sessions), position, np.int32))
        after.append(left)
    metered, _ = metered_tables(
        chunk.columns, opened, parts=parts, policies=np.concatenate(policies), schedule=schedule, threads=None
    )
    return metered, after


def _chunk(running: list[_Running], events: pa.Table, *, touchpoints: Touchpoints, scope: tuple[str, ...]) -> _Chunk:
    events = events.select(METER_SCHEMA.names)
    rows = [_encoded_as(events.schema, own.rows) for own in running if len(own.rows)]
    columns = EventColumns(pa.concat_tables([*rows, events]), touchpoints=touchpoints.all())
    earlier = len(columns) - len(events)
    session_of_row = np.full(len(columns) + 1, kernel.FREE, np.int32)
    # The kernel leaves out rows that are no events of this chunk.
    session_of_row[:earlier] = kernel.UNCOUNTED
    shared, _ = columns.keys(scope)
    is_over = np.full(len(columns), not len(events))
    if len(events) and len(shared):
        is_over = shared != shared[-1]
    last_us = events["occurred_at"][-1].as_py() if len(events) else kernel.NEVER
    return _Chunk(columns, session_of_row, earlier, is_over, last_us)


def _encoded_as(schema: pa.Schema, rows: pa.Table) -> pa.Table:
    columns = []
    for name, kind in zip(schema.names, schema.types, strict=True):
        column = rows[name]
        if pa.types.is_dictionary(kind):
            encoded = dictionary_of(column)
            column = pa.DictionaryArray.from_arrays(encoded.indices.cast(kind.index_type), encoded.dictionary)
        columns.append(column.cast(kind))
    return pa.table(columns, schema=schema)


def _passed(
    chunk: _Chunk, policy: Policy, *, opens: tuple[int, int], running: _Running, first_row: int
) -> tuple[Ints, Ints, _Running]:
    # Sessions that ended, their participations by number, and what is running after the chunk.
    columns = chunk.columns
    given = arranged(columns, policy, opens=opens, session_of_row=chunk.session_of_row)
    keys, _ = columns.keys(policy.scope)
    states = np.zeros((len(given.start) - 1, kernel.STATE_COLUMNS), np.int64)
    firsts = first_row + running.firsts
    states[keys[firsts]] = running.states
    states[keys[firsts], kernel.STATE_OPENING] = firsts
    sessions, parts = _segmented(chunk, given, policy=policy, states=states, session_of_row=chunk.session_of_row)
    parts[:, _ROW] = sessions[parts[:, _ROW], kernel.OPENING]
    earlier = _earlier_parts(chunk, running, first_row=first_row)
    parts = _summed(chunk, np.concatenate((earlier, parts, _running_parts(chunk, given, states=states))))
    rows = _rows_of_keys(given, states, keys=keys[firsts], firsts=firsts)
    is_open, is_over = states[:, kernel.IS_OPEN] == 1, chunk.is_over[rows] | _are_over(chunk, policy, states=states)
    is_left = ~is_over & (is_open | (states[:, kernel.PENDING] != 0))
    left = _left(chunk, states[is_left], rows=rows[is_left], parts=parts)
    ended = states[is_open & is_over]
    closing = Arranged(np.tile(_CLOSING, (len(ended), 1)), np.arange(len(ended) + 1))
    last, _ = _segmented(chunk, closing, policy=policy, states=ended, session_of_row=_NOBODY_READS)
    sessions = np.concatenate((sessions, last))
    _put_rows(chunk, sessions)
    return sessions, _by_number(sessions, parts, row_count=len(columns)), left


def _segmented(
    chunk: _Chunk, given: Arranged, *, policy: Policy, states: Ints, session_of_row: Positions
) -> tuple[Ints, Ints]:
    key_count = len(given.start) - 1
    room = len(given.events) + key_count
    sessions = np.empty((room, kernel.SESSION_COLUMNS), np.int64)
    parts, counts = np.empty((room, kernel.PART_COLUMNS), np.int64), np.zeros(2, np.int64)
    texts, edges = chunk.columns.conversations.texts, edges_of(policy, chunk.columns.span_us)
    output = session_of_row, 0, sessions, parts, counts
    kernel.segmented(*given, (0, key_count), rules_of(policy), edges, texts, states, True, *output)
    return sessions[: counts[0]], parts[: counts[1]]


def _earlier_parts(chunk: _Chunk, running: _Running, *, first_row: int) -> Ints:
    rows = np.arange(first_row, first_row + len(running.rows))
    parts = np.empty((len(rows), kernel.PART_COLUMNS), np.int64)
    parts[:, _ROW] = first_row + np.repeat(running.firsts, np.diff(running.firsts, append=len(rows)))
    parts[:, _ENTRY] = chunk.columns.conversation_entries[rows]
    parts[:, _TOUCHPOINT] = running.rows["touchpoint"].to_numpy()
    parts[:, _COUNT] = running.counts
    return parts


def _running_parts(chunk: _Chunk, given: Arranged, *, states: Ints) -> Ints:
    # Of this chunk's events.
    running = np.flatnonzero(states[:, kernel.IS_OPEN])
    opening = states[running, kernel.STATE_OPENING]
    position_of_row = np.zeros(len(chunk.columns), np.int64)
    position_of_row[given.events[:, kernel.WORD] >> kernel.ROW_SHIFT] = np.arange(len(given.events))
    firsts = np.where(opening < chunk.earlier, given.start[running], position_of_row[opening])
    ends = given.start[running + 1]
    parts = np.empty((int((ends - firsts).sum()), kernel.PART_COLUMNS), np.int64)
    count = kernel.write_running(given.events, firsts, ends, chunk.columns.conversations.texts, parts)
    parts[:count, _ROW] = opening[parts[:count, _ROW]]
    return parts[:count]


def _summed(chunk: _Chunk, parts: Ints) -> Ints:
    # One row for each participation of sessions of earlier chunks, in the order of first events.
    is_earlier = parts[:, _ROW] < chunk.earlier
    own = parts[is_earlier]
    conversations, _ = codes_of(chunk.columns.conversations.gathered(np.ascontiguousarray(own[:, _ENTRY])))
    keys = {"row": own[:, _ROW], "conversation": conversations, "touchpoint": own[:, _TOUCHPOINT]}
    counted = pa.table({**keys, "position": np.arange(len(own)), "count": own[:, _COUNT]})
    groups = counted.group_by(list(keys)).aggregate([("position", "min"), ("count", "sum")])
    groups = groups.sort_by("position_min")
    summed = own[groups["position_min"].to_numpy()]
    summed[:, _COUNT] = groups["count_sum"].to_numpy()
    return np.concatenate((summed, parts[~is_earlier]))


def _rows_of_keys(given: Arranged, states: Ints, *, keys: Positions, firsts: Ints) -> Ints:
    # The opening event of the running session, or any row of the key; -1 without any.
    rows = np.full(len(states), -1)
    rows[keys] = firsts
    used = np.flatnonzero(np.diff(given.start))
    rows[used] = given.events[given.start[used], kernel.WORD] >> kernel.ROW_SHIFT
    is_open = states[:, kernel.IS_OPEN] == 1
    rows[is_open] = states[is_open, kernel.STATE_OPENING]
    return rows


def _are_over(chunk: _Chunk, policy: Policy, *, states: Ints) -> Mask:
    # No event from the chunk's last instant on can belong to them.
    at_us, limit = chunk.last_us, states[:, [kernel.DURATION_END, kernel.IDLE_END]].min(axis=1)
    are_over: Mask = states[:, kernel.IS_OPEN] == 1
    are_over &= (at_us >= states[:, kernel.CALENDAR_END]) | (at_us - int(policy.inclusive_end) >= limit)
    return are_over


def _left(chunk: _Chunk, states: Ints, *, rows: Ints, parts: Ints) -> _Running:
    state_of_row = np.full(len(chunk.columns), -1)
    is_open = states[:, kernel.IS_OPEN] == 1
    state_of_row[rows[is_open]] = np.flatnonzero(is_open)
    own = parts[state_of_row[parts[:, _ROW]] >= 0]
    waiting = np.zeros((int((~is_open).sum()), kernel.PART_COLUMNS), np.int64)
    waiting[:, _ROW] = rows[~is_open]
    waiting[:, _ENTRY] = chunk.columns.conversation_entries[waiting[:, _ROW]]
    waiting[:, _TOUCHPOINT] = chunk.columns.events["touchpoint"].take(pa.array(waiting[:, _ROW])).to_numpy()
    state = np.concatenate((state_of_row[own[:, _ROW]], np.flatnonzero(~is_open)))
    order = np.argsort(state, kind="stable")
    own = np.concatenate((own, waiting))[order]
    firsts = np.searchsorted(state[order], np.arange(len(states)))
    return _Running(states, firsts, _stand_ins(chunk, own), own[:, _COUNT])


def _stand_ins(chunk: _Chunk, parts: Ints) -> pa.Table:
    columns, opening = chunk.columns, np.ascontiguousarray(parts[:, _ROW])
    numbers = columns.events.select(["source", "occurred_at", "actor", "kind", "preview"]).take(pa.array(opening))
    stand_ins = {name: numbers[name] for name in numbers.column_names} | {
        "source": dictionary_of(numbers["source"]),
        "event_id": columns.ids.gathered(columns.ids.entries_of(opening)),
        "conversation_id": columns.conversations.gathered(np.ascontiguousarray(parts[:, _ENTRY])),
        "customer_id": columns.customers.gathered(columns.customer_entries(opening)),
        "touchpoint": pa.array(parts[:, _TOUCHPOINT].astype(np.int32)),
        # Only of an event itself it is asked whether it is excluded.
        "attributes": pa.nulls(len(parts), pa.string()),
    }
    return pa.table([stand_ins[name] for name in METER_SCHEMA.names], schema=METER_SCHEMA)


def _put_rows(chunk: _Chunk, sessions: Ints) -> None:
    # Of openings in earlier chunks the kernel does not know the conversation.
    opening = pa.array(sessions[:, kernel.OPENING])
    touchpoints = chunk.columns.events["touchpoint"].take(opening).to_numpy().astype(np.int64)
    entries = chunk.columns.conversation_entries[sessions[:, kernel.OPENING]].astype(np.int64)
    sessions[:, kernel.OPENING_PAIR] = (entries << kernel.TOUCHPOINT_BITS) | touchpoints
    # Rows of the chunk itself.
    sessions[sessions[:, kernel.CLOSING] >= 0, kernel.CLOSING] -= chunk.earlier


def _by_number(sessions: Ints, parts: Ints, *, row_count: int) -> Ints:
    number_of_row = np.full(row_count, -1)
    number_of_row[sessions[:, kernel.OPENING]] = np.arange(len(sessions))
    numbers = number_of_row[parts[:, _ROW]]
    order = np.argsort(numbers, kind="stable")[int((numbers < 0).sum()) :]
    ordered = parts[order]
    ordered[:, _ROW] = numbers[order]
    return ordered
