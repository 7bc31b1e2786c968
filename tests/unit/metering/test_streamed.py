"""Metering in chunks: what is running at a cut, and when sessions are given out."""

from collections.abc import Sequence

import pytest
from tests.support.event_forms import event_from_json, meter_table

from botmeter.domain.instant import DAY_US
from botmeter.metering.policy import Policy, schedule_of
from botmeter.metering.streamed import sessions_from_chunks
from botmeter.metering.touchpoints import Touchpoints

LAST_MOMENT = "2026-03-02T09:59:59.999999Z"
END = "2026-03-02T10:00:00Z"
START = "2026-03-01T10:00:00Z"


def event_counts(
    chunks: Sequence[Sequence[tuple[str, str]]], policy: Policy, *, scope: tuple[str, ...]
) -> list[list[int]]:
    """Events of the sessions that are given out for each chunk of customers and instants."""
    touchpoints, event_no = Touchpoints(), 0
    tables = []
    for chunk in chunks:
        events = []
        for customer, at in chunk:
            event_no += 1
            event = {"event_id": f"e{event_no}", "customer_id": customer, "occurred_at": at, "bot_id": "b"}
            events.append(event_from_json(event))
        tables.append(meter_table(events, touchpoints))
    metered = sessions_from_chunks(tables, schedule=schedule_of(policy), touchpoints=touchpoints, scope=scope)
    return [piece.sessions["event_count"].to_pylist() for piece in metered]


@pytest.mark.parametrize(("last", "includes"), [(LAST_MOMENT, False), (END, True)])
def test_events_of_the_last_instant_belong_to_the_session_on_both_sides_of_a_cut(last: str, includes: bool) -> None:
    policy = Policy(max_duration_us=DAY_US, inclusive_end=includes)
    chunks = [[("c", START), ("c", last)], [("c", last)]]
    assert event_counts(chunks, policy, scope=("customer",)) == [[], [], [3]]


def test_a_session_is_given_out_with_the_chunk_in_which_it_is_over() -> None:
    policy = Policy(max_duration_us=DAY_US)
    chunks = [[("c", START)], [("d", LAST_MOMENT)], [("d", END)]]
    assert event_counts(chunks, policy, scope=()) == [[], [], [1], [2]]


def test_a_session_without_an_end_is_given_out_with_the_next_key() -> None:
    chunks = [[("c", START)], [("c", END), ("d", START)], [("d", END)]]
    assert event_counts(chunks, Policy(), scope=("customer",)) == [[], [2], [], [2]]


def test_no_events_have_no_sessions() -> None:
    assert event_counts([], Policy(), scope=("customer",)) == []
    assert event_counts([[], []], Policy(), scope=("customer",)) == []
