"""Laws of merged customers, for any events and policies and any order of merges and events."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.event_strategies import dense_event_lists, event_lists, schedules
from tests.support.facts import filled_ledger
from tests.support.ledgers import NOW_US, Schedule, append_events, ledger_in_memory
from tests.support.table_meaning import table_meaning

from botmeter.domain.errors import Refused
from botmeter.ledger.customers import SameCustomer, customer_aliases, merge_customers, unmerge_customers
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.verify import verify
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT
from support.examples import examples

Event = dict[str, Any]
CUSTOMERS = ["c1", "c2", "c3", "c4"]
FEW = examples(cost=30, shrinks=False)


@st.composite
def merges(draw: st.DrawFn) -> list[SameCustomer]:
    """Pairs that can each be merged after those before it."""
    who_counts = {customer: customer for customer in CUSTOMERS}
    merges = []
    for _ in range(draw(st.integers(1, 3))):
        alias, customer_id = draw(st.permutations(CUSTOMERS))[:2]
        if who_counts[alias] == alias and who_counts[customer_id] != alias:
            merges.append(SameCustomer(customer_id=customer_id, alias=alias))
            for each, counts in who_counts.items():
                if counts == alias:
                    who_counts[each] = who_counts[customer_id]
    return merges


def spread(events: list[Event]) -> list[Event]:
    """The events among more customers, some of whom share conversations; some with a ticket."""
    for each in events:
        number = sum(map(ord, each["event_id"] + each["source"]))
        each["customer_id"] = CUSTOMERS[number % len(CUSTOMERS)]
        each["ticket_id"] = f"t{number % 3}" if number % 5 == 0 else None
        each["ticket_type"] = None
    return events


def renamed(events: list[Event], merges: list[SameCustomer]) -> list[Event]:
    """The events as if each had been sent under the customer who counts."""
    same = {pair.alias: pair.customer_id for pair in merges}

    def last(customer_id: str) -> str:
        return last(same[customer_id]) if customer_id in same else customer_id

    return [{**each, "customer_id": last(each["customer_id"])} for each in events]


def merge_one_by_one(ledger: Ledger, merges: list[SameCustomer]) -> None:
    for pair in merges:
        merge_customers(ledger, [pair], now_us=NOW_US)


def assert_clean(ledger: Ledger) -> None:
    result = verify(ledger)
    assert result.is_clean, "\n".join(str(difference) for difference in result.differences)


def assert_merging_is_sending_so(events: list[Event], merges: list[SameCustomer], *, schedule: Schedule) -> None:
    merged = ledger_in_memory(schedule)
    append_events(merged, *events)
    merge_one_by_one(merged, merges)
    assert_clean(merged)
    assert table_meaning(merged) == table_meaning(filled_ledger(renamed(events, merges), schedule))


@FEW
@given(dense_event_lists(), merges(), schedules())
def test_a_merge_gives_what_an_import_under_the_one_id_gives(
    events: list[Event], merges: list[SameCustomer], schedule: Schedule
) -> None:
    assert_merging_is_sending_so(spread(events), merges, schedule=schedule)


@pytest.mark.slow
@FEW
@given(event_lists(), merges())
def test_merging_equals_sending_merged_ids_for_few_events(events: list[Event], merges: list[SameCustomer]) -> None:
    assert_merging_is_sending_so(spread(events), merges, schedule=[(FRESHCHAT, ALWAYS_US)])


@pytest.mark.slow
@FEW
@given(dense_event_lists(), merges(), schedules(), st.data())
def test_what_arrives_before_among_and_after_merges_counts_alike(
    events: list[Event], merges: list[SameCustomer], schedule: Schedule, data: st.DataObject
) -> None:
    events, mixed = spread(events), ledger_in_memory(schedule)
    ends = sorted(data.draw(st.lists(st.integers(0, len(events)), min_size=len(merges), max_size=len(merges))))
    for start, end, pair in zip([0, *ends], ends, merges, strict=False):
        append_events(mixed, *events[start:end])
        merge_customers(mixed, [pair], now_us=NOW_US)
    append_events(mixed, *events)
    assert_clean(mixed)
    assert table_meaning(mixed) == table_meaning(filled_ledger(renamed(events, merges), schedule))


@pytest.mark.slow
@FEW
@given(dense_event_lists(), merges(), schedules(), st.randoms(use_true_random=False))
def test_merges_undone_in_any_order_leave_no_trace(
    events: list[Event], merges: list[SameCustomer], schedule: Schedule, random: Any
) -> None:
    events, ledger = spread(events), ledger_in_memory(schedule)
    half = len(events) // 2
    append_events(ledger, *events[:half])
    merge_one_by_one(ledger, merges)
    append_events(ledger, *events[half:])
    for number, pair in enumerate(random.sample(merges, len(merges)), start=1):
        unmerge_customers(ledger, [pair.alias], now_us=NOW_US)
        if number < len(merges):
            assert_clean(ledger)
    assert_clean(ledger)
    assert table_meaning(ledger) == table_meaning(filled_ledger(events, schedule))


@FEW
@given(st.lists(st.tuples(st.sampled_from(CUSTOMERS), st.sampled_from(CUSTOMERS)), max_size=12))
def test_after_any_merges_every_id_belongs_to_one_customer_who_is_no_alias(merges: list[tuple[str, str]]) -> None:
    ledger = ledger_in_memory()
    for customer_id, alias in merges:
        try:
            merge_customers(ledger, [SameCustomer(customer_id=customer_id, alias=alias)], now_us=NOW_US)
        except Refused:
            continue
    pairs = customer_aliases(ledger)
    aliases = [one.alias for one in pairs]
    assert len(aliases) == len(set(aliases)) < len(CUSTOMERS)
    assert all(one.customer_id is not None and one.customer_id not in aliases for one in pairs)
