"""Laws of the ledger, for any events in any order and any batches."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.event_strategies import (
    START_US,
    STEP_US,
    crowded_event_lists,
    dense_event_lists,
    event_lists,
    policies,
    schedules,
)
from tests.support.facts import filled_ledger
from tests.support.ledgers import NOW_US, Schedule, append_events, ledger_in_memory, submissions
from tests.support.live_batches import append_live, live_batch
from tests.support.table_meaning import table_meaning

from botmeter.ledger import chunk_metering, partitions, remeter, usage_tables
from botmeter.ledger.append import append
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.settle import settle
from botmeter.ledger.verify import verify
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT, Policy, Require
from support.examples import examples

Event = dict[str, Any]

# An append costs dozens of statements, so an example takes most of a second, and making one smaller minutes.
FEW = examples(cost=30, shrinks=False)
LATER_US = START_US + 40 * STEP_US

POLICIES: dict[str, Schedule] = {
    name: [(policy, ALWAYS_US)]
    for name, policy in {
        "the default": FRESHCHAT,
        "a short window": Policy(max_duration_us=8 * STEP_US),
        "idle": Policy(idle_timeout_us=3 * STEP_US, idle_clock="customer", ends_on=frozenset(["resolved", "restart"])),
        "idle, its end included": Policy(idle_timeout_us=4 * STEP_US, inclusive_end=True, exclude=frozenset(["test"])),
        "turns": Policy(max_turns=2, turn_of="any", max_duration_us=12 * STEP_US),
        "a calendar": Policy(calendar="day", timezone="Asia/Kathmandu"),
        "no limit": Policy(participants="bot+agent"),
        "what is required": Policy(max_duration_us=8 * STEP_US, require=Require(min_bot=1, max_agent=0)),
        "agents void it": Policy(participants="bot+agent", idle_timeout_us=4 * STEP_US, require=Require(max_agent=0)),
        "an exchange": Policy(opens_on="exchange", idle_timeout_us=8 * STEP_US),
        "conversations": Policy(scope=("conversation",), idle_timeout_us=4 * STEP_US, ends_on=frozenset(["handoff"])),
        "bots": Policy(scope=("bot",), max_duration_us=4 * STEP_US, exclude=frozenset(["preview"])),
        "channels": Policy(scope=("channel", "customer"), max_duration_us=12 * STEP_US),
    }.items()
} | {
    "another window": [(FRESHCHAT, ALWAYS_US), (Policy(name="later", max_duration_us=4 * STEP_US), LATER_US)],
    "another scope": [
        (Policy(scope=("customer", "bot"), idle_timeout_us=8 * STEP_US), ALWAYS_US),
        (Policy(name="later", scope=("bot",), max_duration_us=8 * STEP_US), LATER_US),
    ],
    "another filter": [
        (Policy(exclude=frozenset(["preview"])), ALWAYS_US),
        (Policy(name="later", max_duration_us=8 * STEP_US), LATER_US),
    ],
}

# The other policies run in the lane of laws alone.
FAST = {"the default"}


def policies_named(*names: str) -> "pytest.MarkDecorator":
    marks = {name: () if name in FAST else (pytest.mark.slow,) for name in names}
    return pytest.mark.parametrize("name", [pytest.param(name, marks=marks[name]) for name in names])


def enriched(events: list[Event]) -> list[Event]:
    """The events with tickets and bot names, which follow from their ids so that no drawing is needed."""
    for each in events:
        number = sum(map(ord, each["event_id"] + each["source"]))
        each["ticket_id"] = f"t{number % 3}" if number % 4 == 0 else None
        each["ticket_type"] = ("refund", "delivery", None)[number % 3] if number % 4 == 0 else None
        each["bot_name"] = f"Bot {number % 2}" if each["bot_id"] is not None and number % 3 == 0 else None
    return events


@st.composite
def arrivals(draw: st.DrawFn, events: list[Event]) -> list[list[Event]]:
    """The events in pieces as they arrive: in any order, some of them twice, in the same piece or later."""
    again = draw(st.lists(st.sampled_from(events), max_size=8)) if events else []
    order = draw(st.permutations([*events, *again]))
    ends = sorted(draw(st.lists(st.integers(0, len(order)), max_size=4)))
    return [order[start:end] for start, end in zip([0, *ends], [*ends, len(order)], strict=True)]


def assert_clean(ledger: Ledger) -> None:
    result = verify(ledger)
    assert result.is_clean, "\n".join(str(difference) for difference in result.differences)


def assert_arrivals_change_nothing(data: st.DataObject, events: list[Event], *, schedule: Schedule) -> None:
    events = enriched(events)
    pieces = ledger_in_memory(schedule)
    receipts = []
    with pytest.MonkeyPatch.context() as patch:
        # Of more events, large appends and `verify` meter slices of time, and give up if most would be metered twice.
        slice_events = data.draw(st.sampled_from([8, 400_000]))
        for module in (partitions, remeter):
            patch.setattr(module, "PARTITION_EVENTS_MAX", slice_events)
        patch.setattr(chunk_metering, "CHUNK_EVENTS", data.draw(st.sampled_from([4, 200_000])))
        # Of fewer events, sessions in memory are extended.
        patch.setattr(remeter, "EVENTS_MAX", data.draw(st.sampled_from([0, remeter.EVENTS_MAX])))
        for piece in data.draw(arrivals(events)):
            receipts.append(append_events(pieces, *piece))
            assert_clean(pieces)
    assert sum(receipt.accepted for receipt in receipts) == len(events)
    assert not any(receipt.conflicts or receipt.rejected for receipt in receipts)
    assert table_meaning(pieces) == table_meaning(filled_ledger(events, schedule))


@policies_named(*POLICIES)
@FEW
@given(st.data(), st.one_of(dense_event_lists(), crowded_event_lists()))
def test_any_order_batching_and_duplication_gives_what_the_oracle_says(
    name: str, data: st.DataObject, events: list[Event]
) -> None:
    assert_arrivals_change_nothing(data, events, schedule=POLICIES[name])


@FEW
@given(st.data(), event_lists(), schedules())
def test_it_does_so_under_any_policies(data: st.DataObject, events: list[Event], schedule: Schedule) -> None:
    assert_arrivals_change_nothing(data, events, schedule=schedule)


@FEW
@given(dense_event_lists(), policies())
def test_one_import_gives_what_the_oracle_says(events: list[Event], policy: Policy) -> None:
    whole = ledger_in_memory(policy)
    append_events(whole, *enriched(events))
    assert table_meaning(whole) == table_meaning(filled_ledger(events, policy))
    assert_clean(whole)


@pytest.mark.slow
@policies_named(*POLICIES)
@FEW
@given(st.data(), st.one_of(dense_event_lists(), crowded_event_lists()))
def test_an_import_metered_in_chunks_gives_what_the_oracle_says(
    name: str, data: st.DataObject, events: list[Event]
) -> None:
    in_order = sorted(enriched(events), key=lambda each: each["occurred_at"])
    # Some come late, and may be too late to be metered in chunks.
    for row in data.draw(st.lists(st.integers(1, max(1, len(events) - 1)), max_size=2)):
        in_order[row:row] = [in_order.pop(row // 2)]
    chunked = ledger_in_memory(POLICIES[name])
    # DuckDB gives no limit of a database in memory that could be lowered.
    chunked.has_readers = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunk_metering, "CHUNK_EVENTS", data.draw(st.integers(2, 12)))
        patch.setattr(chunk_metering, "CARRIED_MAX", 4)
        # Pieces of so many are inserted in the background.
        patch.setattr("botmeter.ledger.append.FLUSH_ROWS", data.draw(st.sampled_from([1, 5, 1_000])))
        # Of more participations, conversations are counted from the tables.
        patch.setattr(usage_tables, "PARTICIPATIONS_MAX", data.draw(st.sampled_from([3, 1_000])))
        # In slices of so many, when it is given up.
        patch.setattr(partitions, "PARTITION_EVENTS_MAX", data.draw(st.sampled_from([5, 400_000])))
        patch.setattr(chunk_metering, "AFTER_BOUNDARY", data.draw(st.sampled_from([0.1, 0.5])))
        pairs = [submissions(in_order[row : row + 2]) for row in range(0, len(in_order), 2)]
        append(chunked, [each for pair in pairs for each in pair], now_us=NOW_US)
    assert table_meaning(chunked) == table_meaning(filled_ledger(in_order, POLICIES[name]))


@pytest.mark.slow
@FEW
@given(dense_event_lists())
def test_live_events_in_order_one_by_one_give_what_the_oracle_says(events: list[Event]) -> None:
    events = sorted(enriched(events)[:25], key=lambda each: each["occurred_at"])
    live = ledger_in_memory()
    for each in events:
        append_events(live, each)
    assert table_meaning(live) == table_meaning(filled_ledger(events))
    assert_clean(live)


@policies_named("the default", "idle", "what is required", "another scope")
@FEW
@given(st.data(), dense_event_lists())
def test_live_events_give_what_an_import_gives_whenever_they_are_settled(
    name: str, data: st.DataObject, events: list[Event]
) -> None:
    events = enriched(events)
    ledger = ledger_in_memory(POLICIES[name])
    accepted = 0
    for piece in data.draw(arrivals(events)):
        if data.draw(st.booleans()):
            accepted += append_events(ledger, *piece).accepted
            continue
        own = [[each for each in piece if each["source"] == source] for source in {each["source"] for each in piece}]
        middles = [data.draw(st.integers(0, len(of_source))) for of_source in own]
        live_batches = [live_batch(each[:middle], each[middle:]) for each, middle in zip(own, middles, strict=True)]
        if live_batches:
            accepted += sum(receipt.accepted for receipt in append_live(ledger, *live_batches))
        if data.draw(st.booleans()):
            settle(ledger, now_us=NOW_US)
    settle(ledger, now_us=NOW_US)
    assert accepted == len(events)
    assert table_meaning(ledger) == table_meaning(filled_ledger(events, POLICIES[name]))
    assert_clean(ledger)


@FEW
@given(st.data(), dense_event_lists())
def test_a_refused_atomic_request_changes_nothing(data: st.DataObject, events: list[Event]) -> None:
    """Duplicates and conflicts in one commit, compared with a slow form of the rule."""
    events = [{**each, "source": "s"} for each in enriched(events[:6])]
    changed = [{**each, "channel": f"other than {each['channel']}"} for each in events]
    requests = (
        data.draw(st.lists(st.lists(st.sampled_from([*events, *changed]), max_size=4), min_size=1, max_size=6))
        if events
        else []
    )
    atomic = [number for number in range(len(requests)) if data.draw(st.booleans())]
    stored: dict[str, Event] = {}
    expected = []
    for number, request in enumerate(requests):
        attempt = dict(stored)
        outcomes = [attempt.setdefault(each["event_id"], each) for each in request]
        conflicts = sum(first != each for first, each in zip(outcomes, request, strict=True))
        if number in atomic and conflicts:
            expected.append(0)
            continue
        expected.append(len(attempt) - len(stored))
        stored = attempt
    ledger = ledger_in_memory()
    if requests:
        assert [receipt.accepted for receipt in append_live(ledger, live_batch(*requests, atomic=atomic))] == expected
    rows = ledger.connection.execute("SELECT event_id FROM arrival").fetchall()
    assert sorted(event_id for (event_id,) in rows) == sorted(stored)
