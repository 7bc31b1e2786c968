"""Accounts, ledgers and submissions from events in the oracle's form."""

import atexit
import json
import shutil
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from datetime import date
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import duckdb
import pyarrow as pa
from tests.support.facts import event as event_at
from tests.support.memory_databases import copy_of_database, ledger_database

from botmeter.domain.account import Account
from botmeter.domain.event import ACTOR_BY_NAME, FIELDS, KIND_BY_NAME
from botmeter.domain.instant import us_from_text
from botmeter.domain.receipt import Receipt, Rejection
from botmeter.ledger.append import Submission, append
from botmeter.ledger.folder import Folder
from botmeter.ledger.ledger import Ledger
from botmeter.metering.policy import ALWAYS_US, FRESHCHAT, Policy
from botmeter.metering.schema import EVENTS_SCHEMA, EventBatch
from botmeter.sources.attributes import attributes_text

Event = dict[str, Any]
Schedule = list[tuple[Policy, int]]

ACME = Account(name="acme", available_from=date(2022, 2, 4))
# Clock of the tests, after their events unless stated otherwise.
NOW_US = us_from_text("2026-06-01T12:00:00Z")


def event(event_id: str, at: str, **fields: Any) -> Event:
    """Customer's message to bot b1 on the web at `at` (`2026-03-01T10:00`, UTC), changed by `fields`."""
    return event_at(event_id, us_from_text(f"{at}:00Z" if len(at) == 16 else at), **fields)


def batch(events: Sequence[Event], *, first: int = 0, rejections: tuple[Rejection, ...] = ()) -> EventBatch:
    rows = [{name: each.get(name) for name in FIELDS} for each in events]
    for row in rows:
        row["actor"], row["kind"] = int(ACTOR_BY_NAME[row["actor"]]), int(KIND_BY_NAME[row["kind"]])
        if row["attributes"] is not None:
            row["attributes"] = attributes_text(row["attributes"])
    columns = []
    for field in EVENTS_SCHEMA:
        plain = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        columns.append(pa.array([row[field.name] for row in rows], plain).cast(field.type))
    positions = pa.array(range(first, first + len(rows)), pa.int64())
    return EventBatch(
        events=pa.Table.from_arrays(columns, schema=EVENTS_SCHEMA), positions=positions, rejections=rejections
    )


def submissions(events: Iterable[Event], *, label: str = "a file", is_pulled: bool = False) -> list[Submission]:
    """One submission of one batch per source."""
    by_source: dict[str, list[Event]] = {}
    for each in events:
        by_source.setdefault(each["source"], []).append(each)
    return [
        Submission(source=source, batches=[batch(own)], label=label, is_pulled=is_pulled)
        for source, own in by_source.items()
    ]


def append_events(
    ledger: Ledger, *events: Event, now_us: int = NOW_US, label: str = "a file", is_pulled: bool = False
) -> Receipt:
    """Append in one commit; return the summed receipt."""
    receipts = append(ledger, submissions(events, label=label, is_pulled=is_pulled), now_us=now_us)
    return Receipt.sum_of(receipts)


def made_account(folder: Folder, account: Account = ACME, *, policy: Policy = FRESHCHAT) -> str:
    """Put an account without events into the folder; return its name."""
    shutil.copyfile(_account_file(account, policy), folder.file_of(account.name))
    return account.name


def account_filled_by(folder: Folder, fill: Callable[[Ledger], None]) -> str:
    """Put the account acme, filled by this function, into the folder; return its name."""
    shutil.copyfile(_file_filled_by(fill), folder.file_of(ACME.name))
    return ACME.name


def filled_account(folder: Folder, name: str, *, events: Iterable[Event]) -> None:
    """Put an account with these events into the folder."""
    shutil.copyfile(_filled_file(name, json.dumps(list(events))), folder.file_of(name))


@cache
def _templates() -> Path:
    """Folder of the accounts that tests copy: creating one takes 40 ms, and five hundred tests need one."""
    folder = TemporaryDirectory(prefix="botmeter-accounts-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@cache
def _account_file(account: Account, policy: Policy) -> Path:
    with Folder.owned(Path(mkdtemp(dir=_templates())), purpose="templates") as folder:
        folder.create(account, policy=policy, now_us=NOW_US)
        return folder.file_of(account.name)


@cache
def _file_filled_by(fill: Callable[[Ledger], None]) -> Path:
    with Folder.owned(Path(mkdtemp(dir=_templates())), purpose="templates") as folder:
        with folder.ledger(made_account(folder)) as ledger:
            fill(ledger)
        return folder.file_of(ACME.name)


@cache
def _filled_file(name: str, events: str) -> Path:
    with Folder.owned(Path(mkdtemp(dir=_templates())), purpose="templates") as folder:
        with folder.ledger(made_account(folder, Account(name=name))) as ledger:
            append_events(ledger, *json.loads(events))
        return folder.file_of(name)


def ledger_in_memory(schedule: Policy | Schedule = FRESHCHAT, *, account: Account = ACME) -> Ledger:
    terms = [(schedule, ALWAYS_US)] if isinstance(schedule, Policy) else schedule
    return Ledger(ledger_database(account, terms))


def ledger_with(*events: Event) -> Ledger:
    """In-memory ledger with these events from one append, which happens once for all tests."""
    return Ledger(copy_of_database(_ledger_with(json.dumps(events)).connection))


@cache
def _ledger_with(events: str) -> Ledger:
    ledger = ledger_in_memory()
    append_events(ledger, *json.loads(events))
    return ledger


def raw_connection(file: Path) -> "closing[duckdb.DuckDBPyConnection]":
    """Unguarded connection to the account's file, to tamper with it."""
    return closing(duckdb.connect(str(file)))
