"""A lake has the tables of a ledger that was sent the same files, whatever came late, twice or changed."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pyarrow as pa
import pytest
from tests.support.event_strategies import START_US, STEP_US
from tests.support.facts import event
from tests.support.lake_equality import POLICIES as CHECKED
from tests.support.lake_equality import compare_after_each_increment, demo_events, shuffled_events
from tests.support.lakes import (
    append_files,
    counts_of,
    lake_meaning,
    made_lake,
    random_increments,
    run,
    written_files,
)
from tests.support.ledgers import Schedule, ledger_in_memory
from tests.support.table_meaning import whole_meaning

from botmeter.lake.text_hash import text_hashes
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT, Policy, Require

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")

POLICIES: dict[str, Schedule] = {
    name: [(policy, ALWAYS_US)]
    for name, policy in {
        "the default": FRESHCHAT,
        "a calendar": Policy(calendar="day", timezone="Asia/Kathmandu"),
        "idle": Policy(idle_timeout_us=3 * STEP_US, idle_clock="customer", ends_on=frozenset(["resolved", "restart"])),
        "turns": Policy(max_turns=2, turn_of="any", max_duration_us=12 * STEP_US),
        "an exchange": Policy(opens_on="exchange", idle_timeout_us=8 * STEP_US),
        "what is required": Policy(max_duration_us=8 * STEP_US, require=Require(min_bot=1, max_agent=0)),
        "bots on channels": Policy(scope=("customer", "bot", "channel"), max_duration_us=12 * STEP_US),
        "conversations": Policy(scope=("conversation",), idle_timeout_us=4 * STEP_US, exclude=frozenset(["test"])),
    }.items()
}


@pytest.mark.slow
@pytest.mark.parametrize("name", POLICIES)
def test_every_table_equals_the_ledgers_after_each_increment(tmp_path: Path, name: str) -> None:
    random = Random(name)
    ledger, root = ledger_in_memory(POLICIES[name]), made_lake(tmp_path / "lake", POLICIES[name])
    # Small ones after a large one, so that many late events are within a session alone.
    for number, pieces in enumerate(random_increments(random, count=800, increments=20, together=16)):
        files = written_files(tmp_path, f"{number}", *pieces)
        outcome = run(root, files)
        assert [counts_of(receipt) for receipt in outcome.receipts.values()] == append_files(ledger, files)
        meaning = lake_meaning(root, outcome.record)
        assert meaning == whole_meaning(ledger)
    assert outcome.record.event_count == len(meaning["event"]) == 800


@pytest.mark.slow
@pytest.mark.parametrize("policy", CHECKED)
def test_five_increments_of_the_demo_have_the_tables_of_a_ledger(tmp_path: Path, policy: str) -> None:
    compare_after_each_increment(tmp_path, demo_events(6_000), policy=CHECKED[policy], seed=policy)


@pytest.mark.slow
@pytest.mark.parametrize("policy", CHECKED)
def test_five_increments_of_shuffled_events_have_the_tables_of_a_ledger(tmp_path: Path, policy: str) -> None:
    compare_after_each_increment(tmp_path, shuffled_events(2_000, seed=policy), policy=CHECKED[policy], seed=policy)


@pytest.mark.slow
def test_ids_with_the_same_hash_are_told_apart(tmp_path: Path) -> None:
    first, other = "event-001-of-two", "pt95z19j#hQorM#3"
    hashes = text_hashes(pa.array([first, other])).tolist()
    assert hashes[0] == hashes[1]
    ledger, root = ledger_in_memory([(FRESHCHAT, ALWAYS_US)]), made_lake(tmp_path / "lake", [(FRESHCHAT, ALWAYS_US)])
    pieces = [
        [event(first, START_US)],
        [event(other, START_US + STEP_US), event(first, START_US), event(first, START_US, channel="other")],
    ]
    for number, piece in enumerate(pieces):
        files = written_files(tmp_path, f"{number}", piece)
        outcome = run(root, files)
        assert [counts_of(receipt) for receipt in outcome.receipts.values()] == append_files(ledger, files)
    assert outcome.record.event_count == 2
    assert lake_meaning(root, outcome.record) == whole_meaning(ledger)


@pytest.mark.slow
def test_a_run_is_idempotent_by_its_input_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = made_lake(tmp_path / "lake", POLICIES["the default"])
    first, second = random_increments(Random(5), count=80, increments=2)
    files = written_files(tmp_path, "a", *first)
    once = run(root, files)
    again = run(root, files)
    assert again.record == once.record
    assert list(again.known) == [file.path for file in files]
    assert again.receipts == {}
    monkeypatch.chdir(tmp_path)
    by_name = run(root, [replace(file, path=Path(file.path).name) for file in files])
    assert by_name.known == again.known
    more = run(root, [*files, *written_files(tmp_path, "b", *second)])
    assert len(more.receipts) == 2
    assert more.record.number == once.record.number + 1
