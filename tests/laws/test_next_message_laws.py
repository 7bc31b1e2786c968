"""The next message, from running sessions in memory, does what the meter says of the same events and that message."""

from dataclasses import replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.support.event_forms import meter_table
from tests.support.event_strategies import crowded_event_lists, dense_event_lists, event_lists, policies, schedules

from botmeter.metering.meter import sessions_with_members
from botmeter.metering.policy import ALWAYS_US, InForce, Policy, Require
from botmeter.metering.schedule_scopes import ScheduleScopes
from botmeter.metering.scope_states import Message, NextMessage
from botmeter.metering.touchpoints import Touchpoints

Event = dict[str, Any]
LAST_ID = "\U0010ffff"
MESSAGES = st.builds(
    Message,
    customer_id=st.sampled_from(["c1", "c1", "c2", "new"]),
    bot_id=st.sampled_from(["b1", "b2"]),
    channel=st.sampled_from(["web", "sms"]),
    conversation_id=st.sampled_from(["v1", "v2", ""]),
)


def metered(events: list[Event], schedule: list[tuple[Policy, int]]) -> tuple[list[dict[str, Any]], list[int | None]]:
    touchpoints = Touchpoints()
    table = meter_table(events, touchpoints)
    in_force = tuple(InForce(policy=policy, from_us=from_us) for policy, from_us in schedule)
    result, members = sessions_with_members(table, schedule=in_force, touchpoints=touchpoints)
    return result.sessions.to_pylist(), members.to_pylist()


def by_the_meter(
    events: list[Event], schedule: list[tuple[Policy, int]], *, message: Message, at_us: int
) -> tuple[bool, str | None, int | None]:
    """Meter the events with the message, and with the bot's answer where that can open a session."""
    sent = {
        "source": "s",
        "event_id": LAST_ID,
        "occurred_at": at_us,
        "conversation_id": message.conversation_id or "a conversation that no event names",
        "customer_id": message.customer_id,
        "actor": "customer",
        "kind": "message",
        "bot_id": message.bot_id,
        "bot_version": None,
        "channel": message.channel,
        "preview": None,
        "attributes": None,
    }
    # A session can begin before it has the messages that count it.
    begun = [(replace(policy, require=Require(max_agent=policy.require.max_agent)), at) for policy, at in schedule]
    sessions, session_of = metered([*events, sent], begun)
    row = session_of[-1]
    if row is None:
        answered = [*events, sent, {**sent, "actor": "bot", "event_id": f"{LAST_ID}1"}]
        _, session_of = metered(answered, [(policy, at) for policy, at in begun])
        opens_on_answer = any(policy.opens_on in ("outbound", "exchange") for policy, _ in schedule)
        return opens_on_answer and session_of[-1] is not None, None, None
    if sessions[row]["opening_event_id"] == LAST_ID:
        return True, None, None
    counted = {each["session_id"]: each["ended_at"] for each in metered(events, schedule)[0]}
    session_id = sessions[row]["session_id"]
    if session_id not in counted:
        return True, None, None
    return False, session_id, counted[session_id]


def in_memory(
    batches: list[list[Event]], schedule: list[tuple[Policy, int]], *, message: Message, at_us: int
) -> tuple[NextMessage, ScheduleScopes]:
    in_force = tuple(InForce(policy=policy, from_us=from_us) for policy, from_us in schedule)
    scopes = ScheduleScopes(in_force, is_complete=True)
    touchpoints = Touchpoints()
    for batch in batches:
        table = meter_table(batch, touchpoints)
        scopes.add(table, touchpoints=touchpoints.all())
    return scopes.next_message(message, at_us=at_us), scopes


def cut(events: list[Event], sizes: list[int]) -> list[list[Event]]:
    ordered = sorted(events, key=lambda event: event["occurred_at"])
    batches, first = [], 0
    for size in sizes:
        batches.append(ordered[first : first + size])
        first += size
    return [batch for batch in [*batches, ordered[first:]] if batch]


def check(
    events: list[Event], schedule: list[tuple[Policy, int]], *, message: Message, after_us: int, sizes: list[int]
) -> None:
    at_us = max((event["occurred_at"] for event in events), default=0) + after_us
    try:
        found, _ = in_memory(cut(events, sizes), schedule, message=message, at_us=at_us)
    except LookupError:
        # Two batches share an instant, so the later one was late: its scope is read again.
        assume(False)
    session = found.session
    answer = found.opens_session, session and session.session_id, session and session.ended_at
    assert answer == by_the_meter(events, schedule, message=message, at_us=at_us)


DELAYS = st.sampled_from([0, 1, 15 * 60_000_000, 45 * 60_000_000, 2 * 3_600_000_000, 86_400_000_000])
SIZES = st.lists(st.integers(1, 12), max_size=6)


@given(st.one_of(event_lists(), dense_event_lists(), crowded_event_lists()), policies(), MESSAGES, DELAYS, SIZES)
def test_the_next_message_does_what_the_meter_says(
    events: list[Event], policy: Policy, message: Message, after_us: int, sizes: list[int]
) -> None:
    check(events, [(policy, ALWAYS_US)], message=message, after_us=after_us, sizes=sizes)


@given(st.one_of(event_lists(), dense_event_lists()), schedules(), MESSAGES, DELAYS)
def test_it_does_so_while_policies_follow_one_another(
    events: list[Event], schedule: list[tuple[Policy, int]], message: Message, after_us: int
) -> None:
    check(events, schedule, message=message, after_us=after_us, sizes=[])
