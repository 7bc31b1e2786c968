"""Buckets and keys with more events than a task may have in memory."""

from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.support.event_strategies import START_US, STEP_US
from tests.support.facts import event
from tests.support.lakes import (
    append_files,
    counts_of,
    increments_of,
    lake_meaning,
    made_lake,
    random_events,
    run,
    written_files,
)
from tests.support.ledgers import Schedule, ledger_in_memory
from tests.support.table_meaning import whole_meaning

from botmeter.lake.stages import TaskLimits
from botmeter.ledger.restatements import restatements
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT, Policy, Require

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow

Event = dict[str, Any]
# A tenth of the events of a run, half of those that one customer has in it, and fewer keys than some buckets have.
FEW = TaskLimits(find_keys=5, remeter_events=20, derive_rows=8)
DAY_STEPS = 96

POLICIES: dict[str, Schedule] = {
    "anchored": [(FRESHCHAT, ALWAYS_US)],
    "calendar": [(Policy(calendar="day", timezone="Asia/Kathmandu", max_turns=5, turn_of="any"), ALWAYS_US)],
    "exchange": [(Policy(opens_on="exchange", idle_timeout_us=8 * STEP_US, require=Require(min_bot=1)), ALWAYS_US)],
    "of bots": [(Policy(scope=("customer", "bot", "channel"), max_duration_us=12 * STEP_US), ALWAYS_US)],
    "without an end": [(Policy(exclude=frozenset(["test"])), ALWAYS_US)],
    "of two scopes": [
        (FRESHCHAT, ALWAYS_US),
        (Policy(scope=("customer", "conversation"), idle_timeout_us=4 * STEP_US), START_US + 100 * STEP_US),
    ],
    "without a shared key": [
        (FRESHCHAT, ALWAYS_US),
        (Policy(scope=("conversation",), idle_timeout_us=4 * STEP_US), START_US + 100 * STEP_US),
    ],
}


def skewed_events(random: Random, count: int) -> list[Event]:
    """Events of which one customer has a fifth, many of them at the same instants."""
    events = random_events(random, count)
    for each in random.sample(events, count // 5):
        each["customer_id"] = "large"
        each["occurred_at"] = START_US + random.randint(0, 3 * DAY_STEPS) * STEP_US
    return events


@pytest.mark.parametrize("name", POLICIES)
def test_a_key_in_many_chunks_has_the_tables_of_a_ledger_after_each_increment(tmp_path: Path, name: str) -> None:
    random = Random(name)
    schedule = POLICIES[name]
    ledger, root = ledger_in_memory(schedule), made_lake(tmp_path / "lake", schedule)
    events = skewed_events(random, 600)
    for number, pieces in enumerate(increments_of(events, random, increments=3)):
        files = written_files(tmp_path, f"{number}", *pieces)
        outcome = run(root, files, limits=FEW)
        assert [counts_of(receipt) for receipt in outcome.receipts.values()] == append_files(ledger, files)
        assert lake_meaning(root, outcome.record) == whole_meaning(ledger)


@pytest.mark.parametrize("name", ["anchored", "calendar"])
def test_a_late_event_in_a_large_key_changes_only_sessions_of_its_day(tmp_path: Path, name: str) -> None:
    schedule = POLICIES[name]
    ledger, root = ledger_in_memory(schedule), made_lake(tmp_path / "lake", schedule)
    days = [event(f"e{number}", START_US + number * 8 * STEP_US, customer_id="large") for number in range(200)]
    late = [event("late", START_US + 801 * STEP_US, customer_id="large")]
    for number, piece in enumerate((days, late)):
        files = written_files(tmp_path, f"{number}", piece)
        record = run(root, files, limits=FEW).record
        append_files(ledger, files)
        assert lake_meaning(root, record) == whole_meaning(ledger)
    assert 1 <= record.counts["sessions"] <= 3


def test_days_restated_by_many_tasks_list_the_sessions_and_events_that_a_ledger_lists(tmp_path: Path) -> None:
    schedule = POLICIES["anchored"]
    ledger, root = ledger_in_memory(schedule), made_lake(tmp_path / "lake", schedule)
    before, early = (
        [
            event(f"{name}{number}", START_US + (steps + number % 2 * DAY_STEPS) * STEP_US, customer_id=f"c{number}")
            for number in range(260)
        ]
        for name, steps in (("e", 40), ("early", 30))
    )
    later = event("later", START_US + 3 * DAY_STEPS * STEP_US)
    for number, piece in enumerate(([*before, later], early)):
        files = written_files(tmp_path, f"{number}", piece)
        record = run(root, files, limits=TaskLimits(remeter_events=60, restated_days=1)).record
        append_files(ledger, files)
    assert lake_meaning(root, record) == whole_meaning(ledger)
    for restated in restatements(ledger):
        assert {len(each) for each in (restated.removed, restated.added, restated.because)} == {100}
        assert restated.because_count == 130
