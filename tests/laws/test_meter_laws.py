"""Laws of the meter, for any events and any policy."""

from collections import Counter
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.support import oracle
from tests.support.event_forms import meter_table
from tests.support.event_strategies import (
    FIXED_WINDOW,
    START_US,
    crowded_event_lists,
    dense_event_lists,
    event_lists,
    events,
    policies,
    schedules,
    turn_policies,
)

from botmeter.domain.session import ClosedBy
from botmeter.metering.meter import Metered, sessions_with_members
from botmeter.metering.policy import FRESHCHAT, InForce, Policy
from botmeter.metering.touchpoints import Touchpoints

Event = dict[str, Any]
Row = dict[str, Any]
SCOPES = ("customer", "bot", "channel", "conversation")


def metered(
    event_list: list[Event], schedule: list[tuple[Policy, int]]
) -> tuple[Metered, list[int | None], Touchpoints]:
    touchpoints = Touchpoints()
    table = meter_table(event_list, touchpoints)
    in_force = tuple(InForce(policy=policy, from_us=from_us) for policy, from_us in schedule)
    result, members = sessions_with_members(table, schedule=in_force, touchpoints=touchpoints)
    return result, members.to_pylist(), touchpoints


def session_rows(event_list: list[Event], schedule: list[tuple[Policy, int]]) -> list[Row]:
    """The meter's sessions with their parts and members, as the oracle's are put by `oracle_rows`."""
    result, of_event, touchpoints = metered(event_list, schedule)
    rows: list[Row] = result.sessions.to_pylist()
    for row in rows:
        row["opening_touchpoint"] = tuple(touchpoints.all()[row["opening_touchpoint"]])
        row["closed_by"] = ClosedBy(row["closed_by"]).name.lower()
        row["participations"], row["members"] = Counter(), set()
    for part in result.participations.to_pylist():
        where = part["conversation_id"], tuple(touchpoints.all()[part["touchpoint"]])
        assert where not in rows[part["session_row"]]["participations"]
        rows[part["session_row"]]["participations"][where] = part["event_count"]
    for event, row_number in zip(event_list, of_event, strict=True):
        if row_number is not None:
            rows[row_number]["members"].add((event["source"], event["event_id"]))
    return rows


def oracle_rows(event_list: list[Event], schedule: list[tuple[Policy, int]]) -> list[Row]:
    return [
        {
            "session_id": session.session_id,
            "policy": session.position,
            "customer_id": session.opening["customer_id"],
            "conversation_id": session.opening["conversation_id"],
            "source": session.opening["source"],
            "opening_event_id": session.opening["event_id"],
            "opening_touchpoint": tuple(session.opening[name] for name in ("bot_id", "bot_version", "channel")),
            "started_at": session.start_us,
            "ended_at": session.end_us,
            "last_event_at": session.last_event_us,
            "event_count": len(session.members),
            "closed_by": session.closed_by,
            "preview": session.preview,
            "participations": session.participations,
            "members": set(session.event_ids),
        }
        for session in oracle.sessions(event_list, schedule)
    ]


def always(policy: Policy) -> list[tuple[Policy, int]]:
    return [(policy, -(2**62))]


def count(event_list: list[Event], policy: Policy) -> int:
    return len(metered(event_list, always(policy))[0].sessions)


@given(event_lists(), schedules())
def test_the_meter_and_the_oracle_agree_on_every_column(
    event_list: list[Event], schedule: list[tuple[Policy, int]]
) -> None:
    assert session_rows(event_list, schedule) == oracle_rows(event_list, schedule)


@given(dense_event_lists(), policies())
def test_the_meter_and_the_oracle_agree_on_every_column_of_long_sessions(
    event_list: list[Event], policy: Policy
) -> None:
    assert session_rows(event_list, always(policy)) == oracle_rows(event_list, always(policy))


@given(crowded_event_lists(), schedules(turn_policies()))
def test_the_meter_and_the_oracle_agree_on_every_column_and_the_order_of_events_at_few_instants(
    event_list: list[Event], schedule: list[tuple[Policy, int]]
) -> None:
    assert session_rows(event_list, schedule) == oracle_rows(event_list, schedule)


@given(st.data(), event_lists(), schedules())
def test_the_order_in_which_events_arrive_changes_nothing(
    data: st.DataObject, event_list: list[Event], schedule: list[tuple[Policy, int]]
) -> None:
    shuffled = data.draw(st.permutations(event_list))
    assert session_rows(shuffled, schedule) == session_rows(event_list, schedule)


@given(event_lists(), events())
def test_one_more_event_adds_no_session_or_one_under_a_fixed_window(event_list: list[Event], more: Event) -> None:
    one = {**more, "source": "more", "event_id": "more"}
    assert count([*event_list, one], FIXED_WINDOW) - count(event_list, FIXED_WINDOW) in (0, 1)


@given(event_lists(), schedules())
def test_every_member_is_counted_once_and_lies_within_its_session(
    event_list: list[Event], schedule: list[tuple[Policy, int]]
) -> None:
    result, of_event, _ = metered(event_list, schedule)
    rows = result.sessions.to_pylist()
    assert sum(row["event_count"] for row in rows) == len(of_event) - of_event.count(None)
    assert sum(result.participations["event_count"].to_pylist()) == sum(row["event_count"] for row in rows)
    assert len({row["session_id"] for row in rows}) == len(rows)
    for event, row_number in zip(event_list, of_event, strict=True):
        if row_number is not None:
            row = rows[row_number]
            assert row["started_at"] <= event["occurred_at"] <= row["last_event_at"]
            assert row["ended_at"] is None or event["occurred_at"] <= row["ended_at"]


@given(event_lists(), st.sets(st.sampled_from(SCOPES[1:])), st.sets(st.sampled_from(SCOPES[1:])))
def test_a_finer_scope_never_lowers_the_count_under_a_fixed_window(
    event_list: list[Event], some: set[str], more: set[str]
) -> None:
    coarse = replace(FIXED_WINDOW, scope=("customer", *sorted(some)))
    fine = replace(FIXED_WINDOW, scope=("customer", *sorted(some | more)))
    assert count(event_list, coarse) <= count(event_list, fine)


@given(event_lists())
def test_what_bots_say_never_changes_the_default_count(event_list: list[Event]) -> None:
    without = [event for event in event_list if event["actor"] != "bot"]
    assert count(event_list, FRESHCHAT) == count(without, FRESHCHAT)


@given(event_lists(), policies())
def test_events_of_other_keys_do_not_touch_each_other(event_list: list[Event], policy: Policy) -> None:
    """A customer alone has the sessions that they have among all others."""
    alone = replace(policy, scope=("customer", *(name for name in policy.scope if name != "customer")))
    mine = [event for event in event_list if event["customer_id"] == "c1"]
    among_all = [row for row in session_rows(event_list, always(alone)) if row["customer_id"] == "c1"]
    assert session_rows(mine, always(alone)) == among_all
    assert all(row["started_at"] >= START_US - 1 for row in among_all)
