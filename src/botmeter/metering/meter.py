"""The meter: sessions and participations from the kernel."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from botmeter.metering import kernel
from botmeter.metering.arrange import arranged, rules_of
from botmeter.metering.columns import Ints, dictionary_of, order_within_ties
from botmeter.metering.policy import FRESHCHAT, Policy, Schedule, schedule_of
from botmeter.metering.schema import METER_SCHEMA, PARTICIPATIONS_SCHEMA, SESSIONS_SCHEMA
from botmeter.metering.session_ids import session_ids
from botmeter.metering.touchpoints import Touchpoints

_Positions = npt.NDArray[np.int32]
# For fewer events the threads cost more than they save.
WORTH_TWO_THREADS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """Result of metering.

    Attributes:
        sessions: `SESSIONS_SCHEMA`, in the order of their opening events.
        participations: `PARTICIPATIONS_SCHEMA`, one row per session × conversation × touchpoint, ordered by session.
        session_of_event: Row of each event's session; null for none.
        closing_event: Row of the turn or end that closed each session; null for none.
    """

    sessions: pa.Table
    participations: pa.Table
    session_of_event: pa.Array
    closing_event: pa.Array


def sessions_from_events(events: pa.Table, *, schedule: Schedule, touchpoints: Touchpoints) -> Metered:
    """Meter events under the policies in force.

    Args:
        events: `METER_SCHEMA`, without duplicates, in any order.
        schedule: Ascending; an event belongs to the first policy with a session for it.
    """
    session_of_row = np.full(len(events), kernel.FREE, np.int64)
    opened: list[Ints] = []
    parts: list[Ints] = []
    policies: list[_Positions] = []
    for position, policy, opens in _terms(schedule):
        rows = np.flatnonzero(session_of_row == kernel.FREE)
        free = events if len(rows) == len(events) else events.take(pa.array(rows))
        arranged_events = arranged(free, policy, touchpoints=touchpoints.all(), opens=opens)
        sessions_of_rows, sessions, participations = _segmented(arranged_events, rules_of(policy))
        first = sum(len(earlier) for earlier in opened)
        session_of_row[rows] = np.where(sessions_of_rows >= 0, sessions_of_rows + first, sessions_of_rows)
        # From codes and rows of the free events to rows of all events.
        sessions[:, kernel.OPENING] = rows[sessions[:, kernel.OPENING]]
        is_closing = sessions[:, kernel.CLOSING] >= 0
        sessions[is_closing, kernel.CLOSING] = rows[sessions[is_closing, kernel.CLOSING]]
        row_of_conversation = _rows_of_codes(arranged_events.columns[:, kernel.PAIR] >> kernel.TOUCHPOINT_BITS)
        participations[:, 1] = rows[row_of_conversation[participations[:, 1]]]
        participations[:, 0] += first
        opened.append(sessions)
        parts.append(participations)
        policies.append(np.full(len(sessions), position, np.int32))
    return _metered(
        events,
        np.concatenate(opened),
        parts=np.concatenate(parts),
        session_of_row=session_of_row,
        policy_positions=np.concatenate(policies),
        schedule=schedule,
    )


def sessions_from_batches(batches: Sequence[pa.Table], *, schedule: Schedule, touchpoints: Touchpoints) -> Metered:
    """Meter events in several tables as one; each may encode its texts in its own way.

    Args:
        batches: Columns of `METER_SCHEMA` or more. Rows of the result count through all of them.
    """
    tables = [METER_SCHEMA.empty_table(), *(batch.select(METER_SCHEMA.names).cast(METER_SCHEMA) for batch in batches)]
    return sessions_from_events(
        pa.concat_tables(tables).unify_dictionaries(), schedule=schedule, touchpoints=touchpoints
    )


def load_kernel() -> None:
    """Load the compiled kernel ahead of its first use, by metering nothing."""
    sessions_from_events(METER_SCHEMA.empty_table(), schedule=schedule_of(FRESHCHAT), touchpoints=Touchpoints())


def _segmented(events: kernel.Events, rules: kernel.Rules) -> tuple[Ints, Ints, Ints]:
    session_of_row = np.full(len(events.columns), kernel.FREE, np.int64)
    cut = _middle(events) if len(events.order) >= WORTH_TWO_THREADS else len(events.order)
    if cut == len(events.order):
        return session_of_row, *kernel.segmented(events, rules, session_of_row, 0)
    # There are fewer sessions than events, so the numbers of the second half can't meet the first's.
    halves = [(events._replace(order=events.order[:cut]), 0), (events._replace(order=events.order[cut:]), cut)]
    with ThreadPoolExecutor(max_workers=2, thread_name_prefix="kernel") as threads:
        (left, left_parts), (right, right_parts) = threads.map(
            lambda half: kernel.segmented(half[0], rules, session_of_row, half[1]), halves
        )
    gap = cut - len(left)
    np.subtract(session_of_row, gap, out=session_of_row, where=session_of_row >= cut)
    right_parts[:, 0] -= gap
    return session_of_row, np.concatenate((left, right)), np.concatenate((left_parts, right_parts))


def _middle(events: kernel.Events) -> int:
    cut = len(events.order) // 2
    key = events.columns[events.order[cut - 1], kernel.KEY]
    while cut < len(events.order) and events.columns[events.order[cut], kernel.KEY] == key:
        cut += 1
    return cut


def _terms(schedule: Schedule) -> list[tuple[int, Policy, tuple[int, int]]]:
    ends = [*(entry.from_us for entry in schedule[1:]), kernel.NEVER]
    return [
        (position, entry.policy, (entry.from_us, end))
        for position, (entry, end) in enumerate(zip(schedule, ends, strict=True))
    ]


def _rows_of_codes(codes: Ints) -> Ints:
    rows = np.zeros(int(codes.max(initial=0)) + 1, np.int64)
    rows[codes] = np.arange(len(codes))
    return rows


def _metered(
    events: pa.Table,
    opened: Ints,
    *,
    parts: Ints,
    session_of_row: Ints,
    policy_positions: _Positions,
    schedule: Schedule,
) -> Metered:
    order = _order_of_openings(events, opened)
    opened, policy_positions = opened[order], policy_positions[order]
    ids = _session_ids(events, opened, policy_positions=policy_positions, schedule=schedule)
    row_of_session = np.empty(len(order) + 1, np.int64)
    row_of_session[order] = np.arange(len(order))
    parts[:, 0] = row_of_session[parts[:, 0]]
    members = row_of_session[np.maximum(session_of_row, 0)] if len(order) else np.zeros(len(session_of_row), np.int64)
    return Metered(
        sessions=_sessions(events, opened, ids=ids, policy_positions=policy_positions),
        participations=_participations(events, parts[np.argsort(parts[:, 0], kind="stable")]),
        session_of_event=pa.array(members, mask=session_of_row < 0),
        closing_event=pa.array(opened[:, kernel.CLOSING], mask=opened[:, kernel.CLOSING] < 0),
    )


def _order_of_openings(events: pa.Table, opened: Ints) -> Ints:
    # Only messages open sessions, so ids alone decide at one instant.
    order = np.argsort(opened[:, kernel.STARTED_AT], kind="stable")
    started_at = opened[order, kernel.STARTED_AT]
    ties = np.zeros(len(order), np.bool_)
    ties[1:] = started_at[1:] == started_at[:-1]
    openings = events.select(["event_id", "source"]).take(pa.array(opened[:, kernel.OPENING]))
    return order_within_ties(order, ties=ties, table=openings)


def _session_ids(events: pa.Table, opened: Ints, *, policy_positions: _Positions, schedule: Schedule) -> pa.StringArray:
    ids = pa.nulls(len(opened), pa.string())
    for position, term in enumerate(schedule):
        is_of_policy = policy_positions == position
        opening = pa.array(opened[is_of_policy, kernel.OPENING])
        own_ids = session_ids(
            term.policy.label,
            sources=dictionary_of(events["source"].take(opening)),
            opening_event_ids=_one(events["event_id"].take(opening)),
        )
        ids = own_ids if is_of_policy.all() else pc.replace_with_mask(ids, pa.array(is_of_policy), own_ids)
    return ids


def _one(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _sessions(events: pa.Table, opened: Ints, *, ids: pa.StringArray, policy_positions: _Positions) -> pa.Table:
    opening_columns = ["customer_id", "conversation_id", "source", "event_id", "touchpoint", "preview"]
    opening = events.select(opening_columns).take(pa.array(opened[:, kernel.OPENING]))
    ended_at = opened[:, kernel.ENDED_AT]
    columns = {
        "session_id": ids,
        "policy": pa.array(policy_positions),
        "customer_id": opening["customer_id"],
        "conversation_id": opening["conversation_id"],
        "source": opening["source"],
        "opening_event_id": opening["event_id"],
        "opening_touchpoint": opening["touchpoint"],
        "started_at": pa.array(opened[:, kernel.STARTED_AT]),
        "ended_at": pa.array(ended_at, mask=ended_at == kernel.NEVER),
        "last_event_at": pa.array(opened[:, kernel.LAST_EVENT_AT]),
        "event_count": pa.array(opened[:, kernel.EVENT_COUNT].astype(np.int32)),
        "closed_by": pa.array(opened[:, kernel.CLOSED_BY].astype(np.uint8)),
        "preview": opening["preview"].fill_null(False),
    }
    return pa.table(columns, schema=SESSIONS_SCHEMA)


def _participations(events: pa.Table, parts: Ints) -> pa.Table:
    session_row, conversation_row, touchpoint, event_count = parts.T
    columns = {
        "session_row": pa.array(session_row),
        "conversation_id": events["conversation_id"].take(pa.array(conversation_row)),
        "touchpoint": pa.array(touchpoint.astype(np.int32)),
        "event_count": pa.array(event_count.astype(np.int32)),
    }
    return pa.table(columns, schema=PARTICIPATIONS_SCHEMA)
