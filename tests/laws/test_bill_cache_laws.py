"""Sessions of a cycle that are read in part are those that are read anew, however events come and facts change."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.laws.test_plan_session_laws import pinned
from tests.support.event_strategies import START_US, crowded_event_lists, dense_event_lists, policies, schedules
from tests.support.ledgers import NOW_US, append_events, ledger_in_memory

from botmeter.billing.account_bill import BillCache, cycle_sessions
from botmeter.billing.plan import CycleRule, Meter, Plan
from botmeter.billing.plan_terms import AccountCycle, PlanTerm, account_cycle_at
from botmeter.domain.instant import DAY_US
from botmeter.ledger.billing.corrections import CorrectionKind, correct_session
from botmeter.ledger.customers import SameCustomer, merge_customers
from botmeter.ledger.ledger import Ledger
from botmeter.metering.policy import Policy
from support.examples import examples

Event = dict[str, Any]
FEW = examples(cost=40, shrinks=False)


def year(policy: Policy) -> AccountCycle:
    """Year around the events, counted by the account's own policy and by one of the plan."""
    rule = CycleRule(every="year", anchor=date(2026, 1, 1))
    plan = Plan(name="plan", currency="EUR", cycle=rule, meters=(Meter(), Meter()))
    return account_cycle_at([PlanTerm(plan=plan, from_us=START_US - 30 * DAY_US, policies=((), (policy,)))], START_US)


def change(ledger: Ledger, data: st.DataObject, *, events: list[Event]) -> None:
    """Correct a session, or merge two customers."""
    ids = [each["session_id"] for each in cycle_sessions(ledger, year(Policy(name="none")))[0].to_pylist()]
    customers = sorted({each["customer_id"] for each in events if each.get("customer_id")})
    is_correction = data.draw(st.booleans())
    if ids and is_correction:
        kind = data.draw(st.sampled_from(CorrectionKind))
        correct_session(ledger, data.draw(st.sampled_from(ids)), kind=kind, reason="a mistake", now_us=NOW_US)
    elif len(customers) > 1:
        pair = SameCustomer(customer_id=customers[0], alias=customers[1])
        merge_customers(ledger, [pair], now_us=NOW_US)


@pytest.mark.slow
@FEW
@given(st.data(), st.one_of(dense_event_lists(), crowded_event_lists()), schedules(), policies())
def test_sessions_read_in_part_are_those_read_anew(
    data: st.DataObject, events: list[Event], schedule: Any, policy: Policy
) -> None:
    ledger, cache, cycle = ledger_in_memory(schedule), BillCache(), year(policy)
    pinned(ledger, policy)
    in_order = sorted(events, key=lambda each: str(each["occurred_at"]))
    order = data.draw(st.one_of(st.just(in_order), st.permutations(events)))
    ends = sorted(data.draw(st.lists(st.integers(0, len(events)), max_size=4)))
    changed_after = data.draw(st.integers(0, 5))
    for number, (start, end) in enumerate(zip([0, *ends], [*ends, len(order)], strict=True)):
        append_events(ledger, *order[start:end])
        assert_same(ledger, cycle, cache=cache)
        if number == changed_after:
            change(ledger, data, events=events)
            assert_same(ledger, cycle, cache=cache)


def assert_same(ledger: Ledger, cycle: AccountCycle, *, cache: BillCache) -> None:
    read = [each.to_pylist() for each in cycle_sessions(ledger, cycle, cache=cache)]
    assert read == [each.to_pylist() for each in cycle_sessions(ledger, cycle)]
