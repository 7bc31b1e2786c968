"""Meter: sessions and participations from the kernel."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.domain.errors import Unavailable
from botmeter.domain.event import CHANNEL_UNKNOWN
from botmeter.metering import kernel
from botmeter.metering.arrange import Arranged, EventColumns, arranged, edges_of, put_in_order, rules_of, spans_of_keys
from botmeter.metering.columns import Ints, order_within_ties, repeated_text
from botmeter.metering.policy import FRESHCHAT, Policy, Schedule, schedule_of
from botmeter.metering.schema import METER_SCHEMA, PARTICIPATIONS_SCHEMA, SESSIONS_SCHEMA
from botmeter.metering.session_ids import session_ids
from botmeter.metering.text_column import FIRST_CAPACITY, Positions, TextColumn
from botmeter.metering.touchpoints import Touchpoint, Touchpoints

# For fewer events the threads cost more than they save.
WORTH_TWO_THREADS = 200_000
# Sessions and participations of many events, as measured; more room is made where it is needed.
_EVENTS_PER_SESSION, _SESSIONS_MIN = 4, 64
# Events that fit into the cache of a core, 24 bytes each.
_BLOCK_EVENTS = 1 << 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """Result of metering.

    Attributes:
        sessions: `SESSIONS_SCHEMA`, in order of their opening events.
        participations: `PARTICIPATIONS_SCHEMA`, one row per session × conversation × touchpoint, ordered by session.
        closing_event: Row of the turn or end that closed each session; null for none.
    """

    sessions: pa.Table
    participations: pa.Table
    closing_event: pa.Array


def sessions_from_events(events: pa.Table, *, schedule: Schedule, touchpoints: Touchpoints) -> Metered:
    """Meter events under the policies in force.

    Args:
        events: Columns of `METER_SCHEMA` in any encoding, without duplicates, in any order.
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


def with_earlier_events(metered: Metered, *, counts: pa.Table, parts: pa.Table) -> Metered:
    """Add earlier events to sessions metered from their openings and new events alone.

    Args:
        counts: `session_id`, `last_event_at` and `event_count` of these sessions, openings included.
        parts: `session_id`, `conversation_id`, `touchpoint` and `event_count`, without the openings.
    """
    sessions = metered.sessions
    ids = sessions["session_id"].combine_chunks()
    rows = pc.index_in(counts["session_id"], value_set=ids)
    if rows.null_count:
        raise Unavailable(
            "ledger_unbalanced",
            f"{rows.null_count:,} of {len(rows):,} sessions with new events would not begin as they are stored; all "
            "must. Nothing was changed. Please report this.",
        )
    at = rows.to_numpy()
    event_counts, lasts = (sessions[name].to_numpy().copy() for name in ("event_count", "last_event_at"))
    event_counts[at] += counts["event_count"].to_numpy() - 1
    lasts[at] = np.maximum(lasts[at], counts["last_event_at"].to_numpy())
    for name, values in (("event_count", event_counts), ("last_event_at", lasts)):
        sessions = sessions.set_column(sessions.schema.get_field_index(name), name, pa.array(values))
    named = parts.append_column("session_row", pc.index_in(parts["session_id"], value_set=ids))
    earlier = named.select(PARTICIPATIONS_SCHEMA.names).cast(PARTICIPATIONS_SCHEMA)
    each = pa.concat_tables([metered.participations.cast(PARTICIPATIONS_SCHEMA), earlier])
    summed = each.group_by(PARTICIPATIONS_SCHEMA.names[:-1]).aggregate([("event_count", "sum")])
    participations = summed.rename_columns(PARTICIPATIONS_SCHEMA.names).sort_by("session_row")
    return replace(metered, sessions=sessions, participations=participations.cast(PARTICIPATIONS_SCHEMA))


