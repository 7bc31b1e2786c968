"""Laws of metering in chunks: wherever the events are cut, the tables are those of all events at once."""

from itertools import pairwise
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.event_forms import meter_table
from tests.support.event_strategies import crowded_event_lists, dense_event_lists, event_lists, schedules, turn_policies
from tests.support.meter_cases import CASES, ENCODINGS, TOUCHPOINTS, case_events, case_schedule

from botmeter.domain.event import KIND_RANK
from botmeter.metering.meter import Metered, sessions_from_events
from botmeter.metering.policy import InForce, Policy, Schedule
from botmeter.metering.streamed import sessions_from_chunks
from botmeter.metering.touchpoints import Touchpoints

Event = dict[str, Any]
Rows = list[tuple[Any, ...]]
_SCOPE_NAMES = ("customer", "conversation", "bot", "channel")


def shared_scope(schedule: Schedule) -> tuple[str, ...]:
    return tuple(name for name in _SCOPE_NAMES if all(name in term.policy.scope for term in schedule))


def in_order(events: pa.Table, *, scope: tuple[str, ...], touchpoints: Touchpoints) -> pa.Table:
    """The events by key, and each key's in the kernel's order."""

    def place(row: int) -> tuple[Any, ...]:
        event = rows[row]
        known = touchpoints.all()[event["touchpoint"]]
        values = {"bot": known.bot_id or "", "channel": known.channel}
        values |= {name: event[f"{name}_id"] for name in ("customer", "conversation")}
        key = tuple(values[name] for name in scope)
        return key, event["occurred_at"], KIND_RANK[event["kind"]], event["event_id"], event["source"]

    rows = events.to_pylist()
    return events.take(pa.array(sorted(range(len(rows)), key=place), pa.int64()))


def cut(events: pa.Table, ends: list[int]) -> list[pa.Table]:
    bounds = [0, *sorted(ends), len(events)]
    return [events.slice(start, end - start) for start, end in pairwise(bounds)]


def rows_of(metered: list[Metered], chunks: list[pa.Table]) -> tuple[Rows, Rows]:
    """Sessions with the event that closed each, and their parts, without the order of the former."""
    sessions: Rows = []
    parts: Rows = []
    for own, events in zip(metered, chunks, strict=False):
        closing = own.closing_event.to_pylist()
        closed_by = [None if row is None else events["event_id"][row].as_py() for row in closing]
        own_sessions = own.sessions.to_pylist()
        sessions += [(*row.values(), closer) for row, closer in zip(own_sessions, closed_by, strict=True)]
        parts += [
            (own_sessions[part.pop("session_row")]["session_id"], *part.values())
            for part in own.participations.to_pylist()
        ]
    # Of one session in the order of its first events, so only sessions are ordered.
    return sorted(sessions, key=str), sorted(parts, key=lambda part: str(part[0]))


def check(events: pa.Table, schedule: Schedule, *, ends: list[int], touchpoints: Touchpoints) -> None:
    chunks = cut(events, ends)
    scope = shared_scope(schedule)
    whole = sessions_from_events(events, schedule=schedule, touchpoints=touchpoints)
    pieces = list(sessions_from_chunks(chunks, schedule=schedule, touchpoints=touchpoints, scope=scope))
    # Nothing of the last piece, of sessions that were still running, was closed by an event.
    with_events = [*filter(len, chunks), events.slice(0, 0)]
    assert rows_of(pieces, with_events) == rows_of([whole], [events])


def check_drawn(event_list: list[Event], drawn: list[tuple[Policy, int]], *, data: st.DataObject) -> None:
    schedule = tuple(InForce(policy=policy, from_us=from_us) for policy, from_us in drawn)
    touchpoints = Touchpoints()
    events = meter_table(event_list, touchpoints)
    events = in_order(events, scope=shared_scope(schedule), touchpoints=touchpoints)
    ends = data.draw(st.lists(st.integers(0, len(events)), max_size=8))
    check(events, schedule, ends=ends, touchpoints=touchpoints)


@given(event_lists(), schedules(), st.data())
def test_events_cut_anywhere_give_the_same_tables(
    event_list: list[Event], schedule: list[tuple[Policy, int]], data: st.DataObject
) -> None:
    check_drawn(event_list, schedule, data=data)


@given(dense_event_lists(), schedules(), st.data())
def test_long_sessions_cut_anywhere_give_the_same_tables(
    event_list: list[Event], schedule: list[tuple[Policy, int]], data: st.DataObject
) -> None:
    check_drawn(event_list, schedule, data=data)


@given(crowded_event_lists(), schedules(turn_policies()), st.data())
def test_events_of_one_instant_cut_anywhere_give_the_same_tables(
    event_list: list[Event], schedule: list[tuple[Policy, int]], data: st.DataObject
) -> None:
    check_drawn(event_list, schedule, data=data)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("case", range(CASES))
def test_chunks_in_any_encoding_give_the_same_tables(case: int, encoding: str) -> None:
    touchpoints, schedule = Touchpoints(TOUCHPOINTS), case_schedule(case)
    events = in_order(case_events(case, 600), scope=shared_scope(schedule), touchpoints=touchpoints)
    random = Random(case)
    ends = [random.randint(0, len(events)) for _ in range(case % 7)]
    check(ENCODINGS[encoding](events), schedule, ends=ends, touchpoints=touchpoints)
