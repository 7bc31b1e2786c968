"""Sessions that start at one instant are in the order of the events that opened them, everywhere."""

from collections import Counter
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from botmeter.domain.period import Period
from botmeter.metering.policy import Policy
from botmeter.reports.explain import explain
from botmeter.reports.explanation import Explanation, Neighbour
from botmeter.reports.query import UsageQuery
from botmeter.reports.simulate import REASONS, simulate
from support.event_strategies import crowded_event_lists, policies, schedules, turn_policies
from support.examples import examples
from support.facts import filled_ledger
from support.oracle import Event, OracleSession, event_order, is_beyond, sessions

EXAMPLES = examples(cost=2)
ALL_DAYS = UsageQuery(period=Period(first_on=date(2026, 3, 6), last_on=date(2026, 3, 9)))
FIELDS = {"customer": "customer_id", "bot": "bot_id", "channel": "channel", "conversation": "conversation_id"}


def rules() -> st.SearchStrategy[Policy]:
    return st.one_of(turn_policies(), turn_policies(), policies())


def key_of(session: OracleSession) -> dict[str, Any]:
    return {FIELDS[name]: session.opening[FIELDS[name]] for name in session.policy.scope}


def name_of(event: Event) -> tuple[str, str]:
    return event["source"], event["event_id"]


def is_within(event: Event, session: OracleSession) -> bool:
    """True from the opening of a session to its end; an event that ends it is the last one."""
    if event_order(event) < event_order(session.opening):
        return False
    if session.closing is not None:
        is_past_it = event_order(event) > event_order(session.closing)
        return not is_past_it and (event is not session.closing or session.closed_by == "end")
    return not is_beyond(session, event["occurred_at"])


def explained_by_hand(session: OracleSession, every: list[OracleSession], *, events: list[Event]) -> dict[str, Any]:
    of_key = [event for event in events if key_of(session).items() <= event.items()]
    within = [event for event in of_key if is_within(event, session)]
    later = [event for event in of_key if event_order(event) > event_order(within[-1])]
    next_message = next((event for event in later if event["kind"] == "message"), None)
    own = [one for one in every if key_of(one) == key_of(session)]
    place = next(place for place, one in enumerate(own) if one is session)
    opened = next((one for one in every if one.opening is next_message), None)
    after = own[place + 1] if opened is None and place + 1 < len(own) else opened
    return {
        "events": [(*name_of(event), name_of(event) in session.event_ids) for event in within],
        "before": own[place - 1].session_id if place else None,
        "next": None if next_message is None else name_of(next_message),
        "opened": opened is not None,
        "after": None if after is None else after.session_id,
    }


def as_by_hand(explanation: Explanation) -> dict[str, Any]:
    following = explanation.next_event
    return {
        "events": [(event.source, event.event_id, event.takes_part) for event in explanation.events],
        "before": id_of(explanation.before),
        "next": None if following is None else (following.source, following.event_id),
        "opened": explanation.opened_next,
        "after": id_of(explanation.after),
    }


def id_of(neighbour: Neighbour | None) -> str | None:
    return None if neighbour is None else neighbour.session_id


def reasons_by_hand(events: list[Event], this: Policy, *, other: Policy) -> Counter[str]:
    """Reasons of the sessions that open under one policy alone."""
    others = sessions(events, other)
    opened = {name_of(session.opening) for session in others}
    inside = {name for session in others for name in session.event_ids}
    closed_by: dict[Any, str] = {}
    reasons: Counter[str] = Counter()
    for session in sessions(events, this):
        opening, before = name_of(session.opening), closed_by.get(session.key)
        closed_by[session.key] = session.closed_by
        if opening not in opened:
            reasons[(before or "scope") if opening in inside else "taking_part"] += 1
    return reasons


@given(crowded_event_lists(), schedules(rules()))
@EXAMPLES
def test_an_explanation_names_the_events_and_neighbours_that_the_order_of_events_gives(
    events: list[Event], schedule: Any
) -> None:
    every, ordered = sessions(events, schedule), sorted(events, key=event_order)
    ledger = filled_ledger(events, schedule)
    try:
        for session in every[:: max(1, len(every) // 4)]:
            explanation = explain(ledger, session.session_id, now_us=session.start_us)
            assert as_by_hand(explanation) == explained_by_hand(session, every, events=ordered)
    finally:
        ledger.connection.close()


@given(crowded_event_lists(), rules(), rules())
@EXAMPLES
def test_a_simulation_gives_the_reasons_that_the_order_of_events_gives(
    events: list[Event], first: Policy, second: Policy
) -> None:
    ledger = filled_ledger(events, first)
    try:
        [difference] = simulate(ledger, ALL_DAYS, policies=[first, second]).differences
    finally:
        ledger.connection.close()
    assert difference.more == reasons_by_hand(events, second, other=first)
    assert difference.fewer == reasons_by_hand(events, first, other=second)
    assert REASONS.keys() >= {*difference.more, *difference.fewer}
