"""A lake beside a ledger that is sent the same files: events of several kinds, under five policies, in five increments.

The tests of one machine, of the shared datasets and of Spark run these.
"""

import gzip
import json
from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

from tests.support.lakes import (
    Event,
    append_files,
    counts_of,
    increments_of,
    lake_meaning,
    made_lake,
    random_events,
    run,
    written_files,
)
from tests.support.ledgers import NOW_US, ledger_in_memory
from tests.support.table_meaning import whole_meaning

from botmeter.demo.account import DEMO_SEED, demo_batches
from botmeter.domain.account import Account
from botmeter.domain.errors import Missing
from botmeter.domain.event import Actor, Kind
from botmeter.domain.instant import MICROSECONDS_PER_SECOND
from botmeter.lake.engine import Engine
from botmeter.lake.lake_ledger import connection_to
from botmeter.lake.record import LakeRecord
from botmeter.lake.root import LakeRoot
from botmeter.ledger.ledger import Ledger
from botmeter.ledger.restatements import restatements
from botmeter.metering.policy import ALWAYS_US, Policy, Require
from botmeter.reports.explain import explain
from botmeter.reports.explanation_json import explanation_as_mapping

INCREMENTS = 5
_MINUTE_US = 60 * MICROSECONDS_PER_SECOND
_LATE_SHARE = 0.1
_EXPLAINED = 10

POLICIES = {
    "calendar": Policy(calendar="day", timezone="Asia/Kathmandu"),
    "idle": Policy(idle_timeout_us=30 * _MINUTE_US, idle_clock="any", ends_on=frozenset(["resolved", "restart"])),
    "turns": Policy(scope=("conversation",), max_turns=3, turn_of="customer", max_duration_us=180 * _MINUTE_US),
    "exchange": Policy(opens_on="exchange", idle_timeout_us=120 * _MINUTE_US),
    "require": Policy(max_duration_us=1440 * _MINUTE_US, require=Require(min_bot=1, max_agent=0)),
}


def compare_after_each_increment(
    folder: Path, events: list[Event], *, policy: Policy, seed: str, engine: Engine | None = None
) -> None:
    """Send events in increments to a lake and to a ledger.

    After each, all tables, receipts and restatements must be equal, at last explanations of restated sessions.
    """
    account = Account(name="acme", available_from=date(2010, 1, 1))
    schedule = [(policy, ALWAYS_US)]
    ledger = ledger_in_memory(schedule, account=account)
    root = made_lake(folder / "lake", schedule, account=account)
    # None: the last increment has added nothing.
    before = None
    for number, pieces in enumerate(increments_of(events, Random(seed), increments=INCREMENTS)):
        files = written_files(folder, f"{number}", *pieces)
        outcome = run(root, files, engine=engine)
        assert [counts_of(receipt) for receipt in outcome.receipts.values()] == append_files(ledger, files)
        meaning = lake_meaning(root, outcome.record)
        expected = whole_meaning(ledger)
        for table, rows in expected.items():
            assert meaning[table] == rows, f"{table} differs after increment {number}"
        assert meaning["session"] != before
        before = meaning["session"]
    check_explanations(root, outcome.record, ledger=ledger)
    assert outcome.record.event_count == len(meaning["event"]) == len(events)


def check_explanations(root: LakeRoot, record: LakeRecord, *, ledger: Ledger) -> None:
    """Compare the explanations of some sessions that late events changed."""
    with connection_to(root, record) as connection:
        explained = _explanations(Ledger(connection))
    assert explained == _explanations(ledger)
    assert all(each["restatements"] for each in explained)
    assert len(explained) == _EXPLAINED


def _explanations(ledger: Ledger) -> list[dict[str, Any]]:
    """Explanations of some sessions that the last restatements added."""
    added = [session_id for each in reversed(restatements(ledger)) for session_id in each.added]
    explained: list[dict[str, Any]] = []
    for session_id in added:
        # A later one may have removed it.
        with suppress(Missing):
            explained.append(explanation_as_mapping(explain(ledger, session_id, now_us=NOW_US)))
        if len(explained) == _EXPLAINED:
            break
    return explained


def shuffled_events(count: int, *, seed: str) -> list[Event]:
    """Random events in no order."""
    return random_events(Random(seed), count)


def demo_events(count: int, *, now_us: int = NOW_US) -> list[Event]:
    """Events of the demo account, as many as `botmeter demo --events` makes, with late ones."""
    names = {
        "actor": {int(each): each.name.lower() for each in Actor},
        "kind": {int(each): each.name.lower() for each in Kind},
    }
    events = []
    for batch in demo_batches(seed=DEMO_SEED, now_us=now_us, events=count):
        for row in batch.events.to_pylist():
            attributes = row["attributes"]
            texts = {name: by_number[row[name]] for name, by_number in names.items()}
            events.append({**row, **texts, "attributes": None if attributes is None else json.loads(attributes)})
    return with_late_events(events)


def dataset_events(file: Path) -> list[Event]:
    """Events of a compressed file of the shared datasets, with late ones."""
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return with_late_events(map(json.loads, lines))


def with_late_events(events: Iterable[Event]) -> list[Event]:
    """Move a tenth of events in order of time to any later place."""
    events, random = list(events), Random(0)
    places = [
        random.uniform(place, len(events)) if random.random() < _LATE_SHARE else place for place in range(len(events))
    ]
    return [events[index] for index in sorted(range(len(events)), key=places.__getitem__)]