def load_kernel() -> None:
    """Load the compiled functions ahead of their first use."""
    # More customers than the table of texts first has room for, in a plain column as in a dictionary.
    names = pa.array([str(number) for number in range(FIRST_CAPACITY + 1)])
    zeros = np.zeros(len(names), np.int32)
    columns = {
        "source": repeated_text("", len(names)),
        "occurred_at": pa.array(zeros.astype(np.int64)),
        **dict.fromkeys(("event_id", "conversation_id", "customer_id"), names),
        **dict.fromkeys(("actor", "kind"), pa.array(zeros.astype(np.uint8))),
        "touchpoint": pa.array(zeros),
        "preview": pa.nulls(len(names), pa.bool_()),
        "attributes": pa.nulls(len(names), pa.string()),
    }
    known = Touchpoints([Touchpoint("", None, CHANNEL_UNKNOWN)])
    sessions_from_events(pa.table(columns), schedule=schedule_of(FRESHCHAT), touchpoints=known)


def _metered(
    events: pa.Table, *, schedule: Schedule, touchpoints: Touchpoints, names_members: bool
) -> tuple[Metered, Ints]:
    columns = EventColumns(events, touchpoints=touchpoints.all())
    session_of_row = np.full(len(events) + 1 if names_members else 1, kernel.FREE, np.int32)
    is_large = len(events) >= WORTH_TWO_THREADS
    opened: list[Ints] = []
    parts: list[Ints] = []
    policies: list[Positions] = []
    with ThreadPoolExecutor(2, thread_name_prefix="meter") if is_large else nullcontext() as threads:
        for position, policy, opens in terms_of(schedule):
            first = sum(map(len, opened))
            pieces = _segmented(
                columns, policy, opens=opens, first=first, session_of_row=session_of_row, threads=threads
            )
            for sessions, participations in pieces:
                opened.append(sessions)
                parts.append(participations)
                policies.append(np.full(len(sessions), position, np.int32))
        # Four bytes an event, which only scattering reads.
        del columns.conversation_entries
        metered, row_of_session = metered_tables(
            columns, opened, parts=parts, policies=_one(policies), schedule=schedule, threads=threads
        )
    return metered, row_of_session[session_of_row[:-1]]


def terms_of(schedule: Schedule) -> list[tuple[int, Policy, tuple[int, int]]]:
    """Position of each policy, and the half-open span (µs UTC) in which it opens sessions."""
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
    # Empties the list, so that the memory of the arrays is free when the caller has read them.
    whole = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    arrays.clear()
    return whole


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
    given = arranged(columns, policy, opens=opens, session_of_row=session_of_row, threads=threads)
    spans = spans_of_keys(given.start, (0, len(given.start) - 1), count=1 if threads is None else 2)
    # There are fewer sessions than events, so the numbers of the second half can't meet the first's.
    numbers = [first + int(given.start[span[0]]) for span in spans]
    rules, edges = rules_of(policy), edges_of(policy, columns.span_us)
    texts = columns.conversations.texts

    def segment(half: int) -> tuple[Ints, Ints]:
        # Nobody reads the state; a thread of its own writes to it.
        counts, states = np.zeros(2, np.int64), np.zeros((1, kernel.STATE_COLUMNS), np.int64)
        room = _SESSIONS_MIN + int(given.start[spans[half][1]] - given.start[spans[half][0]]) // _EVENTS_PER_SESSION
        sessions = np.empty((room, kernel.SESSION_COLUMNS), np.int64)
        parts = np.empty((room, kernel.PART_COLUMNS), np.int64)
        for keys in _blocks(given, spans[half]):
            # Ordered and segmented while they are in the core's cache.
            put_in_order(columns, given, keys=keys)
            needed = int(given.start[keys[1]] - given.start[keys[0]])
            sessions = _wider(sessions, count=int(counts[0]), needed=needed)
            parts = _wider(parts, count=int(counts[1]), needed=needed)
            output = session_of_row, numbers[half], sessions, parts, counts
            kernel.segmented(*given, keys, rules, edges, texts, states, False, *output)
        return sessions[: counts[0]], parts[: counts[1]]

    halves = list((map if threads is None else threads.map)(segment, range(len(spans))))
    for half, (sessions, parts) in enumerate(halves):
        gap = numbers[half] - first
        if gap and len(session_of_row) > 1:
            np.subtract(session_of_row, gap, out=session_of_row, where=session_of_row >= numbers[half])
        parts[:, 0] += first
        first += len(sessions)
    return halves


