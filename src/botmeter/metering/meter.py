"""The meter: events in, sessions out, with who took part and which event belongs to which.

Import, live append, re-metering, simulation and the stateless command all call
`sessions_from_events`; the decision itself is the kernel's.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from botmeter.domain.session import session_id
from botmeter.metering import kernel
from botmeter.metering.arrange import arranged, rules_of
from botmeter.metering.columns import Ints, order_within_ties
from botmeter.metering.policy import Policy, Schedule
from botmeter.metering.schema import PARTICIPATIONS_SCHEMA, SESSIONS_SCHEMA
from botmeter.metering.touchpoints import Touchpoints


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """What the meter found.

    Attributes:
        sessions: `SESSIONS_SCHEMA`, one row per session, ordered by (started_at, session_id).
        participations: `PARTICIPATIONS_SCHEMA`, one row per session × conversation × touchpoint,
            ordered by session.
        session_of_event: int64, one per event of the input: the row of its session, null for none.
    """

    sessions: pa.Table
    participations: pa.Table
    session_of_event: pa.Array


def sessions_from_events(events: pa.Table, *, schedule: Schedule, touchpoints: Touchpoints) -> Metered:
    """The sessions of `events` under the policies in force, whatever the order of the rows.

    Args:
        events: `METER_SCHEMA`, one row per event, without duplicates.
        schedule: The policies, ascending; the first claims its events before the next sees them.
        touchpoints: What the numbers in the column `touchpoint` mean.
    """
    session_of_row = np.full(len(events), kernel.FREE, np.int64)
    sessions, participations = [], []
    session_count = 0
    for place, policy, opens in _terms(schedule):
        rows = np.flatnonzero(session_of_row == kernel.FREE)
        free = events if len(rows) == len(events) else events.take(pa.array(rows))
        looked_at = arranged(free, policy, touchpoints=touchpoints.all(), opens=opens)
        found, opened, parts = kernel.segmented(looked_at, rules_of(policy))
        session_of_row[rows] = np.where(found >= 0, found + session_count, found)
        sessions.append(_sessions(free, opened, policy=policy, place=place))
        participations.append(_participations(free, looked_at, parts=parts, first_session=session_count))
        session_count += len(opened)
    return _in_order(pa.concat_tables(sessions), pa.concat_tables(participations), session_of_row)


def _terms(schedule: Schedule) -> list[tuple[int, Policy, tuple[int, int]]]:
    """Each policy's place, itself, and the µs from which and before which it opens sessions."""
    ends = [*(entry.from_us for entry in schedule[1:]), kernel.NEVER]
    return [
        (place, entry.policy, (entry.from_us, end))
        for place, (entry, end) in enumerate(zip(schedule, ends, strict=True))
    ]


def _sessions(events: pa.Table, opened: Ints, *, policy: Policy, place: int) -> pa.Table:
    opening = events.take(pa.array(opened[:, kernel.OPENING]))
    ended_at = opened[:, kernel.ENDED_AT]
    ids = [
        session_id(policy.label, source=source, opening_event_id=event_id)
        for source, event_id in zip(opening["source"].to_pylist(), opening["event_id"].to_pylist(), strict=True)
    ]
    columns = {
        "session_id": pa.array(ids, pa.string()),
        "policy": pa.array(np.full(len(opened), place, np.int32)),
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


def _participations(events: pa.Table, looked_at: kernel.Events, *, parts: Ints, first_session: int) -> pa.Table:
    session, conversation, touchpoint, event_count = parts.T
    # Any row of a conversation names it; the last one written stays.
    row_of_conversation = np.zeros(int(looked_at.conversation.max(initial=0)) + 1, np.int64)
    row_of_conversation[looked_at.conversation] = np.arange(len(events))
    columns = {
        "session_row": pa.array(session + first_session),
        "conversation_id": events["conversation_id"].take(pa.array(row_of_conversation[conversation])),
        "touchpoint": pa.array(touchpoint.astype(np.int32)),
        "event_count": pa.array(event_count.astype(np.int32)),
    }
    return pa.table(columns, schema=PARTICIPATIONS_SCHEMA)


def _in_order(sessions: pa.Table, participations: pa.Table, session_of_row: Ints) -> Metered:
    """The sessions in their total order, with the references to them moved along."""
    started_at = sessions["started_at"].to_numpy()
    order = np.argsort(started_at, kind="stable")
    ties = np.zeros(len(order), np.bool_)
    ties[1:] = started_at[order][1:] == started_at[order][:-1]
    order = order_within_ties(order, ties=ties, table=sessions.select(["session_id"]))
    place_of = np.empty(len(order) + 1, np.int64)
    place_of[order] = np.arange(len(order))
    moved = place_of[participations["session_row"].to_numpy()]
    participations = participations.set_column(0, PARTICIPATIONS_SCHEMA.field(0), pa.array(moved))
    by_session = np.argsort(moved, kind="stable")
    members = np.where(session_of_row >= 0, place_of[np.maximum(session_of_row, 0)], 0)
    return Metered(
        sessions=sessions.take(pa.array(order)),
        participations=participations.take(pa.array(by_session)),
        session_of_event=pa.array(members, mask=session_of_row < 0),
    )
