"""A run adds and replaces exactly the rows that differ."""

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from tests.support.event_strategies import START_US, STEP_US
from tests.support.facts import event
from tests.support.lakes import append_files, lake_meaning, made_lake, random_increments, run, written_files
from tests.support.ledgers import ledger_in_memory
from tests.support.table_meaning import whole_meaning

from botmeter.domain.instant import DAY_US
from botmeter.lake.layout import REPLACED_BY, SCHEMAS
from botmeter.lake.record import LakeRecord, tables_at
from botmeter.lake.root import LakeRoot
from botmeter.lake.task_database import TableFiles, create_current_view, create_view
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT, Policy

pytest.importorskip("deltalake", reason="the extra botmeter[lake] is not installed")
pytestmark = pytest.mark.slow

Facts = dict[str, list[Any]]
HOUR_US = 3_600_000_000
GROUPS = {
    "session_replaced": ("session", "participation"),
    "conversation_replaced": ("conversation_day", "session_ticket"),
}


def facts_of(root: LakeRoot, record: LakeRecord, *, replacement: str) -> Facts:
    """Rows that count by the key that a replacement names, without the run that wrote them."""
    tables = tables_at(root, record.versions)
    available = TableFiles(root=root, files={name: tuple(table.files()) for name, table in tables.items()})
    facts: Facts = defaultdict(list)
    with duckdb.connect() as connection:
        for table in GROUPS[replacement]:
            create_current_view(connection, table, available=available)
            key = REPLACED_BY[table].key
            query = f"SELECT {key}, (COLUMNS(* EXCLUDE (run)))::VARCHAR FROM {table} ORDER BY ALL"
            for own, *row in connection.execute(query).fetchall():
                facts[own].append((table, *row))
    return facts


def keys_written(root: LakeRoot, record: LakeRecord, *, table: str, key: str) -> list[str]:
    """Keys of the rows that the record's run wrote to a table."""
    with duckdb.connect() as connection:
        files = tables_at(root, record.versions)[table].files()
        create_view(connection, table, files=files, schema=SCHEMAS[table], root=root)
        rows = connection.execute(f"SELECT {key} FROM {table} WHERE run = ?", [record.run]).fetchall()
    return [own for (own,) in rows]


def check_run(root: LakeRoot, before: LakeRecord, *, after: LakeRecord) -> int:
    """Compare what a run wrote with what differs; return the number of keys that do."""
    different = 0
    for replacement, tables in GROUPS.items():
        was, now = (facts_of(root, record, replacement=replacement) for record in (before, after))
        key = REPLACED_BY[tables[0]].key
        replaced = keys_written(root, after, table=replacement, key=key)
        assert sorted(replaced) == sorted(own for own in was if was[own] != now.get(own))
        added = {own for table in tables for own in keys_written(root, after, table=f"{table}_new", key=key)}
        assert added == {own for own in now if was.get(own) != now[own]}
        different += len(added) + len(replaced)
    return different


@pytest.mark.parametrize("policy", [FRESHCHAT, Policy(max_turns=2, turn_of="any", max_duration_us=12 * STEP_US)])
def test_a_run_writes_the_rows_that_differ_and_no_other(tmp_path: Path, policy: Policy) -> None:
    root = made_lake(tmp_path / "lake", [(policy, ALWAYS_US)])
    first, *later = random_increments(Random(11), count=600, increments=5)
    record = run(root, written_files(tmp_path, "first", *first)).record
    different = 0
    for number, pieces in enumerate(later):
        before, record = record, run(root, written_files(tmp_path, f"{number}", *pieces)).record
        different += check_run(root, before, after=record)
    assert different > 100


def test_a_late_event_leaves_the_later_sessions_as_they_are(tmp_path: Path) -> None:
    root = made_lake(tmp_path / "lake", [(FRESHCHAT, ALWAYS_US)])
    week_us = 7 * 86_400_000_000
    weekly = [
        event(f"e{number}-{hour}", START_US + number * week_us + hour * HOUR_US)
        for number in range(20)
        for hour in range(3)
    ]
    before = run(root, written_files(tmp_path, "a", weekly)).record
    late = event("late", START_US + 2 * week_us + STEP_US)
    after = run(root, written_files(tmp_path, "b", [late])).record
    # Its session stands for its earlier events: only the opening is metered with it.
    assert after.counts["metered"] == 2
    assert after.counts["sessions"] == len(keys_written(root, after, table="session_replaced", key="session_id")) == 1
    assert keys_written(root, after, table="conversation_day_new", key="conversation_id") == []
    check_run(root, before, after=after)


def test_a_late_event_that_opens_a_session_changes_those_that_it_reaches(tmp_path: Path) -> None:
    schedule = [(replace(FRESHCHAT, name="earlier"), ALWAYS_US), (FRESHCHAT, START_US - START_US % DAY_US)]
    ledger, root = ledger_in_memory(schedule), made_lake(tmp_path / "lake", schedule)
    hours = {"a": 0, "b": 30, "c": 50, "d": 90}
    early = [event(name, START_US + hour * HOUR_US) for name, hour in hours.items()]
    files = written_files(tmp_path, "a", early), written_files(tmp_path, "b", [event("late", START_US + 25 * HOUR_US)])
    before, after = (run(root, each).record for each in files)
    for each in files:
        append_files(ledger, each)
    # Its session takes the event of hour 30, so that that of hour 50 opens one; that of hour 90 is out of reach.
    assert (after.counts["metered"], after.counts["sessions"]) == (3, 2)
    assert len(keys_written(root, after, table="session_replaced", key="session_id")) == 1
    check_run(root, before, after=after)
    assert lake_meaning(root, after) == whole_meaning(ledger)


def test_a_session_that_no_longer_counts_is_not_opened_again(tmp_path: Path) -> None:
    # That of hour 20 belongs to the session of hour 0 since that was sent, which is over at hour 30.
    schedule = [(FRESHCHAT, ALWAYS_US)]
    ledger, root = ledger_in_memory(schedule), made_lake(tmp_path / "lake", schedule)
    for hour in (20, 0, 30):
        files = written_files(tmp_path, f"{hour}", [event(f"e{hour}", START_US + hour * HOUR_US)])
        append_files(ledger, files)
        after = run(root, files).record
    assert after.counts["metered"] == 1
    assert lake_meaning(root, after) == whole_meaning(ledger)


def test_messages_outside_every_session_join_the_one_that_a_late_event_opens(tmp_path: Path) -> None:
    # Each message of the bot restarts the clock, so that the customer's next one is of the late event's session.
    schedule = [(Policy(idle_timeout_us=HOUR_US, idle_clock="any"), ALWAYS_US)]
    ledger, root = ledger_in_memory(schedule), made_lake(tmp_path / "lake", schedule)
    bots = [event(f"b{hours}", START_US + hours * HOUR_US * 3 // 4, actor="bot") for hours in (1, 2)]
    next_message = event("next", START_US + 2 * HOUR_US)
    files = (
        written_files(tmp_path, "a", [*bots, next_message]),
        written_files(tmp_path, "b", [event("late", START_US)]),
    )
    for each in files:
        append_files(ledger, each)
        after = run(root, each).record
    assert after.counts["metered"] == 4
    assert lake_meaning(root, after) == whole_meaning(ledger)