def _blocks(given: Arranged, keys: tuple[int, int]) -> list[tuple[int, int]]:
    event_count = int(given.start[keys[1]] - given.start[keys[0]])
    return spans_of_keys(given.start, keys, count=1 + event_count // _BLOCK_EVENTS)


def _wider(table: Ints, *, count: int, needed: int) -> Ints:
    if count + needed <= len(table):
        return table
    wider = np.empty((2 * len(table) + needed, table.shape[1]), np.int64)
    wider[:count] = table[:count]
    return wider


def metered_tables(
    columns: EventColumns,
    opened: list[Ints],
    *,
    parts: list[Ints],
    policies: Positions,
    schedule: Schedule,
    threads: ThreadPoolExecutor | None,
) -> tuple[Metered, Ints]:
    """Tables of what the kernel wrote, and each session's row by number. Empties the lists."""
    sessions = _one(opened)
    order = _order_of_openings(columns, sessions)
    sessions, policies = sessions[order], policies[order]
    # Events of no session have the numbers -1 and -2, which NumPy looks up at the end.
    row_of_session = np.full(len(order) + 2, kernel.FREE, np.int64)
    row_of_session[order] = np.arange(len(order))
    members = partial(_participations, columns, _one(parts), order=order, row_of_session=row_of_session)
    meanwhile = None if threads is None else threads.submit(members)
    closing = sessions[:, kernel.CLOSING]
    metered = Metered(
        sessions=_sessions(columns, sessions, policies=policies, schedule=schedule, threads=threads),
        participations=members() if meanwhile is None else meanwhile.result(),
        closing_event=pa.array(closing, mask=closing < 0),
    )
    return metered, row_of_session


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


def _sessions(
    columns: EventColumns,
    opened: Ints,
    *,
    policies: Positions,
    schedule: Schedule,
    threads: ThreadPoolExecutor | None,
) -> pa.Table:
    opening, pair = np.ascontiguousarray(opened[:, kernel.OPENING]), opened[:, kernel.OPENING_PAIR]
    ended_at = opened[:, kernel.ENDED_AT]
    sources, event_ids = _sources(columns, opening), _texts(columns.ids, opening)
    preview = columns.events["preview"]
    has_preview = preview.null_count < len(preview)
    tables = {
        "session_id": _session_ids(sources, event_ids, policies=policies, schedule=schedule, threads=threads),
        "policy": pa.array(policies),
        "customer_id": columns.customers.gathered(columns.customer_entries(opening)),
        "conversation_id": columns.conversations.gathered(pair >> kernel.TOUCHPOINT_BITS),
        "source": sources,
        "opening_event_id": event_ids,
        "opening_touchpoint": pa.array((pair & kernel.TOUCHPOINT_MASK).astype(np.int32)),
        "started_at": pa.array(opened[:, kernel.STARTED_AT]),
        "ended_at": pa.array(ended_at, mask=ended_at == kernel.NEVER),
        "last_event_at": pa.array(opened[:, kernel.LAST_EVENT_AT]),
        "event_count": pa.array(opened[:, kernel.EVENT_COUNT].astype(np.int32)),
        "closed_by": pa.array(opened[:, kernel.CLOSED_BY].astype(np.uint8)),
        "preview": pa.array(
            preview.fill_null(False).to_numpy()[opening] if has_preview else np.zeros(len(opening), np.bool_)
        ),
    }
    return pa.table(tables, schema=SESSIONS_SCHEMA)


def _session_ids(
    sources: pa.DictionaryArray,
    event_ids: pa.ChunkedArray,
    *,
    policies: Positions,
    schedule: Schedule,
    threads: ThreadPoolExecutor | None,
) -> pa.ChunkedArray:
    if len(schedule) == 1:
        label = schedule[0].policy.label
        return session_ids(label, sources=sources, opening_event_ids=event_ids, threads=threads)
    ids = pa.nulls(len(policies), pa.string())
    for position, term in enumerate(schedule):
        is_own = pa.array(policies == position)
        own = session_ids(
            term.policy.label,
            sources=sources.filter(is_own),
            opening_event_ids=event_ids.filter(is_own),
            threads=threads,
        )
        ids = pc.replace_with_mask(ids, is_own, own.combine_chunks())
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
