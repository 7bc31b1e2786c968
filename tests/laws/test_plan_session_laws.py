"""Sessions under a plan's policy are those of an account with that policy, however events come."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.event_strategies import START_US, crowded_event_lists, dense_event_lists, policies
from tests.support.facts import filled_ledger
from tests.support.ledgers import NOW_US, append_events, ledger_in_memory

from botmeter.domain.errors import BotmeterError
from botmeter.ledger.customers import SameCustomer, merge_customers, unmerge_customers
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.policies import set_policy
from botmeter.ledger.verify import verify
from botmeter.metering.policy import FRESHCHAT, Policy
from botmeter.metering.policy_text import policy_as_mapping
from support.examples import examples

Event = dict[str, Any]

FEW = examples(cost=30, shrinks=False)
COLUMNS = (
    "session_id::VARCHAR, customer_id, conversation_id, source, opening_event_id, bot_id, channel, "
    "started_at, ended_at, last_event_at, event_count, closed_by, preview"
)


def pinned(ledger: Ledger, policy: Policy) -> None:
    definition = {"name": policy.name, "version": policy.version, **policy_as_mapping(policy)}
    ledger.connection.execute(
        "INSERT INTO plan_term VALUES (1, ?, 'plan@1', '{}', ?, ?, NULL, NULL, NULL, NULL, NULL)",
        [START_US, json.dumps({policy.label: definition}), NOW_US],
    )


def sessions_of(ledger: Ledger, table: str) -> list[tuple[Any, ...]]:
    rows = f"SELECT {COLUMNS} FROM {table} JOIN touchpoint ON touchpoint = opening_touchpoint"
    return ledger.connection.execute(f"{rows} ORDER BY started_at, session_id").fetchall()


@pytest.mark.slow
@FEW
@given(st.data(), st.one_of(dense_event_lists(), crowded_event_lists()), policies())
def test_sessions_under_a_plans_policy_are_those_of_an_account_with_it(
    data: st.DataObject, events: list[Event], policy: Policy
) -> None:
    ledger = ledger_in_memory()
    pinned(ledger, policy)
    ends = sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=4)))
    order = data.draw(st.permutations(events))
    for start, end in zip([0, *ends], [*ends, len(order)], strict=True):
        append_events(ledger, *order[start:end])
    own = filled_ledger(events, policy)
    assert sessions_of(ledger, "plan_session") == sessions_of(own, "session")
    assert verify(ledger).is_clean


@pytest.mark.slow
@FEW
@given(dense_event_lists())
def test_a_policy_that_is_the_accounts_own_is_not_metered_apart(events: list[Event]) -> None:
    ledger = ledger_in_memory()
    pinned(ledger, FRESHCHAT)
    append_events(ledger, *events)
    assert sessions_of(ledger, "plan_session") == []
    other = Policy(name="other", max_duration_us=3_600_000_000)
    set_policy(ledger, other, from_on=None, now_us=NOW_US)
    assert sessions_of(ledger, "plan_session") == sessions_of(filled_ledger(events, FRESHCHAT), "session")


@pytest.mark.slow
@FEW
@given(st.data(), st.one_of(dense_event_lists(), crowded_event_lists()), policies())
def test_merges_change_the_sessions_under_a_plans_policy_as_those_of_an_account_with_it(
    data: st.DataObject, events: list[Event], policy: Policy
) -> None:
    # Beside many events of others, so that few are touched.
    others = [{**each, "event_id": f"o{number}", "customer_id": "other"} for number, each in enumerate(events * 5)]
    ledger, own = ledger_in_memory(), filled_ledger([*events, *others], policy)
    pinned(ledger, policy)
    append_events(ledger, *events, *others)
    customers = sorted({each["customer_id"] for each in events if each.get("customer_id")} | {"new"})
    for _ in range(data.draw(st.integers(1, 3))):
        customer, alias = data.draw(st.permutations(customers))[:2]
        pair = SameCustomer(customer_id=customer, alias=alias)
        change = data.draw(st.sampled_from((merge, unmerge)))
        for each in (ledger, own):
            with suppress(BotmeterError):
                change(each, pair)
        assert sessions_of(ledger, "plan_session") == sessions_of(own, "session")
    assert verify(ledger).is_clean


def merge(ledger: Ledger, pair: SameCustomer) -> None:
    merge_customers(ledger, [pair], now_us=NOW_US)


def unmerge(ledger: Ledger, pair: SameCustomer) -> None:
    unmerge_customers(ledger, [pair.alias], now_us=NOW_US)
